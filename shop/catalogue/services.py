"""Every write of the catalogue. Whatever changes what a card shows bumps the product's version."""

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from config import kept
from shop.catalogue import pictures, ports, rules
from shop.catalogue.models import Aisle, Brand, Product, ProductPicture, Temperature
from shop.catalogue.queries import missing_by_product, missing_of

logger = logging.getLogger(__name__)

HIGHEST_PRICE = Decimal("9999.99")


class PriceRefused(Exception):
    """Not a price: zero or less, above the highest, or with parts of a cent."""


@dataclass
class NotPublishable(Exception):
    """The law's particulars are not complete; ``reasons`` names what is missing."""

    reasons: list[rules.Particular]


@transaction.atomic
def set_price(*, product_id: int, price: Decimal) -> None:
    """Set one price, in euros including VAT per piece or per kilogram. Raises PriceRefused. 3 queries."""
    change_prices(prices={product_id: price})


@transaction.atomic
def change_prices(*, prices: Mapping[int, Decimal]) -> int:
    """Set several prices at once, all or none; how many really changed. Raises PriceRefused.

    Locks the products in order of id. 3 queries. A price set by hand is no longer an illustration.
    """
    for price in prices.values():
        check_price(price)
    ids = _lock(prices)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE catalogue_product p
               SET price = new.price, version = p.version + 1, updated_at = now(),
                   invented = array_remove(p.invented, 'price')
              FROM unnest(%s::bigint[], %s::numeric[]) AS new(id, price)
             WHERE p.id = new.id AND (p.price IS DISTINCT FROM new.price OR 'price' = ANY (p.invented))
            """,
            [ids, [prices[pk] for pk in ids]],
        )
        changed: int = cursor.rowcount
    refresh_checklist(product_ids=ids)
    shelves_changed()
    return changed


def check_price(price: Decimal) -> None:
    """Raises PriceRefused. No query."""
    if not price.is_finite() or not 0 < price <= HIGHEST_PRICE or price != price.quantize(rules.CENT):
        raise PriceRefused(str(price))


def _lock(product_ids: Iterable[int]) -> list[int]:
    """Lock products in order of id, against writers only; the ids that exist. One query."""
    rows = Product.objects.filter(pk__in=list(product_ids)).order_by("pk")
    return list(rows.select_for_update(no_key=True, of=("self",)).values_list("pk", flat=True))


@transaction.atomic
def publish(*, product_id: int) -> None:
    """Put a product on sale, lifting a withdrawal. Locks it. 5 queries.

    Raises NotPublishable, and changes nothing, when a particular is missing.
    """
    refused = publish_many(product_ids=[product_id])
    if refused:
        raise NotPublishable(refused[product_id])


@transaction.atomic
def publish_many(*, product_ids: Collection[int]) -> dict[int, list[rules.Particular]]:
    """Put on sale those that are complete; the others stay as they are and are answered with reasons.

    Locks them in order of id. 5 queries.
    """
    missing = refresh_checklist(product_ids=_lock(product_ids))
    complete = [pk for pk, reasons in missing.items() if not reasons]
    Product.objects.filter(pk__in=complete).exclude(is_published=True, withdrawn_at=None).update(
        is_published=True, withdrawn_at=None, version=F("version") + 1, updated_at=timezone.now()
    )
    shelves_changed()
    refresh_search(product_ids=complete)
    return {pk: reasons for pk, reasons in missing.items() if reasons}


@transaction.atomic
def unpublish(*, product_id: int) -> None:
    """Take a product off sale until staff publish it again: an import never does. 2 queries."""
    unpublish_many(product_ids=[product_id])


@transaction.atomic
def unpublish_many(*, product_ids: Collection[int]) -> int:
    """Take products off sale; how many were not withdrawn yet. Locks them in order of id. 2 queries."""
    shelves_changed()
    ids = _lock(product_ids)
    withdrawn = Product.objects.filter(pk__in=ids, withdrawn_at=None).update(
        is_published=False, withdrawn_at=timezone.now(), version=F("version") + 1, updated_at=timezone.now()
    )
    refresh_search(product_ids=ids)
    return withdrawn


@transaction.atomic
def hold_for_recall(*, product_id: int) -> bool:
    """Take a recalled product off sale; nobody publishes it before `lift_recall`. Whether it was on sale.

    Locks it. At most 7 queries.
    """
    was_on_sale = Product.objects.filter(pk__in=_lock([product_id]), is_published=True).exists()
    Product.objects.filter(pk=product_id, recalled_at=None).update(recalled_at=timezone.now())
    unpublish_many(product_ids=[product_id])
    refresh_checklist(product_ids=[product_id])
    return was_on_sale


@transaction.atomic
def lift_recall(*, product_id: int, back_on_sale: bool) -> bool:
    """Nothing keeps it from being sold any more; put it back on sale at once where that is wished and it is complete.

    Whether it is on sale now. Locks it. At most 9 queries.
    """
    Product.objects.filter(pk__in=_lock([product_id])).update(recalled_at=None)
    if back_on_sale:
        return not publish_many(product_ids=[product_id])
    refresh_checklist(product_ids=[product_id])
    return False


@transaction.atomic
def save_product(*, product: Product, changed: Collection[str] = ()) -> Product:
    """Save what a form changed, and only that: price, publication and stock are never written from here.

    A new product is a draft. Raises NotPublishable when a product on sale would lose a particular due;
    the caller's transaction must then be given up or the product unpublished first. 5 queries.
    """
    product.sort_name = rules.sort_name(product.name)[:200]
    if not product.slug:
        product.slug = slug_of(product.name, product.ean)
    if product._state.adding:
        product.price, product.is_published = None, False
        product.save()
    else:
        _save_changes(product, set(changed))
    settle(product_ids=[product.pk])
    return product


def _save_changes(product: Product, changed: set[str]) -> None:
    stored = Product.objects.select_for_update(no_key=True).get(pk=product.pk)
    product.price, product.is_published = stored.price, stored.is_published
    product.invented = [code for code in stored.invented if code not in changed]
    if stored.is_published and (reasons := missing_of(product)):
        raise NotPublishable(reasons)
    product.version = stored.version + 1
    own = changed - {"price", "is_published"}
    product.save(update_fields=[*own, "sort_name", "invented", "version", "updated_at"])


def slug_of(name: str, ean: str) -> str:
    """An address that never collides: the name, then the code. Pure."""
    from django.utils.text import slugify

    return f"{slugify(rules.sort_name(name))[:140].strip('-')}-{ean}".strip("-")


def settle(*, product_ids: Collection[int]) -> None:
    """Bring search text, checklist and the order of the shelves up to date after writes. 3 queries."""
    shelves_changed()
    refresh_search(product_ids=product_ids)
    refresh_checklist(product_ids=product_ids)


def refresh_search(*, product_ids: Collection[int]) -> int:
    """Make what was changed findable by its new words, and unfindable what left the shelves; how many are found.

    For products whose rows the caller has locked. Three queries for five thousand products.
    """
    return ports.index()(product_ids=product_ids)


def refresh_checklist(*, product_ids: Collection[int]) -> dict[int, list[rules.Particular]]:
    """Store what each product lacks, for the admin's filter. 2 queries."""
    missing = missing_by_product(product_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE catalogue_product p SET missing = string_to_array(new.codes, '|')
              FROM unnest(%s::bigint[], %s::text[]) AS new(id, codes)
             WHERE p.id = new.id AND p.missing IS DISTINCT FROM string_to_array(new.codes, '|')::varchar[]
            """,
            [list(missing), ["|".join(codes) for codes in missing.values()]],
        )
    return missing


@dataclass(frozen=True)
class Publication:
    """Ids on sale, what the others lack (or "withdrawn"), and ids whose state this call moved."""

    published: set[int]
    missing: dict[int, list[str]]
    moved: set[int]


@transaction.atomic
def publish_complete(*, product_ids: Collection[int]) -> Publication:
    """Put on sale what is complete, take off what no longer is; what staff withdrew stays withdrawn.

    Serves imports; the caller holds the products' locks. 4 queries.
    """
    missing: dict[int, list[str]] = {
        pk: [*codes] for pk, codes in refresh_checklist(product_ids=product_ids).items()
    }
    withdrawn = Product.objects.filter(pk__in=product_ids, withdrawn_at__isnull=False)
    for pk in withdrawn.values_list("pk", flat=True):
        missing[pk].append("withdrawn")
    published = {pk for pk, codes in missing.items() if not codes}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE catalogue_product SET is_published = NOT is_published, version = version + 1, updated_at = now()
             WHERE (id = ANY (%s) AND NOT is_published) OR (id = ANY (%s) AND is_published)
            RETURNING id
            """,
            [list(published), [pk for pk in missing if pk not in published]],
        )
        moved = {pk for (pk,) in cursor.fetchall()}
    shelves_changed()
    refresh_search(product_ids=moved)
    return Publication(published, {pk: codes for pk, codes in missing.items() if codes}, moved)


@transaction.atomic
def rank_by_sales(*, sold: "QuerySet[Any, Any]") -> int:
    """Make popularity what was sold, zero for everything else; how many products changed.

    ``sold`` answers (product id, points). The search index is told by whoever calls. Locks what changes in order of
    id. One query. Cards show nothing of it, hence no new version.
    """
    rows, parameters = sold.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_RANKED_BY_SALES.replace("{rows}", rows), parameters)
        changed: int = cursor.rowcount
    shelves_changed()
    return changed


_RANKED_BY_SALES = """
WITH sold (id, points) AS ({rows}), changed AS MATERIALIZED (
    SELECT p.id, coalesce(sold.points, 0) AS points FROM catalogue_product p LEFT JOIN sold USING (id)
     WHERE p.popularity <> coalesce(sold.points, 0) ORDER BY p.id FOR NO KEY UPDATE OF p
)
UPDATE catalogue_product p SET popularity = changed.points FROM changed WHERE p.id = changed.id
"""


@transaction.atomic
def mark_as_stated(*, product_ids: Collection[int], code: str) -> None:
    """A fact that the demonstration had invented is now given by somebody. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE catalogue_product
               SET invented = array_remove(invented, %s), version = version + 1, updated_at = now()
             WHERE id = ANY (%s) AND %s = ANY (invented)
            """,
            [code, list(product_ids), code],
        )
    shelves_changed()


@transaction.atomic
def save_aisle(*, aisle: Aisle) -> Aisle:
    """Save an aisle or shelf; its products are found by its new name and checked by its new list. 5 queries."""
    aisle.save()
    on_it = Product.objects.filter(shelf__in=[aisle.pk, *aisle.shelves.values_list("pk", flat=True)])
    ids = _lock(on_it.values_list("pk", flat=True))
    touch(product_ids=ids)
    settle(product_ids=ids)
    aisles_changed()
    return aisle


@dataclass(frozen=True)
class NewAisle:
    """An aisle (no parent) or a shelf as it starts; staff change it afterwards."""

    slug: str
    name: str
    parent: str
    position: int
    tint: str
    vat_rate: Decimal
    requires: list[str]
    temperature: str = Temperature.AMBIENT
    life_days: int | None = None
    may_be_returned: bool = False


@transaction.atomic
def add_aisles(*, aisles: Collection[NewAisle]) -> None:
    """Create those whose slug is free; what exists stays as staff made it. 3 queries."""
    Aisle.objects.bulk_create([_row(new, None) for new in aisles if not new.parent], ignore_conflicts=True)
    tops = dict(Aisle.objects.filter(parent=None).values_list("slug", "pk"))
    shelves = [_row(new, tops[new.parent]) for new in aisles if new.parent in tops]
    Aisle.objects.bulk_create(shelves, ignore_conflicts=True)
    aisles_changed()


def _row(new: NewAisle, parent_id: int | None) -> Aisle:
    return Aisle(
        slug=new.slug, name=new.name, parent_id=parent_id, position=new.position, tint=new.tint,
        default_vat_rate=new.vat_rate, requires=new.requires, temperature=new.temperature,
        minimum_life_days=new.life_days, may_be_returned=new.may_be_returned,
    )  # fmt: skip


@transaction.atomic
def drop_empty_shelves(*, slugs: Collection[str]) -> None:
    """Take away those that nothing lies on. 2 queries."""
    Aisle.objects.filter(slug__in=slugs, products=None, shelves=None).delete()
    aisles_changed()


@transaction.atomic
def delete_aisle(*, aisle: Aisle) -> None:
    """Take an empty aisle or shelf away. Raises ProtectedError when something lies on it. 4 queries."""
    aisle.delete()
    aisles_changed()


def aisles_changed() -> None:
    """Every process builds its menu anew on its next page, once this transaction commits. No query."""
    kept.changed("aisles")


def shelves_changed() -> None:
    """What stands on the shelves, and in which order, is read anew once this transaction commits. No query."""
    kept.changed("shelves")


@transaction.atomic
def save_picture(*, picture: ProductPicture) -> ProductPicture:
    """Keep a checked picture (see ``config.pictures``) and show it on the card. 3 queries.

    Its smaller files are made once the change is firm, with no row locked.
    """
    before = ProductPicture.objects.filter(pk=picture.pk).first()
    is_new = before is None or before.image.name != picture.image.name
    if is_new:
        picture.variants = []
    picture.save()
    if before and is_new:
        _forget_files(before)
    if is_new:
        transaction.on_commit(lambda: make_variants(picture_id=picture.pk), robust=True)
    touch(product_ids=[picture.product_id])
    return picture


def make_variants(*, picture_id: int) -> list[int]:
    """Write the square WebP files of a picture and show them; their sides, none when it cannot be done.

    The original stays shown then. The files come before the row that names them; done again, they are replaced.
    3 queries.
    """
    picture = ProductPicture.objects.filter(pk=picture_id).first()
    if picture is None:
        return []
    try:
        sides = _write_variants(picture)
    except Exception as fault:  # storage or decoder: a shop without small pictures still sells
        logger.warning("picture %s keeps its original: %s", picture_id, type(fault).__name__)
        return []
    with transaction.atomic():
        same_file = ProductPicture.objects.filter(pk=picture_id, image=picture.image.name)
        if same_file.update(variants=sides):
            touch(product_ids=[picture.product_id])
            return sides
    # Replaced or removed meanwhile: nobody would ever delete these.
    _delete_files(picture, [rules.variant_name(picture.image.name or "", side) for side in sides])
    return []


def _write_variants(picture: ProductPicture) -> list[int]:
    storage, name, sides = picture.image.storage, picture.image.name or "", []
    with storage.open(name) as original:
        for side, data in pictures.variants(original):
            target = rules.variant_name(name, side)
            storage.delete(target)
            storage.save(target, ContentFile(data))
            sides.append(side)
    return sides


@transaction.atomic
def remove_picture(*, picture_id: int) -> None:
    """Take a picture away; its files go once the change is firm. 3 queries."""
    picture = ProductPicture.objects.get(pk=picture_id)
    _forget_files(picture)
    picture.delete()
    touch(product_ids=[picture.product_id])


def _forget_files(picture: ProductPicture) -> None:
    """The original and all that may have been made of it, those of an attempt that failed included."""
    name = picture.image.name or ""
    sides = {*picture.variants, *rules.variant_sides(picture.width, picture.height)}
    names = [name, *(rules.variant_name(name, side) for side in sides)]
    transaction.on_commit(lambda: _delete_files(picture, names), robust=True)


def _delete_files(picture: ProductPicture, names: Iterable[str]) -> None:
    for name in names:
        picture.image.storage.delete(name)


@transaction.atomic
def save_brand(*, brand: Brand) -> Brand:
    """Save a brand; its products are found and shown by its new name. 4 queries."""
    brand.save()
    ids = _lock(Product.objects.filter(brand=brand).values_list("pk", flat=True))
    touch(product_ids=ids)
    refresh_search(product_ids=ids)
    shelves_changed()
    return brand


def touch(*, product_ids: Collection[int]) -> None:
    """What cards show of these products changed. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE catalogue_product SET version = version + 1, updated_at = now() WHERE id = ANY (%s)",
            [list(product_ids)],
        )
