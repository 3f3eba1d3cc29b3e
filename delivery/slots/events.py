from dataclasses import dataclass

from config.facts import fact


@fact("slots.SlotOffered")
@dataclass(frozen=True, slots=True)
class SlotOffered:
    """A place is kept for somebody who waited for it; the entry holds where to write, and until when."""

    entry_id: int
