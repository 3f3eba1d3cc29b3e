"""What goes beside an order: on the picker's list, answered for at closing, printed as a letter with codes of its own."""

from datetime import timedelta
from html import unescape

import pytest
from django.urls import reverse

from config.facts import deliver_all
from loyalty.milestones.models import Due
from loyalty.rewards import services as rewards
from loyalty.rewards.models import Present
from loyalty.vouchers.models import Voucher
from shop.orders import services as orders
from shop.orders.models import Order
from shop.picking import queries, services
from tests.loyalty.milestones.reaching import milestone, welcome
from tests.loyalty.rewards.giving import item, promised
from tests.shop.picking.conftest import on_trolley, place, wave
from tests.shop.picking.test_pages import at_shelf

pytestmark = pytest.mark.django_db


@pytest.fixture
def apron():
    return item("Tablier de cuisine")


def ready(zone, comte, picker, depot, **who):
    """A first order whose shelves were all visited, looked over once more, and its task."""
    order = place(zone, {comte: 12}, rank=1, **who)
    deliver_all()
    task = on_trolley(picker, order)[0]
    at_shelf(depot, order.lines.get(), 12)
    services.note_checked(task_id=task.pk, by_id=picker.pk)
    return order, task


def close(depot, task, **said):
    address = reverse("picking_close", args=[task.pk])
    answer = depot.post(address, {"ambient": 1} | said, follow=True)
    return unescape(answer.content.decode())


def states(order):
    return list(
        Present.objects.filter(customer=order.customer_id).order_by("pk").values_list("name", "state")
    )


def test_the_welcome_stands_on_the_list_and_on_the_closing_page(zone, comte, picker, depot, apron):
    welcome(apron)
    _order, task = ready(zone, comte, picker, depot)

    for address in (reverse("picking_list"), reverse("picking_close", args=[task.pk])):
        page = unescape(depot.get(address).content.decode())
        assert "Tablier de cuisine" in page and "Lettre et fiches de bienvenue" in page


def test_crates_are_not_closed_before_each_present_is_answered_for(zone, comte, picker, depot, apron):
    welcome(apron)
    order, task = ready(zone, comte, picker, depot)
    letter, towel = Present.objects.order_by("-is_paper")

    page = close(depot, task, **{f"p-{letter.pk}": "packed"})
    assert "Dites si c’est mis, ou introuvable." in page
    page = close(depot, task, **{f"p-{letter.pk}": "packed", f"p-{towel.pk}": "perdu"})
    assert "Sélectionnez un choix valide" in page
    assert Order.objects.get().status == "picking" and {state for _name, state in states(order)} == {
        "attached"
    }

    close(depot, task, **{f"p-{letter.pk}": "packed", f"p-{towel.pk}": "missed"})

    assert Order.objects.get().status == "packed"
    assert sorted(states(order)) == [
        ("Lettre et fiches de bienvenue", "packed"),
        ("Tablier de cuisine", "waiting"),
    ]


def test_labels_are_printed_before_anything_is_answered(zone, comte, picker, depot, apron):
    welcome(apron)
    _order, task = ready(zone, comte, picker, depot)

    page = close(depot, task, label="1")

    assert "1/1" in page and "SEC" in page


def test_a_present_that_came_meanwhile_is_asked_for(zone, comte, picker, depot, apron, monkeypatch):
    order, task = ready(zone, comte, picker, depot)
    late = promised(order.customer_id, item_id=apron.pk)
    rewards.attach(customer_id=order.customer_id, order_reference=order.reference)
    real = queries.to_pack
    monkeypatch.setattr(queries, "to_pack", lambda _reference: [])
    page = close(depot, task)
    monkeypatch.setattr(queries, "to_pack", real)

    assert "Un cadeau s’est ajouté à cette commande" in page
    assert Order.objects.get().status == "picking"
    close(depot, task, **{f"p-{late.pk}": "packed"})
    assert Order.objects.get().status == "packed" and states(order) == [("Cadeau", "packed")]


def test_a_gift_nobody_chose_is_the_first_there_is_from_the_start_of_picking(zone, comte, picker, depot):
    gone, honey = item("Tablier", stock=0), item("Miel")
    milestone(1, gone, honey, name="Votre 1re commande")
    order, _task = ready(zone, comte, picker, depot)

    present = Present.objects.get()

    assert (present.name, present.item_id, bool(present.settled_at)) == ("Miel", honey.pk, True)
    assert states(order) == [("Miel", "attached")]


def test_delivered_it_was_given_cancelled_it_waits(zone, comte, picker, depot, apron):
    welcome(apron)
    order, task = ready(zone, comte, picker, depot)
    close(depot, task, **{f"p-{one.pk}": "packed" for one in Present.objects.all()})
    deliver_all()
    orders.hand_over(reference=order.reference)
    deliver_all()
    assert {state for _name, state in states(order)} == {"given"}

    other = place(zone, {comte: 12}, rank=1, starts_in=timedelta(hours=6), email="autre@exemple.fr")
    deliver_all()
    orders.cancel_order(reference=other.reference)
    deliver_all()
    assert {state for _name, state in states(other)} == {"waiting"}


def test_a_guest_who_orders_again_is_welcomed_once(zone, comte):
    welcome(item())
    first, again = (place(zone, {comte: 12}, email="camille@exemple.fr", rank=1) for _n in range(2))
    deliver_all()

    assert states(first) and not states(again)


def test_letters_of_a_wave_bear_names_gifts_and_codes_of_their_own(zone, comte, picker, depot, apron):
    welcome(apron)
    milestone(5, item("Miel"), name="Votre 5e commande")
    placed = [
        place(zone, {comte: 12}, rank=1, email=f"c{n}@exemple.fr", first_name=f"Camille{n}") for n in range(2)
    ]
    deliver_all()
    found = wave(*placed)
    assert "Imprimer 2 lettres de bienvenue" in depot.get(reverse("picking")).content.decode()

    drawn = services.draw_letters(order_references=queries.letters_of_wave(found.pk), by_id=picker.pk)

    assert [one.first_name for one in drawn] == ["Camille0", "Camille1"]
    assert [one.gifts for one in drawn] == [[("à la 5e commande", "un cadeau\u202f: Miel")]] * 2
    codes = {voucher.code for one in drawn for voucher in one.vouchers}
    assert len(codes) == 4 and [one.beside for one in drawn] == [["Tablier de cuisine"]] * 2
    owners = Voucher.objects.values_list("owner_id", flat=True)
    assert sorted(owners) == sorted([order.customer_id for order in placed] * 2)
    answer = depot.post(reverse("picking_wave_letters", args=[found.pk]))
    assert answer["Content-Type"] == "application/pdf" and answer.content.startswith(b"%PDF")


def test_printed_again_the_codes_of_the_sheet_before_are_worth_nothing(zone, comte, picker, depot, apron):
    welcome(apron)
    order, task = ready(zone, comte, picker, depot)
    first = services.draw_letters(order_references=[order.reference], by_id=picker.pk)
    held = Voucher.objects.filter(kind="amount").get()
    Voucher.objects.filter(pk=held.pk).update(order_reference="CB-9", amount=5)

    answer = depot.post(reverse("picking_letter", args=[task.pk]))

    assert answer.status_code == 200
    live = Voucher.objects.filter(cancelled_at=None)
    assert sorted(live.values_list("kind", "order_reference")) == [("amount", "CB-9"), ("delivery", "")]
    assert len(first[0].vouchers) == 2


def test_letters_are_printed_together_and_apart_as_often_as_it_takes(zone, comte, picker, depot, apron):
    welcome(apron)
    placed = [place(zone, {comte: 12}, rank=1, email=f"c{n}@exemple.fr") for n in range(2)]
    deliver_all()
    references = queries.letters_of_wave(wave(*placed).pk)

    for wanted in (references, references, references[:1], references[:1], references, references[1:]):
        drawn = services.draw_letters(order_references=wanted, by_id=picker.pk)
        assert [len(one.vouchers) for one in drawn] == [2] * len(wanted)

    assert Voucher.objects.filter(cancelled_at=None).count() == 4
    assert all(one.needs_account for one in drawn)


def test_what_comes_while_an_order_is_prepared_is_settled_like_the_rest(zone, comte, picker, depot):
    order, task = ready(zone, comte, picker, depot)
    honey = item("Miel")
    milestone(1, honey, name="Votre 1re commande")

    orders.tell_milestones(reference=order.reference)

    present = Present.objects.get()
    assert (present.item_id, bool(present.settled_at)) == (honey.pk, True)
    close(depot, task, **{f"p-{present.pk}": "packed"})
    assert Order.objects.get().status == "packed"


@pytest.mark.parametrize("name", ["picking_wave_letters", "picking_letter"])
def test_where_no_letter_waits_none_is_printed(zone, comte, picker, depot, name):
    _order, task = ready(zone, comte, picker, depot)
    number = task.wave_id if name == "picking_wave_letters" else task.pk

    answer = depot.post(reverse(name, args=[number]))

    assert answer.status_code in {302, 404}
    assert not Voucher.objects.exists() and not Due.objects.exists()


def test_more_presents_cost_no_more_queries(zone, comte, picker, depot, apron, django_assert_max_num_queries):
    order, task = ready(zone, comte, picker, depot)
    for n in range(6):
        promised(order.customer_id, f"due-{n}", item_id=item(f"Miel {n}").pk)
    rewards.attach(customer_id=order.customer_id, order_reference=order.reference)

    with django_assert_max_num_queries(14):
        depot.get(reverse("picking_close", args=[task.pk]))
