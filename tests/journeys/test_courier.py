"""A courier's phone, from the crates to the way back: with a network, without one for a while, and without script."""

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import Error, expect

from config.facts import deliver_all
from delivery.tracking.models import CourierEvent, Question, Run, Visit
from tests.journeys import steps
from tests.journeys.driving import COURIER, opened_run, planned_round

pytestmark = pytest.mark.journey
ALL_SENT = "Tout est envoyé"


def photograph():
    target = io.BytesIO()
    Image.new("RGB", (3000, 2000), "green").save(target, "JPEG")
    return {"name": "porte.jpg", "mimeType": "image/jpeg", "buffer": target.getvalue()}


def drive(page, shop):
    steps.sign_in(page, f"{shop}/livreur/", COURIER)


def press(page, name, **how):
    page.get_by_role("button", name=name, **how).click()


def open_next(page):
    page.locator(".door.is-next a").click()
    expect(page.locator("h1")).to_contain_text("Arrêt")


def all_sent(page):
    expect(page.locator(".courier__queue").first).to_have_text(ALL_SENT)


def kept_offline(page):
    """Until the phone holds the round, its stops, and the cards."""
    page.reload()
    expect(page.get_by_text("gardé sans réseau")).to_be_visible()


def said(run):
    return list(
        run.events.exclude(kind="position")
        .order_by("pk")
        .values_list("kind", "visit__number", "refused_because")
    )


def states(run):
    return list(run.visits.order_by("number").values_list("state", flat=True))


def test_a_whole_round(shop, open_page):
    planned_round({"rank": 1}, {"requires_age_check": True}, {"crates": {"frozen": 1}})
    page = open_page(phone=True)
    drive(page, shop)
    press(page, "Commencer le chargement")
    expect(page.locator("h1:visible")).to_have_text("Chargement")
    loads = page.locator(".load")
    expect(loads.first).to_contain_text("Arrêt 3")
    loads.nth(0).get_by_label("Bacs manquants").fill("1")
    for place in range(3):
        loads.nth(place).get_by_role("button").click()
        expect(loads.nth(place)).to_have_attribute("data-loaded", "yes")
    press(page, "Je pars")
    expect(page.locator("h1:visible")).to_have_text("Votre tournée")
    all_sent(page)

    open_next(page)
    expect(page.locator("main")).to_contain_text("présentez-vous, expliquez")
    press(page, "Je suis arrivé")
    press(page, "C’est remis")
    expect(page.get_by_text(re.compile("un nom, un code ou une photo")).first).to_be_visible()
    page.get_by_label("Reçue par").fill("Élodie Martin")
    press(page, "Une consigne de plus")
    page.get_by_text("Un article est refusé").click()
    page.get_by_label("2 × Comté").check()
    press(page, "C’est remis")
    expect(page.locator("[data-progress]")).to_have_text("1 sur 3")

    open_next(page)
    press(page, "Je suis arrivé")
    page.get_by_label("Reçue par").fill("Karim")
    press(page, "C’est remis")
    expect(page.locator("h1")).to_contain_text("Karim Benali")
    page.get_by_label(re.compile("pièce d’identité")).check()
    press(page, "C’est remis")
    expect(page.locator("[data-progress]")).to_have_text("2 sur 3")

    open_next(page)
    page.get_by_text("Personne ne prend la commande").click()
    page.get_by_label("Le code ne marche pas").check()
    press(page, "Noter l’absence")
    expect(page.get_by_text("Tous les arrêts sont faits")).to_be_visible()
    press(page, "Retour au dépôt")
    expect(page.get_by_text("Tournée terminée")).to_be_visible()
    all_sent(page)

    run = Run.objects.get()
    first, second, third = run.visits.order_by("number")
    assert (run.left_at is not None, run.ended_at is not None) == (True, True)
    assert (first.state, first.received_by, first.refused, first.deposits_back) == (
        "delivered",
        "Élodie Martin",
        ["1"],
        1,
    )
    assert (second.state, second.was_age_checked) == ("delivered", True)
    assert (third.state, third.absent_because, third.crates_missing) == ("absent", "code", 1)
    assert not [why for _kind, _number, why in said(run) if why]
    deliver_all()
    assert not page.problems


def test_a_round_goes_on_in_a_dead_zone_and_is_told_once_in_its_order(shop, open_page):
    run = opened_run({}, {}, {})
    page = open_page(phone=True)
    drive(page, shop)
    press(page, "Je pars")
    all_sent(page)
    kept_offline(page)
    page.context.set_offline(True)

    for done, name in enumerate((None, "Karim"), 1):
        open_next(page)
        press(page, "Je suis arrivé")
        if name:
            page.get_by_label("Reçue par").fill(name)
        else:
            page.get_by_label(re.compile("photo")).set_input_files(photograph())
        press(page, "C’est remis")
        expect(page.locator("[data-progress]")).to_have_text(f"{done} sur 3")
    page.reload()
    expect(page.locator("[data-progress]")).to_have_text("2 sur 3")
    expect(page.locator(".courier__queue").first).to_contain_text("4 envois en attente")
    expect(page.locator(".door.is-next")).to_contain_text("Société Durand et Fils")
    with pytest.raises(Error):
        page.evaluate("fetch('/sante/')")
    assert states(run) == ["to_come"] * 3

    page.context.set_offline(False)
    all_sent(page)
    page.reload()
    all_sent(page)

    assert said(run) == [
        ("left", None, ""), ("arrived", 1, ""), ("delivered", 1, ""), ("arrived", 2, ""), ("delivered", 2, ""),
    ]  # fmt: skip
    assert states(run) == ["delivered", "delivered", "to_come"]
    with Visit.objects.get(run=run, number=1).photo.open() as kept, Image.open(kept) as image:
        assert max(image.size) == 1600
    events = CourierEvent.objects.filter(run=run, kind="delivered").order_by("pk")
    assert events[0].at < events[0].received_at
    expect(page.locator("[data-progress]")).to_have_text("2 sur 3")


def test_a_session_that_ended_keeps_what_was_said_until_its_courier_is_back(shop, open_page):
    run = opened_run({}, {})
    page = open_page(phone=True)
    drive(page, shop)
    press(page, "Je pars")
    all_sent(page)
    kept_offline(page)
    page.context.set_offline(True)
    open_next(page)
    press(page, "Je suis arrivé")
    expect(page.locator(".courier__queue").first).to_contain_text("1 envoi en attente")
    cookies = [one for one in page.context.cookies() if one["name"] != "sessionid"]
    page.context.clear_cookies()
    page.context.add_cookies(cookies)
    page.context.set_offline(False)

    expect(page.get_by_role("link", name="Se reconnecter")).to_be_visible()
    assert states(run) == ["to_come", "to_come"]
    page.get_by_role("link", name="Se reconnecter").click()
    page.locator("main").get_by_label(re.compile("e-mail", re.I)).fill(COURIER)
    page.locator("main").get_by_label(re.compile("^Mot de passe")).fill("un-cabas-bien-plein")
    page.locator("main").get_by_role("button", name=re.compile("Se connecter|Me connecter")).click()

    all_sent(page)
    assert states(run) == ["arrived", "to_come"]


def test_signing_out_leaves_no_address_on_the_phone_and_loses_nothing(shop, open_page):
    opened_run({}, {})
    page = open_page(phone=True)
    drive(page, shop)
    press(page, "Je pars")
    all_sent(page)
    kept_offline(page)
    press(page, "Me déconnecter")
    page.wait_for_url(re.compile("login"))

    kept = page.evaluate("caches.open('livreur-pages').then(kept => kept.keys()).then(keys => keys.length)")

    assert kept == 0


def test_what_another_courier_said_waits_for_that_courier(shop, open_page):
    run = opened_run({}, {})
    page = open_page(phone=True)
    drive(page, shop)
    press(page, "Je pars")
    all_sent(page)
    page.evaluate(
        """async ([run]) => {
          const entry = {key: crypto.randomUUID(), at: new Date().toISOString(), address: "/livreur/evenements/",
            kind: "back", run: String(run), visit: "", fields: [["kind", "back"]], photo: null, title: ""};
          const asked = indexedDB.open("livreur", 1);
          await new Promise(done => asked.onsuccess = done);
          const moved = asked.result.transaction("said", "readwrite");
          moved.objectStore("said").add({...entry, courier: 999999, state: "waiting"});
          await new Promise(done => moved.oncomplete = done);
        }""",
        [run.pk],
    )

    page.reload()

    expect(page.get_by_text("d’un autre livreur")).to_be_visible()
    all_sent(page)
    assert said(run) == [("left", None, "")]


def test_what_is_refused_is_told_and_stays_until_it_is_read(shop, open_page):
    run = opened_run({}, {})
    page = open_page(phone=True)
    drive(page, shop)
    press(page, "Je pars")
    all_sent(page)
    # In one go: the page hides it again as soon as it hears of its stops.
    page.evaluate(
        """() => document.querySelectorAll("[data-no-stops-left]").forEach(part => {
          part.hidden = false;
          part.querySelector("button")?.click();
        })"""
    )

    expect(page.locator(".courier__refusals")).to_contain_text("Il reste des arrêts")
    expect(page.locator("h1:visible")).to_have_text("Votre tournée")
    page.reload()
    press(page, "Vu")
    expect(page.locator(".courier__refusals")).to_be_hidden()
    assert said(run)[-1] == ("back", None, "stops_left")


def test_a_place_is_told_once_its_courier_has_said_yes_and_an_old_one_is_dropped(shop, open_page):
    run = opened_run({}, {})
    page = open_page(phone=True)
    page.context.grant_permissions(["geolocation"], origin=shop)
    page.context.set_geolocation({"latitude": 48.86, "longitude": 2.38})
    drive(page, shop)
    press(page, "Je pars")
    all_sent(page)
    assert not run.positions.exists()
    page.evaluate(
        """async ([run]) => {
          const key = crypto.randomUUID();
          await courierStore.add({key, at: new Date(Date.now() - 11 * 60000).toISOString(), address: "/livreur/evenements/",
            kind: "position", run: String(run), visit: "", photo: null, title: "",
            fields: Object.entries({key, kind: "position", run, latitude: 1, longitude: 1})});
        }""",
        [run.pk],
    )

    with page.expect_response(lambda answer: b"48.86" in (answer.request.post_data_buffer or b"")):
        press(page, "Partager ma position")
    all_sent(page)

    place = run.positions.get()
    assert (place.latitude, place.longitude) == (48.86, 2.38)


def test_one_event_that_the_server_stumbles_over_holds_up_no_other(shop, open_page):
    run = opened_run({}, {})
    page = open_page(phone=True)
    stumbling = [True]

    def answered(route):
        if stumbling and b"loaded" in (route.request.post_data_buffer or b""):
            return route.fulfill(status=500, body="<h1>Oups</h1>", content_type="text/html")
        return route.continue_()

    page.route("**/livreur/evenements/", answered)
    drive(page, shop)
    page.locator(".load").first.get_by_role("button").click()
    press(page, "Je pars")
    # One waits before the second is queued, too: what arrived is asked of the shop.
    for _try in range(100):
        run.refresh_from_db()
        if run.left_at:
            break
        page.wait_for_timeout(100)
    assert run.left_at
    expect(page.locator(".courier__queue").first).to_contain_text("1 envoi en attente", timeout=20_000)
    stumbling.clear()
    page.reload()
    all_sent(page)

    assert [kind for kind, _number, _why in said(run)] == ["left", "loaded"]


def test_a_question_is_logged_in_a_dead_zone_with_its_words(shop, open_page):
    opened_run({})
    page = open_page(phone=True)
    drive(page, shop)
    kept_offline(page)
    page.context.set_offline(True)
    press(page, "Je n’ai pas su répondre")
    page.get_by_label("En quelques mots").fill("Où vont les sacs ?")
    press(page, "Ajouter ces mots")
    page.get_by_label("Chercher une fiche").fill("identite")
    expect(page.locator(".answers > li:visible")).to_have_count(1)
    page.context.set_offline(False)
    all_sent(page)

    assert Question.objects.get().words == "Où vont les sacs ?"


def test_a_round_without_script(shop, open_page):
    run = opened_run({}, {})
    page = open_page(phone=True, javascript=False)
    drive(page, shop)
    page.locator(".load").first.get_by_role("button").click()
    press(page, "Je pars")
    open_next(page)
    press(page, "Je suis arrivé")
    page.get_by_label("Reçue par").fill("Élodie")
    press(page, "C’est remis")
    open_next(page)
    press(page, "Je suis arrivé")
    page.get_by_text("Le client refuse tout").click()
    press(page, "Tout est refusé")
    press(page, "Retour au dépôt")
    expect(page.locator("h1")).to_contain_text("Bonjour")

    assert states(run) == ["delivered", "refused"]
    run.refresh_from_db()
    assert run.ended_at
