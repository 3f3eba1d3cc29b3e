"""The life of orders as a machine that tries anything in any order, and what must hold after each step."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.db.models import F, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from crm.desk.services import publish_page
from crm.outbox.letters import Letter
from delivery.slots.models import Slot
from shop.orders import services
from shop.orders.models import Amendment, Order, OrderLine, ShortageQuestion
from shop.orders.services import Found
from shop.payments import services as payments
from shop.payments.models import PaymentEntry, PaymentOperation
from shop.payments.queries import refundable
from shop.recalls import services as recalls
from shop.recalls.models import Recall, RecallShelf
from shop.stock.models import StockItem
from tests.factories import CustomerFactory, ProductFactory, SlotFactory, ZoneFactory
from tests.shop.orders import changes
from tests.shop.orders.selling import money_moves, sell

# How often each rule did something, over all histories of a run.
RUNS: Counter[str] = Counter()
Status = Order.Status
ORDERS_AT_ONCE = 4
# Without these a life is one long recall, or one order changed over and over.
RECALLS_A_LIFE, AMENDMENTS_A_LIFE = 4, 10
SHARES = st.sampled_from([0, 0, 30, 50, 60, 89, 97, 100, 100, 104, 110, 130, 150])
ANSWERS = st.sampled_from(["replace", "replace", "replace", "replace", "leave_out", "later", "cancel"])
CHOICES = ["ask", "substitute", "substitute", "substitute", "leave_out", "later"]
places = st.integers(0, 10**6)


def ran(name: str) -> None:
    RUNS[name] += 1


class Life(RuleBasedStateMachine):
    """A small shop: five articles by the piece, three by weight, one slot after another, a handful of orders at a time."""

    def __init__(self) -> None:
        super().__init__()
        # Seen by payments as a test's own transaction, which does not count as one (`outside_transaction`).
        self.block = transaction.atomic()
        self.block._from_testcase = True  # type: ignore[attr-defined]
        self.block.__enter__()
        self.zone = ZoneFactory(minimum_order=Decimal(0), free_delivery_from=Decimal(60))
        self.customer = CustomerFactory()
        shelf = ProductFactory(name="Comté", price=Decimal("3.99"), stock=0).shelf
        pieces = {
            "Brie": ("4.05", "5.5"), "Fêta": ("3.33", "10.0"), "Savon": ("2.49", "20.0"), "Tomme": ("3.89", "5.5"),
            "Ricotta": ("2.99", "5.5"),
        }  # fmt: skip
        self.products = [
            ProductFactory(name=name, price=Decimal(price), vat_rate=Decimal(vat), shelf=shelf, stock=0)
            for name, (price, vat) in pieces.items()
        ] + [
            ProductFactory(name=name, weighed=True, shelf=shelf, stock=0)
            for name in ("Pommes", "Poires", "Prunes")
        ]
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

    def under_way(self) -> int:
        return Order.objects.filter(status__in=[Status.PLACED, Status.PICKING]).count()

    def some(self, *statuses: str) -> bool:
        return Order.objects.filter(status__in=statuses).exists()

    # --- rules ------------------------------------------------------------------------------------

    @precondition(lambda self: self.under_way() < ORDERS_AT_ONCE)
    @rule(
        data=st.data(),
        choice=st.sampled_from(CHOICES),
        rank=st.sampled_from([1, 3, 4, 5, 6, 7, 8, 9]),
        is_later=st.booleans(),
    )
    def place(self, data, choice, rank, is_later):
        self.hours = (self.hours + int(is_later)) % 24
        wanted = data.draw(st.lists(st.sampled_from(range(8)), min_size=1, max_size=3, unique=True))
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
    @rule(place=places, is_sure=st.sampled_from([True, True, False]))
    def cancel(self, place, is_sure):
        if not is_sure:
            return
        services.cancel_order(reference=self.one(place, Status.PLACED).reference)
        ran("cancel")

    @precondition(lambda self: self.some(Status.PLACED))
    @rule(place=places, shares=st.lists(st.sampled_from([0, 30, 60, 100, 110, 140]), min_size=1, max_size=3))
    def start(self, place, shares):
        order = self.one(place, Status.PLACED)
        services.start_picking(references=[order.reference])
        ran("start")
        for share in shares:
            self._pick(self._to_pick().filter(order=order), place, share)

    @precondition(lambda self: self._to_pick().exists())
    @rule(place=places, share=SHARES)
    def pick(self, place, share):
        self._pick(self._to_pick(), place, share)

    def _to_pick(self):
        return OrderLine.objects.filter(order__status=Status.PICKING, picked=None).order_by("pk")

    def _pick(self, lines, place, share):
        found = list(lines)
        if not found:
            return
        line = found[place % len(found)]
        share = share if line.is_weighed else min(share, 100)
        try:
            self._say(line, line.wanted * share // 100)
        except services.ProductRecalled:
            self._say(line, 0)
        if to_replace := services.settle_at_shelf(references=[line.order.reference]):
            stands = services.stands_for(to_replace[0])
            services.replace_at_shelf(
                line_id=to_replace[0].pk, product_id=stands[0].product.pk if stands else None, by_id=None
            )
            ran("substitute")
        ran("weigh" if line.is_weighed else "pick")

    def _say(self, line, quantity, before=None):
        found = [Found(line.pk, quantity, before=before)]
        services.note_picked(found=found, by_id=None, order_ids=[line.order_id])

    @precondition(lambda self: self._taken().exists())
    @rule(place=places, share=SHARES)
    def correct(self, place, share):
        """What was said of a shelf is put right; what its customer chose follows by itself."""
        found = list(self._taken())
        line = found[place % len(found)]
        share = share if line.is_weighed else min(share, 100)
        try:
            self._say(line, line.wanted * share // 100, before=line.picked)
        except (services.ProductRecalled, services.QuantityRefused) as refused:
            ran(f"correct refused: {type(refused).__name__}")
            return
        ran("correct")

    def _taken(self):
        return OrderLine.objects.filter(order__status=Status.PICKING, picked__isnull=False).order_by("pk")

    @precondition(lambda self: self.some(Status.PLACED, Status.PICKING))
    @rule(place=places, missing=st.integers(1, 400), said=st.none() | ANSWERS)
    def tell(self, place, missing, said):
        order = self.one(place, Status.PLACED, Status.PICKING)
        line = order.lines.filter(picked=None, replaces=None, dropped=0).order_by("pk").first()
        if line and services.tell_shortage(
            reference=order.reference, line_id=line.pk, missing=min(missing, line.quantity), cause="forecast"
        ):
            ran("tell")
            if said and self._asked().exists():
                self._answer(place, said)

    @precondition(lambda self: self._asked().exists())
    @rule(place=places, said=ANSWERS)
    def answer(self, place, said):
        self._answer(place, said)

    def _answer(self, place, said):
        asked = list(self._asked())
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

    def _asked(self):
        still = [Status.PLACED, Status.PICKING]
        return ShortageQuestion.objects.filter(answer="", order__status__in=still).order_by("pk")

    @precondition(lambda self: self.under_way() >= ORDERS_AT_ONCE - 2)
    @rule(place=places)
    def pack(self, place):
        """Whatever is not picked yet is, so that orders come to an end; some stay open for what else may happen."""
        order = self.one(place, Status.PLACED, Status.PICKING)
        services.start_picking(references=[order.reference])
        self._leave_out(order)
        # What stands in for a line is picked in its turn.
        while self._to_pick().filter(order=order).exists():
            self._pick(self._to_pick().filter(order=order), 0, 100)
        # What is being recalled could not be picked, and was asked about.
        self._leave_out(order)
        try:
            services.pack_order(reference=order.reference)
        except (services.RecalledInCrates, services.WaitsForAnswer) as refused:
            self._work_off()
            ran(f"pack refused: {type(refused).__name__}")
            return
        ran("pack")
        self.capture()

    def _leave_out(self, order):
        for question in order.questions.filter(answer=""):
            services.answer_shortage(token=question.token, answer="leave_out", by="staff")

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
        assert amount <= left, "more was refunded than was left"
        ran("refund")

    @precondition(lambda self: self.some(Status.PACKED))
    @rule(place=places)
    def hand_over(self, place):
        services.hand_over(reference=self.one(place, Status.PACKED).reference)
        ran("hand over")

    @precondition(lambda self: self.some(Status.PLACED) and Amendment.objects.count() < AMENDMENTS_A_LIFE)
    @rule(
        place=places,
        quantities=st.lists(st.integers(0, 15), min_size=1, max_size=2),
        added=st.booleans(),
        card=st.sampled_from(["accepte", "accepte", "accepte", "refuse"]),
    )
    def amend(self, place, quantities, added, card):
        """Once, or once more upon what it became."""
        for quantity in quantities:
            self._amend(place, quantity, added, card)

    def _amend(self, place, quantity, added, card):
        order = self.one(place, Status.PLACED)
        if order is None:
            return
        lines = [line for line in order.lines.all() if line.product and not line.questions.exists()]
        if not lines:
            return
        line = lines[place % len(lines)]
        of_line = quantity * (100 if line.is_weighed else 1)
        ordered = set(order.lines.values_list("product_id", flat=True))
        more = [product for product in self.products if product.pk not in ordered][: int(added)]
        try:
            made = changes.amend(
                order, {line.product: of_line},
                added={one: 300 if one.sold_by_weight else 2 for one in more},
            )  # fmt: skip
        except amending_refusals() as refused:
            ran(f"amend refused: {type(refused).__name__}")
            return
        if made.extra:
            changes.pay(made, card=card)
            made.refresh_from_db()
            if made.state == "prepared":
                services.give_up_amendment(amendment_id=made.pk, why="given_up")
            made.refresh_from_db()
        money_moves()
        ran("amend" if made.state == "applied" else "amend given up")

    @precondition(lambda self: self._given().exists())
    @rule(place=places, share=st.integers(1, 60))
    def give_back(self, place, share):
        money_moves()
        found = list(self._given())
        line = found[place % len(found)]
        try:
            services.give_back(
                order_reference=line.order.reference, reason="damaged", occasion=f"line-{RUNS.total()}",
                lines=[services.Returned(line.pk, max(1, line.picked * share // 100))],
            )  # fmt: skip
        except (
            services.MoreThanBilled, services.NotBilled, services.NothingToRefund, payments.RefundAboveCaptured,
        ) as refused:  # fmt: skip
            ran(f"give back refused: {type(refused).__name__}")
            return
        ran("give back")

    def _given(self):
        """What is not wholly given back."""
        billed = OrderLine.objects.filter(order__status__in=[Status.PACKED, Status.DELIVERED], billed__gt=0)
        given = billed.alias(back=Coalesce(Sum("refunds__quantity"), 0))
        return given.filter(back__lt=F("picked")).order_by("pk")

    @precondition(
        lambda self: (
            self.some(*Order.STANDING)
            and not Recall.objects.filter(closed_at=None).exists()
            and Recall.objects.count() < RECALLS_A_LIFE
        )
    )
    @rule(which=st.integers(0, 7))
    def recall(self, which):
        wanted = recalls.NewRecall(
            ean=self.products[which].ean,
            hazard="listeria",
            sentence="Un contrôle en a trouvé.",
            advice="destroy",
        )
        self.recalled = recalls.open_recall(wanted=wanted, by_id=self.customer.user_id).pk
        self._work_off()
        ran("recall")
        if which % 2:
            self._end()

    def _work_off(self):
        recalls.list_buyers(recall_id=self.recalled)
        recalls.treat_some(recall_id=self.recalled)
        money_moves()

    @precondition(lambda self: Recall.objects.filter(closed_at=None).exists())
    @rule()
    def end_recall(self):
        self._end()

    def _end(self):
        self._work_off()
        for shelf in RecallShelf.objects.filter(recall=self.recalled, checked_at=None):
            recalls.check_shelf(shelf_id=shelf.pk, kept=0, by_id=self.customer.user_id)
        try:
            recalls.close_recall(recall_id=self.recalled, by_id=self.customer.user_id)
        except recalls.NotReady as refused:
            ran(f"end recall refused: {type(refused).__name__}")
            return
        for item in StockItem.objects.filter(on_hand__lt=F("reserved") + 50):
            self.receive(item, 10**5 if item.product.sold_by_weight else 200)
        ran("end recall")

    # --- what must hold ---------------------------------------------------------------------------

    @invariant()
    def nothing_is_wrong(self):
        with connection.cursor() as cursor:
            cursor.execute(_ANYTHING_WRONG)
            found = cursor.fetchall()
        # Said in words: this file's asserts are not rewritten.
        assert found == [], found
        RUNS["steps"] += 1


# What is wrong → the rows that show it, as text.
WRONG = {
    "stock is not the sum of its movements, or of what orders hold of it": """
        SELECT i.id::text FROM stock_stockitem i
         WHERE i.on_hand <> coalesce((SELECT sum(m.quantity) FROM stock_stockmovement m WHERE m.item_id = i.id), 0)
            OR i.reserved <> coalesce((SELECT sum(r.quantity) FROM stock_stockreservation r
                WHERE r.item_id = i.id AND r.returned_at IS NULL AND r.picked_at IS NULL), 0)""",
    "more is taken than was authorised, agreed or billed, or more given back than taken": """
        SELECT o.reference FROM orders_order o JOIN payments_paymentaccount a ON a.order_reference = o.reference
          LEFT JOIN orders_orderbill b ON b.order_id = o.id
         WHERE a.captured > a.authorised OR a.refunded > a.captured OR b.total > o.total + o.weighing_margin
            OR (a.captured > 0 AND a.captured > coalesce(b.total, 0))""",
    "an account is not the sum of its entries": """
        SELECT a.order_reference FROM payments_paymentaccount a
         WHERE a.captured <> coalesce((SELECT sum(amount) FROM payments_paymententry e
                WHERE e.order_reference = a.order_reference AND e.kind = 'captured'), 0)
            OR a.refunded <> coalesce((SELECT sum(amount) FROM payments_paymententry e
                WHERE e.order_reference = a.order_reference AND e.kind = 'refunded'), 0)""",
    "an order is not its lines": """
        SELECT o.reference FROM orders_order o
         WHERE o.goods_total <> (SELECT coalesce(sum(l.total), 0) FROM orders_orderline l
                WHERE l.order_id = o.id AND l.replaces_id IS NULL AND l.quantity > 0)""",
    "a rate of an order is not the sum of its lines": """
        SELECT coalesce(said.order_id, done.order_id)::text FROM (
            SELECT order_id, rate, sum(amount) AS amount FROM (
                SELECT l.order_id, l.vat_rate AS rate, l.total AS amount FROM orders_orderline l
                 WHERE l.replaces_id IS NULL AND l.quantity > 0
                 UNION ALL SELECT id, 20.0, delivery_fee FROM orders_order) parts
             GROUP BY 1, 2 HAVING sum(amount) <> 0) done
          FULL JOIN orders_ordervattotal said ON said.order_id = done.order_id AND said.rate = done.rate
         WHERE said.gross IS DISTINCT FROM done.amount""",
    "a placed order holds other stock than its lines want": """
        SELECT o.reference FROM orders_order o WHERE o.status = 'placed' AND EXISTS (
            SELECT 1 FROM (SELECT l.product_id, sum(l.quantity - l.dropped) AS n FROM orders_orderline l
                    WHERE l.order_id = o.id AND l.quantity > l.dropped GROUP BY 1) w
              FULL JOIN (SELECT i.product_id, sum(r.quantity) AS n FROM stock_stockreservation r
                    JOIN stock_stockitem i ON i.id = r.item_id
                   WHERE r.order_reference = o.reference AND r.returned_at IS NULL AND r.picked_at IS NULL
                   GROUP BY 1) h USING (product_id)
             WHERE w.n IS DISTINCT FROM h.n)""",
    "a line is charged above its tolerance": """
        SELECT l.id::text FROM orders_orderline l
         WHERE l.billed > l.total * (l.quantity - l.dropped) * (CASE l.sold_by WHEN 'weight' THEN 1.1 ELSE 1 END)
                        / nullif(l.quantity, 0) + 0.01""",
    "a rate of a bill is not the sum of its lines": """
        SELECT coalesce(said.bill_id, done.order_id)::text FROM (
            SELECT order_id, rate, sum(amount) AS amount FROM (
                SELECT l.order_id, l.vat_rate AS rate, l.billed AS amount FROM orders_orderline l
                  JOIN orders_orderbill b USING (order_id)
                 UNION ALL SELECT order_id, 20.0, delivery_fee FROM orders_orderbill) parts
             GROUP BY 1, 2 HAVING sum(amount) <> 0) done
          FULL JOIN orders_billvat said ON said.bill_id = done.order_id AND said.rate = done.rate
         WHERE said.gross IS DISTINCT FROM done.amount""",
    "a line has no history": """
        SELECT l.id::text FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id
         WHERE o.status IN ('packed', 'delivered') AND NOT EXISTS (SELECT 1 FROM orders_lineevent e WHERE e.line_id = l.id)""",
    "what ended holds stock": """
        SELECT o.reference FROM orders_order o JOIN stock_stockreservation r ON r.order_reference = o.reference
         WHERE o.status IN ('cancelled', 'abandoned', 'packed', 'delivered')
           AND r.returned_at IS NULL AND r.picked_at IS NULL""",
    "what ended holds a place": """
        SELECT o.reference FROM orders_order o JOIN slots_hold h ON h.order_reference = o.reference
         WHERE o.status IN ('cancelled', 'abandoned') AND h.state IN ('pinned', 'booked')""",
    "a slot counts other places than are held": """
        SELECT s.id::text FROM slots_slot s
         WHERE s.booked <> (SELECT count(*) FROM slots_hold h WHERE h.slot_id = s.id AND h.state <> 'released')""",
    "a stand-in is dearer than what it replaces": """
        SELECT l.id::text FROM orders_orderline l JOIN orders_orderline r ON r.id = l.replaces_id
         WHERE l.total > r.total * l.quantity / r.quantity + 0.01""",
    "an article and what stands in for it both came": """
        SELECT l.id::text FROM orders_orderline l JOIN orders_orderline r ON r.id = l.replaces_id
         WHERE r.sold_by = 'piece' AND l.picked > 0 AND l.picked + r.picked > r.quantity""",
    "a newcomer got a stand-in unasked": """
        SELECT l.id::text FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id
         WHERE l.replaces_id IS NOT NULL AND o.rank <= 3 AND NOT EXISTS (
            SELECT 1 FROM orders_shortagequestion q WHERE q.line_id = l.replaces_id AND q.answer = 'replace'
               AND q.answered_by <> 'default')""",
    "more of a line was refunded than was billed": """
        SELECT r.line_id::text FROM orders_refundline r JOIN orders_orderline l ON l.id = r.line_id
         GROUP BY r.line_id, l.billed, l.deposit HAVING sum(r.amount) > l.billed + l.deposit""",
}
_ANYTHING_WRONG = " UNION ALL ".join(
    f"SELECT '{name.replace(chr(39), chr(39) * 2)}', found.* FROM ({sql}) found"
    for name, sql in WRONG.items()
)


def amending_refusals():
    """What changing an order may honestly answer."""
    from delivery.slots.services import SlotClosed, SlotFull
    from shop.stock.services import StockShort

    return services.AmendmentRefused, services.MoveRefused, SlotClosed, SlotFull, StockShort


def services_refusals():
    """What selling may honestly answer."""
    from delivery.slots.services import HoldLapsed, SlotClosed, SlotFull
    from shop.payments.errors import InvalidAmount
    from shop.stock.services import StockShort

    return HoldLapsed, SlotClosed, SlotFull, StockShort, InvalidAmount


@pytest.fixture(autouse=True)
def a_life(db, monkeypatch):
    """Letters are queued as ever; what they look like is told elsewhere, and takes most of the time."""
    RUNS.clear()
    publish_page(slug="cgv", title="CGV", body="Conditions de vente.")
    monkeypatch.setattr("crm.outbox.services.render", lambda *_: Letter("Objet", "<p>Lettre</p>", "Lettre"))


def live(histories, steps, number=0):
    """So many histories of so many steps; another ``number``, others. What each rule did is added to `RUNS`."""
    run_state_machine_as_test(
        seed(number)(Life),
        settings=settings(
            max_examples=histories, stateful_step_count=steps, deadline=None, database=None,
            suppress_health_check=list(HealthCheck), phases=[Phase.generate], report_multiple_bugs=False,
        ),
    )  # fmt: skip
