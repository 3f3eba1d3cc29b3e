"""The courier's pages: who sees them, what they say of a round, and how many queries they take."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from delivery.rounds.models import Courier, Drop, Round
from delivery.rounds.services import cancel_drop
from delivery.tracking import services
from delivery.tracking.models import Card, Question, Run
from tests.delivery.rounds.fleet import AFTERNOON, courier, drop, planned, shift
from tests.delivery.tracking.phone import at, phone, phone_of, typed
from tests.delivery.tracking.road import LOADING, START, loaded, minutes, out, say, visit
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
HOME, OPEN, CARDS, ASK = (
    reverse(name) for name in ("courier", "courier_open", "courier_cards", "courier_question")
)


def stop(run, number):
    return reverse("courier_stop", args=[visit(run, number).pk])


def shown(client, address, **how):
    answer = client.get(address, **how)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


# --- whose they are -------------------------------------------------------------------------------


@pytest.mark.parametrize("fields", [{"trained_on": None}, {"is_active": False}])
def test_the_right_alone_is_not_enough(fields):
    client = phone_of(courier(**fields))

    assert [client.get(address).status_code for address in (HOME, CARDS)] == [403, 403]
    assert client.post(OPEN, {"round": 1}).status_code == 403


def test_a_courier_without_the_right_is_refused():
    client = Client()
    client.force_login(courier().user)

    assert client.get(HOME).status_code == 403


def test_a_member_of_staff_who_is_no_courier_is_refused():
    client = Client()
    client.force_login(UserFactory(staff=True, is_superuser=True))

    assert client.get(HOME).status_code == 403


def test_a_stop_of_another_round_is_not_found():
    run = out(15)
    other = phone_of(courier())

    with at(START):
        assert other.get(stop(run, 1)).status_code == 404
        assert phone(run).get(stop(run, 1)).status_code == 200


def test_a_stop_is_shown_while_its_round_is_open_only():
    run = out(15)
    client = phone(run)
    address = stop(run, 1)
    say(run, "broken", START + minutes(5))

    assert client.get(address).status_code == 404


# --- home -------------------------------------------------------------------------------------------


def test_home_tells_when_the_next_shift_begins_while_nothing_is_planned():
    on = shift(hours=(13, 22))

    with at(AFTERNOON - minutes(90)):
        page = shown(phone_of(on.courier), HOME)

    assert "Aucune tournée pour l’instant" in page
    assert "de 13\u00a0h à 22\u00a0h" in page


def test_home_without_any_shift_says_whom_to_call():
    assert "appelez le dépôt" in shown(phone_of(courier()), HOME)


def test_home_shows_the_round_to_load_and_loading_begins_once():
    on = shift(hours=(13, 22))
    planned(drop(hour=15), now=AFTERNOON - minutes(90))
    client, round_ = phone_of(on.courier), Round.objects.get()

    with at(LOADING):
        page = shown(client, HOME)
        answers = [client.post(OPEN, {"round": round_.pk}) for _twice in range(2)]

    assert on.van.plate in page
    assert [answer.status_code for answer in answers] == [302, 302]
    assert Run.objects.get().round == round_


def test_tomorrow_s_round_is_shown_and_not_loaded_yet():
    on = shift(hours=(13, 22))
    planned(drop(hour=15), now=AFTERNOON - minutes(90))

    with at(AFTERNOON - timedelta(hours=20)):
        page = shown(phone_of(on.courier), HOME)

    assert on.van.plate in page
    assert "Commencer le chargement" not in page


@pytest.mark.parametrize("said", ["", "abc", "0", "999999999999999999999", "-1"])
def test_a_round_that_is_none_opens_nothing(said):
    client = phone_of(courier())

    page = client.post(OPEN, {"round": said}, follow=True).content.decode()

    assert "a changé entre-temps" in page
    assert not Run.objects.exists()


def test_the_round_of_another_courier_opens_nothing():
    shift(hours=(13, 22))
    planned(drop(hour=15), now=AFTERNOON - minutes(90))

    with at(LOADING):
        phone_of(courier()).post(OPEN, {"round": Round.objects.get().pk})

    assert not Run.objects.exists()


# --- loading ------------------------------------------------------------------------------------------


def test_what_is_loaded_first_comes_out_last():
    run = loaded(15, 18)

    with at(LOADING):
        answer = phone(run).get(HOME)

    assert [one.visit.number for one in answer.context["loading"]] == [2, 1]
    assert "2 bacs secs" in answer.content.decode()


def test_a_missing_crate_is_noted_and_holds_nothing_up():
    run = loaded(15, 18)
    client = phone(run)

    with at(LOADING):
        typed(client, run, "loaded", 1, crates_missing="2")
        typed(client, run, "left")

    assert visit(run, 1).crates_missing == 2
    run.refresh_from_db()
    assert run.left_at == LOADING


def test_an_order_called_off_meanwhile_is_not_to_be_loaded_and_holds_no_round():
    run = loaded(15, 18)
    client = phone(run)
    cancel_drop(order_reference=visit(run, 2).drop.order_reference)

    with at(LOADING):
        page = shown(client, HOME)
        typed(client, run, "left")
        typed(client, run, "delivered", 1, received_by="Élodie")
        typed(client, run, "back")

    assert "ne la chargez pas" in page
    assert visit(run, 2).state == "cancelled"
    run.refresh_from_db()
    assert run.ended_at == LOADING


# --- stops ----------------------------------------------------------------------------------------------


def test_a_stop_says_all_that_is_needed_at_the_door():
    run = out(15, instructions="Sonner deux fois", rank=1, requires_age_check=True)

    with at(START):
        page = shown(phone(run), stop(run, 1))

    said = visit(run, 1).drop
    for words in (
        said.recipient,
        said.line1,
        said.door_code,
        "étage\u00a03",
        "Sonner deux fois",
        f"tel:{said.phone}",
    ):
        assert words in page
    assert "Première commande\u202f: présentez-vous" in page
    assert "pièce d’identité" in page


@pytest.mark.parametrize(
    ("agent", "opens"),
    [("Mozilla/5.0 (Linux; Android 14)", "geo:0,0?q="), ("Mozilla/5.0 (iPhone)", "maps.apple.com")],
)
def test_the_way_opens_the_map_of_the_phone(agent, opens):
    run = out(15)

    with at(START):
        answer = phone(run).get(stop(run, 1), headers={"User-Agent": agent})

    assert opens in answer.context["door"].way
    assert "rue%20des%20Lilas" in answer.context["door"].way


def test_the_next_stop_is_the_one_the_courier_stands_at_then_the_first_to_come():
    run = out(15, 16, 17)
    client = phone(run)

    with at(START + minutes(20)):
        first = client.get(HOME).context["next"].visit.number
        typed(client, run, "arrived", 2)
        second = client.get(HOME).context["next"].visit.number
        typed(client, run, "delivered", 2, received_by="Élodie")
        third = client.get(HOME).context["next"].visit.number

    assert (first, second, third) == (1, 2, 1)


def test_articles_that_may_be_refused_are_named():
    run = out(15)

    with at(START):
        assert "2 × Comté" in shown(phone(run), stop(run, 1))


# --- cards and questions --------------------------------------------------------------------------------


def test_cards_are_read_in_their_order_and_hidden_ones_are_not():
    client = phone_of(courier())
    Card.objects.all().delete()
    for number, (words, is_published) in enumerate([("Deux", True), ("Trois", False), ("Un", True)]):
        Card.objects.create(question=words, answer="Oui.", position=9 - number, is_published=is_published)

    answer = client.get(CARDS)

    assert [card.question for card in answer.context["cards"]] == ["Un", "Deux"]


def test_one_tap_logs_a_question_and_the_words_may_follow():
    driver = courier()
    client, key = phone_of(driver), uuid4()

    answer = client.post(ASK, {"key": key})
    page = shown(client, answer.headers["Location"])
    client.post(ASK, {"key": key, "words": "Où vont les sacs\u202f?"})
    client.post(ASK, {"key": key, "words": "Autre chose"})

    assert "la réponse deviendra une fiche" in page
    asked = Question.objects.get()
    assert (asked.courier, asked.words) == (driver, "Où vont les sacs\u202f?")


def test_a_question_of_another_courier_is_not_filled():
    services.log_question(courier_id=courier().pk, key=(key := uuid4()), at=START)

    answer = phone_of(courier()).post(ASK, {"key": key, "words": "Volée"})

    assert answer.status_code == 404
    assert Question.objects.get().words == ""


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"key": "abc"},
        {"key": str(uuid4()), "words": "x" * 301},
        {"key": str(uuid4()), "at": "0001-01-01T00:00:00Z"},
    ],
)
def test_a_question_that_cannot_be_read_is_told_and_not_kept(said):
    client = phone_of(courier())

    page = client.post(ASK, said, follow=True).content.decode()

    assert "recommencez" in page or "300\u00a0caractères" in page
    assert not Question.objects.exists()


def test_a_question_is_never_asked_tomorrow():
    client = phone_of(courier())

    with at(START):
        client.post(ASK, {"key": uuid4(), "at": (START + timedelta(days=2)).isoformat()})

    assert Question.objects.get().at == START


# --- what lies around -------------------------------------------------------------------------------------


def test_the_worker_rules_the_courier_s_pages_and_holds_nothing_of_anybody():
    answer = Client().get(reverse("courier_worker"))

    assert answer["Content-Type"].startswith("text/javascript")
    assert answer["Cache-Control"] == "no-cache"
    assert "css/courier.css" in answer.content.decode().replace("\\u002D", "-")


def test_pages_are_kept_by_no_cache_between():
    run = out(15)
    client = phone(run)

    with at(START):
        kept = [client.get(address)["Cache-Control"] for address in (HOME, stop(run, 1), CARDS)]

    assert all("no-store" in said and "private" in said for said in kept)


def test_twice_the_stops_cost_no_more_queries():
    few, many = out(15), None
    costs = [_cost(phone(few), HOME), _cost(phone(few), stop(few, 1))]
    Courier.objects.update(is_active=True)
    Drop.objects.exclude(pk__in=few.visits.values("drop")).delete()
    say(few, "broken", START + minutes(1))
    many = _long_round()

    assert [_cost(phone(many), HOME), _cost(phone(many), stop(many, 1))] == costs


def _long_round():
    drops = [drop(hour=hour, day=27) for hour in (15, 15, 16, 16, 17, 18)]
    on = shift(hours=(13, 22), day=27)
    planned(drops[0], now=AFTERNOON)
    start = START + timedelta(days=1)
    run = services.open_run(courier_id=on.courier_id, round_id=Round.objects.get(shift=on).pk, now=start)
    say(run, "left", start)
    assert run.visits.count() == 6
    return run


def _cost(client, address):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)
