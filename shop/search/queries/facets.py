"""What a choice leaves of some products, and what each further answer would leave."""

import hashlib
import re
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.utils.translation import gettext as _

from config import kept
from config.templatetags.cabas import french_number
from shop.catalogue.rules import ALLERGENS
from shop.pricing.book import PromotionBook
from shop.search.facets import (
    BRAND,
    LABEL,
    PRICE_FROM,
    PRICE_TO,
    PROMOTION,
    SCORE,
    WITHOUT,
    YES,
    Choice,
)
from shop.search.queries.card import Shelved

# Values shown before « voir plus ».
SHOWN = 8
# Beyond these, whoever wants one brand of hundreds types its name.
MOST_OPTIONS = 40
ORDER_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str
    count: int
    is_chosen: bool


@dataclass(slots=True)
class Facet:
    """One question. ``note`` is what must be said beside its answers."""

    field: str
    title: str
    options: list[Option]
    note: str = ""

    @property
    def shown(self) -> list[Option]:
        """The first few, and whatever is chosen."""
        return [option for place, option in enumerate(self.options) if place < SHOWN or option.is_chosen]

    @property
    def more(self) -> list[Option]:
        return [
            option for place, option in enumerate(self.options) if place >= SHOWN and not option.is_chosen
        ]


@dataclass(slots=True)
class Facets:
    """All questions worth asking of a shelf; prices in euros over all its products."""

    questions: list[Facet] = field(default_factory=list)
    # Of these very counts and of what they were asked of: what was built from them is kept under it.
    name: str = ""
    cheapest: Decimal | None = None
    dearest: Decimal | None = None

    @property
    def is_empty(self) -> bool:
        """Nothing to narrow by."""
        return not self.questions and self.cheapest == self.dearest

    def label(self, field: str, value: str) -> str:
        """An answer in words; a price as it is typed."""
        if field in (PRICE_FROM, PRICE_TO):
            return french_number(Decimal(value))
        options = (option for facet in self.questions if facet.field == field for option in facet.options)
        return next((option.label for option in options if option.value == value), value)


@dataclass(frozen=True, slots=True)
class Listed:
    """The ids of what a choice leaves, in order, and the questions about all of it."""

    ids: Sequence[int]
    facets: Facets


def listed(
    key: tuple[Any, ...], products: Callable[[], Shelved], choice: Choice, book: PromotionBook
) -> Listed:
    """What a choice leaves of some ordered products, and what each further answer would leave.

    Each answer is counted with the other questions' choices applied. One query, none when kept: until staff
    change something on the shelves, and for a minute at most: what shoppers buy moves a product that ran out
    to the end only then.
    """
    return kept.built(
        ("listed", kept.version("shelves"), *key, choice, *(book.chapter() if book.terms else ())),
        lambda: _listed(key, products(), choice, book),
        weigh=lambda found: 8 * len(found.ids) + 4 * kept.SMALL,
        seconds=ORDER_SECONDS,
    )


Counts = dict[str, list[tuple[str, str, Decimal]]]
# In one pass over the shelf: which products fit each question, then counts per answer.
_COUNTS = """
WITH found AS MATERIALIZED (
    SELECT id, row_number() OVER () AS place FROM ({products}) AS ordered (id)
), shelf AS MATERIALIZED (
    SELECT p.id, found.place, p.brand_id, p.labels, p.stated_nutriscore, p.price, p.allergens, p.traces,
           p.allergens_checked_on IS NOT NULL AS checked,
           cardinality(%(brands)s::text[]) = 0 OR b.slug = ANY (%(brands)s) AS by_brand,
           cardinality(%(labels)s::text[]) = 0 OR p.labels && %(labels)s::varchar[] AS by_label,
           cardinality(%(scores)s::text[]) = 0 OR p.stated_nutriscore = ANY (%(scores)s) AS by_score,
           p.price >= coalesce(%(low)s::numeric, 0) AND p.price <= coalesce(%(high)s::numeric, p.price) AS by_price,
           cardinality(%(without)s::text[]) = 0 OR (p.allergens_checked_on IS NOT NULL
               AND NOT p.allergens && %(without)s::varchar[] AND NOT p.traces && %(without)s::varchar[]) AS is_without,
           o.offered, NOT %(promotion)s OR o.offered AS by_offer
      FROM found JOIN catalogue_product p USING (id)
      LEFT JOIN catalogue_brand b ON b.id = p.brand_id
      LEFT JOIN catalogue_aisle a ON a.id = p.shelf_id
     CROSS JOIN LATERAL (SELECT NOT p.is_first_age_milk AND (
               p.id = ANY (%(offered)s::bigint[])
               OR coalesce(p.brand_id = ANY (%(offered_brands)s::bigint[]), false)
               OR coalesce(a.id = ANY (%(offered_aisles)s::bigint[]), false)
               OR coalesce(a.parent_id = ANY (%(offered_aisles)s::bigint[]), false)) AS offered) AS o
), fit AS (
    SELECT * FROM shelf WHERE by_brand AND by_label AND by_score AND by_price AND is_without AND by_offer
)
SELECT 'ids', '', '', 0::numeric, array_agg(id ORDER BY place) FROM fit
UNION ALL
SELECT 'marque', b.slug, b.name, count(*), NULL
  FROM shelf JOIN catalogue_brand b ON b.id = shelf.brand_id
 WHERE by_label AND by_score AND by_price AND is_without AND by_offer GROUP BY b.slug, b.name
UNION ALL
SELECT 'label', label, label, count(*), NULL
  FROM shelf, unnest(labels) AS label WHERE by_brand AND by_score AND by_price AND is_without AND by_offer
 GROUP BY label
UNION ALL
SELECT 'nutriscore', stated_nutriscore, upper(stated_nutriscore), count(*), NULL
  FROM shelf WHERE stated_nutriscore <> '' AND by_brand AND by_label AND by_price AND is_without AND by_offer
 GROUP BY stated_nutriscore
UNION ALL
SELECT 'sans', name, name, count(*), NULL
  FROM shelf, unnest(%(allergens)s::varchar[]) AS name
 WHERE checked AND NOT name = ANY (allergens) AND NOT name = ANY (traces)
   AND by_brand AND by_label AND by_score AND by_price AND is_without AND by_offer GROUP BY name
UNION ALL
SELECT 'promo', '1', '', count(*), NULL
  FROM shelf WHERE offered AND by_brand AND by_label AND by_score AND by_price AND is_without
UNION ALL
SELECT 'checked', '', '', count(*), NULL FROM shelf WHERE checked
UNION ALL
SELECT 'all', '', '', count(*), NULL FROM shelf
UNION ALL
SELECT 'left checked', '', '', count(*), NULL FROM fit WHERE checked
UNION ALL
SELECT 'cheapest', '', '', min(price), NULL FROM shelf
UNION ALL
SELECT 'dearest', '', '', max(price), NULL FROM shelf
"""


def _listed(key: tuple[Any, ...], products: Shelved, choice: Choice, book: PromotionBook) -> Listed:
    try:
        inside, inside_params = products.values("pk").query.sql_with_params()
    except EmptyResultSet:
        return Listed((), Facets())
    # Positional parameters of the inner statement become named ones, as the outer statement's are.
    names = [f"inside_{place}" for place in range(len(inside_params))]
    unused = iter(names)
    inside = re.sub("%s", lambda _mark: f"%({next(unused)})s", inside)
    params = {
        "brands": list(choice.brands), "labels": list(choice.labels), "scores": list(choice.scores),
        "without": list(choice.without), "low": choice.price_from, "high": choice.price_to,
        "allergens": list(ALLERGENS), "promotion": choice.promotion, **_scope(book), **dict(zip(names, inside_params, strict=True)),
    }  # fmt: skip
    counts: Counts = defaultdict(list)
    ids: Sequence[int] = ()
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS.replace("{products}", inside), params)
        for question, value, label, count, found in cursor.fetchall():
            counts[question].append((value, label, count))
            ids = array("q", found) if found else ids
    asked = repr((key, choice, sorted(counts.items()), len(ids))).encode()
    return Listed(
        ids, _facets(counts, choice, len(ids), name=hashlib.blake2b(asked, digest_size=12).hexdigest())
    )


def _scope(book: PromotionBook) -> dict[str, list[int]]:
    products, aisles, brands = book.scope()
    return {"offered": products, "offered_aisles": aisles, "offered_brands": brands}


def _facets(counts: Counts, choice: Choice, left: int, *, name: str) -> Facets:
    found = Facets(name=name, cheapest=counts["cheapest"][0][2], dearest=counts["dearest"][0][2])
    questions = [
        Facet(PROMOTION, _("Promotions"), _offered(counts, choice)),
        Facet(BRAND, _("Marque"), _options(counts["marque"], choice.brands, most_first=True)),
        Facet(LABEL, _("Label"), _options(counts["label"], choice.labels, most_first=True)),
        Facet(SCORE, _("Nutri-Score annoncé par le producteur"), _options(counts["nutriscore"], choice.scores)),
        Facet(WITHOUT, _("Sans allergène"), _without(counts, choice), _note(counts)),
    ]  # fmt: skip
    found.questions = [facet for facet in questions if _tells(facet, left)]
    return found


def _tells(facet: Facet, left: int) -> bool:
    """Whether an answer changes anything, or was given."""
    return any(option.is_chosen or option.count != left for option in facet.options)


def _options(
    counted: Iterable[tuple[str, str, Decimal]], chosen: Iterable[str], *, most_first: bool = False
) -> list[Option]:
    chosen = set(chosen)
    options = [Option(value, label, int(count), value in chosen) for value, label, count in counted]
    # What is chosen stays on the page when nothing is left of it, so that it can be unchosen.
    gone = chosen - {option.value for option in options}
    options += [Option(value, value, 0, True) for value in gone]
    by_name = sorted(options, key=lambda option: option.label.casefold())
    if not most_first:
        return by_name
    most = sorted(by_name, key=lambda option: -option.count)
    return most[:MOST_OPTIONS] + [option for option in most[MOST_OPTIONS:] if option.is_chosen]


def _offered(counts: Counts, choice: Choice) -> list[Option]:
    count = int(counts["promo"][0][2])
    return [Option(YES, _("en promotion"), count, choice.promotion)] if count or choice.promotion else []


def _without(counts: Counts, choice: Choice) -> list[Option]:
    """In the order of the law's list; what would leave every checked product tells nothing."""
    places = {name: place for place, name in enumerate(ALLERGENS)}
    left = int(counts["left checked"][0][2])
    options = _options(counts["sans"], choice.without)
    telling = [option for option in options if option.is_chosen or 0 < option.count < left]
    return sorted(telling, key=lambda option: places[option.value])


def _note(counts: Counts) -> str:
    return _(
        "Ne garde que les articles dont nous avons relu l’étiquette complète, traces comprises\u202f: %(checked)s sur"
        " %(all)s ici. En cas d’allergie, lisez toujours l’emballage.",
    ) % {"checked": int(counts["checked"][0][2]), "all": int(counts["all"][0][2])}
