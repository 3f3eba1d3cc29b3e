"""What staff do with articles, rewards and presents, and what is refused."""

from datetime import timedelta
from decimal import Decimal
from html import unescape
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from config.staff import StaffGroup, seed_groups
from loyalty.rewards.forms import ItemForm, RewardForm
from loyalty.rewards.models import Item, Present, Reward
from loyalty.rewards.services import attach, settle
from tests.factories import CustomerFactory, ProductFactory
from tests.loyalty.points.earning import figures, programme, usable
from tests.loyalty.rewards.giving import goods, item, left, promised, redeem, reward, state
from tests.shop.orders.test_orders import member

pytestmark = pytest.mark.django_db
ITEM, REWARD = reverse("admin:rewards_item_add"), reverse("admin:rewards_reward_add")


@pytest.fixture
def manager(client):
    seed_groups()
    client.force_login(member(StaffGroup.MANAGER))
    return client


def posted(client, address, sent):
    return unescape(client.post(address, sent, follow=True).content.decode())


def refused(form):
    """What a form says, as one text."""
    assert not form.is_valid()
    return " ".join(message for messages in form.errors.values() for message in messages)


def an_item(**changes):
    inline = {"moves-TOTAL_FORMS": "0", "moves-INITIAL_FORMS": "0"}
    return (
        {"name": "Torchon", "kind": "goods", "cost": "3,20", "is_lawful": "on", "ean": ""} | inline | changes
    )


def a_reward(**changes):
    at = timezone.localtime() + timedelta(days=1)
    return {
        "kind": "voucher", "points": "100", "amount": "3,00", "starts_at_0": at.date().isoformat(), "starts_at_1": "08:00",
    } | changes  # fmt: skip


def test_an_article_is_written_with_its_shelf_where_it_is_a_sample(manager):
    tea = ProductFactory(name="Thé vert")

    posted(manager, ITEM, an_item())
    posted(manager, ITEM, an_item(name="Thé à goûter", kind="sample", ean=tea.ean))

    towel, sample = Item.objects.order_by("pk")
    assert (towel.kind, towel.cost, towel.stock) == ("goods", Decimal("3.20"), 0)
    assert (sample.product_ref, sample.shelf_ref) == (tea.pk, tea.shelf_id)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "Torchon offert"}, "La loi interdit de dire un aliment"),
        ({"name": "Torchon GRATUIT"}, "La loi interdit de dire un aliment"),
        ({"description": "Offert par la maison"}, "La loi interdit de dire un aliment"),
        ({"cost": "-3"}, "Saisissez un nombre"),
        ({"cost": ""}, "obligatoire"),
        ({"is_lawful": ""}, "La loi interdit d’offrir de l’alcool"),
        ({"ean": "3270190119357"}, "Aucun produit du catalogue"),
        ({"ean": "abc"}, "Aucun produit du catalogue"),
        ({"kind": "sample"}, "D’un échantillon, indiquez le produit"),
    ],
)
def test_an_article_that_cannot_be_is_refused_in_words(changes, words):
    assert words in refused(ItemForm(an_item(**changes)))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"is_first_age_milk": True}, "Lait 1er âge\u202f: la loi interdit d’offrir du lait premier âge"),
        ({"minimum_age": 18}, "Lait 1er âge\u202f: la loi interdit d’offrir de l’alcool"),
    ],
)
@pytest.mark.parametrize("kind", ["goods", "sample"])
def test_the_law_names_the_product(fields, words, kind):
    product = ProductFactory(name="Lait 1er âge", **fields)

    assert words in refused(ItemForm(an_item(kind=kind, ean=product.ean)))


def test_what_is_written_is_read_as_it_became(manager):
    towel, one = item(stock=3), reward(100)

    page = unescape(manager.get(reverse("admin:rewards_item_change", args=[towel.pk])).content.decode())
    assert "Code-barres" not in page and "2,00\u00a0€" in page and "reçus" in page
    page = unescape(manager.get(reverse("admin:rewards_reward_change", args=[one.pk])).content.decode())
    assert "Code-barres" not in page and "Bon de 3,00\u00a0€" in page and "100 points" in page


def test_stock_moves_once_for_a_form_with_a_reason(manager):
    towel = item(stock=3)
    address, key = reverse("admin:rewards_item_move", args=[towel.pk]), uuid4()

    for _twice in range(2):
        page = posted(manager, address, {"kind": "received", "units": "20", "key": key})

    assert left(towel) == 23 and "Le stock est à jour" in page


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"kind": "lost", "units": "-4"}, "Il n’en reste que 3"),
        ({"kind": "counted", "units": "0"}, "Zéro ne change rien"),
        ({"kind": "received", "units": "-1"}, "un nombre positif"),
        ({"kind": "lost", "units": "1"}, "un nombre négatif"),
        ({"kind": "promised", "units": "1"}, "Sélectionnez un choix valide"),
        ({"kind": "received", "units": "beaucoup"}, "nombre entier"),
        ({"kind": "received", "units": "9" * 30}, "100000"),
    ],
)
def test_a_move_that_cannot_be_is_refused(manager, sent, words):
    towel = item(stock=3)

    page = posted(manager, reverse("admin:rewards_item_move", args=[towel.pk]), {"key": uuid4()} | sent)

    assert words in page.replace("\u202f", "").replace("\xa0", "") or words in page
    assert left(towel) == 3


def test_an_article_that_is_withdrawn_is_offered_no_more_and_given_to_whom_it_was_promised(manager):
    owner = CustomerFactory().pk
    wanted = goods(100)
    present = promised(owner, item_id=wanted.item_id)

    page = posted(manager, reverse("admin:rewards_item_withdraw", args=[wanted.item_id]), {})

    assert "plus promis à personne" in page
    assert state(present) == ("waiting", "")


def test_a_reward_is_written_from_a_day_to_come_and_stopped(manager):
    programme()
    posted(manager, REWARD, a_reward())
    made = Reward.objects.get()
    assert (made.points, made.amount) == (100, Decimal("3.00"))

    page = posted(manager, reverse("admin:rewards_reward_stop", args=[made.pk]), {})

    assert "n’est plus proposée" in page and Reward.objects.get().stopped_at


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"points": "-100"}, "supérieure ou égale à 10"),
        ({"points": "0"}, "supérieure ou égale à 10"),
        ({"points": "1e9"}, "nombre entier"),
        ({"amount": "-3"}, "Saisissez un nombre"),
        ({"amount": ""}, "À remplir pour cette nature"),
        ({"amount": "3,01"}, "ne vaut pas davantage"),
        ({"kind": "deliveries"}, "À laisser vide pour cette nature"),
        ({"kind": "goods"}, "À remplir pour cette nature"),
        ({"starts_at_0": "2020-01-01"}, "ne vaut pas pour le passé"),
    ],
)
def test_a_reward_that_cannot_be_is_refused(changes, words):
    programme()
    typed = a_reward(**changes)
    typed["starts_at"] = f"{typed['starts_at_0']} {typed['starts_at_1']}"

    assert words in refused(RewardForm(typed))


def product_form(product, **changes):
    typed = a_reward(kind="product", ean=product.ean, **changes)
    typed["starts_at"] = f"{typed['starts_at_0']} {typed['starts_at_1']}"
    return RewardForm(typed)


def test_a_part_of_a_product_is_paid_in_points_the_rest_in_euros(manager):
    programme()
    cheese = ProductFactory(name="Comté", price=Decimal("20.00"))

    posted(manager, REWARD, a_reward(kind="product", ean=cheese.ean, points="200", amount="6,00"))

    made = Reward.objects.get()
    assert (made.product_ref, made.amount, str(made)) == (
        cheese.pk,
        Decimal("6.00"),
        "6,00\u00a0€ de moins sur Comté",
    )


@pytest.mark.parametrize(
    ("fields", "amount", "words"),
    [
        ({}, "6,81", "Comté\u202f: la loi et son prix d’achat laissent déduire 6,80\u00a0€ au plus"),
        ({"is_first_age_milk": True}, "1,00", "la loi interdit d’y attacher des points"),
        ({"minimum_age": 18}, "1,00", "la loi interdit d’y attacher des points"),
    ],
)
def test_the_law_caps_what_points_take_off_a_product(fields, amount, words):
    programme()
    cheese = ProductFactory(name="Comté", price=Decimal("20.00"), **fields)

    assert words in refused(product_form(cheese, points="300", amount=amount))
    assert product_form(ProductFactory(price=Decimal("20.00")), points="300", amount="6,80").is_valid()


def test_a_product_that_nobody_knows_is_no_reward():
    programme()

    assert "Aucun produit en vente" in refused(RewardForm(
        a_reward(kind="product", ean="3270190119357") | {"starts_at": "2030-01-01 08:00"}
    ))  # fmt: skip


def test_staff_call_a_reward_off_and_its_points_go_back(manager):
    programme()
    owner = CustomerFactory().pk
    usable(owner, 100)
    wanted = goods(100)
    present = redeem(owner, wanted).present
    address = reverse("admin:rewards_present_take_back", args=[present.pk])
    assert "ses points lui sont rendus" in unescape(manager.get(address).content.decode())

    for _twice in range(2):
        posted(manager, address, {})

    assert state(present) == ("cancelled", "") and figures(owner)[0] == 100 and left(wanted.item) == 3


def test_what_is_being_prepared_is_not_called_off(manager):
    present = promised()
    attach(customer_id=present.customer_id, order_reference="CB-1")
    settle(order_references=["CB-1"])

    page = posted(manager, reverse("admin:rewards_present_take_back", args=[present.pk]), {})

    assert "Trop tard" in page and Present.objects.get().state == "attached"


@pytest.mark.parametrize("group", [StaffGroup.CUSTOMER_SERVICE, StaffGroup.PICKING])
def test_others_write_nothing(client, group):
    seed_groups()
    client.force_login(member(group))
    towel, one, present = item(), reward(), promised()

    for address in (
        ITEM,
        REWARD,
        reverse("admin:rewards_item_move", args=[towel.pk]),
        reverse("admin:rewards_item_withdraw", args=[towel.pk]),
        reverse("admin:rewards_reward_stop", args=[one.pk]),
        reverse("admin:rewards_present_take_back", args=[present.pk]),
    ):
        assert client.post(address, {}).status_code == 403
    assert left(towel) == 3 and not Reward.objects.exclude(stopped_at=None).exists()
