"""What a courier's phone shows, from a day without a round to the way back: each state as an inspector sees it."""

import pytest
from django.urls import reverse

from delivery.rounds.models import Round, Shift
from delivery.rounds.services import cancel_drop
from delivery.tracking.models import Run
from tests.delivery.tracking.phone import typed
from tests.delivery.tracking.road import visit
from tests.journeys.driving import COURIER, opened_run, planned_round
from tests.journeys.test_pages import see, signed_in  # noqa: F401

HOME, CARDS = "/livreur/", "/livreur/fiches/"
LONG = {
    "recipient": "Marie-Antoinette-Joséphine-Gwenaëlle de La Rochefoucauld-Montmorency",
    "line1": "1234 bis, avenue du Maréchal-de-Lattre-de-Tassigny prolongée", "line2": "Résidence des Grands-Champs, bâtiment C, escalier 14",
    "floor": "4e gauche", "door_code": "A45B puis 1289#", "city": "Saint-Germain-en-Laye",
    "instructions": "Sonnez deux fois, le chien aboie mais ne mord pas. Laissez le portail ouvert en repartant, merci beaucoup !",
    "rank": 1, "requires_age_check": True, "crates": {"ambient": 6, "chilled": 3, "frozen": 2},
    "articles": [{"ref": str(n), "name": f"Yaourt à la grecque au miel de châtaignier n° {n}", "quantity": "12\u00a0×"} for n in range(9)],
}  # fmt: skip


@pytest.fixture
def phone(shop):
    return signed_in(COURIER)


def stop(run, number):
    return reverse("courier_stop", args=[visit(run, number).pk])


def test_from_the_depot_to_the_way_back(see, phone):  # noqa: F811
    see("courier-home", HOME, client=phone, says="Votre prochain service")
    shifts = list(Shift.objects.all())
    Shift.objects.all().delete()
    see("courier-home-nothing", HOME, client=phone, says="pas de service prévu")
    Shift.objects.bulk_create(shifts)
    planned_round({}, LONG, {"rank": 2})
    see("courier-home-rounds", HOME, client=phone, says="Commencer le chargement")
    run = _opened(phone)
    cancel_drop(order_reference=visit(run, 3).drop.order_reference)
    typed(phone, run, "loaded", 2, crates_missing=1)
    see("courier-loading", HOME, client=phone, says="ne la chargez pas")
    typed(phone, run, "left")
    see("courier-round", HOME, client=phone, says="Votre tournée")
    see("courier-stop", stop(run, 1), client=phone, says="Je suis arrivé")
    see("courier-stop-long", stop(run, 2), client=phone, says="présentez-vous")
    typed(phone, run, "arrived", 2)
    see("courier-handing-over", stop(run, 2), client=phone, says="C’est remis")
    answer = typed(phone, run, "delivered", 2, refused=["1"])
    see("courier-no-proof", client=phone, answer=answer, status=422, says="un nom, un code ou une photo")
    typed(phone, run, "delivered", 2, received_by="Élodie")
    see("courier-age-refused", HOME, client=phone, says="vérification de l’âge")
    typed(phone, run, "delivered", 2, received_by="Élodie", was_age_checked="on")
    see("courier-stop-done", stop(run, 2), client=phone, says="C’est remis.")
    typed(phone, run, "absent", 1, absent_because="code")
    see("courier-round-done", HOME, client=phone, says="Retour au dépôt")
    typed(phone, run, "back")
    see("courier-home-after", HOME, client=phone, says="Bonjour Yanis")


def _opened(phone):
    phone.post("/livreur/charger/", {"round": Round.objects.get().pk})
    return Run.objects.get()


def test_cards_and_questions(see, phone):  # noqa: F811
    opened_run({})
    see("courier-cards", CARDS, client=phone, says="Un article manque")
    asked = phone.post("/livreur/questions/", {"key": "7d8a2b1e-0000-4000-8000-000000000001"})
    see("courier-asked", asked.headers["Location"], client=phone, says="deviendra une fiche")
    see("courier-refused", HOME, client=signed_in(), status=403)
