"""The last article is promised once, a present goes with one order and is due once, points become one thing for one press."""

from uuid import UUID

import pytest
from django.utils import timezone

from config.facts import deliver_all
from crm.outbox.models import Message
from loyalty.milestones import services as milestones
from loyalty.milestones.models import Due
from loyalty.milestones.services import reaching
from loyalty.points import services as point_services
from loyalty.points.models import PointEntry
from loyalty.points.queries import wrong_accounts
from loyalty.points.rules import PointsShort
from loyalty.rewards import services
from loyalty.rewards.models import Item, ItemMove, Present
from loyalty.rewards.queries import wrong_items
from loyalty.rewards.rules import OutOfStock, RewardGone, TooLate
from loyalty.rewards.services import presents, redeeming
from loyalty.vouchers.models import Voucher
from tests.concurrency.racing import together
from tests.factories import CustomerFactory
from tests.loyalty.milestones.reaching import delivered, milestone, placed
from tests.loyalty.points.earning import counts, figures, programme, usable
from tests.loyalty.rewards.giving import goods, item, promised, redeem, reward

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]


def customers(number):
    return [CustomerFactory().pk for _n in range(number)]


def take_without_condition(item_id, source):
    """Reads, then writes: what the conditional UPDATE is there against."""
    stock = Item.objects.get(pk=item_id).stock
    if not stock:
        raise OutOfStock(item_id)
    Item.objects.filter(pk=item_id).update(stock=stock - 1)
    ItemMove.objects.create(item_id=item_id, kind="promised", units=-1, source=source)


def test_the_last_five_are_promised_five_times():
    towel, owners = item(stock=5), customers(20)

    answers = together(20, lambda n: promised(owners[n], f"due-{n}", item_id=towel.pk))

    assert sum(isinstance(one, Present) for one in answers) == 5
    assert sum(isinstance(one, OutOfStock) for one in answers) == 15
    assert Item.objects.get().stock == 0 and wrong_items() == []


def test_control_without_the_condition_more_are_promised(monkeypatch):
    monkeypatch.setattr(presents, "take_one", take_without_condition)
    towel, owners = item(stock=5), customers(20)

    answers = together(20, lambda n: promised(owners[n], f"due-{n}", item_id=towel.pk))

    assert sum(isinstance(one, Present) for one in answers) > 5
    assert wrong_items()


def test_a_reward_pressed_many_times_at_once_is_had_once():
    programme()
    owner = CustomerFactory().pk
    usable(owner, 300)
    things = [goods(100, stock=9), reward(100)]

    for number, wanted in enumerate(things):
        key = UUID(int=number)
        together(12, lambda _n, wanted=wanted, key=key: redeem(owner, wanted, key))

    assert figures(owner)[0] == 100
    assert Present.objects.count() == Voucher.objects.count() == 1 and wrong_items() == []


def test_many_rewards_at_once_cost_what_there_is():
    programme()
    owner = CustomerFactory().pk
    usable(owner, 250)
    wanted = goods(100, stock=50)

    answers = together(20, lambda _n: redeem(owner, wanted))

    assert sum(isinstance(one, PointsShort) for one in answers) == 18
    assert Present.objects.count() == 2 and figures(owner)[0] == 50
    assert Item.objects.get().stock == 48 and wrong_items() == []


def test_the_last_article_for_points_costs_one_customer_their_points():
    programme()
    owners = customers(12)
    for number, owner in enumerate(owners):
        usable(owner, 100, reference=f"CB-{number}")
    wanted = goods(100, stock=1)

    answers = together(12, lambda n: redeem(owners[n], wanted))

    assert sum(isinstance(one, (OutOfStock, RewardGone)) for one in answers) == 11
    assert sorted(figures(owner)[0] for owner in owners) == [0] + [100] * 11


def test_a_present_taken_back_as_it_is_packed_is_one_of_both():
    programme()
    for number in range(8):
        owner = CustomerFactory().pk
        usable(owner, 100, reference=f"CB-{number}")
        present = redeem(owner, goods(100, name=f"Miel {number}")).present
        order = f"CB-P{number}"
        services.attach(customer_id=owner, order_reference=order)
        jobs = [
            lambda owner=owner, present=present: services.cancel(customer_id=owner, present_id=present.pk),
            lambda order=order, present=present: services.pack(
                order_reference=order, packed=[present.pk], missed=[], by_id=None
            ),
        ]
        answers = together(2, lambda n, jobs=jobs: jobs[n]())

        state = Present.objects.get(pk=present.pk).state
        balance = figures(owner)[0]
        assert (state, balance) in {("cancelled", 100), ("packed", 0)}
        assert isinstance(answers[0], TooLate) == (state == "packed")
    assert wrong_items() == []


def test_control_without_the_lock_points_come_back_for_what_is_in_the_crate(monkeypatch):
    """Reads the present, then writes it: what it said meanwhile is lost."""
    programme()
    owner = CustomerFactory().pk
    usable(owner, 100)
    present = redeem(owner, goods(100)).present
    services.attach(customer_id=owner, order_reference="CB-P")

    def take_back_unlocked(*, present_id):
        read = Present.objects.get(pk=present_id)
        services.pack(order_reference="CB-P", packed=[present_id], missed=[], by_id=None)
        assert read.is_open
        return read

    monkeypatch.setattr(redeeming, "take_back", take_back_unlocked)
    services.cancel(customer_id=owner, present_id=present.pk)

    assert Present.objects.get().state == "packed" and figures(owner)[0] == 100


def test_an_order_told_by_many_workers_reaches_its_milestone_once():
    owner, honey = CustomerFactory().pk, item(stock=9)
    milestone(1, honey, kind="attention", name="Merci")

    answers = together(10, lambda _n: placed(owner, 1))

    assert not [one for one in answers if isinstance(one, Exception)]
    assert Due.objects.count() == Present.objects.count() == 1 and Item.objects.get().stock == 8


def test_control_without_the_rows_key_it_is_given_again_and_again(monkeypatch):
    owner, honey = CustomerFactory().pk, item(stock=9)
    one = milestone(1, honey, kind="attention", name="Merci")
    told = iter(range(100))

    def give(_n):
        if not Present.objects.filter(customer=owner).exists():
            promised(owner, f"unkeyed-{next(told)}", kind="attention", item_id=honey.pk)

    together(10, give)

    assert Present.objects.count() > 1 and one.dues.count() == 0


def test_two_orders_at_once_take_a_waiting_gift_along_once():
    owner = CustomerFactory().pk
    milestone(5, item())
    delivered(owner, 4)

    together(2, lambda n: placed(owner, 5, reference=f"CB-{n}"))

    present = Present.objects.get()
    assert present.state == "attached" and present.events.filter(kind="attached").count() == 1


def test_a_gift_chosen_from_two_phones_takes_one_article():
    owner, gifts = CustomerFactory().pk, [item(f"Miel {n}", stock=5) for n in range(4)]
    milestone(5, *gifts)
    delivered(owner, 4)
    present = Present.objects.get()

    together(
        8, lambda n: milestones.choose(customer_ids=[owner], present_id=present.pk, item_id=gifts[n % 4].pk)
    )

    assert sum(one.stock for one in Item.objects.all()) == 19
    assert wrong_items() == [] and wrong_accounts() == []


def test_two_who_swap_gifts_wait_for_each_other_in_no_circle():
    gifts = [item(f"Miel {n}", stock=9) for n in range(2)]
    milestone(5, *gifts)
    owners = customers(2)
    for owner in owners:
        delivered(owner, 4, reference=f"CB-{owner}")
    mine = [Present.objects.get(customer=owner) for owner in owners]

    for turn in range(8):
        answers = together(
            2,
            lambda n, turn=turn: milestones.choose(
                customer_ids=[owners[n]], present_id=mine[n].pk, item_id=gifts[(n + turn) % 2].pk
            ),
        )
        assert not [one for one in answers if isinstance(one, Exception)]

    assert wrong_items() == []


# --- a crash between what happens and what is told -----------------------------------------------------------------------


class Crash(Exception):
    """The process dies here."""


def test_a_crash_as_a_gift_is_told_loses_neither_gift_nor_letter(monkeypatch):
    owner = CustomerFactory().pk
    milestone(5, item())

    def die(_fact):
        raise Crash

    with monkeypatch.context() as dying:
        dying.setattr(reaching, "publish", die)
        with pytest.raises(Crash):
            delivered(owner, 4)
    assert not Due.objects.exists() and not Present.objects.exists()

    delivered(owner, 4)
    deliver_all()
    assert Message.objects.filter(purpose="gift_announced", customer_id=owner).count() == 1


def test_control_told_after_its_own_transaction_a_gift_is_never_told():
    """The row is committed, then the process dies: whoever comes again finds it there and tells nobody."""
    owner = CustomerFactory().pk
    one = milestone(5, item())
    Due.objects.create(milestone=one, line=one, customer_id=owner, announced_at=timezone.now())

    delivered(owner, 4)
    deliver_all()

    assert not Message.objects.filter(purpose="gift_announced").exists()


def test_a_crash_as_points_are_counted_counts_them_the_next_time(monkeypatch):
    programme()
    owner = CustomerFactory().pk

    def die(*_args, **_kwargs):
        raise Crash

    with monkeypatch.context() as dying:
        dying.setattr(point_services, "_credit", die)
        with pytest.raises(Crash):
            counts(owner, "CB-1", 15_000)
    assert not PointEntry.objects.exists() and wrong_accounts() == []

    for _twice in range(2):
        counts(owner, "CB-1", 15_000)
    assert figures(owner)[0] == 100
