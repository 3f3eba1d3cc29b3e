"""From what was typed to products."""

from dataclasses import dataclass, field
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.paginator import Paginator
from django.db.models import BigIntegerField, F, Func, IntegerField, Value

from config import kept
from config.rows import rows
from shop.pricing.book import PromotionBook
from shop.search import rules
from shop.search.facets import Choice
from shop.search.queries.card import Card, Shelved, cards_on_sale, shelved
from shop.search.queries.facets import NO_OFFERS, ORDER_SECONDS, Facets
from shop.search.queries.listing import ALL, PAGE_SIZE, RELEVANCE, SORTS, Listing, listing
from shop.search.queries.statement import search_statement
from shop.search.words import letters, root, sound

SUGGESTIONS = 6
BRANDS_SUGGESTED = 2
# Twenty pages: nobody turns to the twenty-first, and what lies beyond is not ranked.
MOST = 480
# How far down a zone's best sellers a word of very many products is looked for.
LOCAL = 240


@dataclass(frozen=True, slots=True)
class SuggestedBrand:
    """A brand with something on sale. Its products are those found by its name that bear it."""

    name: str
    slug: str

    @property
    def address(self) -> str:
        """The query string of a search for it."""
        return Choice(brands=(self.slug,)).address(("q", self.name))


@dataclass(frozen=True, slots=True)
class Found:
    """Products in their order, and how what was typed was understood.

    ``used`` is what was really looked for, ``dropped`` the words left out because nothing has them all.
    ``is_whole`` is false when more than `MOST` products match: only the best are there.
    """

    ids: list[int]
    is_whole: bool = True
    used: str = ""
    is_corrected: bool = False
    dropped: list[str] = field(default_factory=list)
    brands: list[SuggestedBrand] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Results(Listing):
    """A page of cards, the questions that narrow it, and how what was typed was understood."""

    found: Found


def find(
    query: str,
    depot_id: int | None,
    zone_id: int | None = None,
    *,
    as_typed: bool = False,
    most: int = MOST,
    brands: int = 0,
) -> Found:
    """Ids of what matches: the most relevant first, then what can be had in the depot, then what the zone buys most.

    What the zone does not buy, or all of it where there is no zone, stands by what the whole shop sells.

    Accents, ligatures, case and endings are ignored; the last word may be unfinished; unknown words are
    corrected, split or joined unless ``as_typed``; synonyms widen; when nothing has all the words, the least
    telling are left out. Any text is accepted. One query whatever is typed; none without a word.
    """
    cleaned = rules.clean_query(query)
    words = rules.numbered_words(cleaned)
    if not words:
        return Found([], used=cleaned)
    [(ids, hits, understood, dropped, named)] = rows(
        search_statement(most=most, local=min(LOCAL, 2 * most), brands=brands),
        _asked(words, depot_id, zone_id, as_typed),
    )
    read = [Understood(*row) for row in understood]
    changed = any(one.is_changed for one in read)
    written = _written(cleaned)
    return Found(
        ids,
        is_whole=hits is not None and hits <= most,
        used=_used(written, read) if changed else cleaned,
        is_corrected=changed,
        dropped=[_heard(no, written, read) for no in sorted(dropped or [])],
        brands=[SuggestedBrand(*brand) for brand in named],
    )


@dataclass(frozen=True, slots=True)
class Understood:
    """A word as it was understood; it stands for the typed words from ``no`` to ``until``, counted from one."""

    no: int
    until: int
    how: str
    written: str

    @property
    def is_changed(self) -> bool:
        return self.how not in {"typed", "unknown"}


def _asked(
    numbered: dict[int, str],
    depot_id: int | None,
    zone_id: int | None,
    as_typed: bool,
) -> dict[str, Any]:
    words = list(numbered.values())
    return {
        "numbers": list(numbered),
        "words": words,
        "roots": [root(word) for word in words],
        "sounds": [sound(word) for word in words],
        "letters": [letters(word) for word in words],
        "names": [f"%-{word}%" for word in words],
        # The last word may still be unfinished.
        "open": max(numbered),
        "exact": as_typed,
        "depot": depot_id or 0,
        "zone": zone_id or 0,
    }


def _written(query: str) -> list[str]:
    """The words as they were typed, where each can be told; else as they were read."""
    read, typed = rules.all_words(query), rules.typed_words(query)
    same = [rules.all_words(word) for word in typed] == [[word] for word in read]
    return typed if same else read


def _heard(no: int, written: list[str], read: list[Understood]) -> str:
    changed = [one.written for one in read if one.no == no and one.is_changed]
    return " ".join(changed) or written[no - 1]


def _used(written: list[str], read: list[Understood]) -> str:
    swallowed = {no for one in read for no in range(one.no + 1, one.until + 1)}
    kept = [no for no in range(1, len(written) + 1) if no not in swallowed]
    return " ".join(_heard(no, written, read) for no in kept)


def results(
    query: str,
    depot_id: int | None,
    page: str | int = 1,
    sort: str = RELEVANCE,
    choice: Choice = ALL,
    *,
    as_typed: bool = False,
    book: PromotionBook = NO_OFFERS,
    zone_id: int | None = None,
) -> Results:
    """A page of 24 cards that match what was typed (see `find`), narrowed by a choice, and how it was understood.

    A barcode finds its product. Three queries, one when all is kept or nothing is found, none without a word.
    """
    cleaned = rules.clean_query(query)
    ean = rules.barcode(cleaned)
    found = _of_code(ean, cleaned) if ean else kept_find(cleaned, depot_id, zone_id, as_typed=as_typed)
    if not found.ids:
        return Results(Paginator([], PAGE_SIZE).get_page(page), Facets(), found)
    order = sort if sort in SORTS else RELEVANCE

    def products() -> Shelved:
        ordered = in_order(found.ids, depot_id)
        return ordered if order == RELEVANCE else ordered.order_by(*SORTS[order])

    key = ("search", kept.version("synonyms"), depot_id, zone_id, cleaned, as_typed)
    shown = listing(key, products, depot_id, page, choice, book, order)
    return Results(shown.page, shown.facets, found)


def in_order(ids: list[int], depot_id: int | None) -> Shelved:
    """Those of the products that are on sale, in the order of the ids. Lazy."""
    place = Func(
        Value(ids, output_field=ArrayField(BigIntegerField())),
        F("pk"),
        function="array_position",
        output_field=IntegerField(),
    )
    found: Shelved = shelved(depot_id).filter(pk__in=ids)
    return found.order_by(place)


def kept_find(query: str, depot_id: int | None, zone_id: int | None, *, as_typed: bool) -> Found:
    """As `find`, kept until staff change something on the shelves or a synonym, and for a minute at most."""
    return kept.built(
        ("search", kept.version("shelves"), kept.version("synonyms"), depot_id, zone_id, query, as_typed),
        lambda: find(query, depot_id, zone_id, as_typed=as_typed),
        weigh=lambda found: 40 * len(found.ids) + kept.SMALL,
        seconds=ORDER_SECONDS,
    )


def _of_code(ean: str, query: str) -> Found:
    return Found(list(shelved(None).filter(ean=ean).values_list("pk", flat=True)), used=query)


@dataclass(frozen=True, slots=True)
class Suggested:
    cards: list[Card]
    brands: list[SuggestedBrand]
    found: Found


def suggestions(query: str, depot_id: int | None, zone_id: int | None = None) -> Suggested:
    """The first few products and brands for what has been typed so far. Two queries, none below two characters."""
    cleaned = rules.clean_query(query)
    if len("".join(rules.search_words(cleaned))) < 2:
        return Suggested([], [], Found([], used=cleaned))
    if rules.barcode(cleaned):
        of_code = results(cleaned, depot_id, zone_id=zone_id)
        return Suggested(list(of_code.page.object_list), [], of_code.found)
    found = find(cleaned, depot_id, zone_id, most=SUGGESTIONS * 4, brands=BRANDS_SUGGESTED)
    return Suggested(cards_on_sale(found.ids[:SUGGESTIONS], depot_id), found.brands, found)
