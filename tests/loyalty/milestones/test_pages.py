"""A gift is chosen by its owner until it is being prepared; milestones are written by staff from a day to come on."""

from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from config.staff import StaffGroup, seed_groups
from loyalty.milestones import services
from loyalty.milestones.models import Due, Milestone
from loyalty.rewards.models import Present
from tests.factories import CustomerFactory, UserFactory
from tests.loyalty.milestones.reaching import delivered, milestone, placed, welcome
from tests.loyalty.points.earning import programme
from tests.loyalty.rewards.giving import item, left, promised
from tests.shop.orders.test_orders import member

pytestmark = pytest.mark.django_db
PAGE, WRITE = reverse("my_loyalty"), reverse("admin:milestones_write")


@pytest.fixture
def me(client):
    programme()
    owner = CustomerFactory()
    client.force_login(owner.user)
    return owner.pk


def shown(client):
    return unescape(client.get(PAGE).content.decode())


def choose(client, present, one):
    sent = {"item": one if isinstance(one, str) else one.pk}
    return unescape(
        client.post(reverse("choose_gift", args=[present.pk]), sent, follow=True).content.decode()
    )


def test_whoever_is_new_reads_how_far_the_first_gift_is(client, me):
    milestone(5, item())

    page = shown(client)

    assert "Encore 4 commandes, puis un cadeau avec la suivante\u202f: Votre 5e commande." in page


def test_a_gift_that_was_given_is_promised_no_more(client, me):
    milestone(5, item("Miel"))
    milestone(10, item("Torchon"), name="Votre 10e commande")
    placed(me, 1, reference="CB-A")
    Due.objects.create(milestone=Milestone.objects.first(), line=Milestone.objects.first(), customer_id=me)

    page = shown(client)

    assert "Votre 5e commande" not in page and "Votre 10e commande" in page


def test_a_gift_is_chosen_and_chosen_again_until_it_is_prepared(client, me):
    honey, towel = item("Miel", stock=1), item("Torchon", stock=1)
    milestone(5, honey, towel)
    delivered(me, 4)
    present = Present.objects.get()
    assert "Choisissez-le\u202f: il part avec votre prochaine commande." in shown(client)

    assert "C’est noté\u202f: Miel." in choose(client, present, honey)
    assert "C’est noté\u202f: Torchon." in choose(client, present, towel)
    placed(me, 5)
    assert "Vous avez choisi Torchon, avec votre commande CB-5." in shown(client)
    services.settle(order_references=["CB-5"])

    assert "Votre commande est en préparation" in choose(client, present, honey)
    assert (left(honey), left(towel)) == (1, 0)


def test_what_cannot_be_chosen_is_refused_in_words(client, me):
    honey, other = item("Miel", stock=0), item("Autre")
    milestone(5, honey)
    delivered(me, 4)
    present = Present.objects.get()

    assert "Le dernier vient de partir" in choose(client, present, honey)
    for wrong in (other, "-1", "", "miel", "9" * 12):
        assert "Choisissez un des cadeaux." in choose(client, present, wrong)
    assert "épuisé" in shown(client)
    assert Present.objects.get().item is None and left(other) == 3


def test_nobody_chooses_for_another(client, me):
    honey = item("Miel")
    milestone(5, honey)
    delivered(me, 4)
    client.force_login(UserFactory())

    assert "Choisissez un des cadeaux." in choose(client, Present.objects.get(), honey)

    assert Present.objects.get().item is None


def test_more_presents_and_choices_cost_no_more_queries(client, me):
    gifts = [item(f"Miel {n}", stock=9) for n in range(3)]
    milestone(5, *gifts)
    delivered(me, 4)
    promised(me, "due-x", item_id=gifts[0].pk)
    client.get(PAGE)
    with CaptureQueriesContext(connection) as few:
        client.get(PAGE)
    for n in range(4):
        milestone(n + 1, *gifts, trigger="anniversary", name=f"{n + 1} ans")
        services.celebrate(customer_id=me, years=n + 1)
        promised(me, f"due-y{n}", item_id=gifts[1].pk)
    with CaptureQueriesContext(connection) as many:
        assert shown(client).count("<fieldset") == 5

    assert len(many) == len(few)


# --- staff --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def marketer(client):
    seed_groups()
    client.force_login(member(StaffGroup.MARKETING))
    return client


def written(client, address=WRITE, **changes):
    at = timezone.localtime() + timedelta(days=3)
    sent = {
        "name": "Votre 5e commande", "kind": "gift", "trigger": "orders", "threshold": "5",
        "starts_at_0": at.date().isoformat(), "starts_at_1": "08:00", "lasts_days": "60",
    }  # fmt: skip
    return unescape(client.post(address, sent | changes, follow=True).content.decode())


def test_a_marketer_writes_a_gift_and_a_welcome(marketer):
    towel, honey = item(), item("Miel")

    assert "L’étape est écrite" in written(marketer, items=[towel.pk, honey.pk])
    assert "L’étape est écrite" in written(
        marketer, name="Bienvenue", kind="welcome", threshold="1", items=[towel.pk], has_letter="on",
        offers_delivery="on", voucher_value="5,00", minimum_goods="50",
    )  # fmt: skip

    gift, hello = Milestone.objects.order_by("pk")
    assert gift.written_by.email and gift.parts.count() == 2 and not gift.vouchers.exists()
    assert [(one.kind, one.minimum_goods) for one in hello.vouchers.all()] == [
        ("delivery", 50),
        ("amount", 50),
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"starts_at_0": "2020-01-01"}, "ne vaut pas pour le passé"),
        ({"starts_at_0": "demain"}, "date"),
        ({"threshold": "-5"}, "supérieure ou égale à 1"),
        ({"threshold": "0"}, "supérieure ou égale à 1"),
        ({"items": []}, "indiquez au moins un article"),
        ({"items": ["999"]}, "choix valide"),
        ({"kind": "welcome", "trigger": "year_spend"}, "va avec le rang d’une commande"),
        ({"kind": "attention", "items": []}, "Indiquez ce qui est donné"),
        ({"has_letter": "on"}, "Seule la bienvenue a une lettre"),
        ({"kind": "welcome", "voucher_value": "5"}, "il en faut une"),
        ({"kind": "welcome", "has_letter": "on", "voucher_value": "-5"}, "Saisissez un nombre"),
        ({"name": "Miel offert"}, "La loi interdit"),
    ],
)
def test_a_milestone_that_cannot_be_is_refused(marketer, changes, words):
    towel = item()

    assert words in written(marketer, **({"items": [towel.pk]} | changes))
    assert not Milestone.objects.exists()


def test_whoever_writes_says_what_goes_to_who_does_not_choose(marketer):
    towel, honey = item(), item("Miel")

    written(marketer, items=[honey.pk, towel.pk], first=towel.pk)

    assert [part.item_id for part in Milestone.objects.get().parts.all()] == [towel.pk, honey.pk]
    assert "parmi les articles" in written(marketer, items=[honey.pk], first=towel.pk)


def test_one_is_replaced_while_orders_are_under_way(marketer):
    towel, honey = item(), item("Miel")
    old = milestone(5, towel)
    owner = CustomerFactory().pk
    delivered(owner, 4)
    address = reverse("admin:milestones_milestone_replace", args=[old.pk])
    page = unescape(marketer.get(address).content.decode())
    assert "1 client l’attend" in page and "reçoit ce qui lui a été annoncé" in page

    assert "prend la place" in written(marketer, address, threshold="6", items=[honey.pk])
    assert "Une autre a déjà pris sa place" in written(marketer, address, threshold="7", items=[honey.pk])

    new = Milestone.objects.get(replaces=old)
    old.refresh_from_db()
    assert old.stopped_at == new.starts_at and old.threshold == 5
    placed(owner, 5)
    services.settle(order_references=["CB-5"])
    assert Present.objects.get().name == towel.name


def test_one_is_stopped_and_those_told_get_theirs(marketer):
    old = milestone(5, item())
    delivered(CustomerFactory().pk, 4)

    page = unescape(
        marketer.post(
            reverse("admin:milestones_milestone_stop", args=[old.pk]), {}, follow=True
        ).content.decode()
    )

    assert "Ce qui est annoncé est donné" in page
    assert Milestone.objects.get().stopped_at and Present.objects.get().state == "waiting"


def test_customer_service_reads_milestones_and_writes_none(client):
    seed_groups()
    client.force_login(member(StaffGroup.CUSTOMER_SERVICE))
    one = welcome(item())

    assert client.get(reverse("admin:milestones_milestone_changelist")).status_code == 200
    assert client.get(reverse("admin:milestones_milestone_change", args=[one.pk])).status_code == 200
    assert client.get(WRITE).status_code == 403
    for name in ("replace", "stop"):
        assert (
            client.post(reverse(f"admin:milestones_milestone_{name}", args=[one.pk]), {}).status_code == 403
        )
    assert Milestone.objects.get().stopped_at is None
