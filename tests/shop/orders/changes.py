"""Amending orders as their customers do, and what must hold of any order afterwards."""

from decimal import Decimal

from django.db.models import F, Sum

from config.facts import deliver_all
from delivery.slots.models import Hold, Slot
from shop.orders import services
from shop.orders.models import Amendment, LineEvent, Order, OrderLine
from shop.orders.rules import heaviest, share_of
from shop.orders.services import Seen, Wishes
from shop.payments import services as payments
from shop.payments.gateways import demo
from shop.payments.models import PaymentAccount, PaymentOperation
from shop.pricing.models import Promotion, PromotionUse
from shop.pricing.rules import DELIVERY_VAT_RATE, vat_totals
from shop.stock.models import StockItem, StockReservation


def wishes(order, quantities=None, *, added=None, slot=None, **address):
    """``quantities`` and ``added``: product → pieces or grams."""
    of_product = {line.product_id: line.pk for line in order.lines.all()}
    return Wishes(
        quantities={of_product[product.pk]: quantity for product, quantity in (quantities or {}).items()},
        added={product.pk: quantity for product, quantity in (added or {}).items()},
        slot_id=slot.pk if slot else order.slot_id,
        address=address,
    )


def seen(order, wished):
    """What its recap shows."""
    proposal = services.propose(Order.objects.select_related("slot", "zone").get(pk=order.pk), wished)
    return Seen(proposal.totals.total, proposal.most, proposal.stands_on)


def amend(order, quantities=None, **wanted):
    """Confirm what was just seen."""
    wished = wishes(order, quantities, **wanted)
    return services.amend_order(
        reference=order.reference, customer_ids=[order.customer_id], wishes=wished, seen=seen(order, wished)
    )


def page_of(amendment):
    """The payment page of its difference."""
    payments.open_payment_page(
        key=services.payment_of(amendment), return_url="https://a.example/", cancel_url="https://a.example/"
    )
    return PaymentOperation.objects.get(account_id=amendment.order.reference, occasion=amendment.occasion)


def pay(amendment, card="accepte"):
    """Pay what it costs more, if anything."""
    if amendment.extra:
        page = page_of(amendment)
        demo.pay(token=page.session_id, card_code=card)
        payments.refresh(key=page.key)
    settle(amendment.order)
    return Amendment.objects.get(pk=amendment.pk)


def settle(order):
    """Everything that follows is done."""
    deliver_all()
    asked = PaymentOperation.objects.filter(account_id=order.reference, state__in=["prepared", "unknown"])
    for key in asked.exclude(kind__in=PaymentOperation.PAGE_KINDS).values_list("key", flat=True):
        payments.perform(key=key)
    deliver_all()


def fresh(order):
    return Order.objects.select_related("slot", "zone").get(pk=order.pk)


def kept_of(order):
    """All that an amendment may change, to compare before and after."""
    order = fresh(order)
    return (
        [order.status, order.total, order.weighing_margin, order.slot_id, order.line1, order.delivery_fee],
        list(
            OrderLine.ever.filter(order=order).values_list(
                "ean", "quantity", "total", "discount", "vat_amount"
            )
        ),
        list(order.vat_totals.values_list("rate", "gross", "vat")),
        reserved(order.reference),
        list(
            PromotionUse.objects.filter(order_reference=order.reference).values_list(
                "promotion", "amount", "returned_at"
            )
        ),
        list(Hold.objects.filter(order_reference=order.reference).values_list("slot", "state")),
    )


def reserved(reference):
    found = StockReservation.objects.filter(order_reference=reference, returned_at=None, picked_at=None)
    return dict(found.values_list("item__product_id", "quantity"))


def check(order):
    """Sums, VAT, stock, slots and promotions of an order that nobody has picked yet agree."""
    order = fresh(order)
    lines = list(order.lines.filter(replaces=None))
    assert lines and all(line.quantity for line in lines)
    assert sum(line.total for line in lines) == order.goods_total
    assert sum(line.discount for line in lines) == order.discount_total
    assert sum(line.deposit for line in lines) == order.deposit_total
    assert order.total == order.goods_total + order.deposit_total + order.delivery_fee
    for line in lines:
        gross = line.unit_price * line.quantity / (1000 if line.is_weighed else 1)
        assert line.total + line.discount == gross.quantize(Decimal("0.01"), "ROUND_HALF_UP")
        assert line.discount == 0 or line.promotion_label
    amounts = [(line.vat_rate, line.total) for line in lines]
    if order.delivery_fee:
        amounts.append((DELIVERY_VAT_RATE, order.delivery_fee))
    assert {one.rate: (one.gross, one.vat) for one in order.vat_totals.all()} == {
        rate: (one.gross, one.vat) for rate, one in vat_totals(amounts).items()
    }
    weighed = [line for line in lines if line.is_weighed]
    assert order.weighing_margin == sum(
        share_of(line.total, heaviest(line.quantity), line.quantity) - line.total for line in weighed
    )
    wanted = {line.product_id: line.wanted for line in order.lines.all() if line.wanted}
    assert reserved(order.reference) == wanted
    check_promotions(order, lines)
    assert Hold.objects.filter(order_reference=order.reference, state="booked").get().slot_id == order.slot_id
    check_house()


def check_promotions(order, lines):
    """What was drawn for it is what its lines and its delivery got."""
    drawn = dict(
        PromotionUse.objects.filter(order_reference=order.reference, returned_at=None).values_list(
            "promotion", "amount"
        )
    )
    of_lines = {}
    for line in lines:
        if line.promotion_id:
            cost = line.discount - line.price_kept
            of_lines[line.promotion_id] = of_lines.get(line.promotion_id, 0) + cost
    delivery = drawn.keys() - of_lines.keys()
    assert len(delivery) <= 1 and bool(delivery) == bool(order.delivery_label)
    assert {pk: amount for pk, amount in of_lines.items() if amount} == {
        pk: amount for pk, amount in drawn.items() if pk not in delivery
    }


def check_house():
    """Counts that no order may blur."""
    for item in StockItem.objects.all():
        assert item.reserved == sum(
            item.reservations.filter(returned_at=None, picked_at=None).values_list("quantity", flat=True)
        )
    for slot in Slot.objects.all():
        assert slot.booked == slot.holds.exclude(state="released").count()
    for promotion in Promotion.objects.all():
        used = promotion.uses.filter(returned_at=None).aggregate(sum=Sum("amount"))["sum"] or 0
        assert promotion.spent == used
        assert promotion.budget is None or promotion.spent <= promotion.budget
    assert not PaymentAccount.objects.filter(captured__gt=F("authorised")).exists()


def events_of(order):
    """(name, kind, quantity) of what an amendment did to lines."""
    kinds = ["joined", "raised", "lowered", "removed"]
    return list(
        LineEvent.objects.filter(line__order=order, kind__in=kinds).values_list(
            "line__name", "kind", "quantity"
        )
    )
