"""What a placed order would become: its lines, its slot, its address and its sums. Read only."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from django.utils import timezone
from django.utils.translation import gettext as _

from delivery.slots.models import Slot
from delivery.slots.queries import slot_of_zone
from delivery.zones.queries import zone_for_postcode
from loyalty.vouchers.models import Voucher
from loyalty.vouchers.queries import voucher_held_by
from shop.catalogue.models import Product
from shop.catalogue.rules import quantity_is_valid
from shop.customers.rules import age_on
from shop.orders.models import Order, OrderLine, ShortageQuestion
from shop.orders.queries import products_with_shelves
from shop.orders.repricing import lowered, raised
from shop.orders.rules import Article, Figures, figures
from shop.orders.services.books import packaging_of
from shop.orders.services.errors import (
    AgeUnknown,
    BelowZoneMinimum,
    ElsewhereDelivered,
    LineSettled,
    LineUnknown,
    NotForSale,
    NotThatMuch,
    SlotElsewhere,
    TooManyLines,
    WrongQuantity,
)
from shop.orders.services.proposals import AmendedLine, Proposal, Wishes, standing_of
from shop.orders.services.rooms import with_rooms
from shop.pricing.book import PromotionBook
from shop.pricing.ports import costs_of
from shop.pricing.promotions import FREE_DELIVERY, Terms
from shop.pricing.queries import drawn_by, fresh_book, item_of, slot_facts
from shop.pricing.rules import NOTHING, DeliveryOffer, PricedLine, goods_total
from shop.pricing.wording import label_of
from shop.stock.queries import availability

# What of its recipient an order's customer may change before the cut-off.
CHANGEABLE = ("phone", "line1", "line2", "floor", "door_code", "postcode", "city", "instructions")
LINES_AT_MOST = 200


def settled_lines(order: Order, lines: Collection[OrderLine]) -> set[int]:
    """Lines about which something was agreed or is being asked since: they stay as they are. One query."""
    asked = set(ShortageQuestion.objects.filter(order=order, answer="").values_list("line_id", flat=True))
    replaced = {line.replaces_id for line in lines if line.replaces_id}
    return {
        line.pk
        for line in lines
        if line.pk in asked | replaced or line.replaces_id or line.dropped or line.picked is not None
    }


def propose(order: Order, wishes: Wishes) -> Proposal:
    """Price the wishes as they are this instant, on an order with its slot and zone. Eleven queries at most, twelve
    with a voucher for named articles.

    Raises LineUnknown, LineSettled, WrongQuantity, NotForSale, NotThatMuch, TooManyLines, AgeUnknown,
    BelowZoneMinimum, SlotElsewhere, ElsewhereDelivered.
    """
    lines = list(order.lines.select_related("product__shelf"))
    slot, address = _slot(order, wishes.slot_id), _address(order, wishes.address)
    wanted, new = _wanted(order, lines, wishes)
    # What stands in for another line is paid in its place: the order's sums are those of what was ordered.
    own = [line for line in lines if not line.replaces_id]
    products = _for_sale(order, [line for line in own if wanted[line.pk] > line.quantity], wanted, new)
    book = fresh_book(order.zone_id)
    sold = _sold_today(order, own, wanted, new, products, book, slot)
    amended = [_amended(line, wanted[line.pk], sold) for line in own]
    amended += [AmendedLine(None, 0, sold[pk]) for pk in new]
    voucher = _voucher_of(order, amended)
    if voucher and voucher.scope:
        amended = with_rooms(amended, voucher.scope, own, products, share=book.share(timezone.now()))
    articles = [line.article for line in amended if line.quantity]
    totals = _totals(order, articles, slot, book, voucher)
    _check_sums(order, totals, amended)
    return Proposal(
        lines=amended,
        totals=totals,
        slot=slot,
        address=address,
        is_slot_new=slot.pk != order.slot_id,
        is_address_new=any(address[name] != getattr(order, name) for name in address),
        stands_on=standing_of(order, lines),
        basket_key=wishes.basket_key,
        taken=wishes.added,
    )


def _slot(order: Order, slot_id: int) -> Slot:
    """Whether it has room is decided when its place is taken. One query where it is another one."""
    if slot_id == order.slot_id:
        return order.slot
    slot = slot_of_zone(order.zone_id, slot_id)
    if slot is None:
        raise SlotElsewhere(slot_id)
    return slot


def _address(order: Order, typed: Mapping[str, str]) -> dict[str, str]:
    """An order that is fetched stays at its point; one that is delivered stays in its zone."""
    mine = CHANGEABLE[:1] if order.is_collect else CHANGEABLE
    address = {name: typed.get(name, getattr(order, name)) for name in mine}
    if address.get("postcode", order.postcode) != order.postcode:
        zone = zone_for_postcode(address["postcode"])
        if zone is None or zone.pk != order.zone_id:
            raise ElsewhereDelivered(address["postcode"])
    return address


def _wanted(
    order: Order, lines: Sequence[OrderLine], wishes: Wishes
) -> tuple[dict[int, int], dict[int, int]]:
    """Line → quantity of every line, product → quantity of what is new."""
    wanted = {line.pk: wishes.quantities.get(line.pk, line.quantity) for line in lines}
    if foreign := wishes.quantities.keys() - wanted.keys():
        raise LineUnknown(min(foreign))
    of_product = {line.product_id: line for line in lines if line.product_id}
    new = {}
    for pk, more in wishes.added.items():
        if pk in of_product:
            wanted[of_product[pk].pk] += more
        else:
            new[pk] = more
    settled = settled_lines(order, lines)
    for line in lines:
        if wanted[line.pk] == line.quantity:
            continue
        if line.pk in settled:
            raise LineSettled(line.name)
        _check_quantity(line, wanted[line.pk])
    if sum(map(bool, wanted.values())) + len(new) > LINES_AT_MOST:
        raise TooManyLines(LINES_AT_MOST)
    return wanted, new


def _check_quantity(line: OrderLine, quantity: int) -> None:
    """Whole steps; of what has no page any more, less is all or nothing."""
    step = line.product.step if line.product else line.quantity
    if quantity and not quantity_is_valid(sold_by=line.sold_by, step=step, quantity=quantity):
        raise WrongQuantity(line.name)


def _for_sale(
    order: Order, grows: Sequence[OrderLine], wanted: Mapping[int, int], new: Mapping[int, int]
) -> dict[int, Product]:
    """What is ordered more of, by product, once it may be. Three queries at most."""
    products = {line.product_id: line.product for line in grows if line.product_id and line.product}
    if len(products) < len(grows):
        raise NotForSale(next(line.name for line in grows if line.product is None))
    if new:
        products |= products_with_shelves(new)
    if new.keys() - products.keys():
        raise NotForSale("")
    names = {line.product_id: line for line in grows}
    for pk, product in products.items():
        line = names.get(pk)
        is_sold = product.is_published and product.price is not None and product.vat_rate is not None
        if not is_sold or (line and line.sold_by != product.sold_by):
            raise NotForSale(product.name)
        quantity = wanted[line.pk] if line else new[pk]
        if not quantity_is_valid(sold_by=product.sold_by, step=product.step, quantity=quantity):
            raise WrongQuantity(product.name)
    there = availability(order.depot_id, list(products)) if products else {}
    for pk, product in products.items():
        line = names.get(pk)
        more = wanted[line.pk] - line.quantity if line else new[pk]
        if there[pk] < more:
            raise NotThatMuch(product.name, product.sold_by, there[pk] - there[pk] % product.step)
    _check_age(order, products.values())
    return products


def _check_age(order: Order, products: Iterable[Product]) -> None:
    """Where the order holds alcohol, its customer has given their date of birth. One query at most."""
    age = max((product.minimum_age or 0 for product in products), default=0)
    if not age or order.requires_age_check:
        return
    born = order.customer.birth_on
    if born is None or age_on(born, timezone.localdate()) < age:
        raise AgeUnknown(age)


def _sold_today(
    order: Order,
    lines: Sequence[OrderLine],
    wanted: Mapping[int, int],
    new: Mapping[int, int],
    products: Mapping[int, Product],
    book: PromotionBook,
    slot: Slot,
) -> dict[int, Article]:
    """What is ordered more of as it is sold now, all of it, promotions and what is left of them. One query."""
    if not products:
        return {}
    quantities = {line.product_id: wanted[line.pk] for line in lines if line.product_id in products} | dict(
        new
    )
    costs = costs_of(list(products))
    items = [item_of(one, quantities[pk], unit_cost=costs.get(pk)) for pk, one in products.items()]
    staying = {line.promotion_id for line in lines if line.product_id not in products and wanted[line.pk]}
    # One that gives a few per order, and gave them to a line that stays, gives no more.
    terms = [one for one in book.terms if one.most_per_order is None or one.id not in staying]
    today, when = PromotionBook(terms, order.zone_id, book.programme), slot_facts(slot)
    outcome = today.reduce(items, when)
    multiplied = today.multiply(items, when, reduced=outcome.lines)
    ordered = {line.product_id: line for line in lines}
    found = {}
    for pk, product in products.items():
        line, reduced = ordered.get(pk), outcome.lines.get(pk)
        article = article_of(line) if line else _article(product)
        priced = replace(
            article.priced,
            unit_price=product.price or NOTHING,
            quantity=quantities[pk],
            discount=reduced.discount if reduced else NOTHING,
        )
        found[pk] = replace(
            article,
            priced=priced,
            promotion_id=reduced.terms.id if reduced else None,
            promotion_label=label_of(reduced.terms) if reduced else "",
            price_kept=NOTHING,
            points_factor=multiplied[pk].factor if pk in multiplied else 1,
        )
    return found


def article_of(line: OrderLine) -> Article:
    """A line as it was sold. No query."""
    each = line.deposit / line.quantity if line.deposit else NOTHING
    return Article(
        product_id=line.product_id or 0,
        ean=line.ean,
        name=line.name,
        packaging_label=line.packaging_label,
        priced=PricedLine(line.unit_price, line.sold_by, line.quantity, line.vat_rate, each, line.discount),
        minimum_age=line.minimum_age,
        labels=tuple(line.labels),
        promotion_id=line.promotion_id,
        promotion_label=line.promotion_label,
        shortage_choice=line.shortage_choice,
        minimum_life_days=line.minimum_life_days,
        is_first_age_milk=not line.takes_voucher and not line.minimum_age,
        may_be_returned=line.may_be_returned,
        price_kept=line.price_kept,
        points_factor=line.points_factor,
        voucher_room=line.voucher_room,
    )


def _article(product: Product) -> Article:
    return Article(
        product_id=product.pk,
        ean=product.ean,
        name=product.name,
        packaging_label=packaging_of(product),
        priced=PricedLine(
            product.price or NOTHING, product.sold_by, 0, product.vat_rate or NOTHING, product.deposit
        ),
        minimum_age=product.minimum_age,
        labels=tuple(product.labels),
        minimum_life_days=product.promised_life_days,
        is_first_age_milk=product.is_first_age_milk,
        may_be_returned=product.is_returnable,
    )  # fmt: skip


def _amended(line: OrderLine, quantity: int, sold: Mapping[int, Article]) -> AmendedLine:
    article = article_of(line)
    if quantity < line.quantity:
        article = lowered(article, quantity)
    elif quantity > line.quantity:
        article = raised(article, today=sold[line.product_id or 0])
        if article.price_kept and not article.promotion_id:
            article = replace(article, promotion_label=_("prix gardé"))
    return AmendedLine(line.pk, line.quantity, article)


def _totals(
    order: Order, articles: Sequence[Article], slot: Slot, book: PromotionBook, voucher: Voucher | None
) -> Figures:
    """Delivery follows the new goods and slot; in the slot that was ordered it keeps what it was given. One query at
    most.
    """
    when = slot_facts(slot)
    price = slot.price
    if slot.pk == order.slot_id and order.delivery_fee:
        price = min(price, order.delivery_fee)
    offer = book.free_delivery(when, fee=price)
    drawn = drawn_by(order.reference) if slot.pk == order.slot_id and order.delivery_label else {}
    had = next((one for one in book.terms if one.id in drawn and one.kind == FREE_DELIVERY), None)
    if had:
        price, offer = drawn[had.id], _as_offer(had, order.delivery_label)
    return figures(
        articles,
        slot_price=price,
        free_delivery_from=order.zone.free_delivery_from,
        offer=offer,
        voucher=voucher.agreed_terms if voucher else None,
    )


def _voucher_of(order: Order, amended: Sequence[AmendedLine]) -> Voucher | None:
    """It stays with its order while the goods reach its minimum. One query."""
    held = voucher_held_by(order.reference) if order.voucher_discount else None
    goods = goods_total(line.article.priced for line in amended if line.quantity)
    return held if held and goods >= held.minimum_goods else None


def _as_offer(terms: Terms, label: str) -> DeliveryOffer:
    return DeliveryOffer(terms.id, label, terms.free_from or NOTHING)


def _check_sums(order: Order, totals: Figures, amended: Sequence[AmendedLine]) -> None:
    """Nothing is left, or less than is delivered: who takes nothing out is not held to it."""
    missing = order.zone.minimum_order - totals.goods_total
    if not any(line.quantity for line in amended):
        raise BelowZoneMinimum(order.zone.minimum_order, is_empty=True)
    if missing > 0 and totals.goods_total < order.goods_total:
        raise BelowZoneMinimum(missing)
