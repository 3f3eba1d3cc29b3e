"""A voucher is in one order at most, however many baskets want it at once, and granted once however often asked."""

from decimal import Decimal

import pytest

from loyalty.vouchers import services
from loyalty.vouchers.models import Voucher, VoucherEntry
from loyalty.vouchers.rules import VoucherSpent, VoucherTaken
from tests.concurrency.racing import together
from tests.factories import CustomerFactory, UserFactory
from tests.loyalty.vouchers.granting import granted, reserve

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]
BASKETS = 20


def test_of_twenty_baskets_one_gets_the_voucher_and_nineteen_a_clear_answer():
    voucher, _code = granted()

    buyer = CustomerFactory().pk

    answers = together(BASKETS, lambda n: reserve(voucher, f"CB-{n}", customer_id=buyer))

    voucher.refresh_from_db()
    assert [type(answer) for answer in answers].count(VoucherTaken) == BASKETS - 1
    assert answers.index(None) == int(voucher.order_reference.removeprefix("CB-"))
    assert VoucherEntry.objects.filter(kind="reserved").count() == 1


def test_control_without_the_condition_on_its_row_all_twenty_get_it(monkeypatch):
    voucher, _code = granted()
    buyer = CustomerFactory().pk
    guard = "AND v.order_reference = ''"
    assert guard in services._RESERVE_SQL
    monkeypatch.setattr(services, "_RESERVE_SQL", services._RESERVE_SQL.replace(guard, ""))

    answers = together(BASKETS, lambda n: reserve(voucher, f"CB-{n}", customer_id=buyer))

    assert answers == [None] * BASKETS
    assert VoucherEntry.objects.filter(kind="reserved").count() == BASKETS


def test_given_back_by_many_at_once_it_comes_back_once():
    voucher, _code = granted()
    reserve(voucher)

    answers = together(BASKETS, lambda _n: services.give_back(order_reference="CB-1"))

    voucher.refresh_from_db()
    assert answers.count(True) == 1 and answers.count(False) == BASKETS - 1
    assert voucher.state == "live"
    assert VoucherEntry.objects.filter(kind="given_back").count() == 1


def test_used_and_given_back_at_once_it_is_one_of_both():
    for n in range(10):
        voucher, _code = granted()
        reserve(voucher, f"CB-{n}")

        def end(which, reference=f"CB-{n}"):
            if which:
                return services.use(order_reference=reference, amount=Decimal(5))
            return services.give_back(order_reference=reference)

        answers = together(2, end)

        assert sorted(answers) == [False, True]
        voucher.refresh_from_db()
        assert voucher.state == ("used" if answers[1] else "live")


def test_cancelled_and_taken_at_once_it_is_one_of_both():
    by = UserFactory(staff=True)
    for n in range(10):
        voucher, _code = granted()

        def end(which, voucher=voucher, reference=f"CB-{n}"):
            if which:
                return reserve(voucher, reference)
            return services.cancel(voucher_id=voucher.pk, reason="mistake", by_id=by.pk)

        answers = together(2, end)

        assert answers.count(None) == 1, answers
        voucher.refresh_from_db()
        assert bool(voucher.cancelled_at) != bool(voucher.order_reference)


def test_granted_by_many_at_once_it_is_granted_once_and_its_code_told_once():
    answers = together(BASKETS, lambda _n: granted(source="order:CB-1:late"))

    assert {voucher.pk for voucher, _code in answers} == {Voucher.objects.get().pk}
    assert [code for _voucher, code in answers].count(None) == BASKETS - 1
    assert VoucherEntry.objects.count() == 1
    assert not any(isinstance(answer, VoucherSpent) for answer in answers)
