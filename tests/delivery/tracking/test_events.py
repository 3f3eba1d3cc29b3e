"""What a phone sends, once for its key, and what it hears of it: taken, refused in words, or come back."""

import io
import struct
import zlib
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from delivery.tracking.forms import LARGEST_ID
from delivery.tracking.guard import SENT
from delivery.tracking.models import CourierEvent, Position, Run, Visit
from tests.delivery.rounds.fleet import courier
from tests.delivery.tracking.phone import EVENT, JSON, at, fields, phone, phone_of, sent, typed
from tests.delivery.tracking.road import START, facts, loaded, minutes, out, visit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_storage(settings, tmp_path):
    private = settings.STORAGES["private"] | {"OPTIONS": {"location": tmp_path}}
    settings.STORAGES = settings.STORAGES | {"private": private}
    field = Visit._meta.get_field("photo")
    before, field.storage = field.storage, storages["private"]
    yield
    field.storage = before


def picture(kind="JPEG", size=(80, 60), name="porte.jpg", **options):
    target = io.BytesIO()
    Image.new("RGB", size, "green").save(target, kind, **options)
    return SimpleUploadedFile(name, target.getvalue(), content_type="image/jpeg")


def with_place():
    notes = Image.Exif()
    notes[0x0112] = 1
    notes.get_ifd(0x8825)[2] = (48.0, 51.0, 24.0)
    return picture(exif=notes)


def bomb():
    """A PNG whose head announces a hundred million pixels."""
    head = struct.pack(">IIBBBBB", 10_000, 10_000, 8, 2, 0, 0, 0)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    body = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0"))
        + chunk(b"IEND", b"")
    )
    return SimpleUploadedFile("porte.jpg", body, content_type="image/jpeg")


def said(run):
    return list(run.events.order_by("pk").values_list("kind", "refused_because"))


# --- taken once -------------------------------------------------------------------------------------


def test_sent_again_it_is_the_same_event():
    run = out(15)
    client, event = phone(run), fields(run, "delivered", 1, received_by="Élodie")

    with at(START + minutes(40)):
        answers = [client.post(EVENT, event, headers=JSON).json() for _twice in range(2)]

    assert [answer["outcome"] for answer in answers] == ["taken", "taken"]
    assert answers[0] == answers[1]
    assert said(run) == [("left", ""), ("delivered", "")]
    assert len(facts("tracking.DeliveryMade")) == 1


def test_a_form_without_script_says_the_same():
    run = out(15)

    with at(START + minutes(40)):
        arrived = typed(phone(run), run, "arrived", 1)
        done = typed(phone(run), run, "delivered", 1, received_by="Élodie", refused=["1"], deposits_back="3")

    assert arrived.headers["Location"].endswith(f"/livreur/arrets/{visit(run, 1).pk}/")
    assert done.headers["Location"] == "/livreur/"
    here = visit(run, 1)
    assert (here.state, here.received_by, here.refused, here.deposits_back) == (
        "delivered",
        "Élodie",
        ["1"],
        3,
    )


def test_a_phone_whose_clock_is_off_is_put_right():
    run = out(15)
    tapped = START + minutes(40)
    hour = timedelta(hours=1)

    with at(START + minutes(50)):
        sent(
            phone(run), run, "arrived", 1,
            at=(tapped - hour).isoformat(), sent_at=(START + minutes(50) - hour).isoformat(),
        )  # fmt: skip

    assert visit(run, 1).arrived_at == tapped


def test_what_was_tapped_in_a_dead_zone_counts_from_then():
    run = out(15)

    with at(START + minutes(50)):
        now = (START + minutes(50)).isoformat()
        sent(phone(run), run, "arrived", 1, at=(START + minutes(40)).isoformat(), sent_at=now)

    assert visit(run, 1).arrived_at == START + minutes(40)


@pytest.mark.parametrize("why", ["nobody", "code", "address", "closed"])
def test_an_absence_says_what_was_found(why):
    run = out(15)

    with at(START + minutes(40)):
        assert sent(phone(run), run, "absent", 1, absent_because=why).json()["outcome"] == "taken"

    assert (visit(run, 1).state, visit(run, 1).absent_because) == ("absent", why)


def test_the_end_of_the_reference_stands_for_a_name():
    run = out(15)
    code = visit(run, 1).drop.order_reference[-4:]

    with at(START + minutes(40)):
        wrong = sent(phone(run), run, "delivered", 1, code="0000X")
        right = sent(phone(run), run, "delivered", 1, code=code.lower())

    assert "redemandez-le" in wrong.json()["words"]
    assert right.json()["outcome"] == "taken"
    assert visit(run, 1).received_by == f"code {code}"


# --- refused, in words ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "number", "when", "words"),
    [
        ("arrived", 1, START + timedelta(days=1), "à venir"),
        ("arrived", 1, START - timedelta(hours=1), "précède le début"),
        ("arrived", 1, START - timedelta(days=3), "36\u00a0heures"),
        ("back", None, START + minutes(30), "Il reste des arrêts"),
        ("left", None, START + minutes(30), "déjà noté"),
    ],
)
def test_what_cannot_be_true_is_kept_as_refused_and_told(kind, number, when, words):
    run = out(15)

    with at(START + minutes(40)):
        answer = sent(phone(run), run, kind, number, at=when.isoformat())

    assert (answer.status_code, answer.json()["outcome"]) == (422, "refused")
    assert words in answer.json()["words"]
    assert said(run)[-1][1]
    assert visit(run, 1).state == "to_come"


def test_alcohol_is_handed_over_after_a_look_at_an_identity_card():
    run = out(15, requires_age_check=True)

    with at(START + minutes(40)):
        page = phone(run).post(EVENT, fields(run, "delivered", 1, received_by="Élodie"), follow=True)
        taken = sent(phone(run), run, "delivered", 1, received_by="Élodie", was_age_checked="on")

    assert "vérification de l’âge" in page.content.decode()
    assert taken.json()["outcome"] == "taken"
    assert said(run)[1] == ("delivered", "age_not_checked")


def test_an_article_that_was_never_to_come_is_not_refused():
    run = out(15)

    with at(START + minutes(40)):
        answer = sent(phone(run), run, "delivered", 1, received_by="Élodie", refused=["inconnu"])

    assert "n’est pas dans cette commande" in answer.json()["words"]
    assert visit(run, 1).state == "to_come"


def test_a_delivery_without_proof_is_asked_about():
    run = out(15)

    with at(START + minutes(40)):
        typed(phone(run), run, "arrived", 1)
        page = typed(phone(run), run, "delivered", 1, deposits_back="2")
        answer = sent(phone(run), run, "delivered", 1)

    assert page.status_code == 422
    assert "un nom, un code ou une photo" in page.content.decode()
    assert 'value="2"' in page.content.decode()
    assert answer.json() == {
        "outcome": "refused",
        "words": "Dites qui a reçu la commande\u202f: un nom, un code ou une photo.",
    }
    assert visit(run, 1).state == "arrived"


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": ""}, {"key": "abc"}, {"kind": "flown"}, {"kind": ""}, {"run": "abc"}, {"run": str(LARGEST_ID + 1)},
        {"run": "-1"}, {"visit": "abc"}, {"visit": "9" * 400}, {"visit": "²"}, {"at": "hier"}, {"sent_at": "x"},
        {"at": "0001-01-01T00:00:00Z"}, {"at": "9999-12-31T23:59:59Z", "sent_at": "0001-01-01T00:00:00Z"},
        {"deposits_back": "-1"}, {"deposits_back": "1e9"}, {"received_by": "x" * 81}, {"visit": ""},
        {"received_by": "a\x00b"}, {"refused": ["x" * 61]},
    ],
)  # fmt: skip
def test_what_cannot_be_read_changes_nothing_and_is_final(wrong):
    run = out(15)

    with at(START + minutes(40)):
        event = fields(run, "delivered", 1, received_by="Élodie") | wrong
        answer = phone(run).post(EVENT, event, headers=JSON)

    assert (answer.status_code, answer.json()["outcome"]) == (422, "refused")
    assert answer.json()["words"]
    assert visit(run, 1).state == "to_come"
    assert said(run) == [("left", "")]


def test_a_body_too_large_is_refused_before_it_is_read():
    run = out(15)

    with at(START + minutes(40)):
        answer = phone(run).post(EVENT, "x" * 3_000_000, content_type="application/x-www-form-urlencoded")
        other = phone(run).post(EVENT, '{"a":' * 100_000, content_type="application/json", headers=JSON)

    assert (answer.status_code, other.status_code) == (400, 422)
    assert said(run) == [("left", "")]


def test_a_round_or_a_stop_of_somebody_else_is_refused():
    run, other = out(15), loaded(17)
    client = phone(run)

    with at(START + minutes(40)):
        answers = [
            sent(client, other, "left").json()["words"],
            client.post(EVENT, fields(run, "arrived") | {"visit": visit(other, 1).pk}, headers=JSON).json()[
                "words"
            ],
        ]

    assert "n’est pas la vôtre" in answers[0]
    assert "pas dans votre tournée" in answers[1]
    assert visit(other, 1).state == "to_come"
    assert Run.objects.get(pk=other.pk).left_at is None


def test_a_key_used_for_something_else_is_refused():
    run, other = out(15), out(17)
    key = str(uuid4())

    with at(START + minutes(40)):
        sent(phone(other), other, "arrived", 1, key=key)
        answers = [
            sent(phone(run), run, kind, 1, key=key, received_by="Élodie") for kind in ("arrived", "delivered")
        ]

    assert {answer.json()["outcome"] for answer in answers} == {"refused"}
    assert visit(run, 1).state == "to_come"


# --- where it is ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ({"latitude": "91", "longitude": "2"}, "pas sur Terre"), ({"latitude": "48", "longitude": "181"}, "pas sur Terre"),
        ({"latitude": "nan", "longitude": "2"}, ""), ({"latitude": "1e999", "longitude": "2"}, ""), ({}, ""),
    ],
)  # fmt: skip
def test_a_position_off_the_planet_is_not_kept(place, words):
    run = out(15)

    with at(START + minutes(40)):
        answer = sent(phone(run), run, "position", **place)

    assert answer.json()["outcome"] == "refused"
    assert words in answer.json()["words"]
    assert not Position.objects.exists()


def test_a_position_is_kept():
    run = out(15)

    with at(START + minutes(40)):
        sent(phone(run), run, "position", latitude="48.85", longitude="2.37")

    assert Position.objects.get().latitude == 48.85


# --- photographs --------------------------------------------------------------------------------------------


def test_a_photograph_is_encoded_anew_without_its_place():
    run = out(15)

    with at(START + minutes(40)):
        answer = sent(phone(run), run, "delivered", 1, photo=with_place())

    assert answer.json() | {"received_at": 0} == {"outcome": "taken", "words": "", "received_at": 0}
    with visit(run, 1).photo.open() as kept, Image.open(kept) as image:
        assert image.format == "JPEG"
        assert not image.getexif()
    assert "porte" not in visit(run, 1).photo.name


@pytest.mark.parametrize(
    ("photo", "why"),
    [
        (lambda: SimpleUploadedFile("a.jpg", b"GIF89a\x01\x00\x01\x00", content_type="image/jpeg"), "JPEG, PNG ou WebP"),
        (lambda: SimpleUploadedFile("a.jpg", b"<html><script>1</script>", content_type="image/jpeg"), "JPEG, PNG ou WebP"),
        (bomb, "40 millions"),
        (lambda: SimpleUploadedFile("a.jpg", b"x" * (8 * 2**20 + 1), content_type="image/jpeg"), "8\u202fMio"),
        (lambda: SimpleUploadedFile("a.jpg", picture().read()[:200], content_type="image/jpeg"), "abîmée"),
    ],
)  # fmt: skip
def test_a_picture_that_is_none_does_not_undo_the_delivery(photo, why):
    run = out(15)

    with at(START + minutes(40)):
        answer = sent(phone(run), run, "delivered", 1, photo=photo())

    assert answer.json()["outcome"] == "taken"
    assert why in answer.json()["words"]
    assert (visit(run, 1).state, visit(run, 1).photo.name) == ("delivered", "")


# --- come back ------------------------------------------------------------------------------------------------


def test_a_phone_whose_session_has_ended_is_asked_to_sign_in_and_loses_nothing():
    run = out(15)

    with at(START + minutes(40)):
        event = fields(run, "arrived", 1)
        answer = Client().post(EVENT, event, headers=JSON)
        again = phone(run).post(EVENT, event, headers=JSON)

    assert (answer.status_code, answer.json()["outcome"]) == (401, "sign_in")
    assert again.json()["outcome"] == "taken"


def test_who_is_no_courier_any_more_hears_it_and_nothing_is_final():
    answer = phone_of(courier(is_active=False)).post(EVENT, {}, headers=JSON)

    assert (answer.status_code, answer.json()["outcome"]) == (403, "not_allowed")


def test_a_phone_that_repeats_itself_is_told_to_wait(monkeypatch):
    run = out(15)
    monkeypatch.setattr("delivery.tracking.guard.SENT", type(SENT)("courier_sent", 1))

    with at(START + minutes(40)):
        answers = [sent(phone(run), run, "arrived", 1) for _twice in range(2)]

    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].json()["outcome"] == "again"
    assert CourierEvent.objects.filter(kind="arrived").count() == 1


def test_a_form_without_token_is_refused():
    run = out(15)
    client = Client(enforce_csrf_checks=True)
    client.force_login(phone(run) and Run.objects.select_related("courier__user").get(pk=run.pk).courier.user)

    assert client.post(EVENT, fields(run, "arrived", 1), headers=JSON).status_code == 403
    assert visit(run, 1).state == "to_come"
