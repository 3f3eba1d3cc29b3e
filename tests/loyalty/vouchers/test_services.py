"""A voucher is granted once, held by one order, used or given back; and says why it is refused."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from loyalty.vouchers import rules, services
from loyalty.vouchers.models import Voucher, VoucherEntry
from loyalty.vouchers.queries import by_code, usable_vouchers, voucher_held_by, vouchers_of
from loyalty.vouchers.wording import refusal_said
from tests.factories import CustomerFactory, UserFactory
from tests.loyalty.vouchers.granting import granted, off_delivery, reserve

pytestmark = pytest.mark.django_db


def kinds(voucher):
    return list(voucher.entries.values_list("kind", flat=True))


def test_the_code_is_told_once_and_kept_nowhere():
    voucher, code = granted()
    with connection.cursor() as cursor:
        cursor.execute("SELECT v::text, e::text FROM vouchers_voucher v JOIN vouchers_voucherentry e ON true")
        kept = " ".join(text for row in cursor.fetchall() for text in row)

    assert by_code(code) == voucher
    assert code not in kept and code.replace("-", "") not in kept


def test_codes_go_on_working_after_the_key_was_replaced(settings):
    voucher, code = granted()

    settings.SECRET_KEY = "un-autre-secret-de-plus-de-cinquante-signes-au-hasard"

    assert by_code(code) == voucher


@pytest.mark.parametrize("typed", ["", "x" * 1000, "🥕" * 20, "A" * 20, "'; DROP TABLE vouchers_voucher; --"])
def test_what_is_no_code_finds_nothing(typed):
    granted()

    assert by_code(typed) is None


def test_granting_twice_is_granting_once():
    first, code = granted(source="order:CB-1:late")
    second, nothing = granted("9.00", source="order:CB-1:late")
    other, _code = granted(origin="compensation", source="order:CB-1:late")

    assert code and nothing is None
    assert second == first and second.value == Decimal("5.00")
    assert other != first
    assert kinds(first) == ["granted"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"source": "pour Mme Martin, 12 rue des Lilas"},
        {"source": "marie@exemple.fr"},
        {"source": ""},
        {"kind": "gratuit"},
        {"owner_id": 0},
    ],
)
def test_terms_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValidationError):
        granted(**wrong)

    assert not Voucher.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"value": "-5"},
        {"value": "0"},
        {"kind": "percentage", "value": "101"},
        {"kind": "delivery", "value": "5"},
        {"ceiling": Decimal(3)},
        {"minimum_goods": Decimal(-1)},
        {"valid_until": timezone.now() - timedelta(days=1)},
    ],
)
def test_the_database_refuses_terms_that_mean_nothing(wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        granted(**wrong)

    assert not Voucher.objects.exists()


def test_an_order_takes_uses_and_keeps_a_voucher():
    voucher, _code = granted()

    reserve(voucher)
    held = voucher_held_by("CB-1")
    assert services.use(order_reference="CB-1", amount=Decimal("4.20"))
    assert not services.use(order_reference="CB-1", amount=Decimal("4.20"))

    voucher.refresh_from_db()
    assert held.state == "held" and voucher.state == "used" and voucher.amount == Decimal("4.20")
    assert kinds(voucher) == ["granted", "reserved", "used"]
    assert not services.give_back(order_reference="CB-1")


def test_a_cancelled_order_gives_it_back_once_and_another_may_have_it():
    voucher, _code = granted()
    reserve(voucher)

    assert services.give_back(order_reference="CB-1")
    assert not services.give_back(order_reference="CB-1")
    reserve(voucher, "CB-2")

    voucher.refresh_from_db()
    assert voucher.order_reference == "CB-2"
    assert kinds(voucher) == ["granted", "reserved", "given_back", "reserved"]


def test_an_order_of_which_nothing_came_gives_it_back():
    voucher, _code = granted()
    reserve(voucher)

    services.use(order_reference="CB-1", amount=Decimal(0))

    voucher.refresh_from_db()
    assert voucher.state == "live"


def test_an_order_without_a_voucher_gives_nothing_back():
    granted()

    assert not services.give_back(order_reference="CB-9")
    assert not services.give_back(order_reference="")
    assert VoucherEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("terms", "later", "refused"),
    [
        ({}, timedelta(days=31), rules.VoucherExpired),
        ({"valid_from": timezone.now() + timedelta(days=2)}, timedelta(), rules.VoucherNotYet),
        ({"minimum_goods": Decimal("40.01")}, timedelta(), rules.BelowVoucherMinimum),
        ({"first_order_only": True}, timedelta(), rules.FirstOrderOnly),
    ],
)
def test_conditions_are_kept_and_nothing_changes(terms, later, refused):
    voucher, _code = granted(**terms)

    with time_machine.travel(timezone.now() + later), pytest.raises(refused) as raised:
        reserve(voucher)

    voucher.refresh_from_db()
    assert voucher.order_reference == "" and kinds(voucher) == ["granted"]
    assert refusal_said(raised.value)


def test_the_minimum_and_a_first_order_are_met_exactly():
    at_least, _code = granted(minimum_goods=Decimal("40.00"))
    first, _code = granted(first_order_only=True)

    reserve(at_least, "CB-1")
    reserve(first, "CB-2", is_first_order=True)


def test_somebody_elses_voucher_reads_like_an_unknown_code():
    voucher, _code = granted(owner_id=CustomerFactory().pk)

    with pytest.raises(rules.VoucherNotYours) as raised:
        reserve(voucher, customer_id=CustomerFactory().pk)

    assert refusal_said(raised.value) == refusal_said(rules.VoucherUnknown())
    reserve(voucher)


def test_what_a_guest_was_granted_is_theirs_once_they_have_an_account():
    customer = CustomerFactory()
    guest = CustomerFactory(guest=True, merged_into=customer)
    voucher, _code = granted(owner_id=guest.pk)

    reserve(voucher, customer_id=customer.pk)

    assert voucher_held_by("CB-1") == voucher


def test_a_taken_or_spent_voucher_is_refused_each_in_its_words():
    voucher, _code = granted()
    reserve(voucher)
    with pytest.raises(rules.VoucherTaken):
        reserve(voucher, "CB-2")
    services.use(order_reference="CB-1", amount=Decimal(5))

    with pytest.raises(rules.VoucherSpent) as raised:
        reserve(voucher, "CB-2")

    assert type(raised.value) is rules.VoucherSpent


def test_an_order_holds_one_voucher_at_most():
    reserve(granted()[0])

    with pytest.raises(IntegrityError), transaction.atomic():
        reserve(granted()[0])


def test_staff_cancel_an_unused_voucher_with_a_reason():
    voucher, _code = granted()
    by = UserFactory(staff=True)

    services.cancel(voucher_id=voucher.pk, reason="mistake", by_id=by.pk)

    entry = voucher.entries.last()
    assert (entry.kind, entry.reason, entry.by) == ("cancelled", "mistake", by)
    for once_more in (lambda: reserve(voucher), lambda: services.cancel(voucher_id=voucher.pk, reason="mistake", by_id=by.pk)):  # fmt: skip
        with pytest.raises(rules.VoucherCancelled):
            once_more()


def test_a_held_or_used_voucher_is_not_cancelled():
    voucher, _code = granted()
    by = UserFactory(staff=True)
    reserve(voucher)
    with pytest.raises(rules.VoucherTaken):
        services.cancel(voucher_id=voucher.pk, reason="mistake", by_id=by.pk)
    services.use(order_reference="CB-1", amount=Decimal(5))

    with pytest.raises(rules.VoucherSpent):
        services.cancel(voucher_id=voucher.pk, reason="mistake", by_id=by.pk)

    assert kinds(voucher) == ["granted", "reserved", "used"]


@pytest.mark.parametrize("change", [{"value": 50}, {"owner": None}, {"valid_until": timezone.now() + timedelta(days=900)}])  # fmt: skip
def test_terms_are_frozen_by_the_database(change):
    voucher, _code = granted(owner_id=CustomerFactory().pk)

    with pytest.raises(ProgrammingError, match="annot"), transaction.atomic():
        Voucher.objects.filter(pk=voucher.pk).update(**change)


def test_entries_and_vouchers_are_never_taken_away():
    voucher, _code = granted()

    for statement in (voucher.entries.all().delete, lambda: voucher.entries.update(amount=9)):
        with pytest.raises(ProgrammingError, match="annot"), transaction.atomic():
            statement()
    with pytest.raises(ProtectedError):
        voucher.delete()


def test_lists_are_the_customers_own_the_nearest_end_first():
    mine, other = CustomerFactory(), CustomerFactory()
    late, _code = granted(owner_id=mine.pk)
    soon, _code = off_delivery(owner_id=mine.pk, valid_until=timezone.now() + timedelta(days=2))
    used, _code = granted(owner_id=mine.pk)
    reserve(used)
    granted(owner_id=other.pk)
    granted()

    now = timezone.now()

    assert list(usable_vouchers([mine.pk], now=now)) == [soon, late]
    assert set(usable_vouchers([mine.pk], now=now, own_order="CB-1")) == {soon, late, used}
    assert set(vouchers_of([mine.pk])) == {soon, late, used}
