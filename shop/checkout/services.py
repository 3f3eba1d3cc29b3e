"""From a basket to an order: two short transactions with the provider in between."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import partial

from django.db import transaction
from django.utils import timezone

from delivery.slots.models import Hold
from delivery.zones.models import Zone
from loyalty.vouchers.models import SharedCode, Voucher
from loyalty.vouchers.ports import names_of
from loyalty.vouchers.queries import buyer_of_code, own_voucher, voucher_of_code
from loyalty.vouchers.rules import (
    CodeExhausted,
    CodeSpent,
    NotTheseArticles,
    Scope,
    VoucherRefused,
    VoucherWorthless,
    check,
    check_code,
)
from shop.basket import services as baskets
from shop.basket.models import Basket
from shop.basket.queries import Line, detailed_lines, with_promotions
from shop.basket.summary import Earning
from shop.checkout.models import ADDRESS_FIELDS, CheckoutDraft
from shop.checkout.ports import current_terms_version
from shop.customers import services as customers
from shop.customers.models import Consent, Customer, ShortageChoice
from shop.customers.queries import addresses_of, customer_ids, has_consent
from shop.customers.wording import LETTERS_QUESTION
from shop.orders import services as orders
from shop.orders.models import Order
from shop.orders.queries import rank_of_next_order
from shop.orders.rules import Article, Figures, figures, in_scope, room_in, weighing_margin
from shop.payments import services as payments
from shop.pricing.queries import fresh_book, slot_facts


class TotalChanged(Exception):
    """A price changed between the recap and the button: the shopper decides again."""

    def __init__(self, total: Decimal) -> None:
        super().__init__(total)
        self.total = total


class PointsChanged(Exception):
    """The order would bring fewer points than the recap said: the shopper decides again."""


class BelowMinimum(Exception):
    """The goods do not reach the zone's minimum."""


class BasketChanged(Exception):
    """Something in the basket is short, gone or dearer than last seen, be it for a promotion that ended."""


@dataclass(frozen=True, slots=True)
class Recap:
    """What is about to be ordered, from the database and nothing the browser sent."""

    lines: Sequence[Line]
    articles: Sequence[Article]
    totals: Figures
    hold: Hold
    voucher: Voucher | None = None
    # Why the chosen one takes nothing off, and is left out.
    voucher_refused: VoucherRefused | None = None
    # Out of stock, with a day of return: they stay in the basket.
    coming: Sequence[Line] = ()

    @property
    def minimum_age(self) -> int:
        return max((article.minimum_age or 0 for article in self.articles), default=0)

    @property
    def most(self) -> Decimal:
        """What the card is asked for: the total, were all that is weighed as heavy as it may be."""
        return self.totals.total + weighing_margin(self.articles)

    @property
    def is_below_minimum(self) -> bool:
        return self.totals.goods_total < self.hold.slot.zone.minimum_order

    @property
    def earning(self) -> list[Earning]:
        """Its articles as points see them."""
        return [
            Earning(
                article.priced.total - share,
                article.points_factor,
                article.minimum_age,
                article.is_first_age_milk,
            )
            for article, share in zip(self.articles, self.totals.voucher_shares, strict=True)
        ]

    @property
    def bonus_cents(self) -> int:
        """What of it counts on top for points."""
        return sum(int(one.bonus * 100) for one in self.earning)

    @property
    def voucher_counts_on(self) -> Decimal:
        """What the articles cost that a voucher for named ones is for."""
        scope = self.voucher.scope if self.voucher else Scope()
        counted = (
            article.priced.total
            for article, line in zip(self.articles, self.lines, strict=True)
            if article.takes_voucher and in_scope(scope, line.item)
        )
        return sum(counted, Decimal("0.00"))

    @property
    def has_changes(self) -> bool:
        return any(line.is_short or line.has_new_price or line.ended_promotion for line in self.lines)


def recap_of(
    *, basket: Basket, hold: Hold, is_shown: bool = True, voucher: Voucher | None = None,
    customer: Customer | None = None,
) -> Recap:  # fmt: skip
    """The basket priced for the slot it holds, promotions, budgets and voucher as they are this instant.

    Four queries; three where no page is shown, without the lines' cards. A voucher for a first order costs one
    more, a shared code two, one for articles that are not there three to name them.
    """
    zone, own = hold.slot.zone, hold.order_reference
    book, when = fresh_book(zone.pk, own), slot_facts(hold.slot)
    found = detailed_lines(basket, zone.depot_id, own_order=own, with_cards=is_shown)
    coming = [line for line in found if line.is_coming]
    lines = [line for line in found if not line.is_coming]
    lines = with_promotions(lines, book, when, seen_at=basket.touched_at)
    scope = voucher.scope if voucher else Scope()
    share = book.share(timezone.now())
    articles = [_article(line, scope, share) for line in lines]
    priced = partial(
        figures,
        articles,
        slot_price=hold.slot.price,
        free_delivery_from=zone.free_delivery_from,
        offer=book.free_delivery(when, fee=hold.slot.price),
    )
    totals = priced()
    if voucher is None:
        return Recap(lines, articles, totals, hold, coming=coming)
    try:
        if voucher.shared_code:
            _check_code(voucher, voucher.shared_code, customer, own_order=own)
        if scope and not any(in_scope(scope, line.item) for line in lines):
            raise NotTheseArticles(names_of(scope))
        _check_voucher(voucher, totals, customer, own_order=own)
        reduced = priced(voucher=voucher.terms)
        if not reduced.voucher_discount:
            raise VoucherWorthless
        _check_budget(voucher, reduced.voucher_discount, own_order=own)
    except VoucherRefused as refused:
        return Recap(lines, articles, totals, hold, voucher_refused=refused, coming=coming)
    return Recap(lines, articles, reduced, hold, voucher, coming=coming)


def _check_voucher(voucher: Voucher, totals: Figures, customer: Customer | None, *, own_order: str) -> None:
    """Raises a VoucherRefused. A guest is nobody known: no voucher is theirs, and their order is a first one."""
    check(
        voucher,
        customer_id=customer.pk if customer else None,
        goods=totals.goods_total,
        is_first_order=(
            not voucher.first_order_only or customer is None or rank_of_next_order(customer.pk) == 1
        ),
        now=timezone.now(),
        own_order=own_order,
    )


def _check_code(voucher: Voucher, code: SharedCode, customer: Customer | None, *, own_order: str) -> None:
    """Raises a VoucherRefused. Two queries at most."""
    buyer = buyer_of_code(code, customer.pk if customer else None, customer.email if customer else "")
    check_code(code, buyer, now=timezone.now(), is_drawn=_is_drawn(voucher, own_order))
    if voucher.used_at is not None:
        raise CodeSpent


def _check_budget(voucher: Voucher, amount: Decimal, *, own_order: str) -> None:
    code = voucher.shared_code
    if code is not None and not _is_drawn(voucher, own_order) and not code.affords(amount):
        raise CodeExhausted


def _is_drawn(voucher: Voucher, own_order: str) -> bool:
    """Whether the order this basket is paying for holds it: what it takes off counts on its code already."""
    return bool(own_order) and voucher.order_reference == own_order


def _article(line: Line, scope: Scope, share: Fraction) -> Article:
    product, priced = line.product, line.priced
    return Article(
        product_id=product.pk,
        ean=product.ean,
        name=product.name,
        packaging_label=line.packaging_label[:60],
        priced=priced,
        minimum_age=product.minimum_age,
        labels=tuple(product.labels),
        promotion_id=line.reduced.terms.id if line.reduced else None,
        promotion_label=line.promotion_label,
        points_factor=line.points_factor,
        minimum_life_days=product.promised_life_days,
        is_first_age_milk=product.is_first_age_milk,
        may_be_returned=product.is_returnable,
        voucher_room=_room(line, scope, share) if scope else None,
    )


def _room(line: Line, scope: Scope, share: Fraction) -> Decimal:
    discount, factor = line.priced.discount, line.points_factor
    return room_in(scope, line.item, discount=discount, points_factor=factor, share=share)


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the shopper ticked, typed and saw on the last step."""

    seen_total: Decimal
    birth_on: date | None = None
    letters: bool = False
    shortage_choice: str = ShortageChoice.ASK
    # Product → what to do if just this one is missing.
    shortage_lines: Mapping[int, str] = field(default_factory=dict)
    seen_bonus_cents: int = 0

    def chosen_for(self, article: Article) -> Article:
        return replace(article, shortage_choice=self.shortage_lines.get(article.product_id, ""))


@transaction.atomic
def submit(
    *, basket: Basket, draft: CheckoutDraft, recap: Recap, customer: Customer | None, agreed: Agreed
) -> tuple[Order, str]:
    """Make the order of a basket and prepare its payment. Returns the order and the payment's key.

    What was seen only says what the shopper agreed to; every figure comes from ``recap``, which was read in this very
    request. Raises TotalChanged, PointsChanged, BasketChanged, BelowMinimum, orders.BasketAlreadyOrdered, stock.StockShort, slots.HoldLapsed, pricing.PromotionOver, a VoucherRefused; then nothing is left behind. Locks the basket first: whatever another
    tab did to it since the recap was read is found, and what it does next waits.
    """
    if not baskets.lock_untouched(basket=basket) or not recap.articles or recap.has_changes:
        raise BasketChanged
    if recap.is_below_minimum:
        raise BelowMinimum
    if recap.totals.total != agreed.seen_total:
        raise TotalChanged(recap.totals.total)
    if recap.bonus_cents < agreed.seen_bonus_cents:
        raise PointsChanged
    buyer = customer or _guest(draft)
    note_agreement(customer=buyer, agreed=agreed)
    return orders.create_order(
        basket_key=basket.key,
        recipient=_recipient(draft, buyer, recap.hold.slot.zone),
        is_first_order=customer is None,
        hold=recap.hold,
        articles=[agreed.chosen_for(article) for article in recap.articles],
        totals=recap.totals,
        terms_version=current_terms_version(),
        shortage_choice=agreed.shortage_choice,
        voucher=recap.voucher,
    )


@transaction.atomic
def note_agreement(*, customer: Customer, agreed: Agreed) -> None:
    """Keep the proof of a consent, a date of birth given for alcohol, what to do next time too when an article is
    missing. At most one write each.
    """
    if customer.shortage_choice != agreed.shortage_choice:
        customers.note_shortage_choice(customer_id=customer.pk, choice=agreed.shortage_choice)
    if agreed.letters and not has_consent(customer.pk, Consent.Purpose.LETTERS):
        customers.record_consent(
            customer_id=customer.pk, purpose=Consent.Purpose.LETTERS, is_granted=True,
            wording=str(LETTERS_QUESTION), source="checkout",
        )  # fmt: skip
    if agreed.birth_on and customer.birth_on != agreed.birth_on:
        customers.update_details(
            customer_id=customer.pk,
            first_name=customer.first_name,
            last_name=customer.last_name,
            phone=customer.phone,
            birth_on=agreed.birth_on,
        )


def _guest(draft: CheckoutDraft) -> Customer:
    """A guest is always a new party: a known e-mail never attaches before it is verified."""
    return customers.create_guest(
        email=draft.email, first_name=draft.first_name, last_name=draft.last_name, phone=draft.phone
    )


def _recipient(draft: CheckoutDraft, buyer: Customer, zone: Zone) -> orders.Recipient:
    """A customer's order goes to the address they verified, whatever was typed before they signed in.

    One that is fetched goes to its point, whose address is frozen like any other.
    """
    of_place: Zone | CheckoutDraft = zone if zone.is_collect else draft
    return orders.Recipient(
        customer_id=buyer.pk,
        email=buyer.email,
        first_name=draft.first_name,
        last_name=draft.last_name,
        phone=draft.phone,
        **{name: getattr(of_place, name, "") for name in ADDRESS_FIELDS},
    )


@transaction.atomic
def keep_draft(*, draft: CheckoutDraft) -> CheckoutDraft:
    """Note what was typed, over what another tab noted in between. Locks the basket. Raises baskets.BasketClosed.

    Two queries, and one more the first time.
    """
    baskets.lock(basket=draft.basket)
    draft.pk = (
        draft.pk or CheckoutDraft.objects.filter(basket=draft.basket).values_list("pk", flat=True).first()
    )
    draft.save()
    return draft


def choose_voucher(*, draft: CheckoutDraft, voucher: Voucher | None) -> None:
    """Note which voucher this basket's order is to have, None for none. Raises baskets.BasketClosed. Two queries."""
    draft.shared_code = voucher.shared_code if voucher else None
    draft.voucher = None if draft.shared_code else voucher
    keep_draft(draft=draft)


def chosen_voucher(draft: CheckoutDraft, customer: Customer | None) -> Voucher | None:
    """What this basket's order is to have, whatever its state; of a shared code, what the customer has or would have of
    it. One query with a shared code.
    """
    return voucher_of_code(draft.shared_code, customer) if draft.shared_code else draft.voucher


def voucher_of(customer: Customer | None, voucher_id: int) -> Voucher | None:
    """One of the customer's own, by its id, whatever its state. Two queries."""
    return own_voucher(customer_ids(customer), voucher_id) if customer else None


def remember_recipient(*, customer: Customer, draft: CheckoutDraft, has_address: bool = True) -> None:
    """Keep for next time what a customer typed: missing details, and an address not known yet."""
    with transaction.atomic():
        customers.update_details(
            customer_id=customer.pk,
            first_name=customer.first_name or draft.first_name,
            last_name=customer.last_name or draft.last_name,
            phone=customer.phone or draft.phone,
            birth_on=customer.birth_on,
        )
        if not has_address:
            return
        known = {(address.line1, address.postcode) for address in addresses_of(customer)}
        if (draft.line1, draft.postcode) not in known and len(known) < customers.MOST_ADDRESSES:
            customers.save_address(
                customer_id=customer.pk, **{name: getattr(draft, name) for name in ADDRESS_FIELDS}
            )


@transaction.atomic
def payment_to_open(*, order: Order) -> str:
    """The key of the payment to send the shopper to; a lapsed one gives way to a new one.

    Raises what payments.prepare_payment raises.
    """
    return payments.prepare_payment(
        order_reference=order.reference,
        customer_id=order.customer_id,
        amount=order.most,
        slot_starts_at=order.slot.starts_at,
    ).key


def matches(
    order: Order, recap: Recap, draft: CheckoutDraft, customer: Customer | None, agreed: Agreed
) -> bool:
    """Is this waiting order still what this shopper wants: articles, prices, points, slot, recipient, what to do when
    one is missing? Two queries.
    """
    wanted = {
        article.ean: (
            article.priced.quantity,
            article.priced.unit_price,
            article.shortage_choice,
            article.points_factor,
        )
        for article in map(agreed.chosen_for, recap.articles)
    }
    ordered = {
        line.ean: (line.quantity, line.unit_price, line.shortage_choice, line.points_factor)
        for line in order.lines.all()
    }
    same_party = order.customer_id == customer.pk if customer else order.customer.user_id is None
    recipient = _recipient(draft, customer or order.customer, recap.hold.slot.zone)
    return (
        same_party
        and wanted == ordered
        and order.shortage_choice == agreed.shortage_choice
        and order.total == recap.totals.total
        and _same_voucher(order, recap)
        and order.slot_id == recap.hold.slot_id
        and draft.email in {order.email, "" if customer is None else draft.email}
        and all(
            getattr(order, name) == getattr(recipient, name)
            for name in orders.Recipient.__dataclass_fields__
            if name not in {"customer_id", "email"}
        )
    )


def _same_voucher(order: Order, recap: Recap) -> bool:
    held = recap.voucher.order_reference == order.reference if recap.voucher else False
    return held == bool(order.voucher_discount) and order.voucher_discount == recap.totals.voucher_discount
