from delivery.rounds.admin import drops, fleet, places, planning, shifts

__all__ = ["drops", "fleet", "places", "planning", "shifts"]
