"""Staff write, read, stop and copy shared codes: what is refused stands beside its field, and nothing is written."""

from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.db import connection
from django.template import engines
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from config.staff import StaffGroup, seed_groups
from loyalty.vouchers import codes
from loyalty.vouchers.codes import stop_code
from loyalty.vouchers.models import SharedCode
from tests.factories import AisleFactory, ProductFactory, UserFactory
from tests.loyalty.vouchers.coding import off, proven, shared, take

pytestmark = pytest.mark.django_db
LIST, ADD, CHANGE = (f"admin:vouchers_sharedcode_{page}" for page in ("changelist", "add", "change"))
SCOPE = "admin:vouchers_code_scope"
D = Decimal


@pytest.fixture(autouse=True)
def lenient(monkeypatch):
    """The admin's own templates leave variables undefined."""
    monkeypatch.setattr(engines["django"].engine, "string_if_invalid", "")


def member(client, group):
    seed_groups()
    user = UserFactory(staff=True)
    user.groups.add(Group.objects.get(name=group.value))
    client.force_login(user)
    return user


@pytest.fixture
def marketer(client):
    return member(client, StaffGroup.MARKETING)


def typed(**changes):
    end = timezone.localtime(timezone.now() + timedelta(days=8))
    return {
        "code": "Prin-temps 27", "kind": "percentage", "value": "12,5", "ceiling": "", "minimum_goods": "", "audience": "everyone",
        "audience_number": "", "starts_at_0": "", "starts_at_1": "", "ends_at_0": f"{end:%d/%m/%Y}", "ends_at_1": "22:00", "budget": "",
        "most_uses": "", "vouchers-TOTAL_FORMS": "0", "vouchers-INITIAL_FORMS": "0",
    } | changes  # fmt: skip


def read(answer):
    return unescape(answer.content.decode())


def test_a_marketer_writes_a_code_for_a_shelf(client, marketer):
    cheese = ProductFactory(name="Comté", price=D("10.00"))
    sent = typed(
        budget="1 500,50", most_uses="300", minimum_goods="40", ceiling="8", first_order_only="on",
        audience="away", audience_number="60", scope=[f"aisles:{cheese.shelf_id}", f"products:{cheese.pk}"],
    )  # fmt: skip

    answer = client.post(reverse(ADD), sent)

    code = SharedCode.objects.get()
    assert answer.status_code == 302 and code.code == "PRINTEMPS27"
    assert (code.value, code.ceiling, code.minimum_goods, code.budget, code.most_uses) == (
        D("12.50"), 8, 40, D("1500.50"), 300,
    )  # fmt: skip
    assert (code.aisles, code.products, code.audience, code.audience_number) == (
        [cheese.shelf_id],
        [cheese.pk],
        "away",
        60,
    )
    assert code.written_by == marketer and abs(code.starts_at - timezone.now()) < timedelta(minutes=1)
    assert LogEntry.objects.count() == 1
    page = read(client.get(reverse(CHANGE, args=[code.pk])))
    assert "Comté (produit)" in page and "Yaourts (rayon)" in page and "Yaourts et Comté" in page


YESTERDAY = f"{timezone.localtime() - timedelta(days=1):%d/%m/%Y}"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"code": ""}, "obligatoire"), ({"code": "AB-C"}, "De 4 à 20"), ({"code": "A" * 21}, "De 4 à 20"),
        ({"code": "TROP" * 40}, "caractères"), ({"code": "’; DROP"}, "De 4 à 20"), ({"code": "🥕🥕🥕🥕"}, "De 4 à 20"),
        ({"value": ""}, "Indiquez une valeur"), ({"value": "0"}, "trop petit ou trop grand"),
        ({"value": "-5"}, "Saisissez un nombre"), ({"value": "NaN"}, "Saisissez un nombre"),
        ({"value": "1e1"}, "Saisissez un nombre"), ({"value": "50,01"}, "trop petit ou trop grand"),
        ({"value": "12,555"}, "2 chiffres après la virgule"), ({"kind": "amount", "value": "51"}, "trop petit ou trop grand"),
        ({"kind": "cadeau"}, "choix valide"), ({"ceiling": "-1"}, "Saisissez un nombre"), ({"ceiling": "0"}, "trop petit"),
        ({"minimum_goods": "1001"}, "Le plus grand nombre"), ({"budget": "0"}, "trop petit"),
        ({"budget": "-3"}, "Saisissez un nombre"), ({"budget": "Infinity"}, "Saisissez un nombre"),
        ({"kind": "amount", "value": "5", "budget": "4"}, "ne suffit pas"), ({"most_uses": "0"}, "trop petit"),
        ({"most_uses": "-1"}, "supérieure ou égale"), ({"most_uses": "99999999999"}, ""), ({"most_uses": "9999999"}, "trop grand"),
        ({"audience": "away"}, "Indiquez le nombre"), ({"audience": "away", "audience_number": "-1"}, "supérieure"),
        ({"audience": "vip"}, "choix valide"), ({"starts_at_0": YESTERDAY, "starts_at_1": "08:00"}, "dans le passé"),
        ({"ends_at_0": YESTERDAY}, "La fin vient après"), ({"ends_at_0": "01/01/2999"}, "un an au plus"),
        ({"ends_at_0": "demain"}, "valide"), ({"ends_at_0": ""}, "obligatoire"), ({"scope": ["products:0"]}, "dans la liste"),
        ({"scope": ["users:1"]}, "dans la liste"), ({"scope": ["products:１"]}, "dans la liste"),
        ({"scope": ["products:999999999"]}, "n’existe plus"), ({"scope": [f"products:{'9' * 30}"]}, "dans la liste"),
        ({"scope": [f"brands:{n}" for n in range(1, 250)]}, "200 au plus"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_told_and_nothing_is_written(client, marketer, wrong, words):
    answer = client.post(reverse(ADD), typed(**wrong))

    assert answer.status_code == 200 and not SharedCode.objects.exists()
    assert words in read(answer)


def test_the_law_is_told_beside_the_figure_with_the_name_of_an_article(client, marketer):
    brie, milk = (
        ProductFactory(name="Brie", price=D(10)),
        ProductFactory(name="Lait 1", is_first_age_milk=True),
    )
    wine = ProductFactory(name="Chinon", alcohol=True)

    told = [
        read(client.post(reverse(ADD), typed(value="35", scope=[f"products:{one.pk}"])))
        for one in (brie, milk, wine)
    ]

    assert "Brie\u202f: la loi limite à 34\u202f%" in told[0]
    assert (
        "Lait 1\u202f: un lait premier âge" in told[1]
        and "Chinon\u202f: un bon ne réduit jamais l’alcool" in told[2]
    )
    assert not SharedCode.objects.exists()


def test_the_same_code_is_refused_with_its_reason(client, marketer):
    shared("PRINTEMPS27")

    assert "Ce code existe déjà" in read(client.post(reverse(ADD), typed()))
    assert SharedCode.objects.count() == 1


def test_what_changed_their_mind_left_behind_is_left_aside(client, marketer):
    client.post(reverse(ADD), typed(kind="delivery", value="12", ceiling="4", audience_number="9"))

    code = SharedCode.objects.get()
    assert (code.kind, code.value, code.ceiling, code.audience_number) == ("delivery", 0, None, None)


def test_the_field_searches_products_shelves_and_brands_by_name(client, marketer):
    shelf = AisleFactory(slug="creme", name="Crèmes")
    ProductFactory(name="Crème fraîche", shelf=shelf)

    found = client.get(reverse(SCOPE), {"term": "creme"}).json()["results"]
    nothing = [
        client.get(reverse(SCOPE), {"term": term}).json()["results"]
        for term in ("", "c", "zzz", "\0\0\0", "%")
    ]

    assert [one["text"] for one in found] == ["Crèmes (rayon)", "Crème fraîche (produit)"]
    assert found[0]["id"] == f"aisles:{shelf.pk}" and nothing == [[]] * 5


def test_once_used_it_is_read_with_its_orders_and_no_longer_changed(client, marketer):
    code = off(budget=D(20), most_uses=9)
    take(code, proven(), "CB-7KQ2-M4XP")

    page = read(client.get(reverse(CHANGE, args=[code.pk])))
    client.post(reverse(CHANGE, args=[code.pk]), typed(code="CINQ", kind="amount", value="9"))
    listed = read(client.get(reverse(LIST)))

    assert "CB-7KQ2-M4XP" in page and "tout le panier" in page and 'name="value"' not in page
    assert "1 sur 9" in listed and "5,00\u00a0€ sur 20,00\u00a0€" in listed and "en cours" in listed
    code.refresh_from_db()
    assert code.value == 5


def test_not_used_yet_it_is_changed(client, marketer):
    code = off()

    client.post(reverse(CHANGE, args=[code.pk]), typed(code="CINQ", kind="amount", value="6"))

    code.refresh_from_db()
    assert code.value == 6 and code.written_by != marketer


def test_stopping_is_asked_once_more_then_done(client, marketer):
    code = off()
    address = reverse("admin:vouchers_sharedcode_stop", args=[code.pk])

    asked = client.get(address)
    code.refresh_from_db()
    assert asked.status_code == 200 and code.stopped_at is None
    told = [read(client.post(address, follow=True)) for _twice in range(2)]

    assert "Code arrêté" in told[0] and "déjà terminé" in told[1]
    assert "arrêté" in read(client.get(reverse(LIST)))


def test_copied_all_but_its_name_and_dates_is_filled_in(client, marketer):
    cheese = ProductFactory(name="Comté", price=D(10))
    code = shared(
        products=[cheese], minimum_goods=D(30), budget=D("1234.50"), audience="at_least", audience_number=3
    )

    answer = client.get(reverse("admin:vouchers_sharedcode_copy", args=[code.pk]), follow=True)

    page = read(answer)
    assert "Comté (produit)" in page and 'value="30"' in page and "1\u202f234,5" in page
    assert 'value="PRINTEMPS"' not in page


@pytest.mark.parametrize("state", ["live", "planned", "spent", "ended", "stopped"])
def test_the_list_is_filtered_by_state(client, marketer, state):
    now = timezone.now()
    shared("LIVE"), shared("PLANNED", starts_at=now + timedelta(days=1))
    take(shared("SPENT", most_uses=1), proven())
    stop_code(code_id=shared("STOPPED").pk)
    SharedCode.objects.filter(pk=shared("ENDED").pk).update(
        starts_at=now - timedelta(2), ends_at=now - timedelta(1)
    )

    page = read(client.get(reverse(LIST), {"etat": state}))

    assert [code for code in ("LIVE", "PLANNED", "SPENT", "ENDED", "STOPPED") if f">{code}<" in page] == [
        state.upper()
    ]


def test_who_answers_customers_reads_and_writes_nothing(client):
    code = off()
    member(client, StaffGroup.CUSTOMER_SERVICE)

    assert client.get(reverse(CHANGE, args=[code.pk])).status_code == 200
    refused = [
        client.get(reverse(ADD)), client.post(reverse(ADD), typed()), client.get(reverse(SCOPE), {"term": "lait"}),
        client.post(reverse("admin:vouchers_sharedcode_stop", args=[code.pk])),
        client.get(reverse("admin:vouchers_sharedcode_copy", args=[code.pk])),
        client.post(reverse(CHANGE, args=[code.pk]), typed(code="CINQ", kind="amount", value="9")),
    ]  # fmt: skip
    code.refresh_from_db()
    assert {answer.status_code for answer in refused} == {403} and SharedCode.objects.count() == 1
    assert (code.value, code.stopped_at) == (5, None)


def test_a_stranger_is_sent_to_sign_in(client):
    assert client.get(reverse(SCOPE), {"term": "lait"}).status_code == 302


def test_the_list_costs_the_same_however_many_codes(client, marketer):
    def cost():
        client.get(reverse(LIST))
        with CaptureQueriesContext(connection) as asked:
            client.get(reverse(LIST))
        return len(asked)

    shared("UN11", products=[ProductFactory(price=D(10))])
    before = cost()
    for n in range(4):
        shared(f"CODE{n}", products=[ProductFactory(price=D(10))])

    assert cost() == before


def test_a_page_opened_before_the_first_use_writes_nothing_over_it(client, marketer, monkeypatch):
    code = off()
    customer = proven()

    def used_meanwhile(**asked):
        take(code, customer)
        return saved(**asked)

    saved = codes.save_code
    monkeypatch.setattr(codes, "save_code", used_meanwhile)

    told = read(
        client.post(
            reverse(CHANGE, args=[code.pk]), typed(code="CINQ", kind="amount", value="9"), follow=True
        )
    )

    code.refresh_from_db()
    assert "copiez-le" in told and code.value == 5
