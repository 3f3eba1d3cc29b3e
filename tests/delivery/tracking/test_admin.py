"""What staff see of the road, announce, and make of questions."""

from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.staff import StaffGroup, seed_groups
from delivery.tracking import services
from delivery.tracking.models import Card, Incident, Question, Visit
from delivery.tracking.seed import CARDS, seed_cards
from tests.delivery.rounds.fleet import courier, drop, slot
from tests.delivery.tracking.phone import at
from tests.delivery.tracking.road import LOADING, START, facts, minutes, out, say, visit
from tests.delivery.tracking.test_events import _own_storage, picture  # noqa: F401
from tests.shop.orders.test_orders import member

pytestmark = pytest.mark.django_db
RUNS, ANNOUNCE = reverse("admin:tracking_run_changelist"), reverse("admin:tracking_announce")


def staff(client, group=StaffGroup.MANAGER):
    seed_groups()
    client.force_login(member(group))
    return client


def page(client, address, *args):
    answer = client.get(reverse(f"admin:{address}", args=args))
    assert answer.status_code == 200
    return answer.content.decode()


# --- runs --------------------------------------------------------------------------------------------


def test_the_list_counts_what_is_done_and_what_will_be_late(client):
    run = out(15, 16, 17)
    say(run, "delivered", START + minutes(30), 1, received_by="Élodie")
    Visit.objects.filter(run=run, number=3).update(expected_at=slot(19))

    shown = staff(client).get(RUNS)

    [row] = shown.context["cl"].result_list
    assert (row.done_number, row.all_number, row.late_number) == (1, 3, 1)


def test_a_run_tells_each_door_and_what_its_phone_said_in_vain(client):
    run = out(15, 16)
    say(run, "delivered", START + minutes(30), 1, received_by="Élodie")
    say(run, "back", START + minutes(40))

    shown = page(staff(client), "tracking_run_change", run.pk)

    assert "Élodie" in shown
    assert "Il reste des arrêts" in shown


def test_where_a_van_was_last_is_told_beside_its_next_door_while_it_is_out(client):
    run = out(15, 16)
    manager = staff(client)
    assert "Dernière position" not in page(manager, "tracking_run_change", run.pk)
    say(run, "position", slot(15) - minutes(3), latitude=48.86, longitude=2.35)

    assert "Dernière position à 14\u00a0h\u00a057, à 2,1\u00a0km à vol d’oiseau de l’arrêt 1." in page(
        manager, "tracking_run_change", run.pk
    )
    say(run, "broken", slot(15))
    assert "Dernière position" not in page(manager, "tracking_run_change", run.pk)


def test_twice_the_stops_cost_no_more_queries(client):
    run = out(15)
    manager = staff(client)
    page(manager, "tracking_run_change", run.pk)
    before = _cost(manager, run)
    say(run, "broken", START + minutes(5))
    longer = out(15, 16, 17, 18, at=START + minutes(10))

    assert _cost(manager, longer) == before


def _cost(client, run):
    with CaptureQueriesContext(connection) as captured:
        page(client, "tracking_run_change", run.pk)
    return len(captured)


def test_events_are_filtered_by_those_refused(client):
    run = out(15)
    say(run, "back", START + minutes(40))

    shown = staff(client).get(reverse("admin:tracking_courierevent_changelist"), {"suite": "refuses"})

    assert [event.kind for event in shown.context["cl"].result_list] == ["back"]


# --- photographs -----------------------------------------------------------------------------------------


def photographed():
    run = out(15)
    say(run, "delivered", START + minutes(30), 1, photo=ContentFile(picture().read(), name="abc.jpg"))
    return reverse("admin:tracking_photo", args=[visit(run, 1).pk])


def test_a_photograph_is_shown_to_whoever_may_read_what_happened(client):
    address = photographed()

    answer = staff(client, StaffGroup.CUSTOMER_SERVICE).get(address)

    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert {"private", "no-store"} <= set(answer["Cache-Control"].split(", "))
    assert b"".join(answer.streaming_content).startswith(b"\xff\xd8")


@pytest.mark.parametrize("group", [StaffGroup.COURIER, StaffGroup.PICKING, StaffGroup.MARKETING])
def test_a_photograph_is_nobody_else_s(client, group):
    address = photographed()

    assert staff(client, group).get(address).status_code == 403


def test_a_photograph_that_is_gone_is_not_found(client):
    address = photographed()
    one = Visit.objects.get()
    one.photo.storage.delete(one.photo.name)

    assert staff(client).get(address).status_code == 404


def test_a_visit_without_photograph_has_none(client):
    run = out(15)

    assert staff(client).get(reverse("admin:tracking_photo", args=[visit(run, 1).pk])).status_code == 404


# --- incidents ---------------------------------------------------------------------------------------------


def announcement(zone, **changes):
    usual = {
        "kind": "snow", "zones": [zone.pk], "starts_at": "2026-11-26T14:00", "ends_at": "2026-11-26T20:00", "delay_minutes": "60",
    }  # fmt: skip
    return usual | changes


def test_how_many_it_concerns_is_told_before_anything_is_sent(client):
    one = drop(hour=15)
    drop(hour=16)
    manager = staff(client)

    with at(LOADING):
        asked = manager.post(ANNOUNCE, announcement(one.zone))
        nothing_yet = Incident.objects.exists()
        manager.post(ANNOUNCE, announcement(one.zone) | {"confirm": "1"})

    assert "2 commandes à livrer sont concernées" in asked.content.decode()
    assert not nothing_yet
    incident = Incident.objects.get()
    assert (incident.concerned, incident.delay_minutes, incident.starts_at) == (2, 60, slot(14))
    assert len(facts("tracking.IncidentAnnounced")) == 2


def test_nobody_concerned_means_nothing_announced(client):
    one = drop(hour=9, day=27)
    manager = staff(client)

    with at(LOADING):
        asked = manager.post(ANNOUNCE, announcement(one.zone))
        confirmed = manager.post(ANNOUNCE, announcement(one.zone) | {"confirm": "1"})

    assert "Prévenir" not in asked.content.decode()
    assert "rien n’est parti" in confirmed.content.decode()
    assert not Incident.objects.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ends_at": "2026-11-26T13:00"}, "La fin vient après le début"), ({"ends_at": "2026-12-26T13:00"}, "Deux jours au plus"),
        ({"starts_at": "2026-11-20T13:00", "ends_at": "2026-11-20T15:00"}, "sont passés"), ({"delay_minutes": "4"}, "5"),
        ({"delay_minutes": "abc"}, "nombre entier"), ({"zones": ["999999"]}, "choix valide"), ({"zones": []}, "obligatoire"), ({"kind": "war"}, "choix valide"),
        ({"starts_at": "demain"}, "valide"), ({"starts_at": ""}, "obligatoire"),
    ],
)  # fmt: skip
def test_an_announcement_that_cannot_be_is_refused(client, changes, words):
    one = drop(hour=15)

    with at(LOADING):
        shown = staff(client).post(ANNOUNCE, announcement(one.zone, **changes) | {"confirm": "1"})

    assert words in shown.content.decode()
    assert not Incident.objects.exists()


def test_who_may_not_dispatch_announces_nothing(client):
    one = drop(hour=15)

    answer = staff(client, StaffGroup.CUSTOMER_SERVICE).post(
        ANNOUNCE, announcement(one.zone) | {"confirm": "1"}
    )

    assert answer.status_code == 403
    assert not Incident.objects.exists()


# --- questions and cards --------------------------------------------------------------------------------------


def asked(words="Où vont les sacs\u202f?"):
    return services.log_question(courier_id=courier().pk, key=uuid4(), at=START, words=words)


def test_a_question_becomes_a_card_once(client):
    question = asked()
    manager, address = staff(client), reverse("admin:tracking_make_card", args=[question.pk])

    form = manager.get(address).content.decode()
    for _twice in range(2):
        manager.post(address, {"question": "Où vont les sacs\u202f?", "answer": "Reprenez-les."})

    assert "Où vont les sacs" in form
    card = Card.objects.get()
    question.refresh_from_db()
    assert (question.card, card.answer) == (card, "Reprenez-les.")


@pytest.mark.parametrize(
    "said",
    [
        {"question": "", "answer": "x"},
        {"question": "x", "answer": "  "},
        {"question": "x" * 161, "answer": "x"},
    ],
)
def test_a_card_without_question_or_answer_is_not_made(client, said):
    question = asked()

    answer = staff(client).post(reverse("admin:tracking_make_card", args=[question.pk]), said)

    assert 'role="alert"' in answer.content.decode()
    assert not Card.objects.exists()


def test_who_may_only_see_makes_no_card(client):
    question = asked()
    helper = staff(client, StaffGroup.CUSTOMER_SERVICE)

    shown = page(helper, "tracking_question_change", question.pk)

    assert "En faire une fiche" not in shown
    assert helper.get(reverse("admin:tracking_make_card", args=[question.pk])).status_code == 403


def test_staff_see_how_many_questions_wait(client):
    asked()
    asked("")

    shown = staff(client).get(reverse("admin:index")).content.decode()

    assert "Questions de livreurs sans réponse\u202f: 2" in shown
    assert Question.objects.count() == 2


def test_shipped_cards_come_once_and_leave_those_of_staff_alone():
    seed_cards()
    Card.objects.filter(question=CARDS[0][0]).update(answer="Autrement.")

    assert seed_cards() == 0
    assert Card.objects.get(question=CARDS[0][0]).answer == "Autrement."
    assert all(len(question) <= 160 and len(answer) <= 800 for question, answer in CARDS)
