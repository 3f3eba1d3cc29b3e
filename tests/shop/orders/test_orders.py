"""An order after it is placed: seen by its owner only, cancelled before its cut-off, taken again."""

import re
from datetime import timedelta
from html import unescape
from uuid import uuid4

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.db import ProgrammingError, transaction
from django.db.models import F
from django.urls import reverse

from config.staff import StaffGroup, seed_groups
from config.templatetags.cabas import slot_label_long
from delivery.slots.models import Hold, Slot
from delivery.zones.models import Zone
from delivery.zones.services import zones_changed
from shop.basket.models import BasketLine
from shop.catalogue.models import Product
from shop.orders import services
from shop.orders.events import OrderCancelled
from shop.orders.models import Order, OrderEvent
from shop.orders.queries import last_delivery, rank_of_next_order
from shop.orders.rules import spoken_reference
from shop.orders.services import books
from shop.payments.events import PaymentActionNeeded
from shop.payments.models import PaymentAccount, PaymentOperation
from shop.stock.models import StockItem
from tests.factories import CustomerFactory, ProductFactory, SlotFactory, UserFactory, ZoneFactory
from tests.shop.checkout.conftest import Walk, ready, slot, terms, walk, zone  # noqa: F401

pytestmark = pytest.mark.django_db


@pytest.fixture
def placed(ready):  # noqa: F811
    ready.come_back(ready.pay(ready.order()))
    return Order.objects.get()


@pytest.fixture
def own(client, slot):  # noqa: F811
    """A signed-in customer's placed order."""
    customer = CustomerFactory()
    client.force_login(customer.user)
    steps = Walk(client).fill(ProductFactory(name="Brie")).hold(slot)
    steps.say_who()
    steps.come_back(steps.pay(steps.order()))
    return Order.objects.get()


def test_a_customer_sees_their_orders(client, own):
    listed = client.get(reverse("orders")).content.decode()
    shown = client.get(reverse("order", args=[own.reference])).content.decode()

    assert own.reference in listed
    assert "Brie" in shown and "variable indéfinie" not in listed + shown


@pytest.mark.parametrize("status", [Order.Status.CANCELLED, Order.Status.ABANDONED])
def test_the_last_delivery_is_of_an_order_that_stands(own, status):
    mine = [own.customer_id]
    before = last_delivery(mine)

    Order.objects.filter(pk=own.pk).update(status=status)

    assert (before, last_delivery(mine)) == (own, None)


def test_another_customer_sees_nothing_of_it(client, own):
    client.force_login(CustomerFactory().user)

    assert own.reference not in client.get(reverse("orders")).content.decode()
    for name in ("order",):
        assert client.get(reverse(name, args=[own.reference])).status_code == 404
    for name in ("reorder", "cancel_order"):
        assert client.post(reverse(name, args=[own.reference])).status_code == 404
    own.refresh_from_db()
    assert own.status == Order.Status.PLACED


def test_a_stranger_is_asked_to_sign_in(client, own):
    client.logout()

    assert client.get(reverse("order", args=[own.reference])).status_code == 302


def test_cancelling_before_the_cutoff_gives_everything_back(client, own):
    client.post(reverse("cancel_order", args=[own.reference]))

    own.refresh_from_db()
    assert own.status == Order.Status.CANCELLED
    assert StockItem.objects.get().available == 100
    own.slot.refresh_from_db()
    assert own.slot.booked == 0
    assert PaymentOperation.objects.filter(kind="release").count() == 1


def test_cancelling_twice_gives_back_once(own):
    services.cancel_order(reference=own.reference)
    services.cancel_order(reference=own.reference)

    own.slot.refresh_from_db()
    assert own.slot.booked == 0
    assert StockItem.objects.get().available == 100
    assert own.events.filter(kind=OrderEvent.Kind.CANCELLED).count() == 1


def test_after_the_cutoff_the_order_stands(client, own):
    with time_machine.travel(own.slot.cutoff_at + timedelta(minutes=1)):
        client.force_login(own.customer.user)
        answer = client.post(reverse("cancel_order", args=[own.reference]), follow=True)

    own.refresh_from_db()
    assert "trop tard pour annuler en ligne" in answer.content.decode()
    assert own.status == Order.Status.PLACED


def test_the_link_alone_does_not_cancel(client, placed):
    address = reverse("cancel_as_guest", args=[placed.tracking_token])

    client.post(address, {"email": "autre@exemple.fr"})
    client.get(address)

    placed.refresh_from_db()
    assert placed.status == Order.Status.PLACED


def test_the_link_and_the_address_cancel(client, placed):
    client.post(reverse("cancel_as_guest", args=[placed.tracking_token]), {"email": "LEA@exemple.fr"})

    placed.refresh_from_db()
    assert placed.status == Order.Status.CANCELLED


@pytest.mark.parametrize("token", ["x", "a" * 500, "..%2F", "'; DROP TABLE"])
def test_a_forged_link_is_not_found(client, placed, token):
    assert client.get(f"/suivi/{token}/").status_code == 404


def test_the_tracking_page_does_not_leak_its_address(client, placed):
    answer = client.get(reverse("tracking", args=[placed.tracking_token]))

    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "noindex" in answer.headers["X-Robots-Tag"]


def test_a_past_order_comes_back_with_its_differences(client, own):
    Product.objects.update(price="3.10")
    StockItem.objects.update(on_hand=F("reserved") + 5)

    answer = client.post(reverse("reorder", args=[own.reference]), follow=True)

    text = answer.content.decode()
    assert BasketLine.objects.filter(basket__is_open=True).get().quantity == 5
    assert "le prix est passé de" in text and "il en reste moins" in text


def test_a_product_gone_is_told_when_taken_again(client, own):
    Product.objects.update(is_published=False)

    answer = client.post(reverse("reorder", args=[own.reference]), follow=True)

    assert "n’est plus disponible" in answer.content.decode()
    assert not BasketLine.objects.filter(basket__is_open=True).exists()


@pytest.fixture
def next_week(own):
    """The hour of an order that was delivered the week before."""
    Order.objects.update(status="delivered")
    hour, week = own.slot.starts_at, timedelta(weeks=1)
    Slot.objects.filter(pk=own.slot_id).update(
        starts_at=hour - week, ends_at=own.slot.ends_at - week, cutoff_at=own.slot.cutoff_at - week
    )
    return SlotFactory(zone=own.zone, starts_at=hour)


def rebook(client, order, at):
    return client.post(reverse("reorder", args=[order.reference]), {"same_hour": str(at.pk)}, follow=True)


def test_the_same_articles_and_the_same_hour_in_one_click(client, own, next_week):
    shown = client.get(reverse("order", args=[own.reference])).content.decode()
    assert f"La même, {slot_label_long(next_week)}" in shown

    SlotFactory(zone=own.zone, starts_at=next_week.starts_at + timedelta(weeks=1))
    Slot.objects.filter(pk=next_week.pk).update(capacity=1)

    # Twice: the last place is one's own by then.
    for _press in range(2):
        answer = rebook(client, own, next_week)

        assert answer.redirect_chain[-1][0] == reverse("basket")
        assert "réservé une heure" in answer.content.decode()
        basket = BasketLine.objects.get(basket__is_open=True).basket
        assert Hold.objects.get(holder=str(basket.key)).slot == next_week


def test_where_that_hour_is_gone_the_articles_come_and_other_slots_are_shown(client, own, next_week):
    Slot.objects.filter(pk=next_week.pk).update(booked=F("capacity"))
    assert "La même, " not in client.get(reverse("order", args=[own.reference])).content.decode()

    answer = rebook(client, own, next_week)

    assert answer.redirect_chain[-1][0] == reverse("slots")
    assert "vient d’être pris" in answer.content.decode()
    assert BasketLine.objects.filter(basket__is_open=True).get().product.name == "Brie"


@pytest.mark.parametrize("typed", ["", "x", "-1", "9" * 30, "1e3"])
def test_a_slot_that_is_none_is_said(client, own, next_week, typed):
    answer = client.post(reverse("reorder", args=[own.reference]), {"same_hour": typed}, follow=True)

    assert "n’est plus proposé" in answer.content.decode()
    assert not Hold.objects.filter(slot=next_week).exists()


def test_a_slot_of_another_zone_is_not_taken(client, own):
    elsewhere = SlotFactory(zone=ZoneFactory(slug="lyon"), starts_at=own.slot.starts_at)

    assert "n’est plus proposé" in rebook(client, own, elsewhere).content.decode()
    assert not Hold.objects.filter(slot=elsewhere).exists()


def test_where_nobody_delivers_any_more_no_hour_is_offered(
    client, own, next_week, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        ZoneFactory(slug="lyon", prefixes=["69"])
        Zone.objects.filter(pk=own.zone_id).update(is_active=False)
        zones_changed()

    assert "La même, " not in client.get(reverse("order", args=[own.reference])).content.decode()
    # From a page that was open before.
    assert "n’est plus proposé" in rebook(client, own, next_week).content.decode()
    assert not Hold.objects.filter(slot=next_week).exists()


def test_while_a_payment_runs_the_place_stays_where_it_is(client, own, next_week):
    paying = Walk(client).fill(Product.objects.get()).hold(SlotFactory(zone=own.zone))
    paying.say_who()
    paying.order()

    assert rebook(client, own, next_week).redirect_chain[0][0] == reverse("checkout_recap")


def test_an_order_under_way_is_not_taken_again_at_its_hour(client, own):
    SlotFactory(zone=own.zone, starts_at=own.slot.starts_at + timedelta(weeks=1))

    assert "La même, " not in client.get(reverse("order", args=[own.reference])).content.decode()


def test_the_history_is_only_added_to(placed):
    with pytest.raises(ProgrammingError), transaction.atomic():
        OrderEvent.objects.update(kind="cancelled")
    with pytest.raises(ProgrammingError), transaction.atomic():
        OrderEvent.objects.all().delete()

    assert [event.kind for event in placed.events.all()] == ["created", "payment_secured", "placed"]


def test_a_refused_saved_card_asks_the_customer_and_keeps_the_slot(client, placed):
    PaymentOperation.objects.update(state="refused")
    PaymentAccount.objects.update(released=F("authorised"))
    from config.facts import deliver_all, publish

    with transaction.atomic():
        publish(
            PaymentActionNeeded(order_reference=placed.reference, operation_key="k", code="card_declined")
        )
    deliver_all()
    page = client.get(reverse("pay_again", args=[placed.tracking_token])).content.decode()

    placed.refresh_from_db()
    assert placed.payment_needed_at and placed.status == Order.Status.PLACED
    assert "refusé la carte" in page
    placed.slot.refresh_from_db()
    assert placed.slot.booked == 1


@pytest.mark.parametrize("before", list(Order.Status))
@pytest.mark.parametrize("after", list(Order.Status))
def test_only_the_moves_of_the_table_are_made(placed, before, after):
    Order.objects.update(status=before)
    order = Order.objects.get()

    if after in Order.MOVES[before]:
        books.move(order, after)
        assert Order.objects.get().status == after
    else:
        with pytest.raises(services.MoveRefused):
            books.move(order, after)
        assert Order.objects.get().status == before


def test_cancelling_tells_the_house(placed):
    from django_domain_events import assert_fired

    services.cancel_order(reference=placed.reference)

    assert_fired(OrderCancelled, times=1)


def test_the_order_page_costs_the_same_queries_with_twice_the_lines(
    client,
    slot,  # noqa: F811
    django_assert_max_num_queries,
):
    customer = CustomerFactory()
    client.force_login(customer.user)
    counts = []
    for lines in (3, 6):
        steps = Walk(client).fill(*ProductFactory.create_batch(lines), quantity=8).hold(slot)
        steps.say_who()
        steps.order()
        order = Order.objects.order_by("-pk").first()
        services.place_order(reference=order.reference)
        with django_assert_max_num_queries(22) as queries:
            client.get(reverse("order", args=[order.reference]))
        counts.append(len(queries))

    assert counts[0] == counts[1]


def member(group):
    seed_groups()
    user = UserFactory(staff=True)
    user.groups.add(Group.objects.get(name=group.value))
    return user


def admin_pages(client, order):
    found = client.get(reverse("admin:orders_order_changelist"), {"q": order.email})
    page = client.get(reverse("admin:orders_order_change", args=[order.pk]))
    assert found.status_code == page.status_code == 200
    return found.content.decode(), page.content.decode()


def test_pickers_read_the_lines_and_no_address(client, placed):
    client.force_login(member(StaffGroup.PICKING))

    found, page = admin_pages(client, placed)
    guessed = client.get(reverse("admin:orders_order_changelist"), {"email__startswith": "lea"})

    assert "Léa O." in page and placed.reference in page and "Comté" in page
    for secret in (placed.email, placed.phone, "12 rue des Lilas", placed.tracking_token, "Brien"):
        assert secret not in page
    # As a word: tokens of the page are drawn from the same signs.
    assert not re.search(r"\bA12\b", page)
    assert placed.reference not in found and guessed.status_code != 200


@pytest.mark.parametrize("group", [StaffGroup.CUSTOMER_SERVICE, StaffGroup.MANAGER])
def test_whoever_answers_customers_reads_the_recipient(client, placed, group):
    client.force_login(member(group))

    found, page = admin_pages(client, placed)

    assert placed.reference in found
    assert placed.email in page and "A12" in page and placed.tracking_token in page


def test_whoever_answers_customers_is_led_to_all_that_belongs_to_an_order(client, own):
    client.force_login(member(StaffGroup.CUSTOMER_SERVICE))

    page = client.get(reverse("admin:orders_order_change", args=[own.pk])).content.decode()

    links = re.findall(r'<a class="underline" href="([^"]+)">', page)
    assert len(links) == 8
    for link in links:
        answer = client.get(unescape(link))
        assert answer.status_code == 200, link
        assert (
            own.reference in answer.content.decode()
            or own.email in answer.content.decode()
            or "demande" in link
        )


@pytest.mark.parametrize("how", ["{0}-{1}-{2}", "{0}{1}{2}", "{1}{2}", "{1} {2}", " {0} {1}-{2} "])
def test_a_reference_is_found_however_it_is_typed(client, own, how):
    client.force_login(member(StaffGroup.CUSTOMER_SERVICE))
    typed = how.format(*own.reference.split("-")).lower()

    assert (
        own.reference in client.get(reverse("admin:orders_order_changelist"), {"q": typed}).content.decode()
    )


@pytest.mark.parametrize(
    "typed", ["", "CB", "lea@exemple.fr", "75011", "O’Brien", "CB-2HHJ-7PG0", "x" * 5000]
)
def test_what_is_no_reference_is_searched_as_it_is(typed):
    assert spoken_reference(typed) is None


def test_the_rank_counts_the_party_and_only_what_stands(own):
    guest = CustomerFactory(user=None, merged_into=own.customer)
    states = {"placed": True, "cancelled": True, "abandoned": False}
    for status, was_placed in states.items():
        twin = Order.objects.get(pk=own.pk)
        twin.pk, twin.reference, twin.basket_key, twin.customer = None, f"CB-{status}", uuid4(), guest
        twin.tracking_token, twin.status = f"jeton-{status}", status
        twin.placed_at = twin.placed_at if was_placed else None
        twin.save()

    assert rank_of_next_order(own.customer_id) == 3


def test_a_customer_confirms_before_cancelling(client, own):
    page = client.get(reverse("order", args=[own.reference]))

    before, _, form = page.content.decode().partition('<details class="fold"><summary>Annuler cette commande')
    address = reverse("cancel_order", args=[own.reference])
    assert address in form and address not in before
    assert page.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("name", ["orders", "order", "tracking"])
def test_head_is_answered_where_get_is(client, own, name):
    key = {"orders": [], "order": [own.reference], "tracking": [own.tracking_token]}[name]

    assert client.head(reverse(name, args=key)).status_code == 200
