"""A picker's phone: what to take, what was typed wrong, and what happens when a shelf is empty."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from config.facts import deliver_all
from config.staff import StaffGroup
from shop.orders import services as orders
from shop.orders.models import LineEvent, Order, ShortageQuestion
from shop.orders.services import at_shelf as at_shelf_service
from shop.picking import services
from shop.picking.models import PickTask
from tests.factories import ProductFactory, UserFactory
from tests.shop.orders.test_orders import member
from tests.shop.picking.conftest import on_trolley, place, shelved, wave

pytestmark = pytest.mark.django_db
TROLLEY = reverse("picking_trolley")


def at_shelf(depot, line, quantity, code=None, *, follow=False, **more):
    """What a picker sends at one shelf."""
    typed = {"code": line.ean if code is None else code, f"q-{line.pk}": quantity}
    if line.picked is not None:
        typed[f"b-{line.pk}"] = line.picked
    return depot.post(TROLLEY, typed | more, follow=follow)


def seen(depot, address=TROLLEY):
    answer = depot.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_shelf_says_where_what_and_how_much(zone, comte, picker, depot):
    on_trolley(picker, place(zone, {comte: 12}), place(zone, {comte: 10}, rank=2))
    page = seen(depot)

    assert (
        "B2" in page and comte.ean in page and "Prendre <strong>12" in page and "Prendre <strong>10" in page
    )
    assert "première commande" in page


def test_no_address_nor_family_name_reaches_a_picker(zone, comte, picker, depot):
    order = place(zone, {comte: 12}, last_name="Delacroix")
    task = on_trolley(picker, order)[0]
    pages = (
        seen(depot) + seen(depot, reverse("picking")) + seen(depot, reverse("picking_close", args=[task.pk]))
    )

    assert not [word for word in ("Delacroix", order.line1, order.phone, order.email) if word in pages]


def test_from_the_wave_to_the_closed_crates(zone, comte, apples, picker, depot):
    order = place(zone, {comte: 12, apples: 700})
    found = wave(order)
    taken = depot.post(reverse("picking_take"), {"wave": found.pk, "number": 1})
    assert taken.headers["Location"] == TROLLEY
    at_shelf(depot, order.lines.get(product=comte), 12)
    assert "Pommes" in seen(depot)
    at_shelf(depot, order.lines.get(product=apples), 715, code="")
    task = PickTask.objects.get()
    assert reverse("picking_close", args=[task.pk]) in seen(depot)
    labels = depot.post(reverse("picking_close", args=[task.pk]), {"ambient": 2, "label": "1"}, follow=True)
    assert "2/2" in labels.content.decode() and "SEC" in labels.content.decode()
    note = depot.get(reverse("picking_note", args=[task.pk]))
    assert note.headers["Content-Type"] == "application/pdf" and note.content.startswith(b"%PDF")
    depot.post(reverse("picking_close", args=[task.pk]), {"ambient": 2})

    assert Order.objects.get().status == "packed"
    assert "Rien à préparer" in seen(depot, reverse("picking"))


@pytest.mark.parametrize(
    ("quantity", "code", "says"),
    [
        (13, None, "12 au plus"),
        (-1, None, "Jamais moins que zéro"),
        ("", None, "Indiquez combien"),
        ("douze", None, "sans virgule"),
        ("1e9", None, "sans virgule"),
        ("9" * 400, None, "au plus"),
        (12, "", "Bipez l’article"),
        (12, "3017620422003", "pas le bon article"),
        (12, "Comté", "pas le bon article"),
    ],
)
def test_what_is_mistyped_is_said_and_nothing_written(zone, comte, picker, depot, quantity, code, says):
    order = place(zone, {comte: 12})
    on_trolley(picker, order)
    refused = at_shelf(depot, order.lines.get(), quantity, code)

    assert refused.status_code == 422 and says in refused.content.decode()
    assert order.lines.get().picked is None and not LineEvent.objects.exists()


@pytest.mark.parametrize("grams", [-5, 751, 10**12])
def test_a_huge_or_negative_weight_is_refused(zone, comte, apples, picker, depot, grams):
    order = place(zone, {comte: 12, apples: 500})
    on_trolley(picker, order)

    assert at_shelf(depot, order.lines.get(product=apples), grams, code="").status_code == 422
    assert order.lines.get(product=apples).picked is None


def test_a_code_with_a_leading_zero_is_the_same_code(zone, comte, picker, depot):
    order = place(zone, {comte: 12})
    on_trolley(picker, order)

    assert at_shelf(depot, order.lines.get(), 12, code=f"0{comte.ean}").status_code == 302


def test_an_unreadable_code_is_vouched_for(zone, comte, picker, depot):
    order = place(zone, {comte: 12})
    on_trolley(picker, order)

    assert at_shelf(depot, order.lines.get(), 12, code="", unreadable="on").status_code == 302


def test_the_promised_life_is_asked_and_kept(zone, comte, picker, depot):
    comte.minimum_life_days = 5
    comte.save()
    order = place(zone, {comte: 12})
    on_trolley(picker, order)
    line, until = order.lines.get(), timezone.localdate(order.slot.starts_at) + timedelta(days=5)

    missing = at_shelf(depot, line, 12)
    short = at_shelf(depot, line, 12, best_before=(until - timedelta(days=1)).isoformat())
    nonsense = at_shelf(depot, line, 12, best_before="32/13")
    assert [answer.status_code for answer in (missing, short, nonsense)] == [422] * 3
    assert "Lisez la date" in missing.content.decode() and "trop proche" in short.content.decode()
    assert at_shelf(depot, line, 12, best_before=until.isoformat()).status_code == 302


def test_an_empty_shelf_is_one_tap(zone, comte, apples, picker, depot):
    order = place(zone, {comte: 12, apples: 500}, choice="leave_out")
    on_trolley(picker, order)
    at_shelf(depot, order.lines.get(product=comte), 12, code="", empty="1")

    assert order.lines.get(product=comte).picked == 0


def test_whoever_asked_to_be_asked_is_asked_from_the_shelf(zone, comte, picker, depot):
    order = place(zone, {comte: 12})
    task = on_trolley(picker, order)[0]
    at_shelf(depot, order.lines.get(), 9)
    deliver_all()

    assert ShortageQuestion.objects.get().missing == 3
    assert "prévenu d’un manque" in seen(depot, reverse("picking_close", args=[task.pk]))
    told = depot.post(reverse("picking_close", args=[task.pk]), {"ambient": 1}, follow=True).content.decode()
    assert "peut encore choisir" in told


def test_a_replacement_is_chosen_and_picked_next(zone, comte, picker, depot):
    brie = shelved(ProductFactory(name="Brie", price=comte.price, stock=20), "C1")
    order = place(zone, {comte: 12}, choice="substitute")
    on_trolley(picker, order)
    answer = at_shelf(depot, order.lines.get(), 9)
    offers = seen(depot, answer.headers["Location"])
    assert "Brie" in offers and "C1" in offers and "12,00" in offers
    depot.post(answer.headers["Location"], {"product": brie.pk})

    assert "En remplacement de Comté" in seen(depot)


def test_nothing_fits(zone, comte, picker, depot):
    order = place(zone, {comte: 12}, choice="substitute")
    on_trolley(picker, order)
    answer = at_shelf(depot, order.lines.get(), 9)
    assert "Rien de proche" in seen(depot, answer.headers["Location"])
    depot.post(answer.headers["Location"], {"product": ""})

    assert order.lines.get().events.filter(kind="none_fits").exists()


@pytest.mark.parametrize("product", ["abc", "-1", "1; DROP", "99999999999999999999"])
def test_a_forged_replacement_changes_nothing(zone, comte, picker, depot, product):
    order = place(zone, {comte: 12}, choice="substitute")
    on_trolley(picker, order)
    answer = at_shelf(depot, order.lines.get(), 9)

    assert depot.post(answer.headers["Location"], {"product": product}).status_code in {302, 404}
    assert order.lines.count() == 1


def test_a_slip_is_put_right(zone, comte, picker, depot):
    order = place(zone, {comte: 12}, choice="leave_out")
    on_trolley(picker, order)
    line = order.lines.get()
    at_shelf(depot, line, 9)
    assert "Corriger" in seen(depot, reverse("picking_correct", args=[line.pk]))
    assert "a changé entre-temps" in at_shelf(depot, line, 12, follow=True).content.decode()
    line.refresh_from_db()
    at_shelf(depot, line, 12)

    assert order.lines.get().picked == 12


def test_what_is_put_off_comes_last(zone, comte, picker, depot):
    milk = shelved(ProductFactory(name="Lait", stock=90), "Z9")
    order = place(zone, {comte: 12, milk: 2})
    on_trolley(picker, order)
    assert "<h1>Comté</h1>" in seen(depot)
    depot.post(TROLLEY, {f"q-{order.lines.get(product=comte).pk}": 12, "later": "1"})

    assert "<h1>Lait</h1>" in seen(depot)


def test_frozen_goods_come_last(zone, comte, picker, depot):
    peas = ProductFactory(name="Petits pois", stock=90, shelf__slug="legumes-surgeles")
    shelved(peas, "A1", "frozen")
    on_trolley(picker, place(zone, {comte: 12, peas: 2}))

    assert "<h1>Comté</h1>" in seen(depot)


def test_a_first_order_is_checked_line_by_line(zone, comte, picker, depot):
    order = place(zone, {comte: 12}, rank=1)
    task = on_trolley(picker, order)[0]
    line = order.lines.get()
    at_shelf(depot, line, 12)
    refused = depot.post(reverse("picking_close", args=[task.pk]), {"ambient": 1}, follow=True)
    assert "faites-la contrôler" in refused.content.decode()
    checker = Client()
    checker.force_login(member(StaffGroup.PICKING))
    address = reverse("picking_check", args=[task.pk])
    assert order.reference in checker.get(reverse("picking")).content.decode()
    assert checker.post(address, {}).status_code == 422
    assert depot.post(address, {f"l-{line.pk}": "on"}).status_code == 422
    checker.post(address, {f"l-{line.pk}": "on"})
    depot.post(reverse("picking_close", args=[task.pk]), {"ambient": 1})

    assert Order.objects.get().status == "packed"


def test_another_pickers_orders_are_not_ones_own(zone, comte, picker, depot):
    order = place(zone, {comte: 12})
    task = on_trolley(picker, order)[0]
    line = order.lines.get()
    other = Client()
    other.force_login(member(StaffGroup.PICKING))

    for name, key in [("picking_close", task.pk), ("picking_labels", task.pk), ("picking_correct", line.pk)]:
        assert other.get(reverse(name, args=[key])).status_code == 404
    assert other.get(reverse("picking_replace", args=[line.pk])).status_code == 404
    assert other.post(reverse("picking_hand_back", args=[task.pk])).status_code == 404
    at_shelf(other, line, 12)
    assert order.lines.get().picked is None


@pytest.mark.parametrize("who", ["stranger", "customer", StaffGroup.COURIER, StaffGroup.MARKETING])
def test_only_pickers_come_in(client, who):
    if who == "customer":
        client.force_login(UserFactory())
    elif who != "stranger":
        client.force_login(member(who))
    answer = client.get(reverse("picking"))

    assert answer.status_code == (302 if who == "stranger" else 403)
    if who == "stranger":
        assert "/accounts/login/" in answer.headers["Location"]


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"wave": "x", "number": 1},
        {"wave": 1, "number": 7},
        {"wave": 1, "number": -1},
        {"wave": 10**9, "number": 1},
    ],
)
def test_a_wave_that_is_none_is_said(depot, sent):
    told = depot.post(reverse("picking_take"), sent, follow=True).content.decode()

    assert "Choisissez de une à six" in told or "plus rien à prendre" in told


@pytest.mark.parametrize("sent", [{}, {"q-abc": 1}, {"q-1": 1}, {"code": "x"}])
def test_lines_that_are_not_on_the_trolley_are_said(zone, comte, picker, depot, sent):
    on_trolley(picker, place(zone, {comte: 12}))

    assert "ne sont plus sur votre chariot" in depot.post(TROLLEY, sent, follow=True).content.decode()


def test_a_cancelled_order_says_to_put_things_back(zone, comte, picker, depot):
    order = place(zone, {comte: 12})
    task = on_trolley(picker, order)[0]
    at_shelf(depot, order.lines.get(), 12)
    Order.objects.update(status="cancelled")
    address = reverse("picking_close", args=[task.pk])

    assert "Remettez en rayon" in seen(depot, address)
    assert "remettez ses articles en rayon" in depot.post(address, follow=True).content.decode()
    task.refresh_from_db()
    assert task.closed_at


def test_a_long_order_costs_no_more_queries_than_a_short_one(zone, picker, depot):
    def cost(number):
        products = [
            ProductFactory(name=f"Article {number} {n}", price="8.00", stock=500) for n in range(number)
        ]
        order = place(zone, dict.fromkeys(products, 6), choice="leave_out", starts_in=timedelta(hours=number))
        task = on_trolley(picker, order, number=1)[0]
        seen(depot)
        first, last = order.lines.first(), order.lines.last()
        told = []
        for ask in (
            lambda: depot.get(TROLLEY),
            lambda: depot.get(reverse("picking_list")),
            lambda: depot.get(reverse("picking")),
            lambda: depot.get(reverse("picking_close", args=[task.pk])),
            lambda: at_shelf(depot, first, 6),
            lambda: at_shelf(depot, last, 5),
        ):
            with CaptureQueriesContext(connection) as counted:
                ask()
            told.append(len([one for one in counted if "SAVEPOINT" not in one["sql"]]))
        PickTask.objects.filter(pk=task.pk).update(closed_at=timezone.now())
        return told

    few, many = cost(2), cost(40)
    assert few == many
    assert max(many) <= 12


def test_orders_short_at_one_shelf_are_asked_one_by_one(zone, comte, picker, monkeypatch):
    """One that cannot be settled holds up no other."""
    placed = [place(zone, {comte: 12}), place(zone, {comte: 10})]
    on_trolley(picker, *placed)
    lines = [order.lines.get() for order in placed]
    services.confirm(picker_id=picker.pk, taken={line.pk: services.Taken(1) for line in lines})
    assert not ShortageQuestion.objects.exists()
    real = at_shelf_service.tell

    def broken_for_one(order, *told):
        if order == placed[0]:
            raise RuntimeError("this one alone")
        return real(order, *told)

    monkeypatch.setattr(at_shelf_service, "tell", broken_for_one)

    deliver_all()

    assert ShortageQuestion.objects.get().order == placed[1]


def test_found_and_then_missing_again_its_customer_is_asked_again(zone, comte, picker, depot):
    line = place(zone, {comte: 12}).lines.get()
    on_trolley(picker, line.order)
    for quantity, before in ((9, None), (12, 9), (10, 12)):
        services.confirm(picker_id=picker.pk, taken={line.pk: services.Taken(quantity, before=before)})
        deliver_all()

    asked = ShortageQuestion.objects.order_by("pk")
    assert list(asked.values_list("missing", "answer")) == [(3, "found"), (2, "")]


def test_what_was_replaced_is_not_found_after_all(zone, comte, picker, depot):
    """Its customer gets one of both, and is told so in words by the page."""
    line = place(zone, {comte: 12}, choice="substitute").lines.get()
    brie = ProductFactory(name="Brie", price="3.00", stock=50, shelf=comte.shelf)
    on_trolley(picker, line.order)
    at_shelf(depot, line, 9)
    depot.post(reverse("picking_replace", args=[line.pk]), {"product": brie.pk})
    line.refresh_from_db()

    told = at_shelf(depot, line, 12)

    line.refresh_from_db()
    assert (told.status_code, line.picked) == (422, 9)
    assert "ne va pas avec la commande" in told.content.decode()


def test_what_comes_short_while_the_crates_are_being_closed_is_settled_first(
    zone, comte, picker, depot, monkeypatch
):
    line = place(zone, {comte: 12}).lines.get()
    task = on_trolley(picker, line.order)[0]
    at_shelf(depot, line, 12)
    real, slips = orders.settle_at_shelf, [9]

    def slip_after(**which):
        due = real(**which)
        if slips:
            services.confirm(picker_id=picker.pk, taken={line.pk: services.Taken(slips.pop(), before=12)})
        return due

    monkeypatch.setattr(orders, "settle_at_shelf", slip_after)
    depot.post(reverse("picking_close", args=[task.pk]), {"ambient": 1})

    assert ShortageQuestion.objects.get().missing == 3
    assert Order.objects.get().status == "picking"


def test_a_delivery_note_that_lacks_its_seller_says_so(zone, comte, picker, depot, settings):
    order = place(zone, {comte: 12})
    task = on_trolley(picker, order)[0]
    at_shelf(depot, order.lines.get(), 12)
    settings.SELLER = settings.SELLER | {"name": ""}

    told = depot.get(reverse("picking_note", args=[task.pk]), follow=True)

    assert "ne s’imprime pas" in told.content.decode()


def test_put_right_before_anybody_answered_nobody_is_asked_any_more(zone, comte, picker, depot):
    line = place(zone, {comte: 12}).lines.get()
    on_trolley(picker, line.order)
    at_shelf(depot, line, 9)
    deliver_all()
    services.confirm(picker_id=picker.pk, taken={line.pk: services.Taken(12, before=9)})
    deliver_all()

    assert ShortageQuestion.objects.get().answer == "found"


def test_what_is_replaced_already_is_not_asked_for_again(zone, comte, picker, depot):
    line = place(zone, {comte: 12}, choice="substitute").lines.get()
    on_trolley(picker, line.order)
    told = at_shelf(depot, line, 9)
    page = reverse("picking_replace", args=[line.pk])
    assert told.url == page
    depot.post(page, {"product": ""})

    assert depot.get(page).url == TROLLEY


def test_a_closing_whose_answer_was_lost_is_answered_again(zone, comte, picker, depot):
    order = place(zone, {comte: 12})
    task = on_trolley(picker, order)[0]
    at_shelf(depot, order.lines.get(), 12)
    address = reverse("picking_close", args=[task.pk])
    first, again = (depot.post(address, {"ambient": 1}, follow=True).content.decode() for _ in range(2))

    assert f"{order.reference} prête" in first and f"{order.reference} prête" in again


def test_a_shelf_whose_answer_was_lost_still_leads_to_its_replacement(zone, comte, picker, depot):
    order = place(zone, {comte: 12}, choice="substitute")
    on_trolley(picker, order)
    line = order.lines.get()

    assert at_shelf(depot, line, 9).headers["Location"] == at_shelf(depot, line, 9).headers["Location"]
    assert "remplacer" in at_shelf(depot, line, 9).headers["Location"]


def test_nothing_fits_is_written_once(zone, comte, picker, depot):
    order = place(zone, {comte: 12}, choice="substitute")
    on_trolley(picker, order)
    address = at_shelf(depot, order.lines.get(), 9).headers["Location"]
    depot.post(address, {"product": ""}), depot.post(address, {"product": ""})

    assert order.lines.get().events.filter(kind="none_fits").count() == 1


def test_a_second_look_waits_for_the_last_shelf(zone, comte, apples, picker, depot):
    order = place(zone, {comte: 12, apples: 500}, rank=1)
    task = on_trolley(picker, order)[0]
    at_shelf(depot, order.lines.get(product=comte), 12)
    assert "Contrôler une seconde fois" not in seen(depot, reverse("picking_close", args=[task.pk]))
    ticked = {f"l-{line.pk}": "on" for line in order.lines.all()} | {"alone": "on"}
    told = depot.post(reverse("picking_check", args=[task.pk]), ticked, follow=True).content.decode()

    assert "Il reste des articles à prendre" in told
    task.refresh_from_db()
    assert task.checked_at is None
