"""The orders of a simulated day as the depot leaves them: paid, prepared, in their crates, some with something missing.

Written at once as rows, then told to the rooms of delivery by the shop's own services, as closing crates does.
"""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from django.utils import timezone

from config.demonstration.day.town import ASKED
from config.demonstration.day.truth import Lived
from config.demonstration.marks import EMAIL_DOMAIN
from config.demonstration.places import TOWNS
from config.demonstration.words import FIRST_NAMES, LAST_NAMES, STREETS
from delivery.slots.models import Hold, Slot
from delivery.slots.rules import PARIS
from delivery.zones.models import Zone, ZoneArea
from delivery.zones.rules import longest_prefix
from shop.catalogue.models import Product
from shop.customers.models import Customer
from shop.orders.models import BillVat, Order, OrderBill, OrderLine
from shop.orders.rules import new_reference
from shop.orders.services import tell_rounds
from shop.orders.services.promising import note_packed
from shop.payments.models import DemoSession, PaymentAccount, PaymentEntry, PaymentOperation
from shop.pricing.rules import DELIVERY_VAT_RATE

DEPOT = "paris"
GOODS_VAT = Decimal("5.5")
# Of a hundred orders so many lack one article, or several, without a word; so many were told of something before.
LACK_ONE, LACK_SEVERAL, TOLD = 4, 4, 6
# Of a hundred, so many pay no delivery.
OFFERED = 30
CLOSED_BEFORE = timedelta(hours=2)


class NothingToSimulate(Exception):
    """No zone of the depot, or no product, is there: `seed_defaults` and `demo` come first."""


@dataclass(frozen=True, slots=True)
class _Home:
    zone: Zone
    postcode: str
    city: str


def make_orders(number: int, *, seed: int, day: date) -> list[Lived]:
    """So many orders of a past local day; what truly happened at the depot with them. Raises NothingToSimulate."""
    dice = Random(f"{seed}-orders-{day}")
    homes, products = _homes(), list(Product.objects.published().filter(sold_by="piece").order_by("pk")[:60])
    if not homes or not products:
        raise NothingToSimulate
    lived = []
    for _place in range(number):
        home = dice.choice(homes)
        hour = dice.choices(list(ASKED), weights=list(ASKED.values()))[0]
        slot = _slot(home.zone, day, hour)
        order, lines = _order(dice, home, slot, products)
        lived.append(_told(dice, order, lines))
    return lived


def _homes() -> list[_Home]:
    areas = {
        area.prefix: area.zone
        for area in ZoneArea.objects.select_related("zone").filter(
            zone__depot__code=DEPOT, zone__is_active=True, zone__kind=Zone.Kind.DELIVERY
        )
    }
    found = []
    for postcode, city in TOWNS.items():
        prefix = longest_prefix(postcode, areas)
        # The far suburbs are another day's rounds.
        if prefix and postcode[:2] in {"75", "92", "93", "94"}:
            found += [_Home(areas[prefix], postcode, city)] * (2 if postcode.startswith("75") else 1)
    return found


def _slot(zone: Zone, day: date, hour: int) -> Slot:
    starts_at = datetime(day.year, day.month, day.day, hour, tzinfo=PARIS)
    slot, _new = Slot.objects.get_or_create(
        zone=zone,
        starts_at=starts_at,
        defaults={
            "ends_at": starts_at + timedelta(hours=1), "cutoff_at": starts_at - timedelta(hours=3),
            "price": zone.slot_price, "capacity": zone.slot_capacity,
        },
    )  # fmt: skip
    return slot


def _order(dice: Random, home: _Home, slot: Slot, products: list[Product]) -> tuple[Order, list[OrderLine]]:
    basket = [
        (product, dice.randrange(1, 4))
        for product in dice.sample(products, min(len(products), dice.randrange(8, 19)))
    ]
    goods = sum(((product.price or Decimal(1)) * pieces for product, pieces in basket), Decimal(0))
    fee = Decimal(0) if dice.randrange(100) < OFFERED else slot.price
    first, last, at = dice.choice(FIRST_NAMES), dice.choice(LAST_NAMES), slot.starts_at - CLOSED_BEFORE
    email = f"jour-{uuid.UUID(int=dice.getrandbits(128)).hex[:12]}@{EMAIL_DOMAIN}"
    customer = Customer.objects.create(email=email, first_name=first, last_name=last, phone="0639980000")
    order = Order.objects.create(
        reference=new_reference(), customer=customer, basket_key=uuid.UUID(int=dice.getrandbits(128)),
        status=Order.Status.PACKED, zone=home.zone, depot_id=home.zone.depot_id, slot=slot, rank=dice.randrange(1, 12),
        email=email, first_name=first, last_name=last, phone="0639980000",
        line1=f"{dice.randrange(1, 120)} {dice.choice(STREETS)}", floor=str(dice.randrange(7)), postcode=home.postcode,
        city=home.city, goods_total=goods, delivery_fee=fee, total=goods + fee, terms_version="démonstration",
        placed_at=at - timedelta(hours=20), packed_at=at,
    )  # fmt: skip
    lines = OrderLine.objects.bulk_create(
        OrderLine(
            order=order, product=product, ean=product.ean, name=product.name, sold_by=product.sold_by, quantity=pieces,
            unit_price=product.price or Decimal(1), vat_rate=GOODS_VAT, total=(product.price or Decimal(1)) * pieces,
            vat_amount=Decimal(0), unit_cost=Decimal(1), cost_on=timezone.localdate(at), picked=pieces,
        )
        for product, pieces in basket
    )  # fmt: skip
    Hold.objects.create(
        slot=slot, holder=str(order.basket_key), order_reference=order.reference, state=Hold.State.BOOKED,
        expires_at=slot.cutoff_at,
    )  # fmt: skip
    return order, lines


def _told(dice: Random, order: Order, lines: list[OrderLine]) -> Lived:
    """What is missing of it is drawn, billed, and told to delivery."""
    absent, told = _missing(dice), dice.randrange(1, 3) if dice.randrange(100) < TOLD else 0
    absent = _take(lines, absent, "picked")
    told = _take([line for line in lines if line.picked == line.quantity], told, "dropped")
    for line in lines:
        line.picked = (line.picked or 0) - line.dropped
        line.billed = line.unit_price * (line.picked or 0)
        line.billed_share = Decimal(0)
    OrderLine.objects.bulk_update(lines, ["picked", "dropped", "billed", "billed_share"])
    bill = _bill(order, lines)
    _pay(dice, order, bill.total)
    note_packed(order, lines, bill)
    tell_rounds(reference=order.reference)
    fee = order.zone.peak_price if order.zone.peak_price > order.zone.slot_price else order.zone.slot_price
    return Lived(
        reference=order.reference, zone=order.zone.name, rank=order.rank, slot_starts_at=order.slot.starts_at,
        slot_ends_at=order.slot.ends_at, absent=absent, told=told,
        fee_cents=int(order.delivery_fee * 100), next_fee_cents=int(fee * 100),
    )  # fmt: skip


def _missing(dice: Random) -> int:
    drawn = dice.randrange(100)
    if drawn < LACK_SEVERAL:
        return dice.randrange(2, 5)
    return 1 if drawn < LACK_SEVERAL + LACK_ONE else 0


def _take(lines: list[OrderLine], units: int, where: str) -> int:
    """Take units out of lines, at most one of each; how many there were to take."""
    for line in lines[:units]:
        setattr(line, where, line.quantity - 1 if where == "picked" else 1)
    return min(units, len(lines))


def _bill(order: Order, lines: list[OrderLine]) -> OrderBill:
    goods = sum((line.billed or Decimal(0) for line in lines), Decimal(0))
    bill = OrderBill.objects.create(
        order=order, goods_total=goods, deposit_total=Decimal(0), delivery_fee=order.delivery_fee,
        total=goods + order.delivery_fee,
    )  # fmt: skip
    rates = {GOODS_VAT: goods, DELIVERY_VAT_RATE: order.delivery_fee}
    BillVat.objects.bulk_create(
        BillVat(bill=bill, rate=rate, gross=gross, vat=Decimal(0)) for rate, gross in rates.items() if gross
    )
    return bill


def _pay(dice: Random, order: Order, total: Decimal) -> None:
    """Taken of the demonstration's card, which remembers it."""
    token, at = f"demo_{uuid.UUID(int=dice.getrandbits(128)).hex}"[:32], order.packed_at
    done: dict[str, Any] = {
        "state": "succeeded",
        "intent_id": token,
        "sent_at": at,
        "checked_at": at,
        "settled_at": at,
    }
    account = PaymentAccount.objects.create(
        order_reference=order.reference,
        customer_id=order.customer_id,
        authorised=total,
        captured=total,
        to_capture=total,
    )
    asked = PaymentOperation.objects.create(
        account=account, kind="authorise", amount=total, session_id=token, **done
    )
    taken = PaymentOperation.objects.create(
        account=account, kind="capture", amount=total, parent=asked, **done
    )
    PaymentEntry.objects.bulk_create(
        PaymentEntry(account=account, operation=operation, kind=kind, amount=total)
        for operation, kind in ((asked, "authorised"), (taken, "captured"))
    )
    DemoSession.objects.create(
        token=token, key=asked.key, order_reference=order.reference, mode="payment", status="captured", amount=total,
        captured=total, card="accepte", refunds={}, expires_at=order.slot.ends_at,
    )  # fmt: skip
