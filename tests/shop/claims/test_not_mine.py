"""What was another household's is kept, and the order that lacks it is found and made good for."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from config.facts import deliver_all
from crm.outbox.models import Message
from delivery.promise.models import Outcome
from delivery.slots.models import Slot
from shop.claims import queries, services
from shop.claims.models import Claim
from shop.orders.models import Order, Refund
from tests.factories import DepotFactory, ProductFactory, UserFactory
from tests.shop.claims.reporting import delivered, report
from tests.shop.orders.depot import lines_of, place, settle

pytestmark = pytest.mark.django_db
DAY_AFTER = timedelta(hours=30)


@pytest.fixture
def mine(zone, soap):
    return place(zone, {soap: 2}, email="moi@exemple.fr")


def orders(zone, *baskets, **how):
    return [place(zone, basket, email=f"autre{n}@exemple.fr", **how) for n, basket in enumerate(baskets)]


def came(*placed):
    """All handed over; their hour has passed."""
    found = [delivered(order) for order in placed]
    for order in found:
        order.slot.starts_at -= timedelta(hours=6)
        order.slot.ends_at -= timedelta(hours=6)
        order.slot.save()
    return [Order.objects.select_related("slot", "zone").get(pk=order.pk) for order in found]


def tell(order, words, product=None, units=1):
    claim = services.report_not_mine(
        order_reference=order.reference, key=uuid4(),
        received=services.Received(words, product.pk if product else None, units),
    )  # fmt: skip
    deliver_all()
    claim.refresh_from_db()
    return claim


def test_the_one_order_of_the_same_slot_that_lacks_it_is_repaired_unasked(zone, mine, comte):
    (other,) = orders(zone, {comte: 3})
    mine, other = came(mine, other)

    claim = tell(mine, "Comté", comte, units=2)

    repair = claim.repair
    assert (claim.state, claim.answer, claim.search) == ("answered", "kept", "repaired")
    assert (repair.order, repair.kind, repair.answer) == (other, "missing", "refund")
    assert Refund.objects.get().order == other and repair.refund.amount == Decimal("8.00")
    assert Outcome.objects.get(order_reference=other.reference).units_missing == 2
    assert Outcome.objects.get(order_reference=mine.reference).units_missing == 0
    settle()


def test_neither_household_reads_anything_of_the_other(zone, mine, comte):
    (other,) = orders(zone, {comte: 3})
    mine, other = came(mine, other)
    tell(mine, "Comté", comte)

    told = Message.objects.get(purpose="robbed_order_repaired")
    kept = Message.objects.get(purpose="claim_answered")

    assert told.recipient == "autre0@exemple.fr" and "remis à un autre foyer" in told.text
    assert mine.reference not in told.text and "moi@exemple.fr" not in told.text
    assert kept.recipient == "moi@exemple.fr" and other.reference not in kept.text


def test_told_again_the_order_is_repaired_once(zone, mine, comte):
    (other,) = orders(zone, {comte: 3})
    mine, other = came(mine, other)
    claim = tell(mine, "Comté", comte)

    assert services.find_robbed(claim_id=claim.pk) is None
    again = tell(mine, "Comté", comte)

    assert again.search == "staff" and queries.candidates(queries.told(again.pk)) == []
    assert Refund.objects.count() == 1


def test_with_two_candidates_staff_choose(zone, mine, comte):
    others = orders(zone, {comte: 3}, {comte: 4})
    mine, first, second = came(mine, *others)
    by = UserFactory(staff=True)

    claim = tell(mine, "Comté", comte)
    assert claim.search == "staff" and not Refund.objects.exists()
    found = queries.candidates(queries.told(claim.pk))
    assert {one.order for one in found} == {first, second} and all(one.is_near for one in found)
    services.repair(claim_id=claim.pk, line_id=lines_of(second)["Comté"].pk, by_id=by.pk)
    with pytest.raises(services.ClaimMoved):
        services.repair(claim_id=claim.pk, line_id=lines_of(first)["Comté"].pk, by_id=by.pk)

    assert Refund.objects.get().order == second


def test_a_whole_crate_or_what_is_dear_is_looked_at_first(zone, mine, comte, soap, apples):
    (other,) = orders(zone, {comte: 3, soap: 5, apples: 1000})
    mine, other = came(mine, other)

    dear = tell(mine, "Lessive", soap)
    for _n in range(2):
        tell(mine, "Un paquet")
    fourth = tell(mine, "Comté", comte)

    assert (dear.search, fourth.search) == ("staff", "staff") and not Refund.objects.exists()


def test_words_alone_leave_the_choice_to_staff(zone, mine, comte):
    (other,) = orders(zone, {comte: 3})
    mine, other = came(mine, other)

    claim = tell(mine, "du comte")

    assert claim.search == "staff" and not Refund.objects.exists()
    assert queries.candidates(queries.told(tell(mine, "COMTÉ").pk))[0].order == other


def test_another_slot_depot_or_day_is_not_repaired_by_itself(zone, mine, comte):
    (later,) = orders(zone, {comte: 3}, starts_in=timedelta(hours=4))
    mine, later = came(mine, later)
    Order.objects.filter(pk=later.pk).update(depot=DepotFactory(code="lyon", is_default=False))

    far = queries.candidates(queries.told(tell(mine, "Comté", comte).pk))
    Order.objects.filter(pk=later.pk).update(depot=mine.depot_id)
    near = queries.candidates(queries.told(tell(mine, "Comté", comte).pk))

    assert far == []
    # Midnight may lie between both slots.
    assert all(not one.is_near for one in near) and not Refund.objects.exists()


def test_what_was_reported_before_is_no_candidate(zone, mine, comte):
    (other,) = orders(zone, {comte: 3})
    mine, other = came(mine, other)
    report(other, {"Comté": 1})

    claim = tell(mine, "Comté", comte)

    assert claim.search == "staff" and Refund.objects.count() == 1
    with pytest.raises(services.NotACandidate):
        services.repair(claim_id=claim.pk, line_id=lines_of(other)["Comté"].pk, by_id=UserFactory().pk)
    services.give_up_search(claim_id=claim.pk, by_id=UserFactory().pk)
    assert Claim.objects.get(pk=claim.pk).search == "nobody"


def test_a_repair_counts_against_nobody(zone, mine, comte):
    (other,) = orders(zone, {comte: 3})
    mine, other = came(mine, other)
    tell(mine, "Comté", comte)

    since = other.delivered_at - timedelta(days=1)
    assert not queries.claims_by(other.customer_id, since).exists()
    assert not queries.claims_by(mine.customer_id, since).exists()


@pytest.mark.parametrize("words", ["", "   "])
def test_it_must_be_said_what_was_received(mine, words):
    (mine,) = came(mine)

    with pytest.raises(ValueError, match=r"^\s*$"):
        tell(mine, words)

    assert not Claim.objects.exists()


def test_a_product_is_known_by_its_code_or_its_whole_name(db):
    brie = ProductFactory(name="Brie de Meaux", sort_name="brie de meaux")
    for _n in range(2):
        ProductFactory(name="Brie de Melun", sort_name="brie de melun")

    assert queries.product_told(brie.ean) == queries.product_told("BRIE de Meaux") == brie
    for words in ("meaux", "meaux brie", "brie de Melun", "brie", "?", "zzz", "3017620422003"):
        assert queries.product_told(words) is None


@pytest.mark.parametrize("happened", ["reported", "under_way"])
def test_where_another_household_may_lack_it_too_nobody_is_repaired_unasked(zone, mine, comte, happened):
    others = orders(zone, {comte: 3}, {comte: 4})
    mine, first, second = came(mine, *others)
    if happened == "reported":
        report(second, {"Comté": 1})
    else:
        Order.objects.filter(pk=second.pk).update(status="packed", delivered_at=None)
        soon = Slot.objects.get(pk=second.slot_id).ends_at + timedelta(days=1)
        Slot.objects.filter(pk=second.slot_id).update(ends_at=soon)
    before = Refund.objects.count()

    claim = tell(mine, "Comté", comte)

    assert claim.search == "staff" and Refund.objects.count() == before
    assert [one.order for one in queries.candidates(queries.told(claim.pk))] == [first]


def test_the_nearest_are_shown_first_however_many_hold_it(zone, mine, comte, monkeypatch):
    monkeypatch.setattr(queries, "CANDIDATES_SHOWN", 2)
    (far,) = orders(zone, {comte: 3}, starts_in=timedelta(minutes=30))
    near = [place(zone, {comte: 2}, email=f"proche{n}@exemple.fr") for n in range(2)]
    mine, far, *near = came(mine, far, *near)

    found = queries.candidates(queries.told(tell(mine, "Comté", comte).pk))

    assert [one.order for one in found] == near and all(one.is_near for one in found)
