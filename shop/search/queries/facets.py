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
from shop.pricing.caps import FOOD_CAP, FOOD_COST_FACTOR, OTHER_CAP
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
NO_OFFERS = PromotionBook(())


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
    key: tuple[Any, ...], products: Callable[[], Shelved], choice: Choice, book: PromotionBook, sort: str
) -> Listed:
    """What a choice leaves of some ordered products, and what each further answer would leave.

    Each answer is counted with the other questions' choices applied. One query, none when kept: until staff
    change something on the shelves, and for a minute or so: what shoppers buy moves a product that ran out to the
    end only then, and nobody waits for it.
    """
    return kept.renewed(
        ("listed", kept.version("shelves"), *key, sort, choice, *(book.chapter() if book.terms else ())),
        lambda: _listed((*key, sort), products(), choice, book, sort),
        weigh=lambda found: 8 * len(found.ids) + 4 * kept.SMALL,
        seconds=ORDER_SECONDS,
    )


Counts = dict[str, list[tuple[str, str, Decimal]]]
# Orders by what one piece costs here and now; products of one price stay in the order they came in. Pieces have no
# price per kilogram: they come after what can be compared.
RANKS = {"prix": "price, ", "prix-au-kg": "is_counted, per_unit NULLS LAST, "}
# Read with the products, which are not read twice.
_COLUMNS = (
    "brand_id", "labels", "stated_nutriscore", "price", "allergens", "traces", "allergens_checked_on", "sold_by",
    "net_unit", "net_quantity", "shelf_id", "is_food", "is_first_age_milk", "vat_rate",
)  # fmt: skip
# In one pass over the shelf: what one piece costs (as `promotions.reduced_price` has it), which products fit each
# question, then counts per answer. OFFSET 0 keeps the planner from working a price out anew wherever it is compared.
_COUNTS = """
WITH cut AS MATERIALIZED (
    SELECT * FROM unnest(%(cut_scopes)s::text[], %(cut_ids)s::bigint[], %(cut_percents)s::numeric[], %(cut_amounts)s::numeric[])
        AS c (scope, id, percent, amount)
), found AS MATERIALIZED (
    SELECT ordered.*, row_number() OVER () AS place FROM ({products}) AS ordered (id, {columns})
), shelf AS MATERIALIZED (
    SELECT p.id, p.place, p.brand_id, p.labels, p.stated_nutriscore, asked.price, p.allergens, p.traces,
           p.sold_by = 'piece' AND p.net_unit = 'piece' AS is_counted,
           CASE WHEN p.sold_by = 'weight' THEN asked.price
                WHEN p.net_unit = 'piece' THEN asked.price / nullif(p.net_quantity, 0)
                ELSE asked.price * 1000 / nullif(p.net_quantity, 0) END AS per_unit,
           p.allergens_checked_on IS NOT NULL AS checked,
           cardinality(%(brands)s::text[]) = 0 OR b.slug = ANY (%(brands)s) AS by_brand,
           cardinality(%(labels)s::text[]) = 0 OR p.labels && %(labels)s::varchar[] AS by_label,
           cardinality(%(scores)s::text[]) = 0 OR p.stated_nutriscore = ANY (%(scores)s) AS by_score,
           asked.price >= coalesce(%(low)s::numeric, 0) AND asked.price <= coalesce(%(high)s::numeric, asked.price) AS by_price,
           cardinality(%(without)s::text[]) = 0 OR (p.allergens_checked_on IS NOT NULL
               AND NOT p.allergens && %(without)s::varchar[] AND NOT p.traces && %(without)s::varchar[]) AS is_without,
           o.offered, NOT %(promotion)s OR o.offered AS by_offer
      FROM found p
      LEFT JOIN catalogue_brand b ON b.id = p.brand_id
      LEFT JOIN catalogue_aisle a ON a.id = p.shelf_id
     CROSS JOIN LATERAL (SELECT NOT p.is_first_age_milk AND (
               p.id = ANY (%(offered)s::bigint[])
               OR coalesce(p.brand_id = ANY (%(offered_brands)s::bigint[]), false)
               OR coalesce(a.id = ANY (%(offered_aisles)s::bigint[]), false)
               OR coalesce(a.parent_id = ANY (%(offered_aisles)s::bigint[]), false)) AS offered) AS o
      LEFT JOIN cut AS own ON own.scope = 'products' AND own.id = p.id
      LEFT JOIN cut AS of_brand ON of_brand.scope = 'brands' AND of_brand.id = p.brand_id
      LEFT JOIN cut AS of_shelf ON of_shelf.scope = 'aisles' AND of_shelf.id = a.id
      LEFT JOIN cut AS of_aisle ON of_aisle.scope = 'aisles' AND of_aisle.id = a.parent_id
     CROSS JOIN LATERAL (SELECT greatest(own.percent, of_brand.percent, of_shelf.percent, of_aisle.percent) AS percent,
                                greatest(own.amount, of_brand.amount, of_shelf.amount, of_aisle.amount) AS amount) AS off
     CROSS JOIN LATERAL (SELECT CASE WHEN off.percent IS NULL OR p.is_first_age_milk THEN p.price ELSE least(p.price, greatest(
               round(least(p.price * (100 - off.percent) / 100, p.price - off.amount), 2),
               ceil(100 * p.price * (1 - CASE WHEN p.is_food THEN %(food_cap)s ELSE %(other_cap)s END)) / 100,
               ceil(coalesce((SELECT max(c.unit_cost) FROM stock_stockitem c WHERE c.product_id = p.id), 0)
                    * CASE WHEN p.is_food THEN %(food_cost_factor)s ELSE 1 END * (100 + coalesce(p.vat_rate, 0))) / 100
           )) END AS price OFFSET 0) AS asked
), fit AS (
    SELECT * FROM shelf WHERE by_brand AND by_label AND by_score AND by_price AND is_without AND by_offer
)
SELECT 'ids', '', '', 0::numeric, array_agg(id ORDER BY {rank}place) FROM fit
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
SELECT 'sans', name, name, sum(number), NULL
  FROM (SELECT allergens, traces, count(*) AS number FROM shelf
         WHERE checked AND by_brand AND by_label AND by_score AND by_price AND is_without AND by_offer
         GROUP BY allergens, traces) AS stated, unnest(%(allergens)s::varchar[]) AS name
 WHERE NOT name = ANY (allergens) AND NOT name = ANY (traces) GROUP BY name
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


def _listed(
    key: tuple[Any, ...], products: Shelved, choice: Choice, book: PromotionBook, sort: str
) -> Listed:
    try:
        inside, inside_params = products.values_list("pk", *_COLUMNS).query.sql_with_params()
    except EmptyResultSet:
        return Listed((), Facets())
    # Positional parameters of the inner statement become named ones, as the outer statement's are.
    names = [f"inside_{place}" for place in range(len(inside_params))]
    unused = iter(names)
    inside = re.sub("%s", lambda _mark: f"%({next(unused)})s", inside)
    params = {
        "brands": list(choice.brands), "labels": list(choice.labels), "scores": list(choice.scores),
        "without": list(choice.without), "low": choice.price_from, "high": choice.price_to,
        "allergens": list(ALLERGENS), "promotion": choice.promotion, **_scope(book), **_cuts(book if _asks_prices(sort, choice) else NO_OFFERS), **dict(zip(names, inside_params, strict=True)),
    }  # fmt: skip
    counts: Counts = defaultdict(list)
    ids: Sequence[int] = ()
    with connection.cursor() as cursor:
        statement = _COUNTS.replace("{rank}", RANKS.get(sort, "")).replace("{columns}", ", ".join(_COLUMNS))
        statement = statement.replace("{products}", inside)
        cursor.execute(statement, params)
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


def _asks_prices(sort: str, choice: Choice) -> bool:
    """Whether reduced prices change anything: working out those of three thousand products takes twenty milliseconds."""
    return sort in RANKS or choice.price_from is not None or choice.price_to is not None


def _cuts(book: PromotionBook) -> dict[str, Any]:
    cuts = book.cuts()
    return {
        "cut_scopes": [cut.scope for cut in cuts], "cut_ids": [cut.id for cut in cuts],
        "cut_percents": [cut.percent for cut in cuts], "cut_amounts": [cut.amount for cut in cuts],
        "food_cap": FOOD_CAP, "other_cap": OTHER_CAP, "food_cost_factor": FOOD_COST_FACTOR,
    }  # fmt: skip


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
