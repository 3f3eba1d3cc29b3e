"""A late delivery from the door to its buyer's page, and the rule that gave it back as staff write its next version."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from config.facts import deliver_all
from crm.outbox.models import Message
from delivery.promise import services as promises
from delivery.promise.models import Compensation, Outcome, Rule, RuleWeek
from delivery.promise.rules import week_of
from delivery.slots.models import Slot
from shop.orders import services as orders
from shop.orders.models import Order
from tests.delivery.promise.promising import arrived, decided, opened, packed
from tests.journeys import steps
from tests.journeys.conftest import PICTURES
from tests.shop.orders.depot import pick, settle, started

DIRECTION = "direction@cabas.example"


@pytest.fixture
def picture():
    """Keep what a page looks like, for whoever wants to look."""

    def taken(page, name):
        PICTURES.mkdir(parents=True, exist_ok=True)
        width = page.viewport_size["width"]
        page.screenshot(path=PICTURES / f"promise-{name}-{width}.png", full_page=True)

    return taken


def comes_late(order, minutes):
    """Packed and paid for a slot that was over two hours ago, and at the door so long after it."""
    started(order)
    pick(order)
    orders.pack_order(reference=order.reference)
    settle()
    ends = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
    Slot.objects.filter(pk=order.slot_id).update(starts_at=ends - timedelta(hours=1), ends_at=ends)
    Outcome.objects.filter(order_reference=order.reference).update(
        slot_starts_at=ends - timedelta(hours=1), slot_ends_at=ends, ready_at=ends - timedelta(hours=2)
    )
    promises.record_arrival(
        order_reference=order.reference, at=ends + timedelta(minutes=minutes), carrier="cabas"
    )
    orders.hand_over(reference=order.reference)
    deliver_all()
    settle()


@pytest.mark.parametrize("phone", [True, False], ids=["390", "1280"])
def test_a_late_delivery_is_made_good_and_says_so(shop, open_page, phone, picture):
    buyer = open_page(phone=phone)
    steps.order_as_a_stranger(buyer, shop, query="riz", quantity=20)
    order = Order.objects.get()

    comes_late(order, 42)

    buyer.goto(buyer.url.partition("?")[0])
    expect(buyer.locator("main")).to_contain_text("42 minutes de retard, plus de 30")
    picture(buyer, "tracking")
    assert Message.objects.filter(purpose="compensation_granted").count() == 1
    letter = open_page(phone=phone)
    letter.set_content(Message.objects.get(purpose="compensation_granted").html)
    picture(letter, "letter")
    assert buyer.problems == []


@pytest.mark.parametrize("phone", [True, False], ids=["390", "1280"])
def test_a_rule_is_played_on_the_past_before_it_holds(shop, open_page, phone, picture):
    ends = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(days=2)
    for late in (12, 25, 41, 95):
        decided(arrived(packed(opened(ends_at=ends), missing=late % 3), minutes=late))
    RuleWeek.objects.update_or_create(
        rule=Rule.objects.get(key="retard"),
        monday_on=week_of(ends - timedelta(hours=1)),
        defaults={"spent_cents": 100_000},
    )
    decided(arrived(packed(opened(ends_at=ends)), minutes=50))

    staff = open_page(phone=phone)
    steps.sign_in(staff, f"{shop}/admin/promise/rule/", DIRECTION)
    expect(staff.locator("#result_list")).to_be_visible()
    picture(staff, "rules")
    staff.get_by_role("link", name="Livraison en retard").first.click()
    picture(staff, "rule")
    staff.goto(f"{shop}/admin/promise/rule/{Rule.objects.get(key='retard').pk}/version/")
    picture(staff, "form")
    staff.get_by_label("Retard\u202f: plus de … minutes").fill("20")
    staff.get_by_role("button", name="Rejouer sur le passé").click()
    expect(staff.locator("form").last).to_contain_text("4 compensations, 23,60\u00a0€")
    picture(staff, "preview")
    staff.get_by_role("button", name="Mettre en vigueur").click()
    expect(staff.locator("body")).to_contain_text("La nouvelle version est écrite.")
    picture(staff, "written")

    waiting = Compensation.objects.get(state="to_decide")
    for name, address in {
        "to-decide": "compensation/?suite=a-decider",
        "compensation": f"compensation/{waiting.pk}/change/",
        "outcomes": "outcome/",
        "outcome": f"outcome/{waiting.outcome_id}/change/",
        "decisions": "decision/",
    }.items():
        staff.goto(f"{shop}/admin/promise/{address}")
        expect(staff.locator("body")).to_contain_text(waiting.order_reference)
        picture(staff, name)
