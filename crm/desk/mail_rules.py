"""What a mail says, once what it quotes is left out; what no person wrote; how a reply names its conversation."""

import re
from collections.abc import Iterable, Mapping
from html.parser import HTMLParser

MOST_CHARACTERS = 20_000
_NAMED = re.compile(r"(?P<number>[0-9]{1,12})-(?P<token>[0-9a-f]{20})")

# Where the quoted letter begins, as mail programs in French and English write it.
_QUOTE_BEGINS = re.compile(
    r"^(?:"
    r"(?:Le|On)\b.{3,200}(?:a écrit|wrote)\s*:?"
    r"|-{2,}\s*(?:Message d['’]origine|Message transféré|Original Message|Forwarded message)\s*-{2,}.*"
    r"|_{20,}"
    r"|\s*(?:De|From)\s?:\s.+@.+"
    r"|Envoyé (?:de|depuis|à partir de) .{2,60}"
    r"|Sent from .{2,60}"
    r"|Obtenez Outlook .*|Télécharg(?:er|ez) Outlook .*"
    r"|--\s?"
    r")$",
    re.IGNORECASE,
)
# A heading that a narrow screen broke over two lines.
_BROKEN_HEADING = re.compile(r"^(?:Le|On)\b.{3,200}$", re.IGNORECASE)
_BREAKS = frozenset({"br", "p", "div", "li", "tr", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6"})
_UNSEEN = frozenset({"style", "script", "head", "title"})
MOST_HTML = 400_000
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")

_MACHINES = re.compile(
    r"(?:mailer-daemon|postmaster|no-?reply|ne-?pas-?repondre|bounces?|listserv|majordomo)(?:[+=-].*)?",
    re.IGNORECASE,
)


class _Words(HTMLParser):
    """Reads in one pass, however deep a mail nests: patterns over markup would go back and forth for ever."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._quotes = self._unseen = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._quotes += tag == "blockquote"
        self._unseen += tag in _UNSEEN
        if tag in _BREAKS:
            self._break()

    def handle_endtag(self, tag: str) -> None:
        self._quotes = max(0, self._quotes - (tag == "blockquote"))
        self._unseen = max(0, self._unseen - (tag in _UNSEEN))
        if tag in _BREAKS - {"br"}:
            self._break()

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self._parts.append(" ".join(data.split("\n")))

    def _break(self) -> None:
        self._parts.append("\n> " if self._quotes else "\n")

    @property
    def words(self) -> str:
        lines = "".join(self._parts).split("\n")
        return "\n".join(" ".join(line.split()) for line in lines)


def as_text(html: str) -> str:
    """The words of an HTML mail, with its line breaks. Quoted blocks come as lines that begin with « > »."""
    reader = _Words()
    reader.feed(html[:MOST_HTML])
    reader.close()
    return re.sub(r"\n(?:>?\s*\n)+", "\n\n", reader.words)


def readable(text: str) -> tuple[str, str]:
    """What the sender wrote, and what was cut off: quoted letters and signatures. Each bounded.

    A mail that is nothing but a quotation is kept whole: somebody may have answered between the lines.
    """
    clean = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    lines = clean.split("\n")
    end = next((place for place in range(len(lines)) if _begins_quote(lines, place)), len(lines))
    while end and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith(">")):
        end -= 1
    written, cut = "\n".join(lines[:end]).strip(), "\n".join(lines[end:]).strip()
    if not written:
        written, cut = cut, ""
    return _shortened(written), cut[:MOST_CHARACTERS]


def _begins_quote(lines: list[str], place: int) -> bool:
    line = lines[place].strip()
    if _QUOTE_BEGINS.match(line):
        return True
    following = lines[place + 1].strip() if place + 1 < len(lines) else ""
    return (
        bool(_BROKEN_HEADING.match(line))
        and re.fullmatch(r".{0,120}(?:a écrit|wrote)\s*:?", following, re.IGNORECASE) is not None
    )


def _shortened(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else text[:MOST_CHARACTERS] + " […]"


def is_automatic(headers: Mapping[str, str], *, sender: str, envelope_sender: str | None) -> bool:
    """Whether a machine wrote it, whom no machine of ours may answer (RFC 3834). Header names in lower case."""
    submitted = headers.get("auto-submitted", "no").split(";")[0].strip().lower()
    return (
        submitted not in {"", "no"}
        or any(name in headers for name in ("x-autoreply", "x-autorespond", "x-auto-response-suppress-reply"))
        or headers.get("precedence", "").strip().lower() in {"bulk", "junk", "list", "auto_reply"}
        or any(name in headers for name in ("list-id", "list-unsubscribe", "feedback-id"))
        or headers.get("content-type", "").lower().startswith("multipart/report")
        or headers.get("return-path", "").strip() == "<>"
        or envelope_sender in {"", "<>"}
        or bool(_MACHINES.fullmatch(sender.partition("@")[0]))
    )


def reply_address(inbox: str, *, number: int, token: str) -> str:
    """`aide+12-<token>@cabas.fr`: an address that names one conversation, and cannot be guessed."""
    local, _at, domain = inbox.partition("@")
    return f"{local}+{number}-{token}@{domain}"


def named_in(addresses: Iterable[str], inbox: str) -> tuple[int, str] | None:
    """The number and token of the conversation that one of these addresses names, or None."""
    local, _at, domain = inbox.lower().partition("@")
    for address in addresses:
        before, _at, after = address.strip().lower().rpartition("@")
        base, _plus, mark = before.partition("+")
        found = _NAMED.fullmatch(mark)
        if found and (base, after) == (local, domain):
            return int(found["number"]), found["token"]
    return None


def message_ids(*headers: str) -> list[str]:
    """Every `<…@…>` in some headers, the nearest letter first: In-Reply-To, then References from its end."""
    found: list[str] = []
    for header in headers:
        named = re.findall(r"<[^<>\s]{3,250}>", header)
        found += [one for one in reversed(named) if one not in found]
    return found[:20]
