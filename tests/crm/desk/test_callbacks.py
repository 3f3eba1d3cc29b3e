"""A call within the hour: of opening hours, once an occasion, every try kept."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import ProgrammingError, transaction

from crm.desk import queries, services
from crm.desk.models import CallAttempt, Callback
from crm.desk.rules import OpeningHours
from crm.desk.services import callbacks
from shop.customers.rules import PhoneInvalid
from tests.crm.desk.talking import key, written
from tests.factories import CustomerFactory, UserFactory

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")
HOURS = OpeningHours.parse("1-6 08:00-21:00, 7 09:00-13:00")


def paris(*when):
    return datetime(*when, tzinfo=PARIS)


@pytest.mark.parametrize(
    ("asked", "promised"),
    [
        (paris(2026, 11, 26, 10, 12), paris(2026, 11, 26, 11, 12)),
        (paris(2026, 11, 26, 8, 0), paris(2026, 11, 26, 9, 0)),
        (paris(2026, 11, 26, 20, 0), paris(2026, 11, 26, 21, 0)),
        # Twenty minutes tonight, forty tomorrow.
        (paris(2026, 11, 26, 20, 40), paris(2026, 11, 27, 8, 40)),
        (paris(2026, 11, 26, 3, 0), paris(2026, 11, 26, 9, 0)),
        (paris(2026, 11, 26, 21, 0), paris(2026, 11, 27, 9, 0)),
        (paris(2026, 11, 28, 23, 0), paris(2026, 11, 29, 10, 0)),
        (paris(2026, 11, 29, 13, 0), paris(2026, 11, 30, 9, 0)),
        # The nights on which clocks change.
        (paris(2026, 10, 24, 22, 0), paris(2026, 10, 25, 10, 0)),
        (paris(2027, 3, 27, 22, 0), paris(2027, 3, 28, 10, 0)),
    ],
)
def test_hour_is_one_in_which_somebody_is_there(asked, promised):
    due = HOURS.after_open_time(asked, timedelta(hours=1))

    assert due == promised


def test_hour_over_a_change_of_clocks_is_sixty_minutes():
    night = OpeningHours.parse("1-7 00:00-23:59")

    autumn = night.after_open_time(paris(2026, 10, 25, 1, 30), timedelta(hours=2))
    spring = night.after_open_time(paris(2027, 3, 28, 1, 30), timedelta(hours=1))

    assert autumn.astimezone(UTC) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert spring.astimezone(UTC) == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)


def asked(**changes):
    details = {
        "occasion": "signalement-12",
        "reason": "damaged",
        "order_reference": "CB-2F7K-9ABC",
        "customer_id": None,
    }
    return services.ask_callback(**(details | changes))


def test_call_is_owed_once_an_occasion():
    with time_machine.travel(paris(2026, 11, 26, 10, 0), tick=False):
        first = asked()
    again = asked(reason="late", order_reference="")

    assert again == first
    assert (again.reason, again.promised_at) == ("damaged", paris(2026, 11, 26, 11, 0))
    assert Callback.objects.count() == 1


def test_call_that_is_owed_already_learns_what_it_lacked():
    call, customer, received = asked(occasion="claim-1"), CustomerFactory(), written()

    joined = asked(
        occasion="b", customer_id=customer.pk, conversation_id=received.pk, name="Zoé", phone="06 98 76 54 32"
    )
    asked(occasion="claim-2", conversation_id=written().pk, name="Autre")

    call.refresh_from_db()
    assert joined == call == Callback.objects.get()
    assert (call.customer, call.conversation, call.name, call.phone) == (
        customer,
        received,
        "Zoé",
        "0698765432",
    )
    assert call.also == ["b", "claim-2"]


def test_number_given_last_is_called_with_the_name_given_with_it():
    asked(occasion="a", name="Zoé", phone="0600000001")

    asked(occasion="b", name="Léa", phone="0600000002")
    call = asked(occasion="c")

    assert (call.name, call.phone) == ("Léa", "0600000002")


def test_call_that_ends_as_it_is_joined_leaves_another_owed(monkeypatch):
    first, real = asked(), callbacks._joined

    def ended_first(*of):
        if Callback.objects.get(pk=first.pk).state in Callback.OPEN:
            over(first)
        return real(*of)

    monkeypatch.setattr(callbacks, "_joined", ended_first)

    second = asked(occasion="claim-7")

    assert second != first
    assert (second.state, second.also) == ("due", [])


def test_call_that_came_and_ended_meanwhile_leaves_another_owed(monkeypatch):
    real, turns, others = callbacks._joined, [], []

    def meanwhile(wanted):
        turns.append(wanted.occasion)
        if turns == ["a", "b", "a"]:
            over(others[0])
        found = real(wanted)
        if turns == ["a"]:
            others.append(asked(occasion="b"))
        return found

    monkeypatch.setattr(callbacks, "_joined", meanwhile)

    call = asked(occasion="a")

    assert call not in others
    assert list(Callback.objects.filter(state__in=Callback.OPEN)) == [call]


def over(call):
    services.close_callback(callback_id=call.pk, user_id=UserFactory(staff=True).pk)


@pytest.mark.parametrize("joins", [True, False])
def test_call_about_a_conversation_is_owed_once_and_again_once_it_was_made(joins):
    received = written(order_reference="CB-2F7K-9ABC" if joins else "")
    of_the_order = [asked(occasion="claim-1", conversation_id=written().pk)] if joins else []

    first = services.call_about_conversation(conversation_id=received.pk)
    again = services.call_about_conversation(conversation_id=received.pk)
    over(first)
    second = services.call_about_conversation(conversation_id=received.pk)

    assert first == again
    assert (first in of_the_order) == joins
    assert second != first
    assert (second.state, second.reason, second.conversation, second.name) == (
        "due",
        "asked",
        received,
        "Élodie",
    )


@pytest.mark.parametrize(
    ("changes", "why"),
    [({"reason": "parce que"}, services.ReasonUnknown), ({"phone": "06 12"}, PhoneInvalid)],
)
def test_what_nobody_could_act_on_is_refused(changes, why):
    with pytest.raises(why):
        asked(**changes)

    assert not Callback.objects.exists()


def tried(call, result, **changes):
    details = {
        "note": "Elle rappelle ce soir.",
        "user_id": UserFactory(staff=True).pk,
        "key": key(),
    } | changes
    return services.record_attempt(callback_id=call.pk, result=result, **details)


def test_reached_ends_it_with_who_and_what_was_said():
    call, by = asked(), UserFactory(staff=True)

    attempt = tried(call, "reached", user_id=by.pk)

    call.refresh_from_db()
    assert (call.state, call.assigned_to) == ("called", by)
    assert call.ended_at is not None
    assert (attempt.by, attempt.note) == (by, "Elle rappelle ce soir.")


@pytest.mark.parametrize("result", ["no_answer", "voicemail", "wrong_number"])
def test_not_reached_is_tried_again_within_the_next_open_hour_and_the_promise_stays(result):
    with time_machine.travel(paris(2026, 11, 26, 10, 0), tick=False):
        call = asked()
    services.take(Callback, pk=call.pk, user_id=(by := UserFactory(staff=True)).pk)

    with time_machine.travel(paris(2026, 11, 26, 20, 30), tick=False):
        tried(call, result, user_id=by.pk)
        tried(call, result)

    call.refresh_from_db()
    assert (call.state, call.assigned_to) == ("not_reached", None)
    assert call.promised_at == paris(2026, 11, 26, 11, 0)
    assert call.next_at == paris(2026, 11, 27, 8, 30)
    assert call.attempts.count() == 2


def test_same_form_sent_twice_is_one_call():
    call, once = asked(), key()

    assert tried(call, "no_answer", key=once) == tried(call, "no_answer", key=once)
    assert tried(call, "reached", key=(twice := key())) == tried(call, "reached", key=twice)
    assert CallAttempt.objects.count() == 2


def test_what_is_over_or_a_colleagues_is_left_alone():
    call, colleague = asked(), UserFactory(staff=True)
    services.take(Callback, pk=call.pk, user_id=colleague.pk)

    with pytest.raises(services.TakenByAnother):
        tried(call, "reached")
    services.close_callback(callback_id=call.pk, user_id=colleague.pk)
    with pytest.raises(services.MoveRefused):
        tried(call, "reached")
    with pytest.raises(services.MoveRefused):
        services.close_callback(callback_id=call.pk, user_id=colleague.pk)

    assert not CallAttempt.objects.exists()
    assert Callback.objects.get().state == "closed"


def test_whom_to_call_is_as_given_else_the_orders_else_the_customers():
    customer = CustomerFactory(first_name="Zoé", last_name="Roux", phone="0600000001")
    given = asked(occasion="a", order_reference="", customer_id=customer.pk, name="Léa", phone="0600000002")
    known = asked(occasion="b", order_reference="", customer_id=customer.pk)
    nobody = asked(occasion="c", order_reference="CB-AAAA-AAAA")

    people = queries.whom_to_call([given, known, nobody])

    assert (people[given.pk].name, people[given.pk].phone) == ("Léa", "0600000002")
    assert (people[known.pk].name, people[known.pk].phone) == ("Zoé Roux", "0600000001")
    assert (people[nobody.pk].name, people[nobody.pk].phone) == ("", "")


def test_calls_made_are_never_changed_nor_deleted():
    attempt = tried(asked(), "no_answer")

    with pytest.raises(ProgrammingError), transaction.atomic():
        CallAttempt.objects.filter(pk=attempt.pk).update(result="reached")
    with pytest.raises(ProgrammingError), transaction.atomic():
        attempt.delete()
