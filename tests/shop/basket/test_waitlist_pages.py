"""A full slot on the pages: asked for by whoever looks, offered by letter, taken into the basket at hand."""

from datetime import timedelta
from urllib.parse import unquote

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from config import kept
from config.facts import deliver_all
from crm.outbox.models import Message
from delivery.slots import waitlist
from delivery.slots.models import Hold, Slot, WaitlistEntry
from delivery.slots.queries import live_hold
from delivery.slots.services import hold_slot, release_hold
from delivery.slots.waitlist import offer_places, wait_for_slot
from shop.basket.models import Basket
from shop.basket.waitlist_views import WAITS_BY_ADDRESS, WAITS_BY_MACHINE
from tests.factories import CustomerFactory, PickupPointFactory, ProductFactory, SlotFactory, ZoneFactory
from tests.shop.checkout.conftest import terms, walk  # noqa: F401

pytestmark = pytest.mark.django_db
State = WaitlistEntry.State
ASK = "me prévenir"
EMAIL = "lea@exemple.fr"


@pytest.fixture
def slot():
    """The one place of a slot in three days is held by somebody."""
    starts = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=3)
    made = SlotFactory(zone=ZoneFactory(), starts_at=starts, capacity=1)
    hold_slot(slot_id=made.pk, holder="quelqu’un")
    return made


def ask(client, slot, **changes):
    return client.post(reverse("wait_for_slot", args=[slot.pk]), {"email": EMAIL} | changes, follow=True)


def given_back():
    """A place is free again, and offered."""
    release_hold(holder="quelqu’un")
    offer_places()
    deliver_all()
    return WaitlistEntry.objects.get()


def page_of(entry):
    return reverse("slot_offer", args=[entry.token])


def grid(client):
    return client.get(reverse("slots")).content.decode()


# asking


def test_a_full_slot_says_where_to_ask(client, slot):
    html = grid(client)

    assert ASK in html
    assert reverse("wait_for_slot", args=[slot.pk]) in html


def test_a_slot_too_near_its_cutoff_is_only_full(client, slot):
    Slot.objects.update(cutoff_at=timezone.now() + timedelta(minutes=5))

    html = grid(client)

    assert "Complet" in html
    assert ASK not in html


def test_a_visitor_types_an_address_and_the_grid_says_that_they_wait(client, slot):
    page = client.get(reverse("wait_for_slot", args=[slot.pk]))
    answer = ask(client, slot, code_postal="75011", next="/creneaux/?code_postal=75011")

    assert 'autocomplete="email"' in page.content.decode()
    assert "C’est noté" in answer.content.decode()
    assert answer.redirect_chain[-1][0] == "/creneaux/?code_postal=75011"
    entry = WaitlistEntry.objects.get()
    assert (entry.email, entry.postcode, entry.state) == (EMAIL, "75011", State.WAITING)
    html = grid(client)
    assert "nous vous prévenons" in html
    assert ASK not in html


def test_a_customers_own_address_counts_whatever_is_typed(client, slot):
    customer = CustomerFactory()
    client.force_login(customer.user)

    page = client.get(reverse("wait_for_slot", args=[slot.pk])).content.decode()
    ask(client, slot, email="quelqu.un.d.autre@exemple.fr")

    assert customer.email in page
    assert 'name="email"' not in page
    entry = WaitlistEntry.objects.get()
    assert (entry.email, entry.customer) == (customer.email, customer)


@pytest.mark.parametrize("typed", ["", "lea", "lea@", "a b@c.fr", "x" * 250 + "@exemple.fr"])
def test_what_is_no_address_is_refused_at_its_field(client, slot, typed):
    answer = ask(client, slot, email=typed)

    assert answer.status_code == 422
    assert "Un point est à corriger" in answer.content.decode()
    assert not WaitlistEntry.objects.exists()
    assert not Basket.objects.exists()


@pytest.mark.parametrize("sent", ["nonsense", "999999999", "20", "\x01"])
def test_a_postcode_that_is_none_is_not_kept(client, slot, sent):
    ask(client, slot, code_postal=sent[:12])

    assert not WaitlistEntry.objects.exclude(postcode="").exists()


@pytest.mark.parametrize(
    "elsewhere", ["//ailleurs.example/", "https://ailleurs.example/", "javascript:alert(1)"]
)
def test_nobody_is_led_away_from_the_shop(client, slot, elsewhere):
    answer = ask(client, slot, next=elsewhere)

    assert answer.redirect_chain[-1][0] == reverse("slots")


@pytest.mark.parametrize(
    ("refusal", "says"),
    [
        (waitlist.TooManyWaits, "trois créneaux"),
        (waitlist.WaitlistFull, "Trop de personnes attendent"),
        (waitlist.NothingToWaitFor, "vient de se libérer"),
        (waitlist.SlotClosed, "n’est plus proposé"),
    ],
)
def test_each_refusal_is_said_in_french(client, slot, monkeypatch, refusal, says):
    def refuse(**_given):
        raise refusal

    monkeypatch.setattr(waitlist, "wait_for_slot", refuse)

    answer = ask(client, slot)

    assert says in answer.content.decode()
    assert not WaitlistEntry.objects.exists()


def test_an_unknown_slot_is_not_found(client, slot):
    assert client.get(reverse("wait_for_slot", args=[0])).status_code == 404
    assert ask(client, Slot(pk=10**12)).status_code == 404


def test_a_closed_slot_leads_back_to_the_grid(client, slot):
    Slot.objects.update(is_closed=True)

    answer = client.get(reverse("wait_for_slot", args=[slot.pk]), follow=True)

    assert "n’est plus proposé" in answer.content.decode()


def test_a_machine_and_an_address_ask_so_many_times_only(client, slot):
    for _time in range(WAITS_BY_ADDRESS.most):
        ask(client, slot)

    by_address = ask(client, slot)
    for n in range(WAITS_BY_MACHINE.most - WAITS_BY_ADDRESS.most - 1):
        ask(client, slot, email=f"x{n}@exemple.fr")
    by_machine = ask(client, slot, email="nouvelle@exemple.fr")

    assert (by_address.status_code, by_machine.status_code) == (429, 429)
    assert not WaitlistEntry.objects.filter(email="nouvelle@exemple.fr").exists()


def test_whoever_waits_leaves_from_the_grid(client, slot):
    ask(client, slot)
    entry = WaitlistEntry.objects.get()

    answer = client.post(reverse("leave_waitlist", args=[entry.token]), follow=True)

    assert "vous n’attendez plus" in answer.content.decode()
    entry.refresh_from_db()
    assert entry.state == State.LEFT
    assert ASK in grid(client)


def test_a_customer_who_comes_back_in_another_browser_sees_that_they_wait(client, slot):
    customer = CustomerFactory()
    wait_for_slot(slot_id=slot.pk, email=customer.email, customer_id=customer.pk)
    client.force_login(customer.user)

    assert "nous vous prévenons" in grid(client)


def test_a_points_page_asks_as_well(client, slot):
    point = PickupPointFactory()
    SlotFactory(zone=point, starts_at=slot.starts_at, capacity=0)

    assert ASK in client.get(reverse("pickup_point", args=[point.slug])).content.decode()


def test_the_checkout_asks_as_well_and_comes_back_to_itself(walk, slot, terms):  # noqa: F811
    walk.fill(ProductFactory()).say_who()
    step = reverse("checkout_slot")

    html = walk.client.get(step).content.decode()

    assert ASK in html
    assert f'href="{reverse("wait_for_slot", args=[slot.pk])}?suite={step}' in unquote(html)


# the offer


def test_the_letter_leads_to_a_page_that_takes_nothing_by_itself(client, slot):
    ask(client, slot)
    entry = given_back()
    letter = Message.objects.get()

    page = client.get(page_of(entry))

    assert page_of(entry) in letter.text
    assert page_of(entry) in letter.html
    assert "Une place s’est libérée" in letter.html
    assert "Prendre cette place" in page.content.decode()
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert EMAIL not in page.content.decode()
    entry.refresh_from_db()
    assert entry.state == State.OFFERED


def test_one_button_takes_the_place_in_whatever_browser_the_letter_is_opened(client, slot):
    wait_for_slot(slot_id=slot.pk, email=EMAIL, postcode="75011")
    entry = given_back()

    answer = client.post(page_of(entry), follow=True)

    assert "Créneau réservé une heure" in answer.content.decode()
    assert live_hold(str(Basket.objects.get().key)).slot == slot
    assert client.session["postcode"] == "75011"
    assert "Votre créneau" in grid(client)


def test_taking_again_from_elsewhere_says_that_it_is_gone(client, slot):
    wait_for_slot(slot_id=slot.pk, email=EMAIL)
    entry = given_back()
    client.post(page_of(entry))
    client.logout()

    late = client.post(page_of(entry))

    assert late.status_code == 410
    assert "Cette place est prise" in late.content.decode()
    assert Hold.objects.filter(state=Hold.State.HELD).count() == 1


def test_the_page_says_what_the_new_place_replaces(client, slot):
    client.post(reverse("set_basket_line"), {"product": ProductFactory().pk, "quantity": 1})
    other = SlotFactory(zone=slot.zone, starts_at=slot.starts_at + timedelta(hours=1), capacity=1)
    client.post(reverse("hold_slot", args=[other.pk]))
    ask(client, slot)
    entry = given_back()

    said = client.get(page_of(entry)).content.decode()
    client.post(page_of(entry))

    assert "Elle remplace votre créneau actuel" in said
    other.refresh_from_db()
    assert other.booked == 0


def test_a_payment_that_runs_is_not_disturbed(client, slot):
    client.post(
        reverse(
            "hold_slot", args=[SlotFactory(zone=slot.zone, starts_at=slot.starts_at + timedelta(hours=1)).pk]
        )
    )
    ask(client, slot)
    entry = given_back()
    Hold.objects.exclude(holder=entry.offer_holder).filter(state="held").update(
        state="pinned", order_reference="C1"
    )

    answer = client.post(page_of(entry), follow=True)

    assert "Un paiement est en cours" in answer.content.decode()
    entry.refresh_from_db()
    assert entry.state == State.OFFERED


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (State.WAITING, "Vous attendez votre tour"),
        (State.TAKEN, "Cette place est prise"),
        (State.LAPSED, "Le délai est passé"),
        (State.LEFT, "Vous l’avez laissée"),
        (State.CLOSED, "Aucune place ne s’est libérée"),
    ],
)
def test_the_page_says_how_it_stands(client, slot, state, says):
    wait_for_slot(slot_id=slot.pk, email=EMAIL)
    WaitlistEntry.objects.update(state=state, offered_until=timezone.now())

    answer = client.post(page_of(WaitlistEntry.objects.get()))

    assert answer.status_code == 410
    assert says in answer.content.decode()
    assert "Prendre cette place" not in answer.content.decode()


def test_leaving_from_the_letter_gives_the_place_to_the_next(client, slot):
    wait_for_slot(slot_id=slot.pk, email=EMAIL)
    entry = given_back()
    second = wait_for_slot(slot_id=slot.pk, email="bob@exemple.fr")

    client.post(reverse("leave_waitlist", args=[entry.token]))
    offer_places()

    second.refresh_from_db()
    assert second.state == State.OFFERED


def test_the_grid_leads_whoever_has_an_offer_to_it(client, slot):
    ask(client, slot)
    entry = given_back()

    html = grid(client)

    assert "Une place vous attend" in html
    assert page_of(entry) in html


def test_a_letter_that_comes_after_the_offer_is_not_written(slot):
    wait_for_slot(slot_id=slot.pk, email=EMAIL)
    release_hold(holder="quelqu’un")
    offer_places()
    WaitlistEntry.objects.update(state=State.LEFT)

    deliver_all()

    assert not Message.objects.exists()


def test_made_up_tokens_are_not_found(client, slot):
    assert client.get(reverse("slot_offer", args=["invente"])).status_code == 404
    assert client.post(reverse("slot_offer", args=["invente"])).status_code == 404
    assert client.post(reverse("leave_waitlist", args=["invente"])).status_code == 404


def test_waiting_costs_the_grid_no_query(client, slot, django_assert_max_num_queries):
    def cost():
        cache.clear()
        kept.forget_everything()
        with django_assert_max_num_queries(6) as captured:
            client.get(reverse("slots"))
        return len(captured)

    client.post(reverse("set_basket_line"), {"product": ProductFactory().pk, "quantity": 1})
    before = cost()
    for hour in range(1, 4):
        full = SlotFactory(zone=slot.zone, starts_at=slot.starts_at + timedelta(hours=hour), capacity=0)
        ask(client, full)
    client.get(reverse("slots"))

    assert cost() == before
