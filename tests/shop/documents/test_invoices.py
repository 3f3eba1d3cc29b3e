"""An order's invoice and its credit notes: made once, from what was charged, when the money moved."""

import logging
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine
from django.core.checks import run_checks
from django.db import IntegrityError, InternalError, ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.facts import deliver_all
from shop.documents import errors, services
from shop.documents.models import Document, DocumentCounter, Kind
from shop.documents.rules import Row, by_rate_of, rows_of, sums
from shop.orders.models import BillVat, OrderBill
from shop.payments.events import PaymentCaptured
from tests.shop.documents.selling import Sold, bill, documented, give_back, order_of, packed, take_money, tell

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 29, 11, tzinfo=UTC)


def invoice_of(order):
    return Document.objects.get(order=order, kind=Kind.INVOICE)


def notes_of(order):
    return list(Document.objects.filter(order=order, kind=Kind.CREDIT_NOTE).order_by("serial"))


def nothing_happened():
    return not Document.objects.exists() and not DocumentCounter.objects.filter(last__gt=0).exists()


# --- the invoice ---------------------------------------------------------------------------------


@time_machine.travel(NOON, tick=False)
def test_money_taken_makes_the_invoice():
    order = documented(
        Sold("Café", "10.00", 1, "5.5"),
        Sold("Tomates", "4.20", 1000, grams=True, picked=1080),
        Sold("Eau", "0.95", 6, deposit="1.20"),
    )

    invoice = invoice_of(order)

    assert (invoice.number, invoice.issued_on) == ("F2026-000001", date(2026, 11, 29))
    # 10.00 + 4.20 × 1.08 + 5.70 + 3.90 + 1.20
    assert invoice.total == order.bill.total == Decimal("25.34")
    kept = invoice.payload
    assert (kept["schema"], kept["number"], kept["issued_on"]) == (1, "F2026-000001", "2026-11-29")
    assert kept["buyer"] == ["Élodie Martin", "12 rue des Lilas", "75011 Paris"]
    assert kept["paid"] == {"amount": "25.34", "on": "2026-11-29"}
    assert kept["order"]["reference"] == order.reference
    assert kept["order"]["supplied_on"] == timezone.localdate(order.slot.starts_at).isoformat()
    rows = rows_of(kept)
    assert [row.label for row in rows] == ["Café", "Tomates", "Eau", "Livraison", "Consignes"]
    assert rows[1].by_weight and rows[1].quantity == 1080
    assert rows[4].rate is None and rows[4].gross == Decimal("1.20")
    assert all(
        kept["seller"][what] for what in ("name", "form", "address", "siren", "register", "vat_number")
    )


def test_what_is_missing_is_not_invoiced_and_what_replaces_it_says_so():
    order = documented(
        Sold("Brie", "4.10", 1, picked=0), Sold("Coulommiers", "4.60", 1, off="0.50", replaces="Brie")
    )

    rows = rows_of(invoice_of(order).payload)

    assert [row.label for row in rows] == ["Coulommiers", "Livraison"]
    assert "à la place de\u202f: Brie" in rows[0].detail
    assert (rows[0].gross, rows[0].discount) == (Decimal("4.10"), Decimal("0.50"))


def test_a_promotion_is_named_where_it_took_something_off():
    order = documented(
        Sold("Yaourt", quantity=3, off="2.50", promotion="3 pour 2"), Sold("Riz", promotion="3 pour 2")
    )

    yaourt, riz, _delivery = rows_of(invoice_of(order).payload)

    assert (yaourt.discount_label, yaourt.discount) == ("3 pour 2", Decimal("2.50"))
    assert (riz.discount_label, riz.discount) == ("", Decimal("0.00"))


def test_asked_again_it_is_the_same_invoice():
    order = documented()

    again = services.issue_invoice(order_reference=order.reference)
    tell(PaymentCaptured(order.reference, "an-old-key", 100))
    deliver_all()

    assert again == invoice_of(order)
    assert DocumentCounter.objects.get(kind=Kind.INVOICE).last == 1


def test_numbers_follow_one_another_and_begin_anew_each_year():
    with time_machine.travel(datetime(2026, 12, 31, 22, 59, tzinfo=UTC)):
        numbers = [invoice_of(documented()).number for _order in range(2)]
    # One minute later it is 2027 in Paris, and still 2026 in UTC.
    with time_machine.travel(datetime(2026, 12, 31, 23, 0, 30, tzinfo=UTC)):
        numbers.append(invoice_of(documented()).number)

    assert numbers == ["F2026-000001", "F2026-000002", "F2027-000001"]


def test_a_rollback_leaves_no_gap():
    first, second = packed(), packed()

    with pytest.raises(RuntimeError), transaction.atomic():
        services.issue_invoice(order_reference=first.reference)
        raise RuntimeError
    number = services.issue_invoice(order_reference=second.reference).number

    assert number.endswith("-000001")


def test_an_order_without_a_bill_has_no_invoice():
    order = order_of(Sold())
    take_money(order)

    for reference in (order.reference, "CB-INCONNUE"):
        with pytest.raises(errors.OrderNotBilled):
            services.issue_invoice(order_reference=reference)

    assert nothing_happened()


def test_money_not_taken_makes_no_invoice():
    order = order_of(Sold())
    bill(order)

    with pytest.raises(errors.NothingCaptured):
        services.issue_invoice(order_reference=order.reference)

    assert nothing_happened()


@pytest.mark.parametrize("what", ["total", "vat", "line"])
def test_a_bill_that_does_not_add_up_is_not_frozen(what):
    order = order_of(Sold("Café", "10.00", 1))
    if what == "line":
        # Dearer than its price.
        order.lines.update(total=Decimal("10.01"))
        bill(order)
    elif what == "total":
        OrderBill.objects.create(order=order, goods_total=9, deposit_total=0, delivery_fee=Decimal("3.90"), total=Decimal("12.90"))  # fmt: skip
    else:
        made = OrderBill.objects.create(
            order=order, goods_total=10, deposit_total=0, delivery_fee=Decimal("3.90"), total=Decimal("13.90")
        )
        BillVat.objects.create(bill=made, rate=Decimal("5.5"), gross=10, vat=Decimal("0.53"))
        BillVat.objects.create(bill=made, rate=20, gross=Decimal("3.90"), vat=Decimal("0.65"))
    take_money(order)

    with pytest.raises(errors.BillDoesNotAddUp):
        services.issue_invoice(order_reference=order.reference)

    assert nothing_happened()


def test_nobody_sells_without_a_name(settings):
    settings.SELLER = settings.SELLER | {"vat_number": " "}
    order = packed()

    with pytest.raises(errors.SellerUnknown, match="SELLER_VAT_NUMBER"):
        services.issue_invoice(order_reference=order.reference)

    assert nothing_happened()
    [warning] = [
        found for found in run_checks(include_deployment_checks=True) if found.id == "documents.W001"
    ]
    assert "SELLER_VAT_NUMBER" in warning.msg


def test_a_weight_beyond_what_is_charged_is_said_to_be_given():
    order = documented(Sold("Tomates", "4.00", 1000, grams=True, picked=1500))

    tomatoes = rows_of(invoice_of(order).payload)[0]

    # A tenth more than ordered is paid, the rest is not.
    assert (tomatoes.gross, tomatoes.discount) == (Decimal("4.40"), Decimal("1.60"))
    assert tomatoes.discount_label == "poids en plus offert"


def test_a_cent_of_rounding_on_the_scales_is_no_reduction():
    order = documented(Sold("Persil", "0.05", 100, grams=True, picked=60), Sold("Riz", "2.00", 1))

    parsley = rows_of(invoice_of(order).payload)[0]

    # 0.05 €/kg × 100 g is a cent agreed; 60 g of it a cent too, though the scales would say nothing.
    assert (parsley.gross, parsley.discount) == (Decimal("0.01"), Decimal("0.00"))


def test_later_changes_of_the_shop_do_not_reach_it(settings):
    order = documented(Sold("Café"))
    before = invoice_of(order).payload

    order.lines.update(name="Autre")
    settings.SELLER = settings.SELLER | {"name": "Autre SARL"}

    assert invoice_of(order).payload == before


def test_the_database_refuses_to_change_or_lose_one():
    order = documented()

    for change in (lambda: Document.objects.update(total=0), lambda: Document.objects.all().delete()):
        with pytest.raises((InternalError, ProgrammingError, IntegrityError)), transaction.atomic():
            change()

    assert invoice_of(order).total == order.total


def test_the_database_refuses_a_second_invoice_and_a_payload_that_says_otherwise():
    invoice = invoice_of(documented())

    def another(**changes):
        kept = {
            field: getattr(invoice, field) for field in ("kind", "year", "order_id", "issued_on", "total")
        }
        Document.objects.create(
            **kept | {"number": "F2026-000009", "serial": 9, "payload": invoice.payload} | changes
        )

    said = invoice.payload | {"number": "F2026-000009"}
    other = packed().pk
    for wrong in (
        {"payload": said},
        {"order_id": other},
        {"order_id": other, "payload": said | {"total": "0.01"}},
        {"order_id": other, "payload": {"number": "F2026-000009"}},
        {"order_id": other, "payload": said, "year": 2025},
        {"order_id": other, "payload": said, "kind": Kind.CREDIT_NOTE, "occasion": "x"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            another(**wrong)


def test_it_takes_the_same_queries_however_long_the_order():
    counts = []
    for size in (2, 12):
        order = packed(*(Sold(f"Article {n}", picked=0 if n == 0 else None, replaces="Article 0" if n == 1 else "") for n in range(size)))  # fmt: skip
        with CaptureQueriesContext(
            connection,
        ) as captured:
            services.issue_invoice(order_reference=order.reference)
        counts.append(len([q for q in captured if "SAVEPOINT" not in q["sql"]]))

    assert counts[0] == counts[1] <= 10


def picked_in_part(*, share, is_reduced, **article):
    """Weights up to half as much again, pieces at most as many as ordered."""
    full = Sold(**article).total
    article["off"] = str(min(full, Decimal("0.01"))) if is_reduced else "0"
    most = share if article["grams"] else min(share, 100)
    return Sold(**article, picked=max(1, article["quantity"] * most // 100))


articles = st.lists(
    st.builds(
        picked_in_part,
        price=st.integers(1, 5000).map(lambda n: f"{n / 100:.2f}"),
        quantity=st.integers(1, 3000),
        rate=st.sampled_from(["5.5", "10.0", "20.0"]),
        grams=st.booleans(),
        deposit=st.sampled_from(["0", "0.20", "4.80"]),
        share=st.integers(0, 150),
        is_reduced=st.booleans(),
    ),
    min_size=1,
    max_size=8,
)


@given(sold=articles, delivery=st.sampled_from(["0", "3.90", "7.50"]))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_invoice_adds_up_to_its_bill_whatever_was_sold(sold, delivery):
    for place, article in enumerate(sold):
        article.name = f"Article {place}"
    order = packed(*sold, delivery=delivery)

    invoice = services.issue_invoice(order_reference=order.reference)

    charged = OrderBill.objects.get(pk=order.pk)
    assert sums(rows_of(invoice.payload)).total == invoice.total == charged.total
    said = {
        (Decimal(vat["rate"]), Decimal(vat["vat"])) for vat in invoice.payload["vat"] if Decimal(vat["gross"])
    }
    assert said == set(charged.vat_totals.values_list("rate", "vat"))


# --- credit notes --------------------------------------------------------------------------------


def test_money_given_back_makes_a_credit_note_in_proportion():
    order = documented(Sold("Café", "20.00", 1, "5.5"), Sold("Vin", "10.00", 1, "20.0"), delivery="0")

    give_back(order, "3.00")
    deliver_all()

    [note] = notes_of(order)
    assert note.number.startswith("A") and note.number.endswith("-000001")
    assert (note.corrects, note.occasion, note.total) == (invoice_of(order), "plainte-1", Decimal("3.00"))
    assert by_rate_of(note.payload) == {
        Decimal("5.5"): Decimal("2.00"), Decimal("20.0"): Decimal("1.00"), None: Decimal("0.00"),
    }  # fmt: skip
    assert note.payload["corrects"]["number"] == invoice_of(order).number
    assert note.payload["refunded_on"] == note.issued_on.isoformat()


def test_a_refund_told_before_the_capture_makes_both():
    order = packed()
    key = give_back(order, "1.00")

    note = services.credit_refund(order_reference=order.reference, operation_key=key)

    assert note.corrects == invoice_of(order)


def test_a_refund_told_twice_is_one_credit_note():
    order = documented()
    key = give_back(order, "1.00")
    deliver_all()

    services.credit_refund(order_reference=order.reference, operation_key=key)

    assert len(notes_of(order)) == 1


def test_a_key_that_is_no_refund_makes_nothing():
    order = documented()

    made = services.credit_refund(order_reference=order.reference, operation_key="x")

    assert made is None
    assert notes_of(order) == []


def test_all_of_it_may_come_back_and_no_more():
    order = documented(Sold("Café", "20.00", 1), Sold("Eau", "1.00", 6, deposit="1.20"), delivery="3.90")
    for occasion, amount in (("a", "1.01"), ("b", "10.00"), ("c", str(order.total - Decimal("11.01")))):
        give_back(order, amount, occasion)
    deliver_all()

    assert sum(note.total for note in notes_of(order)) == order.total
    with pytest.raises(errors.CreditRefused):
        services.issue_credit_note(
            order_reference=order.reference, occasion="d", reason="Encore",
            rows=[Row("Café", Decimal("0.01"), Decimal("5.5"))],
        )  # fmt: skip
    assert DocumentCounter.objects.get(kind=Kind.CREDIT_NOTE).last == 3


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [Row("Rien", Decimal("0.00"), Decimal("5.5"))],
        [Row("Moins", Decimal("-1.00"), Decimal("5.5"))],
        [Row("Plus", Decimal("2.00"), Decimal("5.5")), Row("Moins", Decimal("-1.00"), Decimal("5.5"))],
        [Row("Autre taux", Decimal("1.00"), Decimal("10.0"))],
        [Row("Consigne jamais payée", Decimal("1.00"), None)],
        [Row("Trop", Decimal("5.01"), Decimal("5.5"))],
    ],
    ids=lambda rows: rows[0].label if rows else "nothing",
)
def test_a_credit_beyond_its_invoice_is_refused(rows):
    order = documented(Sold("Café", "5.00", 1))

    with pytest.raises(errors.CreditRefused):
        services.issue_credit_note(order_reference=order.reference, occasion="a", rows=rows, reason="Motif")

    assert notes_of(order) == []
    assert not DocumentCounter.objects.filter(kind=Kind.CREDIT_NOTE, last__gt=0).exists()


def test_a_gesture_without_a_refund_says_no_card():
    order = documented(Sold("Café", "5.00", 1))

    note = services.issue_credit_note(
        order_reference=order.reference, occasion="geste", rows=[Row("Café", Decimal("1.00"), Decimal("5.5"))], reason="Retard",
    )  # fmt: skip

    assert note.payload["refunded_on"] is None


def test_payments_nobody_billed_wait_where_staff_look(caplog):
    order = order_of(Sold())
    with caplog.at_level(logging.CRITICAL):
        take_money(order)
        deliver_all()

    assert nothing_happened()
