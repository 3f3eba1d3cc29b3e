"""The life of orders as a machine that tries anything in any order, and what must hold after each step."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import F, Q, Sum
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from delivery.slots.models import Hold, Slot
from shop.customers.models import ShortageChoice
from shop.orders import services
from shop.orders.models import BillVat, Order, OrderLine, ShortageQuestion
from shop.orders.services import Found
from shop.payments import services as payments
from shop.payments.models import PaymentAccount, PaymentEntry, PaymentOperation
from shop.payments.queries import refundable
from shop.stock.models import StockItem
from shop.stock.queries import drifted
from tests.factories import CustomerFactory, ProductFactory, SlotFactory, ZoneFactory
from tests.shop.orders.selling import money_moves, sell

# How often each rule did something, over all histories of a run.
RUNS: Counter[str] = Counter()
Status = Order.Status
ORDERS_AT_ONCE = 4
CHOICES = [value for value in ShortageChoice.values if value != ShortageChoice.CANCEL]
places = st.integers(0, 10**6)


def ran(name: str) -> None:
    RUNS[name] += 1


class Life(RuleBasedStateMachine):
    """A small shop: three pieces, two weights, one slot after another, a handful of orders at a time."""

    def __init__(self) -> None:
        super().__init__()
        # Seen by payments as a test's own transaction, which does not count as one (`outside_transaction`).
        self.block = transaction.atomic()
        self.block._from_testcase = True  # type: ignore[attr-defined]
        self.block.__enter__()
        self.zone = ZoneFactory(minimum_order=Decimal(0), free_delivery_from=Decimal(60))
        self.customer = CustomerFactory()
        shelf = ProductFactory(name="Comté", price=Decimal("3.99"), stock=0).shelf
        pieces = {"Brie": ("4.05", "5.5"), "Fêta": ("3.33", "10.0"), "Savon": ("2.49", "20.0")}
        self.products = [
            ProductFactory(name=name, price=Decimal(price), vat_rate=Decimal(vat), shelf=shelf, stock=0)
            for name, (price, vat) in pieces.items()
        ] + [ProductFactory(name=name, weighed=True, shelf=shelf, stock=0) for name in ("Pommes", "Poires")]
        for item in StockItem.objects.all():
            self.receive(item, 10**5 if item.product.sold_by_weight else 200)
        self.hours = 0

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    # --- what rules are given ---------------------------------------------------------------------

    def receive(self, item: StockItem, quantity: int) -> None:
        from shop.stock.services import Receipt, receive_goods

        receive_goods(depot_id=item.depot_id, receipts=[Receipt(item.product_id, quantity)])

    def slot(self) -> Slot:
        """Open until `close`; the next one once this one is closed."""
        at = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=6 + self.hours)
        found = Slot.objects.filter(zone=self.zone, starts_at=at).first()
        return found or SlotFactory(zone=self.zone, starts_at=at, cutoff_at=at - timedelta(hours=1))

    def one(self, place: int, *statuses: str) -> Order | None:
        found = list(Order.objects.filter(status__in=statuses).order_by("pk"))
        return found[place % len(found)] if found else None

    def some(self, *statuses: str) -> bool:
        return Order.objects.filter(status__in=statuses).exists()

    # --- rules ------------------------------------------------------------------------------------

    @precondition(
        lambda self: Order.objects.filter(status__in=["placed", "picking"]).count() < ORDERS_AT_ONCE
    )
    @rule(data=st.data(), choice=st.sampled_from(CHOICES), rank=st.integers(1, 6))
    def place(self, data, choice, rank):
        wanted = data.draw(st.lists(st.sampled_from(range(5)), min_size=1, max_size=3, unique=True))
        basket = {
            self.products[n]: data.draw(st.integers(1, 12)) * (100 if self.products[n].sold_by_weight else 1)
            for n in wanted
        }
        try:
            sell(self.slot(), basket, choice=choice, customer=self.customer, rank=rank)
        except services_refusals() as refused:
            ran(f"place refused: {type(refused).__name__}")
            return
        ran("place")

    @precondition(lambda self: self.some(Status.PLACED))
    @rule(place=places)
    def cancel(self, place):
        services.cancel_order(reference=self.one(place, Status.PLACED).reference)
        ran("cancel")

    @precondition(lambda self: self.some(Status.PLACED))
    @rule(place=places)
    def start(self, place):
        order = self.one(place, Status.PLACED)
        services.start_picking(references=[order.reference])
        ran("start")

    @precondition(lambda self: self._to_pick().exists())
    @rule(place=places, share=st.sampled_from([0, 30, 60, 100, 100, 100]))
    def pick(self, place, share):
        self._pick(self._to_pick().exclude(sold_by="weight"), place, share, "pick")

    @precondition(lambda self: self._to_pick().filter(sold_by="weight").exists())
    @rule(place=places, share=st.sampled_from([0, 50, 89, 97, 100, 104, 110, 130, 150]))
    def weigh(self, place, share):
        self._pick(self._to_pick().filter(sold_by="weight"), place, share, "weigh")

    def _to_pick(self):
        return OrderLine.objects.filter(order__status=Status.PICKING, picked=None).order_by("pk")

    def _pick(self, lines, place, share, name):
        found = list(lines)
        if not found:
            return
        line = found[place % len(found)]
        services.note_picked(found=[Found(line.pk, line.wanted * share // 100)], by_id=None)
        if to_replace := services.settle_at_shelf(references=[line.order.reference]):
            stands = services.stands_for(to_replace[0])
            services.replace_at_shelf(
                line_id=to_replace[0].pk, product_id=stands[0].product.pk if stands else None, by_id=None
            )
            ran("substitute")
        ran(name)

    @precondition(lambda self: self.some(Status.PLACED, Status.PICKING))
    @rule(place=places, missing=st.integers(1, 400))
    def tell(self, place, missing):
        order = self.one(place, Status.PLACED, Status.PICKING)
        line = order.lines.filter(picked=None, replaces=None, dropped=0).order_by("pk").first()
        if line and services.tell_shortage(
            reference=order.reference, line_id=line.pk, missing=min(missing, line.quantity), cause="forecast"
        ):
            ran("tell")

    @precondition(lambda self: ShortageQuestion.objects.filter(answer="").exists())
    @rule(place=places, said=st.sampled_from(["replace", "replace", "leave_out", "later", "cancel"]))
    def answer(self, place, said):
        asked = list(ShortageQuestion.objects.filter(answer="").order_by("pk"))
        question = asked[place % len(asked)]
        offer = question.offers.first()
        if said == "replace" and offer is None:
            said = "leave_out"
        try:
            services.answer_shortage(
                token=question.token,
                answer=said,
                offer_id=offer.pk if said == "replace" else None,
                by="staff",
            )
        except (services.OfferGone, services.MoveRefused) as refused:
            ran(f"answer refused: {type(refused).__name__}")
            return
        ran("answer")
        if said == "replace":
            ran("substitute")

    @precondition(lambda self: self.some(Status.PICKING))
    @rule(place=places)
    def pack(self, place):
        """Whatever is not picked yet is, so that orders come to an end."""
        order = self.one(place, Status.PICKING)
        for question in order.questions.filter(answer=""):
            services.answer_shortage(token=question.token, answer="leave_out", by="staff")
        for _turn in range(2):
            lines = list(order.lines.filter(picked=None))
            services.note_picked(found=[Found(line.pk, line.wanted) for line in lines], by_id=None)
        services.pack_order(reference=order.reference)
        ran("pack")

    @precondition(lambda self: PaymentOperation.objects.filter(state__in=["prepared", "unknown"]).exists())
    @rule()
    def capture(self):
        before = PaymentEntry.objects.filter(kind="captured").count()
        money_moves()
        if PaymentEntry.objects.filter(kind="captured").count() > before:
            ran("capture")

    @precondition(lambda self: self.some(Status.PACKED, Status.DELIVERED))
    @rule(place=places, share=st.integers(1, 130))
    def refund(self, place, share):
        order = self.one(place, Status.PACKED, Status.DELIVERED)
        left = refundable(order.reference)
        amount = (left * share / 100).quantize(Decimal("0.01"))
        if amount <= 0:
            return
        try:
            payments.refund(
                order_reference=order.reference,
                amount=amount,
                occasion=f"step-{RUNS.total()}",
                reason="goodwill",
            )
        except payments.RefundAboveCaptured:
            assert amount > left
            ran("refund refused")
            return
        assert amount <= left
        ran("refund")

    @precondition(lambda self: self.some(Status.PACKED))
    @rule(place=places)
    def hand_over(self, place):
        services.hand_over(reference=self.one(place, Status.PACKED).reference)
        ran("hand over")

    @rule()
    def next_slot(self):
        self.hours = (self.hours + 1) % 24

    # --- what must hold ---------------------------------------------------------------------------

    @invariant()
    def stock_is_the_sum_of_its_movements(self):
        assert drifted() == []

    @invariant()
    def money_stays_within_its_bounds(self):
        wrong = PaymentAccount.objects.filter(
            Q(captured__gt=F("authorised")) | Q(refunded__gt=F("captured")) | Q(captured__gt=F("to_capture"))
        )
        assert not wrong.exists()
        entered = dict(
            PaymentEntry.objects.filter(kind="captured").values_list("account").annotate(Sum("amount"))
        )
        for order in Order.objects.filter(reference__in=entered):
            assert entered[order.reference] <= order.most

    @invariant()
    def a_bill_is_its_lines(self):
        billed = Counter()
        for row in OrderLine.objects.filter(order__bill__isnull=False).values("order", "vat_rate", "billed"):
            billed[row["order"], row["vat_rate"]] += row["billed"]
        for order in Order.objects.filter(bill__isnull=False).select_related("bill"):
            if order.bill.delivery_fee:
                billed[order.pk, Decimal("20.0")] += order.bill.delivery_fee
            assert order.bill.total <= order.most
        told = {
            (row["bill"], row["rate"]): row["gross"]
            for row in BillVat.objects.values("bill", "rate", "gross")
        }
        assert {key: amount for key, amount in billed.items() if amount} == told

    @invariant()
    def no_line_is_without_its_history(self):
        assert not OrderLine.objects.filter(
            order__status__in=[Status.PACKED, Status.DELIVERED], events=None
        ).exists()
        assert not Order.objects.filter(events=None).exists()

    @invariant()
    def what_ended_holds_nothing(self):
        with connection.cursor() as cursor:
            cursor.execute(_HELD_FOR_NOTHING)
            assert cursor.fetchall() == []
        gone = Order.objects.filter(status__in=[Status.CANCELLED, Status.ABANDONED]).values("reference")
        assert not Hold.objects.filter(order_reference__in=gone, state__in=["pinned", "booked"]).exists()

    @invariant()
    def a_stand_in_is_never_dearer(self):
        for line in OrderLine.objects.exclude(replaces=None).select_related("replaces"):
            of_missing = line.replaces.total * line.quantity / line.replaces.quantity
            assert line.total <= of_missing + Decimal("0.01")

    @invariant()
    def newcomers_get_no_stand_in_unasked(self):
        stands = OrderLine.objects.filter(order__rank__lte=3).exclude(replaces=None)
        asked = ShortageQuestion.objects.filter(answer="replace", answered_by="staff").values("line")
        assert not stands.exclude(replaces__in=asked).exists()

    @invariant()
    def places_are_counted_once(self):
        for slot in Slot.objects.all():
            held = Hold.objects.filter(slot=slot, state__in=["held", "pinned", "booked"]).count()
            assert slot.booked == held


_HELD_FOR_NOTHING = """
SELECT o.reference FROM orders_order o JOIN stock_stockreservation r ON r.order_reference = o.reference
 WHERE o.status IN ('cancelled', 'abandoned', 'packed', 'delivered') AND r.returned_at IS NULL AND r.picked_at IS NULL
"""


def services_refusals():
    """What selling may honestly answer."""
    from delivery.slots.services import HoldLapsed, SlotClosed, SlotFull
    from shop.payments.errors import InvalidAmount
    from shop.stock.services import StockShort

    return HoldLapsed, SlotClosed, SlotFull, StockShort, InvalidAmount
