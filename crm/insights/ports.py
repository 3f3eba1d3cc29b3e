"""What this room needs from its neighbour, bound in ``config/wiring.py``."""

from typing import Protocol


class PageText(Protocol):
    """A text that staff edit, ready to show."""

    @property
    def title(self) -> str: ...

    @property
    def html(self) -> str: ...


class FindPageText(Protocol):
    def __call__(self, slug: str) -> PageText | None:
        """A text in force; None when there is none."""


_find: FindPageText | None = None


def bind_page_text(find: FindPageText) -> None:
    global _find
    _find = find


def page_text(slug: str) -> PageText | None:
    if _find is None:
        raise RuntimeError("config/wiring.py binds no page texts")
    return _find(slug)
