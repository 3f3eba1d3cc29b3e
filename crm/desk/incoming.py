"""A mail that came in, as plain values: what any provider hands over and nothing of how."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class IncomingFile:
    """What it announces itself as is not asked: its bytes say what it is."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Incoming:
    """``headers`` by lower-case name, the last of each. ``event_id`` is the provider's, where it gives one."""

    sender: str
    sender_name: str
    recipients: Sequence[str]
    subject: str
    text: str
    html: str
    headers: Mapping[str, str]
    message_id: str = ""
    event_id: str = ""
    envelope_sender: str | None = None
    is_spam: bool = False
    files: Sequence[IncomingFile] = field(default_factory=tuple)
