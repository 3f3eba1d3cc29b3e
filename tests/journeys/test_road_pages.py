"""What a customer sees of the way to their door: tracking in each of its states, a delay and its choice, the record kept."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from config.facts import deliver_all
from delivery.promise.models import Outcome, WeekRecord
from delivery.promise.services import count_weeks
from delivery.rounds.models import Drop, Planning, Round
from delivery.rounds.rules import half_of
from delivery.rounds.services import plan_half_day
from delivery.slots.models import Slot
from delivery.tracking import services as tracking
from delivery.tracking.models import Visit
from delivery.zones.models import Zone
from shop.customers.models import User
from shop.orders import services
from shop.orders.models import Order
from shop.stock.models import StockItem
from tests.delivery.rounds.fleet import shift
from tests.delivery.tracking.road import say
from tests.journeys.test_pages import goods, ordered, see, signed_in  # noqa: F401
from tests.shop.orders.depot import KEEPS, pick, settle

HOUR = timedelta(hours=1)


def packed(order):
    Slot.objects.filter(pk=order.slot_id).update(cutoff_at=timezone.now() - timedelta(minutes=1))
    services.start_picking(references=[order.reference])
    pick(order, best_before_on=KEEPS)
    services.pack_order(reference=order.reference)
    deliver_all()
    settle()
    return Order.objects.select_related("slot").get(pk=order.pk)


def on_the_way(order):
    """In a van that left an hour before its slot; its visit."""
    on = shift(courier_fields={"first_name": "Marie-Emmanuelle"})
    # Its middle is the slot's beginning: of the same half-day at whatever hour this runs.
    on.starts_at, on.ends_at = order.slot.starts_at - 2 * HOUR, order.slot.starts_at + 2 * HOUR
    on.save()
    on.courier.trained_on = timezone.localdate()
    on.courier.save()
    day, half = half_of(order.slot.starts_at)
    planning = Planning.objects.get(depot=order.depot_id, day=day, half=half)
    plan_half_day(planning_id=planning.pk, now=on.starts_at - HOUR)
    round_ = Round.objects.get(shift=on)
    run = tracking.open_run(courier_id=on.courier_id, round_id=round_.pk, now=on.starts_at + HOUR / 2)
    say(run, "left", on.starts_at + HOUR)
    deliver_all()
    return Visit.objects.get(run=run, drop__order_reference=order.reference)


def bought(goods):  # noqa: F811
    """By somebody who has an account."""
    return stocked(goods, signed_in())


def stocked(goods, client=None, days=2):  # noqa: F811
    """What others take of the shelves leaves enough for this one. A slot whose orders are packed sells no more."""
    StockItem.objects.filter(product__in=goods.values()).update(on_hand=90_000)
    return ordered(goods, client, days=days)


def late(order, cause="forecast", expected_at=None):
    delay = services.tell_delay(reference=order.reference, cause=cause, expected_at=expected_at)
    deliver_all()
    return delay


def test_the_way_to_the_door(see, goods):  # noqa: F811
    order = packed(bought(goods))
    tracking_path = reverse("tracking", args=[order.tracking_token])
    see("tracking-packed", tracking_path, says="Votre commande est prête")
    visit = on_the_way(order)
    see("tracking-on-the-way", tracking_path, says="Votre livreur arrive entre")
    tracking.tick(run_id=visit.run_id, now=order.slot.ends_at + HOUR / 2)
    deliver_all()
    see("tracking-late", tracking_path, says="Il aura du retard")
    delay = order.delays.get()
    see("delay", reverse("delay", args=[delay.token]), says="Que préférez-vous")
    see("order-late", reverse("order", args=[order.reference]), client=signed_in(), says="Attendre, reporter")
    at = order.slot.ends_at + HOUR * 2 / 3
    say(visit.run, "arrived", at, visit.number)
    see("tracking-at-the-door", tracking_path, says="est à votre porte")
    see("delay-over", reverse("delay", args=[delay.token]), says="Votre livreur est là")
    say(visit.run, "delivered", at + HOUR / 10, visit.number, was_age_checked=True)
    deliver_all()
    Outcome.objects.filter(order_reference=order.reference).update(arrived_at=at)
    see("tracking-delivered", tracking_path, says="En fait")
    see("order-delivered", reverse("order", args=[order.reference]), client=signed_in(), says="Promis")
    see("promises", reverse("my_promises"), client=signed_in(), says="complète et à l’heure")


def test_a_choice_and_a_closed_door(see, goods):  # noqa: F811
    see("promises-empty", reverse("my_promises"), client=signed_in(), says="Pas encore de promesse")
    waits = bought(goods)
    delay = late(waits, "incident", waits.slot.ends_at + HOUR)
    services.answer_delay(token=delay.token, answer="wait")
    see("delay-waited", reverse("delay", args=[delay.token]), says="merci de votre patience")
    missed = packed(stocked(goods))
    visit = on_the_way(missed)
    say(visit.run, "absent", missed.slot.starts_at, visit.number, absent_because="nobody")
    deliver_all()
    delay = missed.delays.get()
    see("tracking-missed", reverse("tracking", args=[missed.tracking_token]), says="personne n’a répondu")
    see("delay-missed", reverse("delay", args=[delay.token]), says="rapportée au dépôt")
    delay = late(stocked(goods, days=3))
    see("delay-unknown-hour", reverse("delay", args=[delay.token]), says="aura du retard")
    given_back = packed(stocked(goods, days=4))
    delay = late(given_back)
    services.answer_delay(token=delay.token, answer="cancel")
    deliver_all()
    see(
        "tracking-returned",
        reverse("tracking", args=[given_back.tracking_token]),
        says="tout vous est remboursé",
    )
    see("delay-cancelled", reverse("delay", args=[delay.token]), says="livraison comprise")


def test_the_public_record(see, shop):  # noqa: F811
    cache.delete_many(["insights.record", "insights.answers", "promise.on_time_shares"])
    zones = list(
        Zone.objects.filter(kind="delivery", slug__in=["paris", "lyon", "pau", "essonne"]).order_by("-slug")
    )
    monday = timezone.localdate() - timedelta(days=timezone.localdate().weekday())
    WeekRecord.objects.all().delete()
    for back in range(7):
        for place, zone in enumerate(zones):
            number = (180, 96, 40, 7)[place]
            WeekRecord.objects.create(
                zone=zone, monday_on=monday - timedelta(weeks=back), carrier="cabas" if place else "velo", orders=number,
                kept=number * (94 - back) // 100, on_time=number * 96 // 100, within_5=number * 97 // 100,
                within_30=number * 99 // 100, complete=number * 97 // 100, lacked=number * 3 // 100 + 8,
                told_before=number * 2 // 100 + 6, first_orders=number // 4, first_kept=number // 5, compensations=place,
                compensation_cents=590 * place,
            )  # fmt: skip
    see("service-quality-record", "/qualite-de-service/", says="Semaine par semaine")
    see("slots-with-rate", "/creneaux/?code_postal=75011", says="à l’heure")
    cache.delete_many(["insights.record", "insights.answers", "promise.on_time_shares"])
    WeekRecord.objects.all().delete()
    count_weeks(now=timezone.now())


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no-javascript"])
def test_a_customer_told_of_a_delay_chooses_another_slot(shop, goods, open_page, javascript):  # noqa: F811
    order = packed(stocked(goods))
    delay = late(order, expected_at=order.slot.ends_at + HOUR)
    page = open_page(phone=True, javascript=javascript)

    page.goto(f"{shop}{reverse('delay', args=[delay.token])}")
    page.get_by_role("radio", name="Un autre créneau").first.check()
    page.get_by_role("button", name="Confirmer mon choix").click()

    expect(page.locator("main")).to_contain_text("sans frais")
    moved = Order.objects.get(pk=order.pk)
    assert moved.slot_id != order.slot_id
    assert Drop.objects.get(order_reference=order.reference).slot_starts_at == moved.slot.starts_at
    assert not page.problems


def test_the_window_narrows_and_the_door_opens_without_reload(shop, goods, open_page):  # noqa: F811
    order = packed(stocked(goods))
    visit = on_the_way(order)
    page = open_page(phone=True)
    page.clock.install()

    page.goto(f"{shop}{reverse('tracking', args=[order.tracking_token])}")
    expect(page.locator("h1")).to_contain_text("Votre livreur arrive entre")
    say(visit.run, "arrived", order.slot.starts_at, visit.number)
    page.clock.fast_forward(31_000)

    expect(page.locator("h1")).to_contain_text("est à votre porte")
    assert User.objects.filter(email="camille@cabas.example").exists()
    assert not page.problems
