"""What goes back for an order: by line, never more than was billed nor than was in the crates, and its credit note."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import ProgrammingError, transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from config.facts import deliver_all
from shop.documents.models import Document
from shop.documents.rules import by_rate_of, rows_of
from shop.documents.services import credit_refund
from shop.orders import services
from shop.orders.models import LineEvent, OrderEvent, Refund, RefundLine
from shop.orders.refund_rules import Charged, withdrawn_until
from shop.orders.refunds import ledger_of, shown_refunds
from shop.orders.services import MoreThanBilled, Returned, give_back
from shop.payments import services as payments
from shop.payments.models import PaymentAccount, PaymentOperation
from shop.payments.services import reconcile
from tests.factories import ProductFactory
from tests.shop.checkout.conftest import terms, zone  # noqa: F401
from tests.shop.documents.selling import Sold, bill, documented, order_of
from tests.shop.orders.depot import lines_of, packed, place, started

pytestmark = pytest.mark.django_db
LATER = timedelta(minutes=5)


def settle():
    """The money has moved as far as it will, and everybody was told."""
    reconcile(now=timezone.now() + LATER)
    deliver_all()


def back(order, *lines, occasion="plainte-1", reason="damaged", **how):
    """``lines`` are (name, quantity)."""
    named = lines_of(order)
    told = [Returned(named[name].pk, quantity) for name, quantity in lines]
    return give_back(order_reference=order.reference, lines=told, occasion=occasion, reason=reason, **how)


def note_of(order, occasion="plainte-1"):
    return Document.objects.get(order=order, kind="credit_note", occasion=occasion)


@pytest.fixture
def order():
    return documented(
        Sold("Café", "20.00", 2, "5.5"),
        Sold("Vin", "10.00", 3, "20.0", deposit="0.60"),
        delivery="5.90",
    )


@pytest.fixture
def paid(zone):  # noqa: F811
    """Through the shop and the depot, 12 cheeses and half a kilo of apples: taken and invoiced."""
    comte = ProductFactory(name="Comté", price=Decimal("4.00"), stock=50)
    apples = ProductFactory(name="Pommes", weighed=True, stock=50_000)
    order = packed(place(zone, {comte: 12, apples: 500}))
    settle()
    assert PaymentAccount.objects.get(order_reference=order.reference).captured == order.bill.total
    return order


# --- by line --------------------------------------------------------------------------------------


def test_an_article_goes_back_at_its_own_rate_until_its_credit_note(paid):
    refund = back(paid, ("Comté", 2), by_id=None)
    assert refund.amount == Decimal("8.00")
    assert shown_refunds(paid).refunds[0].state == "asked"

    settle()

    assert PaymentAccount.objects.get(order_reference=paid.reference).refunded == Decimal("8.00")
    assert shown_refunds(paid).refunds[0].state == "made"
    note = note_of(paid)
    [row] = rows_of(note.payload)
    assert (row.label, row.quantity, row.gross, row.rate) == ("Comté", 2, Decimal("8.00"), Decimal("5.5"))
    assert note.payload["reason"] == "Article abîmé"
    kinds = list(paid.events.values_list("kind", flat=True))
    assert kinds.count("refund_asked") == kinds.count("refund_made") == 1
    assert LineEvent.objects.get(kind="refunded").quantity == 2


def test_each_line_goes_back_at_its_own_rate_with_its_deposit_and_the_delivery(order):
    refund = back(order, ("Vin", 1), ("Café", 2), with_delivery=True)

    assert refund.amount == Decimal("10.20") + Decimal("40.00") + Decimal("5.90")
    PaymentOperation.objects.filter(kind="refund").update(state="succeeded")
    key = PaymentOperation.objects.get(kind="refund").key
    note = credit_refund(order_reference=order.reference, operation_key=key)
    assert by_rate_of(note.payload) == {
        Decimal("5.5"): Decimal("40.00"), Decimal("20.0"): Decimal("15.90"), None: Decimal("0.20"),
    }  # fmt: skip
    assert {row.label for row in rows_of(note.payload)} == {
        "Vin", "Café", "Livraison", "Consigne\u202f: Vin",
    }  # fmt: skip


def test_asked_twice_it_is_one_refund(order):
    first = back(order, ("Café", 1))
    again = back(order, ("Café", 1))

    assert first == again
    assert Refund.objects.count() == PaymentOperation.objects.filter(kind="refund").count() == 1
    assert OrderEvent.objects.filter(kind="refund_asked").count() == 1


@pytest.mark.parametrize("quantity", [0, -1, 3, 10**9])
def test_no_more_pieces_than_were_delivered(order, quantity):
    with pytest.raises(MoreThanBilled):
        back(order, ("Café", quantity))

    assert not Refund.objects.exists() and not PaymentOperation.objects.filter(kind="refund").exists()


def test_what_was_given_back_is_not_given_back_again(order):
    back(order, ("Café", 2))

    with pytest.raises(MoreThanBilled):
        back(order, ("Café", 1), occasion="plainte-2")


def test_another_orders_line_is_refused(order):
    other = documented(Sold("Thé", "5.00", 1))

    with pytest.raises(MoreThanBilled):
        give_back(
            order_reference=order.reference,
            lines=[Returned(lines_of(other)["Thé"].pk, 1)],
            occasion="plainte-1",
            reason="damaged",
        )
    with pytest.raises(MoreThanBilled):
        back(order, ("Café", 1), ("Café", 1))


@pytest.mark.parametrize("amount", ["-1", "0.001", "NaN", "Infinity", "1000000"])
def test_a_sum_that_is_none_or_too_much_is_refused(order, amount):
    with pytest.raises((payments.InvalidAmount, MoreThanBilled)):
        back(order, amount=Decimal(amount))

    assert not Refund.objects.exists()


def test_nothing_is_no_refund(order):
    with pytest.raises(services.NothingToRefund):
        back(order)


def test_nothing_goes_back_before_it_is_billed(zone):  # noqa: F811
    order = started(place(zone, {ProductFactory(name="Thé", price=Decimal("40.00"), stock=9): 1}))

    with pytest.raises(services.NotBilled):
        back(order, ("Thé", 1))


def test_nothing_goes_back_that_was_not_taken():
    order = order_of(Sold("Café", "20.00", 2))
    bill(order)

    with pytest.raises(payments.RefundAboveCaptured), transaction.atomic():
        back(order, ("Café", 1))

    assert not Refund.objects.exists() and not LineEvent.objects.exists()


def test_a_plain_sum_is_spread_over_the_rates_and_leaves_less_for_lines(order):
    refund = back(order, amount=Decimal("37.95"), reason="goodwill")

    assert sorted(one.vat_rate for one in refund.lines.all()) == [Decimal("5.5"), Decimal("20.0")]
    with pytest.raises(MoreThanBilled):
        back(order, ("Café", 2), occasion="plainte-2")
    assert ledger_of(order).total_left == order.bill.total - Decimal("37.95")


def test_what_the_provider_refused_may_go_back_otherwise(order):
    back(order, ("Café", 2))
    PaymentOperation.objects.filter(kind="refund").update(state="refused")
    assert shown_refunds(order).total == 0

    assert back(order, ("Café", 1), occasion="plainte-2").amount == Decimal("20.00")
    with pytest.raises(MoreThanBilled):
        back(order, ("Café", 2))
    assert back(order, ("Café", 1), occasion="plainte-2").amount == Decimal("20.00")


def test_what_the_provider_refused_is_asked_anew_under_the_same_occasion(order):
    back(order, ("Café", 2))
    PaymentOperation.objects.filter(kind="refund").update(state="refused")

    back(order, ("Café", 2))

    states = list(
        PaymentOperation.objects.filter(kind="refund").order_by("id").values_list("state", flat=True)
    )
    assert states == ["refused", "prepared"]
    assert Refund.objects.count() == 1


@pytest.mark.parametrize("rows", [Refund, RefundLine])
def test_the_database_keeps_what_went_back(order, rows):
    back(order, ("Café", 1))

    for change in (
        lambda: rows.objects.update(amount=1),
        lambda: rows.objects.all()._raw_delete(rows.objects.db),
    ):
        with pytest.raises(ProgrammingError), transaction.atomic():
            change()


def test_a_refund_beside_orders_still_gets_its_credit_note(order):
    """A plain sum from the payment's page takes from every rate; a line refunded in full then exceeds its own."""
    payments.refund(
        order_reference=order.reference, amount=Decimal("30.00"), occasion="geste", reason="goodwill"
    )
    back(order, ("Café", 2))
    for one in PaymentOperation.objects.filter(kind="refund"):
        PaymentOperation.objects.filter(pk=one.pk).update(state="succeeded")
        credit_refund(order_reference=order.reference, operation_key=one.key)

    assert note_of(order, "geste").total + note_of(order).total == Decimal("70.00")


# --- properties -----------------------------------------------------------------------------------


@given(
    billed=st.integers(0, 50_000).map(lambda n: Decimal(n) / 100),
    deposit=st.integers(0, 500).map(lambda n: Decimal(n) / 100),
    picked=st.integers(1, 60),
    steps=st.lists(st.integers(1, 20), max_size=12),
)
def test_piece_by_piece_a_line_gives_back_what_was_billed_to_the_cent(billed, deposit, picked, steps):
    line = Charged(picked, billed, deposit)
    for step in steps:
        taken = min(step, line.left)
        goods, deposits = line.refund_of(taken)
        assert goods >= 0 and deposits >= 0
        line = Charged(
            picked, billed, deposit, line.returned + taken, line.refunded + goods,
            line.deposit_refunded + deposits,
        )  # fmt: skip
        assert line.refunded <= billed and line.deposit_refunded <= deposit

    goods, deposits = line.refund_of(line.left)
    assert (line.refunded + goods, line.deposit_refunded + deposits) == (billed, deposit)


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Café", "Vin", None]), st.integers(1, 3),
            st.integers(1, 4000).map(lambda n: Decimal(n) / 100), st.booleans(),
        ),
        max_size=6,
    )
)  # fmt: skip
def test_whatever_goes_back_never_exceeds_the_bill_nor_the_invoice_at_any_rate(asked):
    with transaction.atomic():
        order = documented(
            Sold("Café", "20.00", 2, "5.5"), Sold("Vin", "9.99", 3, "20.0", deposit="0.50"), delivery="5.90"
        )
        for n, (name, quantity, amount, delivery) in enumerate(asked):
            lines = [(name, quantity)] if name else []
            try:
                with transaction.atomic():
                    back(
                        order, *lines, occasion=f"plainte-{n}", with_delivery=delivery,
                        amount=Decimal(0) if name else amount,
                    )  # fmt: skip
            except MoreThanBilled:
                continue
        ledger = ledger_of(order)
        assert min(ledger.left.values()) >= 0 and ledger.delivery_left >= 0
        assert all(one.left >= 0 and one.refunded <= one.billed for one in ledger.charged.values())
        PaymentOperation.objects.filter(kind="refund").update(state="succeeded")
        for one in PaymentOperation.objects.filter(kind="refund", account_id=order.reference):
            credit_refund(order_reference=order.reference, operation_key=one.key)
        invoiced = by_rate_of(Document.objects.get(order=order, kind="invoice").payload)
        for rate, gross in invoiced.items():
            notes = Document.objects.filter(order=order, kind="credit_note")
            assert sum(by_rate_of(note.payload).get(rate, Decimal(0)) for note in notes) <= gross
        total = sum(note.total for note in Document.objects.filter(order=order, kind="credit_note"))
        assert total == order.bill.total - ledger.total_left
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("delivered", "last"),
    [
        ("2026-06-22", "2026-07-06"),
        ("2026-06-26", "2026-07-10"),
        ("2026-06-27", "2026-07-13"),  # a Saturday
        ("2026-06-30", "2026-07-15"),  # Bastille Day
        ("2026-12-11", "2026-12-28"),  # Christmas, then a weekend
    ],
)
def test_the_last_day_to_withdraw_is_a_working_day(delivered, last):
    assert withdrawn_until(date.fromisoformat(delivered)) == date.fromisoformat(last)


def test_queries_do_not_grow_with_the_order(django_assert_max_num_queries):
    order = documented(*(Sold(f"Article {n}", "2.00", 2) for n in range(30)))
    lines = [(f"Article {n}", 2) for n in range(30)]

    with django_assert_max_num_queries(26):
        back(order, *lines)
    with django_assert_max_num_queries(4):
        shown_refunds(order)


def test_what_a_voucher_took_off_does_not_go_back(order):
    """Ten euros less on 40 of coffee: nobody is given back what they never paid."""
    line = lines_of(order)["Café"]
    line.billed_share = Decimal("10.00")
    line.save(update_fields=["billed_share"])

    assert ledger_of(order).charged[line.pk].billed == Decimal("30.00")
    assert back(order, ("Café", 1)).amount == Decimal("15.00")
