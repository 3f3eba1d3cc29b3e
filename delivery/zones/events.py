from dataclasses import dataclass

from config.facts import fact


@fact("zones.CoverageOpened")
@dataclass(frozen=True, slots=True)
class CoverageOpened:
    """A postcode somebody asked for is now delivered; the request holds where to write."""

    request_id: int
