from dataclasses import dataclass

from config.facts import fact


@fact("config.HeartbeatAsked")
@dataclass(frozen=True, slots=True)
class HeartbeatAsked:
    """Beat asks the relay for a sign of life, by the same road as every other fact."""

    asked_at: str
