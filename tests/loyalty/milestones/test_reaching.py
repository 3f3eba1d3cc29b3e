"""What an order reaches is given once, with it or the next that is handed over; what the next one reaches is told ahead."""

from datetime import date

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from config.facts import deliver_all
from crm.outbox.models import Message
from loyalty.milestones import services
from loyalty.milestones.models import Due, Milestone, SampleDraw
from loyalty.milestones.rules import Sample, is_held_out, sample_for, years_between
from loyalty.rewards import services as rewards
from loyalty.rewards.models import Present
from tests.factories import CustomerFactory
from tests.loyalty.milestones.reaching import DAY, delivered, milestone, placed, welcome
from tests.loyalty.rewards.giving import item, left, sample

pytestmark = pytest.mark.django_db


@pytest.fixture
def me():
    return CustomerFactory().pk


def letters():
    """Customers told that a gift waits."""
    deliver_all()
    return list(Message.objects.filter(purpose="gift_announced").values_list("customer_id", flat=True))


def presents(customer_id):
    found = Present.objects.filter(customer=customer_id).order_by("pk")
    return [(one.kind, one.name, one.state, one.order_reference) for one in found]


def test_a_first_order_brings_the_whole_welcome(me):
    welcome(item("Tablier"), item("Bloc de recettes"))

    for _twice in range(2):
        placed(me, 1)

    assert presents(me) == [
        ("welcome", "Lettre et fiches de bienvenue", "attached", "CB-1"),
        ("welcome", "Tablier", "attached", "CB-1"),
        ("welcome", "Bloc de recettes", "attached", "CB-1"),
    ]


def test_what_is_out_of_stock_is_left_out_of_it(me):
    welcome(item("Tablier", stock=0), item("Bloc de recettes"))

    placed(me, 1)

    assert [name for _kind, name, _state, _order in presents(me)] == [
        "Lettre et fiches de bienvenue", "Bloc de recettes",
    ]  # fmt: skip


def test_whoever_is_known_under_the_same_address_is_not_welcomed_twice(me):
    welcome(item())

    placed(me, 1, is_known=True)

    assert presents(me) == []


def test_a_second_order_has_its_own_attention(me):
    milestone(2, item("Carte écrite à la main"), kind="attention", name="Merci")

    placed(me, 2)

    assert presents(me) == [("attention", "Carte écrite à la main", "attached", "CB-2")]


def test_a_gift_is_announced_one_order_ahead_and_goes_with_it(me):
    milestone(5, item())
    placed(me, 4)

    for _twice in range(2):
        delivered(me, 4)

    assert presents(me) == [("gift", "Votre 5e commande", "waiting", "")]
    assert letters() == [me]

    placed(me, 5)
    assert presents(me) == [("gift", "Votre 5e commande", "attached", "CB-5")]
    assert Due.objects.get().reached_at


def test_a_gift_that_nobody_could_announce_is_due_all_the_same(me):
    milestone(5, item())

    placed(me, 5)

    assert presents(me) == [("gift", "Votre 5e commande", "attached", "CB-5")]
    assert letters() == []


def test_whatever_is_cancelled_a_gift_is_given_once(me):
    honey = item()
    milestone(5, honey)
    delivered(me, 4)
    placed(me, 5, reference="CB-A")
    services.note_fell_through(order_reference="CB-A")
    placed(me, 5, reference="CB-B")
    services.settle(order_references=["CB-B"])
    rewards.pack(order_reference="CB-B", packed=[Present.objects.get().pk], missed=[], by_id=None)
    delivered(me, 5, reference="CB-B")
    placed(me, 5, reference="CB-C")

    assert presents(me) == [("gift", honey.name, "given", "CB-B")]
    assert left(honey) == 2


def test_facts_that_come_late_give_the_same(me):
    milestone(5, item())
    services.note_fell_through(order_reference="CB-5")
    delivered(me, 4)
    placed(me, 4, takes_along=False)
    placed(me, 5, takes_along=False)
    placed(me, 5)

    assert presents(me) == [("gift", "Votre 5e commande", "attached", "CB-5")]


@pytest.mark.parametrize(("spent", "told"), [("999.99", 0), ("1000", 1), ("5000", 1)])
def test_a_years_spending_is_thanked_once_a_year(me, spent, told):
    milestone(1000, item(), trigger="year_spend", name="1 000 € de courses")

    delivered(me, 3, spent=spent)
    delivered(me, 4, spent=spent)

    assert len(presents(me)) == len(letters()) == told
    delivered(me, 9, spent=spent, year=timezone.localdate().year + 1)
    assert len(presents(me)) == 2 * told


def test_an_anniversary_is_celebrated_once(me):
    milestone(1, item(), trigger="anniversary", name="Un an ensemble")

    for _twice in range(2):
        services.celebrate(customer_id=me, years=1)
    services.celebrate(customer_id=me, years=2)

    assert presents(me) == [("gift", "Un an ensemble", "waiting", "")]


def test_what_a_guest_was_given_is_not_given_to_the_customer_they_became(me):
    welcome(item())
    guest = CustomerFactory()
    placed(guest.pk, 1)
    guest.merged_into_id = me
    guest.save()

    placed(me, 1, reference="CB-9")

    assert presents(me) == []


@pytest.mark.parametrize(("rank", "given"), [(5, 1), (6, 1), (7, 1), (8, 0), (4, 0)])
def test_a_gift_that_ranks_jumped_over_is_caught_up_with(me, rank, given):
    milestone(5, item())

    placed(me, rank)

    assert len(presents(me)) == given


def test_a_gift_to_come_does_not_go_with_an_order_that_is_open_before_it(me):
    milestone(5, item())
    placed(me, 4)
    delivered(me, 4)
    placed(me, 4)

    assert presents(me)[0][2:] == ("waiting", "")
    placed(me, 5)
    assert presents(me)[0][2:] == ("attached", "CB-5")


def test_guests_who_turn_out_to_be_one_have_one_gift_for_one_occasion(me):
    milestone(1, item(), trigger="anniversary", name="Un an ensemble")
    welcome(item("Tablier"))
    guests = [CustomerFactory(user=None) for _n in range(3)]
    for n, guest in enumerate(guests):
        services.celebrate(customer_id=guest.pk, years=1)
        placed(guest.pk, 1, reference=f"CB-G{n}", takes_along=False)
        guest.merged_into_id = me
        guest.save()

    for _twice in range(2):
        services.gather(customer_id=me, guest_ids=[guest.pk for guest in guests])

    open_ones = Present.objects.exclude(state="cancelled").values_list("name", flat=True)
    assert sorted(open_ones) == ["Lettre et fiches de bienvenue", "Tablier", "Un an ensemble"]


def test_a_guest_of_a_known_address_gets_nothing_to_try_again(me):
    sample("Thé vert", shelf=7)

    placed(me, 1, is_known=True)

    assert presents(me) == [] and not SampleDraw.objects.exists()


def test_settling_keeps_what_was_chosen_meanwhile_and_passes_what_was_called_off(me):
    honey, towel = item("Miel"), item("Torchon")
    milestone(5, honey, towel)
    other = CustomerFactory().pk
    placed(me, 5)
    placed(other, 5, reference="CB-O")
    mine, theirs = Present.objects.order_by("pk")
    services.choose(customer_ids=[me], present_id=mine.pk, item_id=towel.pk)
    rewards.take_back(present_id=theirs.pk)

    services.settle(order_references=["CB-5", "CB-O"])

    assert presents(me)[0][1] == "Torchon" and presents(other)[0][2] == "cancelled"


# --- milestones are written once ----------------------------------------------------------------------------------------


def test_a_milestone_that_is_replaced_keeps_its_word_to_those_who_were_told(me):
    old_gift, new_gift = item("Miel"), item("Confiture")
    old = milestone(5, old_gift)
    delivered(me, 4)
    other = CustomerFactory().pk

    services.replace(
        milestone_id=old.pk,
        terms=services.Terms("Votre 6e commande", "gift", "orders", 6, timezone.now(), [new_gift.pk]),
        by_id=None,
    )
    placed(me, 5)
    placed(other, 5, reference="CB-O5")
    services.settle(order_references=["CB-5"])
    placed(me, 6)
    placed(other, 6, reference="CB-O6")

    assert presents(me) == [("gift", "Miel", "attached", "CB-5")]
    assert presents(other) == [("gift", "Votre 6e commande", "attached", "CB-O6")]


def test_a_milestone_is_replaced_once(me):
    old = milestone(5, item())
    terms = services.Terms("Votre 6e commande", "gift", "orders", 6, timezone.now(), [])
    services.replace(milestone_id=old.pk, terms=terms, by_id=None)

    with pytest.raises(services.AlreadyReplaced):
        services.replace(milestone_id=old.pk, terms=terms, by_id=None)

    assert Milestone.objects.count() == 2


def test_a_stopped_milestone_gives_what_it_announced_and_nothing_more(me):
    one = milestone(5, item())
    delivered(me, 4)

    services.replace(
        milestone_id=one.pk,
        terms=services.Terms("Votre 6e commande", "gift", "orders", 600, timezone.now() + DAY, []),
        by_id=None,
    )
    assert services.stop(milestone_id=one.pk) and not services.stop(milestone_id=one.pk)
    placed(me, 5)
    placed(CustomerFactory().pk, 5, reference="CB-O")

    assert Present.objects.count() == 1


@pytest.mark.parametrize("change", [{"threshold": 6}, {"name": "Autre"}, {"kind": "attention"}])
def test_terms_are_not_typed_over(change):
    one = milestone(5, item())

    with pytest.raises(DatabaseError), transaction.atomic():
        Milestone.objects.filter(pk=one.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        one.delete()


def test_one_that_begins_later_gives_nothing_yet(me):
    milestone(5, item(), starts_at=timezone.now() + DAY)

    placed(me, 5)

    assert presents(me) == []


# --- samples ------------------------------------------------------------------------------------------------------------


def test_a_sample_is_of_a_shelf_never_bought_from(me):
    tea = sample("Thé vert", shelf=7)
    sample("Café", shelf=8, stock=9)

    placed(me, 1, bought={8, 1})

    assert presents(me) == [("sample", "Thé vert", "attached", "CB-1")]
    assert left(tea) == 2


def test_samples_are_rare_and_never_the_same_twice(me):
    sample("Thé vert", shelf=7)
    now = timezone.now()
    placed(me, 1)
    placed(me, 2, now=now + 29 * DAY)
    placed(me, 3, now=now + 31 * DAY)

    assert len(presents(me)) == 1


def test_one_in_five_of_later_orders_is_held_out_and_counted(me):
    tea = sample(stock=500)
    owners = [CustomerFactory().pk for _n in range(60)]

    for owner in owners:
        placed(owner, 2, reference=f"CB-{owner}")

    held = SampleDraw.objects.filter(is_held_out=True).count()
    assert held == sum(is_held_out(owner, tea.pk) for owner in owners) and 3 <= held <= 24
    assert Present.objects.count() == 60 - held and SampleDraw.objects.count() == 60


@given(
    stocks=st.lists(
        st.tuples(st.integers(1, 9), st.integers(1, 4), st.integers(0, 3)),
        max_size=9,
        unique_by=lambda one: one[0],
    ),
    bought=st.sets(st.integers(1, 4)),
    tried=st.sets(st.integers(1, 9)),
)
def test_a_sample_is_never_of_a_known_shelf_nor_out_of_stock(stocks, bought, tried):
    samples = [Sample(*one) for one in stocks]

    chosen = sample_for(samples, bought=bought, tried=tried)

    fit = [one for one in samples if one.stock and one.shelf_ref not in bought and one.item_id not in tried]
    assert (chosen is None) == (not fit)
    if chosen is not None:
        assert chosen in fit and chosen.stock == max(one.stock for one in fit)


@pytest.mark.parametrize(
    ("first", "day", "years"),
    [
        (date(2024, 11, 30), date(2026, 11, 30), 2),
        (date(2024, 11, 30), date(2026, 11, 29), None),
        (date(2026, 11, 30), date(2026, 11, 30), None),
        (date(2024, 2, 29), date(2025, 3, 1), 1),
        (date(2024, 2, 29), date(2025, 2, 28), None),
        (date(2024, 2, 29), date(2028, 2, 29), 4),
        (date(2024, 2, 29), date(2028, 3, 1), None),
    ],
)
def test_anniversaries_fall_on_their_day(first, day, years):
    assert years_between(first, day) == years


def test_held_out_is_one_in_five():
    held = sum(is_held_out(customer, 3) for customer in range(5000))

    assert abs(held - 1000) < 100
