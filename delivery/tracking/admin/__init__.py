from delivery.tracking.admin import cards, incidents, runs

__all__ = ["cards", "incidents", "runs"]
