"""A shared code never gives more than it has, nor twice to one customer, however many press the button at once."""

import threading
from decimal import Decimal

import pytest
from django.db import transaction
from django.db.utils import IntegrityError

from loyalty.vouchers import services
from loyalty.vouchers.codes import CodeFrozen, save_code, stop_code
from loyalty.vouchers.models import SharedCode, Voucher
from loyalty.vouchers.queries import voucher_of_code
from loyalty.vouchers.rules import CodeChanged, CodeExhausted, CodeOver, VoucherSpent, VoucherTaken
from tests.concurrency.racing import together
from tests.factories import CustomerFactory, UserFactory
from tests.loyalty.vouchers.coding import drawn, off, take

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]
BUYERS = 30


@pytest.fixture
def buyers():
    return CustomerFactory.create_batch(BUYERS, guest=True)


@pytest.mark.parametrize("limit", [{"budget": Decimal("50.00")}, {"most_uses": 10}])
def test_of_thirty_customers_ten_get_what_is_there_for_ten(buyers, limit):
    code = off("5.00", **limit)

    answers = together(BUYERS, lambda n: take(code, buyers[n], f"CB-{n}"))

    assert answers.count(None) == 10
    assert [type(answer) for answer in answers].count(CodeExhausted) == 20
    assert drawn(code) == (10, Decimal("50.00"))
    assert Voucher.objects.filter(shared_code=code).count() == 10


def test_control_reading_then_writing_gives_more_than_there_is(buyers):
    code = off("5.00", budget=Decimal("50.00"))
    have_read = threading.Barrier(BUYERS)

    @transaction.atomic
    def careless(n):
        read = SharedCode.objects.get(pk=code.pk)
        have_read.wait(30)
        if read.spent + 5 > read.budget:
            return False
        voucher = voucher_of_code(read, buyers[n])
        voucher.code_digest, voucher.source = f"{n}", f"code-{n}"
        voucher.order_reference, voucher.amount = f"CB-{n}", Decimal(5)
        voucher.save()
        SharedCode.objects.filter(pk=read.pk).update(spent=read.spent + 5, uses=read.uses + 1)
        return True

    answers = together(BUYERS, careless)
    given = answers.count(True)

    assert given > 10, answers
    assert Voucher.objects.filter(order_reference__gt="").count() == given


def test_without_its_condition_the_database_itself_refuses_the_eleventh(buyers, monkeypatch):
    code = off("5.00", budget=Decimal("50.00"))
    guard = "AND (c.budget IS NULL OR c.spent + %(amount)s <= c.budget)"
    assert guard in services._TAKE_CODE_SQL
    monkeypatch.setattr(services, "_TAKE_CODE_SQL", services._TAKE_CODE_SQL.replace(guard, ""))

    answers = together(BUYERS, lambda n: take(code, buyers[n], f"CB-{n}"))

    assert answers.count(None) == 10
    assert [type(answer) for answer in answers].count(IntegrityError) == 20
    assert drawn(code) == (10, Decimal("50.00"))


def test_one_customer_in_many_tabs_gets_it_once(buyers):
    code = off("5.00", budget=Decimal("500.00"))

    answers = together(BUYERS, lambda n: take(code, buyers[0], f"CB-{n}"))

    assert answers.count(None) == 1
    assert [type(answer) for answer in answers].count(VoucherTaken) == BUYERS - 1
    assert drawn(code) == (1, Decimal("5.00"))
    assert Voucher.objects.filter(shared_code=code).count() == 1


def test_control_a_voucher_named_after_its_order_gives_it_to_each_tab(buyers, monkeypatch):
    code = off("5.00", budget=Decimal("500.00"))
    asked = threading.local()
    monkeypatch.setattr(services, "source_of_code", lambda pk, _customer: f"code-{pk}-{asked.order}")

    def tab(n):
        asked.order = n
        take(code, buyers[0], f"CB-{n}")

    answers = together(BUYERS, tab)

    assert answers.count(None) == BUYERS
    assert Voucher.objects.filter(shared_code=code).count() == BUYERS


def test_given_back_by_many_at_once_it_comes_back_once(buyers):
    code = off("5.00", budget=Decimal("50.00"))
    for n in range(3):
        take(code, buyers[n], f"CB-{n}")

    answers = together(BUYERS, lambda n: services.give_back(order_reference=f"CB-{n % 2}"))

    assert answers.count(True) == 2
    assert drawn(code) == (1, Decimal("5.00"))


def test_taken_given_back_and_used_at_once_nobody_waits_for_ever_and_the_sums_agree(buyers):
    code = off("5.00", budget=Decimal("60.00"))
    for n in range(10):
        take(code, buyers[n], f"CB-{n}")

    def live(n):
        if n < 5:
            return services.give_back(order_reference=f"CB-{n}")
        if n < 10:
            return services.use(order_reference=f"CB-{n}", amount=Decimal("3.50"))
        return take(code, buyers[n % 20], f"CB-{n}")

    answers = together(BUYERS, live)

    allowed = {bool, type(None), CodeExhausted, VoucherTaken, VoucherSpent}
    assert {type(answer) for answer in answers} <= allowed, answers
    uses, spent = drawn(code)
    assert uses >= 5 and spent <= 60


def test_written_anew_and_taken_at_once_the_order_has_the_terms_it_was_priced_by(buyers):
    by = UserFactory(staff=True)
    for n in range(8):
        code = off("5.00", f"CODE{n}")
        other = SharedCode.objects.get(pk=code.pk)
        other.value = Decimal("9.00")

        def end(which, code=code, other=other, n=n):
            if which:
                return take(code, buyers[n], f"CB-{n}")
            return save_code(code=other, by_id=by.pk)

        written, taken = together(2, end)

        code.refresh_from_db()
        if taken is None:
            assert (
                isinstance(written, CodeFrozen) and code.value == Voucher.objects.get(shared_code=code).value
            )
        else:
            assert isinstance(taken, CodeChanged) and code.value == 9 and drawn(code) == (0, 0)


def test_stopped_and_taken_at_once_it_is_one_before_the_other(buyers):
    for n in range(8):
        code = off("5.00", f"CODE{n}")

        def end(which, code=code, n=n):
            return take(code, buyers[n], f"CB-{n}") if which else stop_code(code_id=code.pk)

        stopped, taken = together(2, end)

        assert stopped is True
        assert drawn(code)[0] == (1 if taken is None else 0) and (
            taken is None or isinstance(taken, CodeOver)
        )
