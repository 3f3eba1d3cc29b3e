"""A shared code's life: written, drawn on, given back, following the bill; who may use it; what is refused past the form."""

from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.db import connection, transaction
from django.db.utils import InternalError, ProgrammingError
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from loyalty.vouchers import rules, services
from loyalty.vouchers.codes import CodeFrozen, CodeRefused, save_code, stop_code
from loyalty.vouchers.models import SharedCode, Voucher
from loyalty.vouchers.queries import buyer_of_code, by_code, shared_code_by, usable_vouchers, voucher_of_code
from loyalty.vouchers.rules import (
    Buyer,
    Buying,
    CodeExhausted,
    CodeNotYet,
    CodeOver,
    EmailUnproven,
    FirstOrderOnly,
    NotForYou,
    SignInForCode,
    VoucherSpent,
    VoucherTaken,
    VoucherUnknown,
    canonical_code,
    check_code,
)
from loyalty.vouchers.wording import refusal_said
from shop.orders.models import Order
from tests.factories import AisleFactory, CustomerFactory, ProductFactory, UserFactory, ZoneFactory
from tests.loyalty.vouchers.coding import draft, drawn, off, over, proven, shared, take
from tests.loyalty.vouchers.granting import granted
from tests.shop.orders.sales import bought_by

pytestmark = pytest.mark.django_db
NOW = timezone.now()


# --- the code itself ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed", ["PRINTEMPS", "printemps", " Prin-temps ", "prin temps", "PRÎNTEMPS", "p.r_i–n—temps"]
)
def test_case_spaces_dashes_and_accents_do_not_matter(typed):
    code = shared()

    assert shared_code_by(typed) == code


@given(st.text(max_size=120))
def test_whatever_is_typed_is_a_code_or_none(typed):
    found = canonical_code(typed)

    assert found is None or (4 <= len(found) <= 20 and found.isascii() and found.isalnum())
    assert found is None or canonical_code(found) == found


def test_it_is_no_personal_code_and_no_personal_code_is_one():
    code = shared("ABCDEFGHJKMNPQRSTVWX")
    _voucher, personal = granted()

    assert by_code(code.code) is None and shared_code_by(personal) is None


# --- who may use it -------------------------------------------------------------------------------


def state(**changes):
    day = timedelta(days=1)
    return SimpleNamespace(**{
        "starts_at": NOW - day, "ends_at": NOW + day, "stopped_at": None, "audience": "everyone",
        "audience_number": None, "most_uses": None, "uses": 0,
    } | changes)  # fmt: skip


def refusal(code, buyer, **how):
    try:
        check_code(code, buyer, now=NOW, **how)
    except rules.VoucherRefused as refused:
        return type(refused)
    return None


KNOWN = Buyer(7, is_proven=True)
WEEK = timedelta(days=7)


def buying(**of):
    return Buyer(7, True, Buying(**of))


@pytest.mark.parametrize(
    ("code", "buyer", "why"),
    [
        (state(), KNOWN, None),
        (state(), Buyer(), SignInForCode),
        (state(), Buyer(7), EmailUnproven),
        (state(starts_at=NOW + WEEK, ends_at=NOW + 2 * WEEK), KNOWN, CodeNotYet),
        (state(ends_at=NOW), KNOWN, CodeOver),
        (state(ends_at=NOW), Buyer(), CodeOver),
        (state(stopped_at=NOW), KNOWN, CodeOver),
        (state(starts_at=NOW + WEEK, stopped_at=NOW), KNOWN, VoucherUnknown),
        (state(most_uses=3, uses=3), KNOWN, CodeExhausted),
        (state(audience="newcomers"), KNOWN, None),
        (state(audience="newcomers"), buying(placed=1), FirstOrderOnly),
        (state(audience="at_least", audience_number=2), buying(delivered=2), None),
        (state(audience="at_least", audience_number=2), buying(delivered=1), NotForYou),
        (state(audience="at_most", audience_number=2), buying(delivered=2), None),
        (state(audience="at_most", audience_number=2), buying(delivered=3), NotForYou),
        (state(audience="away", audience_number=7), buying(last_at=NOW - WEEK - timedelta(1)), None),
        (state(audience="away", audience_number=7), buying(last_at=NOW - WEEK + timedelta(1)), NotForYou),
        (state(audience="away", audience_number=7), KNOWN, NotForYou),
        (state(audience="at_most", audience_number=2), Buyer(), NotForYou),
        (state(audience="away", audience_number=7, starts_at=NOW + WEEK, ends_at=NOW + 2 * WEEK), KNOWN, NotForYou),
        (state(audience="away", audience_number=7, most_uses=1, uses=1), KNOWN, NotForYou),
    ],
)  # fmt: skip
def test_a_code_says_why_not(code, buyer, why):
    assert refusal(code, buyer) is why


def test_what_is_drawn_already_is_not_counted_against_its_own_order():
    assert refusal(state(most_uses=1, uses=1), KNOWN, is_drawn=True) is None


def test_not_for_you_never_announced_and_unknown_read_the_same():
    said = {refusal_said(one()) for one in (VoucherUnknown, NotForYou, rules.VoucherNotYours)}

    assert len(said) == 1


def test_a_party_is_known_with_its_guests(django_assert_num_queries):
    customer, zone = proven(), ZoneFactory()
    guest = CustomerFactory(guest=True, merged_into=customer)
    bought_by(customer, zone, ProductFactory())
    early = bought_by(guest, zone, ProductFactory(), age=timedelta(days=40))
    Order.objects.filter(pk=early.pk).update(status="delivered")
    code = shared(audience="at_least", audience_number=1)

    with django_assert_num_queries(2):
        buyer = buyer_of_code(code, customer.pk, customer.email)

    assert (buyer.is_proven, buyer.buying.placed, buyer.buying.delivered) == (True, 2, 1)
    assert timezone.now() - buyer.buying.last_at < timedelta(days=2)


# --- drawn on, given back, following the bill -----------------------------------------------------


def test_the_order_draws_on_it_and_grants_what_the_customer_has_of_it():
    code, customer = off(budget=Decimal("50.00"), minimum_goods=Decimal(30)), proven()

    take(code, customer)

    voucher = Voucher.objects.get()
    assert (voucher.owner, voucher.origin, voucher.source) == (
        customer,
        "campaign",
        f"code-{code.pk}-{customer.pk}",
    )
    assert (voucher.state, voucher.amount, voucher.minimum_goods) == ("held", Decimal("5.00"), Decimal(30))
    assert voucher.label == "Code CINQ (5,00\u00a0€)"
    assert [entry.kind for entry in voucher.entries.all()] == ["granted", "reserved"]
    assert drawn(code) == (1, Decimal("5.00"))


def test_given_back_it_stays_the_customers_and_is_drawn_anew_once():
    code, customer = off(budget=Decimal("5.00"), most_uses=1), proven()
    take(code, customer)

    for _again in range(2):
        services.give_back(order_reference="CB-1")

    assert drawn(code) == (0, 0)
    assert [one.shared_code for one in usable_vouchers([customer.pk], now=timezone.now())] == [code]
    take(code, customer, "CB-2")
    assert drawn(code) == (1, Decimal("5.00")) and Voucher.objects.count() == 1


def test_given_back_while_others_took_the_rest_it_waits_for_money():
    code, customer = off(budget=Decimal("5.00")), proven()
    take(code, customer)
    services.give_back(order_reference="CB-1")
    take(code, proven(), "CB-2")

    with pytest.raises(CodeExhausted), transaction.atomic():
        take(code, customer, "CB-3")

    assert drawn(code) == (1, Decimal("5.00"))


def test_the_budget_follows_what_was_finally_used():
    code, customer = shared(budget=Decimal("50.00")), proven()
    take(code, customer)

    for _again in range(2):
        services.use(order_reference="CB-1", amount=Decimal("3.20"))

    assert drawn(code) == (1, Decimal("3.20"))
    with pytest.raises(VoucherSpent), transaction.atomic():
        take(code, customer, "CB-2")
    assert drawn(code) == (1, Decimal("3.20"))


def test_an_order_that_is_amended_draws_what_it_takes_now():
    code, customer = shared(), proven()
    take(code, customer)

    services.change_amount(order_reference="CB-1", amount=Decimal("7.00"))
    assert drawn(code) == (1, Decimal("7.00"))
    services.change_amount(order_reference="CB-1", amount=Decimal(0))

    assert drawn(code) == (0, 0)


def test_of_a_code_with_a_budget_an_order_never_takes_more_than_was_drawn_for_it():
    limited, free, customer = shared(budget=Decimal("50.00")), shared("LIBRE"), proven()
    take(limited, customer, "CB-1")
    take(free, customer, "CB-2")

    held = {
        one.order_reference: one.agreed_terms.most for one in Voucher.objects.select_related("shared_code")
    }

    assert held == {"CB-1": Decimal("5.00"), "CB-2": None}


@pytest.mark.parametrize(
    ("terms", "why"), [({"budget": Decimal("4.99")}, CodeExhausted), ({"minimum_goods": Decimal(50)}, rules.BelowVoucherMinimum), ({"first_order_only": True}, FirstOrderOnly)],
)  # fmt: skip
def test_refused_it_leaves_nothing_behind(terms, why):
    code = shared(**terms)

    with pytest.raises(why):
        take(code, proven())

    assert drawn(code) == (0, 0) and not Voucher.objects.exists()


def test_stopped_or_over_it_gives_no_more_and_what_was_given_back_is_over_too():
    stopped, ended, customer = off(), off(code="FINI"), proven()
    take(stopped, customer)
    services.give_back(order_reference="CB-1")
    over(ended)

    assert stop_code(code_id=stopped.pk) and not stop_code(code_id=stopped.pk)

    for code in (stopped, ended):
        with pytest.raises(CodeOver), transaction.atomic():
            take(code, customer)
    assert Voucher.objects.select_related("shared_code").get().state == "expired"
    assert not usable_vouchers([customer.pk], now=timezone.now())


def test_a_voucher_of_a_code_is_taken_through_its_code_alone():
    code, customer = off(), proven()
    take(code, customer)
    services.give_back(order_reference="CB-1")

    with pytest.raises(VoucherTaken), transaction.atomic():
        services.reserve(
            voucher_id=Voucher.objects.get().pk, order_reference="CB-2", customer_id=customer.pk, goods=Decimal(40),
            is_first_order=True, amount=Decimal(5),
        )  # fmt: skip

    assert drawn(code) == (0, 0)


def test_taking_one_costs_the_same_however_many_had_it():
    code = off()

    def cost(n):
        customer = proven()
        with CaptureQueriesContext(connection) as asked:
            take(code, customer, f"CB-{n}")
        return len(asked)

    first = cost(0)

    assert [cost(n) for n in range(1, 4)] == [first] * 3


# --- written, and frozen ---------------------------------------------------------------------------


def test_its_author_is_kept_and_its_terms_may_be_written_anew_while_nobody_has_it():
    code = off()
    author, other = code.written_by_id, UserFactory(staff=True).pk
    code.value = Decimal(6)

    save_code(code=code, by_id=other)

    code.refresh_from_db()
    assert (code.value, code.written_by_id) == (6, author)


def test_once_somebody_has_it_its_terms_are_frozen_even_given_back():
    code = off()
    take(code, proven())
    services.give_back(order_reference="CB-1")
    code.value = Decimal(6)

    with pytest.raises(CodeFrozen):
        save_code(code=code, by_id=code.written_by_id)
    with pytest.raises((InternalError, ProgrammingError)), transaction.atomic():
        SharedCode.objects.filter(pk=code.pk).update(value=6)
    with pytest.raises((InternalError, ProgrammingError)), transaction.atomic():
        SharedCode.objects.filter(pk=off(code="JAMAIS").pk)._raw_delete("default")

    assert SharedCode.objects.get(pk=code.pk).value == 5


LATER = timezone.now() + timedelta(days=3)
NAN = Decimal("NaN")


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"code": "ABC"}, "code"), ({"code": "abcd"}, "code"), ({"code": "A" * 21}, "code"), ({"code": "ÉTÉ2027"}, "code"),
        ({"value": Decimal(0)}, "value"), ({"value": Decimal(-1)}, "value"), ({"value": NAN}, "value"),
        ({"value": Decimal("Infinity")}, "value"), ({"value": Decimal("50.01")}, "value"),
        ({"kind": "amount", "value": Decimal("50.01")}, "value"), ({"kind": "delivery"}, "value"), ({"kind": "?"}, "kind"),
        ({"kind": "amount", "ceiling": Decimal(5)}, "ceiling"), ({"ceiling": NAN}, "ceiling"), ({"ceiling": Decimal(0)}, "ceiling"),
        ({"minimum_goods": Decimal(-1)}, "minimum_goods"), ({"minimum_goods": NAN}, "minimum_goods"),
        ({"budget": Decimal(0)}, "budget"), ({"budget": Decimal(-5)}, "budget"), ({"budget": NAN}, "budget"),
        ({"budget": Decimal(10**7)}, "budget"), ({"kind": "amount", "value": Decimal(9), "budget": Decimal(8)}, "budget"),
        ({"most_uses": 0}, "most_uses"), ({"most_uses": -1}, "most_uses"), ({"most_uses": 10**8}, "most_uses"),
        ({"audience": "?"}, "audience"), ({"audience": "away"}, "audience_number"),
        ({"audience": "away", "audience_number": -1}, "audience_number"),
        ({"audience_number": 3}, "audience_number"), ({"audience": "at_least", "audience_number": 10**5}, "audience_number"),
        ({"starts_at": NOW - timedelta(hours=1)}, "starts_at"), ({"ends_at": NOW - timedelta(hours=1)}, "ends_at"),
        ({"starts_at": LATER, "ends_at": LATER}, "ends_at"), ({"ends_at": NOW + timedelta(days=4000)}, "ends_at"),
        ({"starts_at": NOW + timedelta(days=4000), "ends_at": NOW + timedelta(days=4001)}, "ends_at"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_and_nothing_is_written(changes, where):
    made = draft(**changes)

    with pytest.raises(CodeRefused) as refused:
        save_code(code=made, by_id=UserFactory(staff=True).pk)

    assert [field for field, _fault in refused.value.problems] == [where]
    assert not SharedCode.objects.exists()


def test_the_same_code_is_written_once():
    shared()

    with pytest.raises(CodeRefused):
        shared("PRINTEMPS")


def faults(**changes):
    with pytest.raises(CodeRefused) as refused:
        shared(**changes)
    assert not SharedCode.objects.exists()
    return [(field, fault.code, fault.name) for field, fault in refused.value.problems]


def test_the_law_caps_a_percentage_on_named_articles_and_the_message_names_one():
    brie = ProductFactory(name="Brie", price=Decimal(10))
    soap = ProductFactory(name="Savon", price=Decimal(10), is_food=False, vat_rate=Decimal(20))

    assert faults(value=Decimal("34.01"), products=[brie]) == [("value", "beyond_food", "Brie")]
    assert faults(value=Decimal("34.01"), aisles=[brie.shelf.parent]) == [("value", "beyond_food", "Brie")]
    assert faults(value=Decimal("40.01"), products=[soap]) == [("value", "beyond_other", "Savon")]
    assert shared("SAVON40", value=Decimal(40), products=[soap]).pk
    assert shared("BRIE34", value=Decimal(34), products=[brie]).pk
    assert shared("TOUT50", value=Decimal(50)).pk


def test_first_age_milk_alcohol_and_empty_shelves_are_no_scope():
    cellar = AisleFactory(slug="cave", name="Cave")
    milk = ProductFactory(name="Lait 1", is_first_age_milk=True)
    wine = ProductFactory(name="Chinon", alcohol=True, shelf=cellar)
    bare = AisleFactory(slug="vide", name="Rayon vide")

    assert faults(products=[milk]) == [("scope", "milk", "Lait 1")]
    assert faults(products=[wine]) == [("scope", "alcohol", "Chinon")]
    assert faults(aisles=[cellar]) == [("scope", "covers_nothing", "Cave")]
    assert faults(aisles=[bare]) == [("scope", "covers_nothing", "Rayon vide")]
    assert faults(products=[SimpleNamespace(pk=10**12)]) == [("scope", "gone", "")]
    assert faults(kind="delivery", value=Decimal(0), products=[ProductFactory()]) == [
        ("scope", "whole_basket", "")
    ]


def test_staff_are_told_what_is_left_out_and_what_is_held_up():
    cellar = AisleFactory(slug="cave", name="Cave")
    ProductFactory(name="Chinon", alcohol=True, shelf=cellar)
    juice = ProductFactory(name="Jus", shelf=cellar, price=Decimal("1.80"))
    code = draft(aisles=[cellar], value=Decimal(20))

    told = save_code(code=code, by_id=UserFactory(staff=True).pk)

    assert [(one.code, one.name) for one in told] == [("left_out", "Chinon"), ("held_up", juice.name)]


def test_judging_a_scope_costs_the_same_however_many_articles():
    aisle = AisleFactory(slug="cave")
    by = UserFactory(staff=True).pk

    def cost(name):
        ProductFactory.create_batch(4, shelf=aisle, price=Decimal(10))
        with CaptureQueriesContext(connection) as asked:
            save_code(code=draft(name, aisles=[aisle]), by_id=by)
        return len(asked)

    assert cost("UN11") == cost("DEUX") <= 13


def test_what_a_customer_would_have_of_it_is_not_written():
    code, customer = off(), proven()

    voucher = voucher_of_code(code, customer)

    assert voucher.pk is None and voucher.terms.value == 5 and not Voucher.objects.exists()
