"""An order that will be late is told before, and its customer chooses."""

import re
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.urls import reverse
from django.utils import timezone

from config.facts import deliver_all
from config.limits import Limit
from crm.outbox.models import Message
from delivery.promise.queries import compensations_of_order, outcome_of
from delivery.promise.services import seed_rules
from delivery.rounds.models import Drop, Round, Stop
from delivery.rounds.services import plan_half_day
from delivery.tracking import services as tracking
from delivery.tracking.models import Visit
from delivery.zones.services import zones_changed
from loyalty.vouchers.models import Voucher
from shop.orders import delay_views, delay_wording, services
from shop.orders.models import Delay, Order, OrderEvent, Pickup
from shop.payments.models import PaymentAccount
from tests.delivery.rounds.fleet import planning_of, shift
from tests.delivery.tracking.road import say
from tests.factories import PickupPointFactory, SlotFactory, UserFactory
from tests.loyalty.vouchers.granting import granted
from tests.shop.orders.depot import pick, place, settle, settled, started
from tests.shop.orders.test_voucher_bill import ordered

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(zone, comte):
    return place(zone, {comte: 12})


@pytest.fixture
def later(zone):
    return SlotFactory(zone=zone, starts_at=hours(30), cutoff_at=hours(27), capacity=1)


@pytest.fixture
def window(zone):
    """A slot of a pickup point of the same depot."""
    point = PickupPointFactory(depot=zone.depot)
    zones_changed()
    return SlotFactory(zone=point, starts_at=hours(26), cutoff_at=hours(24), price=0)


def hours(number):
    return timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=number)


def packed(order):
    started(order)
    pick(order)
    services.pack_order(reference=order.reference)
    deliver_all()
    order.refresh_from_db()
    return order


def late(order, cause="forecast", expected_at=None):
    delay = services.tell_delay(reference=order.reference, cause=cause, expected_at=expected_at or hours(5))
    deliver_all()
    return delay


def kinds(order):
    return list(order.events.values_list("kind", flat=True))


def letters(purpose):
    return Message.objects.filter(purpose=purpose)


def page(client, delay):
    return re.sub(r"\s+", " ", unescape(client.get(reverse("delay", args=[delay.token])).content.decode()))


def test_a_delay_is_told_once_with_a_letter_and_the_hour_moves_on(order):
    first = late(order, expected_at=hours(5))
    again = late(order, expected_at=hours(6))

    assert again == first
    first.refresh_from_db()
    assert first.expected_at == hours(6)
    assert kinds(order).count("delay_told") == 1
    assert letters("delay_told").count() == 1


def test_an_incident_after_a_forecast_is_told_anew(order):
    delay = late(order)

    assert late(order, "incident") == delay
    assert letters("delay_told").count() == 2


def test_what_is_over_or_fetched_is_not_late(order, window):
    Order.objects.filter(pk=order.pk).update(zone=window.zone)
    assert late(order) is None
    services.cancel_order(reference=order.reference)

    assert late(order) is None
    assert not letters("delay_told").exists()


def test_whoever_waits_is_thanked_and_told_no_more(order):
    delay = late(order)

    services.answer_delay(token=delay.token, answer="wait")

    delay.refresh_from_db()
    assert (delay.answer, delay.answered_by) == ("wait", "customer")
    assert "waited_for" in kinds(order)
    deliver_all()
    assert not letters("delay_settled").exists()


@pytest.mark.parametrize("state", ["placed", "picking", "packed"])
def test_another_slot_is_taken_and_the_van_is_told(order, later, state):
    deliver_all()
    if state == "picking":
        started(order)
    if state == "packed":
        packed(order)
    delay = late(order)

    services.answer_delay(token=delay.token, answer="slot", slot_id=later.pk)

    order.refresh_from_db()
    later.refresh_from_db()
    assert (order.slot_id, order.status, later.booked) == (later.pk, state, 1)
    assert Drop.objects.get(order_reference=order.reference).slot_starts_at == later.starts_at
    deliver_all()
    assert letters("delay_settled").count() == 1


def test_a_full_or_foreign_slot_is_refused_and_nothing_changes(order, later, window):
    other = SlotFactory(starts_at=hours(30), cutoff_at=hours(27), zone__slug="lyon")
    delay = late(order)
    before = order.slot_id
    later.capacity = 0
    later.save()

    for slot_id in (later.pk, other.pk, window.pk, None, 404):
        with pytest.raises(services.ChoiceGone):
            services.answer_delay(token=delay.token, answer="slot", slot_id=slot_id)

    order.refresh_from_db()
    delay.refresh_from_db()
    assert (order.slot_id, delay.answer) == (before, "")


def test_it_may_be_fetched_at_a_point_with_a_code(order, window):
    delay = late(packed(order))

    services.answer_delay(token=delay.token, answer="pickup", slot_id=window.pk)
    deliver_all()

    order.refresh_from_db()
    assert (order.zone_id, order.slot_id, order.line1) == (window.zone_id, window.pk, window.zone.line1)
    code = Pickup.objects.get(order=order).code
    assert code in letters("delay_settled").get().text
    assert Drop.objects.get(order_reference=order.reference).cancelled_at


def test_before_its_crates_are_closed_an_end_to_it_costs_nothing(order):
    delay = late(order)

    services.answer_delay(token=delay.token, answer="cancel")

    order.refresh_from_db()
    assert order.status == "cancelled"
    assert settled(order).captured == 0
    deliver_all()
    assert letters("order_cancelled").count() == 1


def test_after_it_was_charged_all_of_it_is_given_back(order):
    delay = late(packed(order))
    settle()

    services.answer_delay(token=delay.token, answer="cancel")

    account = settled(order)
    order.refresh_from_db()
    assert order.status == "returned"
    assert account.captured == account.refunded == order.bill.total
    deliver_all()
    assert letters("order_returned").count() == 1
    assert Drop.objects.get(order_reference=order.reference).cancelled_at


def test_a_charge_that_is_under_way_is_given_back_once_it_is_made(order):
    delay = late(packed(order))

    services.answer_delay(token=delay.token, answer="cancel")
    assert PaymentAccount.objects.get(order_reference=order.reference).refunded == 0
    settle()
    settle()

    account = PaymentAccount.objects.get(order_reference=order.reference)
    assert account.captured == account.refunded == order.bill.total


def test_a_voucher_that_was_spent_is_granted_anew(zone, comte):
    spent, code = granted("5.00")
    order = packed(ordered(zone, comte, code))
    settle()
    delay = late(order)

    services.answer_delay(token=delay.token, answer="cancel")
    services.settle_returned(reference=order.reference)
    account = settled(order)

    assert account.captured == account.refunded
    anew = Voucher.objects.exclude(pk=spent.pk).get()
    assert (anew.value, anew.origin, anew.owner_id) == (Decimal("5.00"), "compensation", order.customer_id)


def test_nothing_is_chosen_twice(order, later):
    delay = late(order)
    services.answer_delay(token=delay.token, answer="wait")

    with pytest.raises(services.DelayOver):
        services.answer_delay(token=delay.token, answer="slot", slot_id=later.pk)

    order.refresh_from_db()
    assert order.slot_id != later.pk


def test_once_it_has_come_nothing_is_chosen(order):
    delay = late(packed(order))
    services.hand_over(reference=order.reference)

    with pytest.raises(services.DelayOver):
        services.answer_delay(token=delay.token, answer="cancel")


def test_whoever_was_out_chooses_another_moment_and_cannot_wait(order, later):
    packed(order)
    services.note_missed(reference=order.reference)
    delay = late(order, "missed")

    for answer in ("wait", "cancel"):
        with pytest.raises(services.ChoiceGone):
            services.answer_delay(token=delay.token, answer=answer)
    services.answer_delay(token=delay.token, answer="slot", slot_id=later.pk)

    order.refresh_from_db()
    assert order.slot_id == later.pk
    assert letters("delivery_missed").count() == 1
    assert kinds(order).count("missed") == 1


# --- with a courier on the road -----------------------------------------------------------------------


@pytest.fixture
def on_the_way(order):
    """Packed, planned, and in a van that has left; its visit."""
    packed(order)
    drop = Drop.objects.get(order_reference=order.reference)
    on = shift()
    # Its middle is the slot's beginning: of the same half-day at whatever hour this runs.
    two_hours = timedelta(hours=2)
    on.starts_at, on.ends_at = order.slot.starts_at - two_hours, order.slot.starts_at + two_hours
    on.save()
    on.courier.trained_on = timezone.localdate() - timedelta(days=3)
    on.courier.save()
    plan_half_day(planning_id=planning_of(drop).pk, now=on.starts_at - timedelta(hours=1))
    run = tracking.open_run(
        courier_id=on.courier_id, round_id=Round.objects.get().pk, now=on.starts_at - timedelta(minutes=20)
    )
    say(run, "left", on.starts_at)
    deliver_all()
    return Visit.objects.get(run=run)


def test_the_van_that_has_it_skips_its_door(order, later, on_the_way):
    delay = late(order)

    services.answer_delay(token=delay.token, answer="slot", slot_id=later.pk)

    on_the_way.refresh_from_db()
    assert on_the_way.state == "handed_on"
    assert not Stop.objects.exists()


def test_with_the_courier_at_the_door_nothing_is_chosen(order, later, on_the_way):
    delay = late(order)
    say(on_the_way.run, "arrived", order.slot.starts_at, on_the_way.number)

    with pytest.raises(services.DelayOver):
        services.answer_delay(token=delay.token, answer="slot", slot_id=later.pk)

    on_the_way.refresh_from_db()
    assert on_the_way.state == "arrived"


def offers(client, order, delay):
    """Whether tracking, the order's page and the delay's own offer a choice; all say the same."""
    client.force_login(order.customer.user)
    choice = reverse("delay", args=[delay.token])
    offered = {
        choice in client.get(reverse(name, args=[key])).content.decode()
        for name, key in (("tracking", order.tracking_token), ("order", order.reference))
    }
    offered.add('name="choix"' in client.get(choice).content.decode())
    (said,) = offered
    return said


@pytest.mark.parametrize(
    ("kind", "remains"), [("arrived", False), ("refused", False), ("delivered", False), ("absent", True)]
)
def test_a_choice_is_offered_until_the_courier_was_met(client, order, later, on_the_way, kind, remains):
    order.customer.user = UserFactory()
    order.customer.save()
    delay = late(order)
    assert offers(client, order, delay)

    say(
        on_the_way.run,
        kind,
        order.slot.starts_at,
        on_the_way.number,
        absent_because="nobody",
        was_age_checked=True,
    )
    deliver_all()

    assert offers(client, order, delay) is remains


def test_what_the_phone_says_becomes_the_orders_history(order, on_the_way):
    at = order.slot.starts_at + timedelta(minutes=10)
    say(on_the_way.run, "arrived", at, 1)
    say(on_the_way.run, "delivered", at + timedelta(minutes=4), 1, deposits_back=2)
    deliver_all()
    deliver_all()

    order.refresh_from_db()
    assert (order.status, order.delivered_at) == ("delivered", at + timedelta(minutes=4))
    assert kinds(order)[-4:] == ["left_depot", "at_the_door", "delivered", "deposits_back"]
    assert OrderEvent.objects.get(kind="deposits_back").data == {"number": 2}


@pytest.mark.parametrize(("minutes_late", "is_due"), [(30, False), (31, True)])
def test_an_arrival_is_held_against_the_promise_and_made_good_unasked(
    order, on_the_way, time_machine, minutes_late, is_due
):
    seed_rules()
    settle()
    at = order.slot.ends_at + timedelta(minutes=minutes_late)
    time_machine.move_to(at, tick=False)

    say(on_the_way.run, "arrived", at, 1)
    deliver_all()

    outcome = outcome_of(order.reference)
    assert (outcome.arrived_at, outcome.carrier, outcome.is_kept) == (at, "cabas", False)
    assert [one.remedy for one in compensations_of_order(order.reference)] == ["delivery_refund"] * is_due
    account = settled(order)
    assert account.refunded == (order.delivery_fee if is_due else 0)


def test_the_letter_names_what_is_given_should_it_be_late(order):
    late(order)
    assert "30 minutes" not in delay_wording.promise(order.delays.get())
    seed_rules()

    told = delay_wording.promise(order.delays.get())

    assert "plus de 30 minutes" in told
    assert "sans rien demander" in told


def test_what_was_refused_at_the_door_is_given_back(order, on_the_way):
    settle()
    line = order.lines.get()

    say(on_the_way.run, "delivered", order.slot.starts_at, 1, refused=[str(line.pk)])
    deliver_all()

    account = settled(order)
    assert account.refunded == line.total
    assert order.refunds.get().reason == "refused"


def test_a_closed_door_is_told_and_asked_about(order, on_the_way):
    say(on_the_way.run, "absent", order.slot.starts_at, 1, absent_because="nobody")
    deliver_all()

    assert "missed" in kinds(order)
    assert order.delays.get().cause == "missed"
    assert letters("delivery_missed").count() == 1


# --- pages --------------------------------------------------------------------------------------------


def test_the_page_offers_what_may_be_chosen_and_does_it(client, order, later, window):
    delay = late(packed(order))

    shown = page(client, delay)
    assert "aura du retard" in shown
    assert f'value="slot-{later.pk}"' in shown
    assert f'value="pickup-{window.pk}"' in shown
    assert "Tout vous est remboursé" in shown

    answer = client.post(reverse("delay", args=[delay.token]), {"choix": f"slot-{later.pk}"}, follow=True)
    assert "sans frais" in answer.content.decode()
    order.refresh_from_db()
    assert order.slot_id == later.pk


@pytest.mark.parametrize(
    "choice", ["", "slot", "slot-", "slot-x", "slot-99999999999999", "refund", "wait-3x"]
)
def test_nonsense_is_refused_with_words_and_changes_nothing(client, order, choice):
    delay = late(order)

    answer = client.post(reverse("delay", args=[delay.token]), {"choix": choice})

    assert answer.status_code in {409, 422} or choice == "wait-3x"
    order.refresh_from_db()
    assert order.slot_id == Order.objects.get().slot_id


def test_a_link_alone_answers_nothing(client, order):
    delay = late(order)

    client.get(reverse("delay", args=[delay.token]) + "?choix=cancel")

    delay.refresh_from_db()
    assert delay.answer == ""


def test_answers_are_limited(client, order, monkeypatch):
    delay = late(order)
    monkeypatch.setattr(delay_views, "CHOICES_BY_MACHINE", Limit("test", most=2))
    codes = [client.post(reverse("delay", args=[delay.token]), {"choix": "?"}).status_code for _n in range(3)]

    assert codes[-1] == 429


def test_the_tracking_page_narrows_without_reload_and_shows_no_other_stop(client, order, on_the_way):
    shown = client.get(reverse("tracking", args=[order.tracking_token])).content.decode()
    assert "Votre livreur arrive entre" in shown
    assert f'hx-get="{reverse("tracking_live", args=[order.tracking_token])}"' in shown

    fragment = client.get(reverse("tracking_live", args=[order.tracking_token]))
    assert "vous êtes le prochain arrêt" in fragment.content.decode()
    assert "<html" not in fragment.content.decode()

    say(on_the_way.run, "arrived", order.slot.starts_at, 1)
    assert (
        "est à votre porte"
        in client.get(reverse("tracking_live", args=[order.tracking_token])).content.decode()
    )
    say(on_the_way.run, "delivered", order.slot.starts_at + timedelta(minutes=3), 1)
    over = client.get(reverse("tracking_live", args=[order.tracking_token]))
    assert (over.content, over["HX-Refresh"]) == (b"", "true")


def test_a_late_order_says_so_on_its_pages(client, order):
    delay = late(order)

    shown = client.get(reverse("tracking", args=[order.tracking_token])).content.decode()

    assert reverse("delay", args=[delay.token]) in shown
    assert Delay.objects.count() == 1
