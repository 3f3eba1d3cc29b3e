"""Points become an article, a voucher or deliveries, once; and points again as long as nothing is being prepared."""

from decimal import Decimal
from html import unescape
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from loyalty.points.models import PointEntry
from loyalty.points.rules import PointsShort
from loyalty.rewards import services
from loyalty.rewards.models import Present, Reward
from loyalty.rewards.rules import OutOfStock, RewardChanged, RewardGone, TooLate
from loyalty.vouchers import services as vouchers
from loyalty.vouchers.models import Voucher
from tests.factories import CustomerFactory, UserFactory
from tests.loyalty.points.earning import counts, figures, programme, usable
from tests.loyalty.rewards.giving import goods, left, redeem, reward

pytestmark = pytest.mark.django_db
PAGE, REDEEM = reverse("my_loyalty"), reverse("redeem_points")


@pytest.fixture
def me(client):
    programme()
    owner = CustomerFactory()
    client.force_login(owner.user)
    usable(owner.pk, 250)
    return owner.pk


def shown(client):
    return unescape(client.get(PAGE).content.decode())


def press(client, wanted=None, *, choice=None, key=None):
    sent = choice if wanted is None else f"{wanted.pk}-{wanted.points}"
    answer = client.post(REDEEM, {"choice": sent, "key": key or uuid4()}, follow=True)
    return unescape(answer.content.decode())


# --- the services -------------------------------------------------------------------------------------------------------


def test_points_become_a_voucher_of_their_owner_once_for_a_key(me):
    key = uuid4()
    wanted = reward(100, amount=Decimal("3.50"))

    for _twice in range(2):
        assert redeem(me, wanted, key).present is None

    voucher = Voucher.objects.get()
    assert (voucher.value, voucher.origin, voucher.owner_id) == (Decimal("3.50"), "loyalty", me)
    assert figures(me) == (150, 150, 0)


def test_points_and_euros_make_a_voucher_for_one_product(me):
    redeem(me, reward(200, kind="product", amount=Decimal(6), product_ref=41, product_name="Comté"))

    voucher = Voucher.objects.get()
    assert (voucher.value, voucher.product_ref, voucher.scope.products) == (Decimal(6), 41, {41})
    assert figures(me)[0] == 50


def test_points_become_deliveries(me):
    redeem(me, reward(200, kind="deliveries", deliveries=3))

    assert [one.kind for one in Voucher.objects.all()] == ["delivery"] * 3
    assert figures(me)[0] == 50


def test_points_become_an_article_that_waits_for_an_order(me):
    wanted = goods(100)
    key = uuid4()

    for _twice in range(2):
        done = redeem(me, wanted, key)

    assert (done.present.name, done.present.state, done.present.points) == (
        "Torchon en coton",
        "waiting",
        100,
    )
    assert left(wanted.item) == 2 and figures(me)[0] == 150


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        (lambda: reward(300), PointsShort),
        (lambda: goods(300), PointsShort),
        (lambda: goods(100, stock=0), RewardGone),
        (lambda: reward(100, stopped_at=timezone.now()), RewardGone),
        (lambda: reward(100, starts_at=timezone.now() + timezone.timedelta(days=1)), RewardGone),
    ],
)
def test_what_cannot_be_had_costs_nothing(me, wanted, error):
    one = wanted()

    with pytest.raises(error):
        redeem(me, one)

    assert figures(me) == (250, 250, 0)
    assert not Voucher.objects.exists() and not Present.objects.exists()
    if one.item:
        left(one.item)


def test_a_price_that_moved_is_told_before_anything_is_spent(me):
    wanted = reward(100)
    Reward.objects.update(points=120)

    with pytest.raises(RewardChanged) as changed:
        redeem(me, wanted, points=100)

    assert changed.value.points == 120 and figures(me)[0] == 250


def test_the_last_one_is_gone_with_its_promise(me):
    wanted = goods(100, stock=1)
    redeem(me, wanted)

    with pytest.raises((OutOfStock, RewardGone)):
        redeem(me, wanted)

    assert figures(me)[0] == 150


def test_an_article_that_waits_becomes_points_again_once(me):
    wanted = goods(100)
    present = redeem(me, wanted).present

    for _twice in range(2):
        services.cancel(customer_id=me, present_id=present.pk)

    assert figures(me) == (250, 250, 0) and left(wanted.item) == 3


def test_what_is_prepared_packed_or_handed_over_is_exchanged_back_no_more(me):
    present = redeem(me, goods(100)).present
    services.attach(customer_id=me, order_reference="CB-1")
    services.settle(order_references=["CB-1"])

    for step in (
        lambda: None,
        lambda: services.pack(order_reference="CB-1", packed=[present.pk], missed=[], by_id=None),
        lambda: services.hand_over(order_reference="CB-1"),
    ):
        step()
        with pytest.raises(TooLate):
            services.cancel(customer_id=me, present_id=present.pk)

    assert figures(me)[0] == 150


def test_nobody_takes_the_points_of_another_or_of_a_gift(me):
    present = redeem(me, goods(100)).present
    gift = services.promise(customer_id=me, kind="gift", name="Miel", source="due-1")

    for owner, one in ((CustomerFactory().pk, present), (me, gift)):
        with pytest.raises(Present.DoesNotExist):
            services.cancel(customer_id=owner, present_id=one.pk)

    assert figures(me)[0] == 150


def test_a_voucher_that_staff_take_back_gives_its_points_back(me):
    redeem(me, reward(100))

    vouchers.cancel(voucher_id=Voucher.objects.get().pk, reason="asked", by_id=None)

    assert figures(me) == (250, 250, 0)


def test_a_delivery_of_several_that_staff_take_back_gives_its_own_points_back(me):
    redeem(me, reward(200, kind="deliveries", deliveries=3))
    first = Voucher.objects.earliest("pk")

    vouchers.cancel(voucher_id=first.pk, reason="asked", by_id=None)

    assert figures(me)[0] == 50 + 67
    assert sorted(Voucher.objects.values_list("source", flat=True))[0].startswith("exchange-")


def test_two_rewards_of_one_page_are_both_had(me):
    key = uuid4()
    first, second = reward(100), reward(150, amount=Decimal(4))

    redeem(me, first, key)
    redeem(me, second, key)

    assert figures(me)[0] == 0 and Voucher.objects.count() == 2


# --- the page -----------------------------------------------------------------------------------------------------------


def test_the_page_offers_what_is_within_reach_and_tells_how_far_the_next_is(client, me):
    reward(100)
    reward(300, amount=Decimal(9))
    reward(1000, amount=Decimal(30))

    page = shown(client)

    assert page.count('name="choice"') == 1 and "contre Bon de 3,00\u00a0€" in page
    assert "Encore 50 points" in page and page.count("Encore 50") == 1
    assert "1\u202f000 points" in page


def test_pressed_twice_a_reward_is_had_once_and_stands_on_the_page(client, me):
    wanted, key = goods(100), uuid4()

    for _twice in range(2):
        page = press(client, wanted, key=key)
        assert "C’est noté\u202f: Torchon en coton part avec votre prochaine livraison." in page

    assert figures(me)[0] == 150
    assert "Reprendre mes 100 points" in page and "Échangés contre une récompense" in page


def test_a_voucher_is_found_among_ones_own(client, me):
    page = press(client, reward(100))

    assert "Bon de 3,00\u00a0€\u202f: c’est dans vos bons" in page and "−100" in page


def test_a_refusal_tells_why(client, me):
    dear, dearer = reward(300), reward(100)
    counts(me, "CB-9", 15_000)

    assert "Vous avez 250 points à dépenser\u202f: cette récompense en demande 300." in press(client, dear)
    Reward.objects.filter(pk=dearer.pk).update(points=120)
    assert "Cette récompense demande maintenant 120 points." in press(client, dearer)
    Reward.objects.filter(pk=dearer.pk).update(stopped_at=timezone.now())
    assert "n’est plus proposée" in press(client, choice=f"{dearer.pk}-120")

    assert figures(me)[1] == 250


@pytest.mark.parametrize(
    "choice", ["", "1", "-1-100", "1--100", "1-100-3", "a-b", "99999999999999-1", "1-0", "1.5-3", "1-100\n"]
)
def test_what_no_button_says_is_refused(client, me, choice):
    reward(100)

    page = press(client, choice=choice)

    assert "Nous n’avons pas compris" in page or "n’est plus proposée" in page
    assert not PointEntry.objects.filter(kind="spent").exists()


@pytest.mark.parametrize("key", ["abc", "1", ""])
def test_a_form_without_its_key_changes_nothing(client, me, key):
    wanted = reward(100)

    answer = client.post(REDEEM, {"choice": f"{wanted.pk}-100", "key": key}, follow=True)

    assert "Nous n’avons pas compris" in unescape(answer.content.decode())
    assert figures(me)[0] == 250


def test_points_are_taken_back_from_the_page(client, me):
    present = redeem(me, goods(100)).present
    address = reverse("cancel_reward", args=[present.pk])

    page = unescape(client.post(address, follow=True).content.decode())
    assert "C’est annulé\u202f: 100 points vous sont rendus." in page and figures(me)[0] == 250

    client.force_login(UserFactory())
    assert "Nous ne retrouvons pas" in unescape(client.post(address, follow=True).content.decode())
    assert client.get(address).status_code == 405
