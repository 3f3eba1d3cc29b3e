"""Orders past a promised step are seen by staff, and answers given on the telephone are noted."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from config.dashboard import orders_unsaid
from config.facts import deliver_all
from config.staff import StaffGroup, seed_groups
from crm.outbox.models import Message
from shop.orders import tasks
from shop.orders.models import Order, ShortageQuestion
from shop.orders.watch import watched
from shop.payments.services import reconcile
from tests.factories import ProductFactory, UserFactory
from tests.shop.checkout.conftest import terms, zone  # noqa: F401
from tests.shop.orders.depot import packed, place, started
from tests.shop.orders.test_asking import ask, brie, coulommiers  # noqa: F401
from tests.shop.orders.test_telling import short_order

pytestmark = pytest.mark.django_db


def seen():
    return {step.key: [late.reference for late in step.late] for step in watched() if step.late}


def in_a_while(**how):
    return time_machine.travel(Order.objects.latest("pk").created_at + timedelta(**how))


def staff(group):
    seed_groups()
    client, user = Client(), UserFactory(staff=True)
    user.groups.add(Group.objects.get(name=group))
    client.force_login(user)
    return client


def test_a_day_that_goes_well_is_empty(zone, brie):  # noqa: F811
    place(zone, {brie: 10}, starts_in=timedelta(days=1))

    assert seen() == {} and orders_unsaid(None).is_alert is False


def test_what_nobody_told_is_seen_until_it_is(zone, brie):  # noqa: F811
    order = short_order(zone, brie)
    assert seen() == {}  # the next run of the task tells it
    with in_a_while(minutes=25):
        assert seen() == {"non-dits": [order.reference]}
        tasks.tell_shortages()
        assert seen() == {}


def test_a_deadline_after_which_nothing_was_done_is_seen(zone, brie):  # noqa: F811
    order, question = ask(zone, brie)
    with time_machine.travel(question.answer_by + timedelta(minutes=6)):
        assert seen() == {"sans-suite": [order.reference]}
        tasks.settle_shortages()
        assert seen() == {}


@pytest.mark.parametrize("begun", [False, True])
def test_what_is_not_packed_an_hour_before_is_seen(zone, brie, begun):  # noqa: F811
    order = place(zone, {brie: 10})
    if begun:
        started(order)
    with time_machine.travel(order.slot.starts_at - timedelta(minutes=61)):
        assert seen() == {}
    with time_machine.travel(order.slot.starts_at - timedelta(minutes=59)):
        assert seen() == {"pas-prets": [order.reference]}


def test_money_that_was_not_taken_is_seen(zone, brie):  # noqa: F811
    order = packed(place(zone, {brie: 10}))
    with in_a_while(minutes=20):
        assert seen() == {"pas-debites": [order.reference]}
        reconcile(now=order.packed_at + timedelta(minutes=20))
        deliver_all()
        assert seen() == {}


@pytest.mark.parametrize("state", ["failed", "unknown"])
def test_a_letter_that_did_not_leave_is_seen(zone, brie, state):  # noqa: F811
    order = short_order(zone, brie)
    tasks.tell_shortages()
    deliver_all()
    for reached in ("claimed", state):
        Message.objects.filter(purpose="shortage_told").update(state=reached, claimed_at=timezone.now())

    assert seen() == {"lettres": [order.reference]}


@pytest.mark.parametrize("purpose", ["order_returned", "order_amended", "refund_made"])
def test_a_letter_about_an_order_is_seen_whatever_it_tells(zone, brie, purpose):  # noqa: F811
    order = place(zone, {brie: 10})

    Message.objects.create(
        purpose=purpose, occasion=f"{order.reference} 7", recipient=order.email, subject="x", state="failed"
    )

    assert seen() == {"lettres": [order.reference]}


def test_the_page_names_step_order_and_since_when_and_costs_one_query_a_step(zone, brie):  # noqa: F811
    order, question = ask(zone, brie)
    client = staff(StaffGroup.PICKING)
    with time_machine.travel(question.answer_by + timedelta(minutes=6)):
        page = client.get(reverse("admin:orders_watch")).content.decode()
        home = client.get(reverse("admin:index")).content.decode()
        with CaptureQueriesContext(connection) as caught:
            watched()

    assert order.reference in page and "délai de réponse est passé" in page
    assert reverse("admin:orders_shortagequestion_change", args=[question.pk]) in page
    assert "#sans-suite" in home
    assert len(caught) == 6


def test_strangers_and_couriers_see_nothing_of_it(zone, brie):  # noqa: F811
    address = reverse("admin:orders_watch")

    assert staff(StaffGroup.COURIER).get(address).status_code == 403
    assert Client().get(address).status_code == 302


def answer_page(question):
    return reverse("admin:orders_shortagequestion_answer_for_customer", args=[question.pk])


def test_staff_answer_on_the_telephone_after_the_deadline_too(zone, brie, coulommiers):  # noqa: F811
    order, question = ask(zone, brie)
    client = staff(StaffGroup.CUSTOMER_SERVICE)
    with time_machine.travel(question.answer_by + timedelta(minutes=1)):
        shown = client.get(answer_page(question)).content.decode()
        client.post(answer_page(question), {"choix": f"replace-{question.offers.get().pk}"})
    question.refresh_from_db()

    assert "Coulommiers" in shown and question.token not in shown
    assert (question.answer, question.answered_by) == ("replace", "staff")
    assert order.lines.filter(product=coulommiers).exists()
    assert LogEntry.objects.get().object_id == str(question.pk)


@pytest.mark.parametrize("choice", ["", "found", "replace-0", "oui"])
def test_what_was_not_offered_is_refused_to_staff_too(zone, brie, choice):  # noqa: F811
    _order, question = ask(zone, brie)
    answer = staff(StaffGroup.MANAGER).post(answer_page(question), {"choix": choice})

    assert answer.status_code == 200 and ShortageQuestion.objects.get().answer == ""


@pytest.mark.parametrize("group", [StaffGroup.PICKING, StaffGroup.COURIER, StaffGroup.MARKETING])
def test_whoever_does_not_speak_to_customers_answers_for_none(zone, brie, group):  # noqa: F811
    _order, question = ask(zone, brie)
    answer = staff(group).post(answer_page(question), {"choix": "cancel"})

    assert answer.status_code == 403 and ShortageQuestion.objects.get().answer == ""


def test_the_token_is_shown_to_no_staff(zone, brie):  # noqa: F811
    _order, question = ask(zone, brie)
    client = staff(StaffGroup.MANAGER)
    page = client.get(reverse("admin:orders_shortagequestion_change", args=[question.pk])).content.decode()

    assert question.token not in page and "Il manquera 2 Brie sur\u00a010" in page


def test_the_list_costs_the_same_with_more_questions(zone):  # noqa: F811
    client = staff(StaffGroup.MANAGER)

    def cost(number):
        for each in range(number):
            short_order(zone, ProductFactory(price="9.00", stock=10), email=f"q{number}-{each}@exemple.fr")
        tasks.tell_shortages()
        with CaptureQueriesContext(connection) as caught:
            client.get(reverse("admin:orders_shortagequestion_changelist"))
        return len(caught)

    assert cost(1) == cost(2)
