"""What customers see and send, with and without sign-in, and what a form refuses."""

import io
import struct
import zlib
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client
from PIL import Image

from config.templatetags.cabas import slot_label_long
from crm.outbox.models import Message
from delivery.slots.models import Slot
from shop.claims.models import Claim
from shop.orders.models import Order, Refund
from tests.factories import CustomerFactory, ProductFactory
from tests.shop.claims.reporting import delivered_order, pixels, report, upload
from tests.shop.orders.depot import lines_of, new_slot
from tests.shop.orders.returning import read, signed_in

pytestmark = pytest.mark.django_db
MEBI = 1024 * 1024


@pytest.fixture(autouse=True)
def fresh_limits():
    cache.clear()


@pytest.fixture
def owner(order):
    return signed_in(order)


def at(order, what="manque"):
    return f"/commandes/{order.reference}/soucis/{what}/"


def by_link(order, what="manque"):
    return f"/suivi/{order.tracking_token}/soucis/{what}/"


def chosen(order, *names, **more):
    lines = lines_of(order)
    return {f"article-{lines[name].pk}": "on" for name in names} | {"key": str(uuid4())} | more


# --- three taps -----------------------------------------------------------------------------------


def test_the_order_page_asks_what_is_wrong_once_it_came(order, owner):
    page = read(owner.get(f"/commandes/{order.reference}/"))

    assert all(at(order, what) in page for what in ("manque", "abime", "pas-a-moi"))
    assert by_link(order, "manque") in read(Client().get(f"/suivi/{order.tracking_token}/"))
    Order.objects.filter(pk=order.pk).update(status="cancelled")
    assert at(order) not in read(owner.get(f"/commandes/{order.reference}/"))


def test_reported_it_is_answered_on_the_next_page(order, owner):
    answer = owner.post(at(order), chosen(order, "Comté"), follow=True)

    page = read(answer)
    assert answer.redirect_chain == [(f"/commandes/{order.reference}/soucis/", 302)]
    assert "Nous vous rendons 4,00\u00a0€" in page and "cinq à dix jours ouvrés" in page
    assert Claim.objects.get().lines.get().quantity == 1


def test_more_than_one_piece_may_be_said(order, owner):
    quantity = f"quantite-{lines_of(order)['Comté'].pk}"

    owner.post(at(order), chosen(order, "Comté", **{quantity: "3"}))

    assert Refund.objects.get().amount == Decimal("12.00")


def test_beyond_the_limits_it_says_by_when_we_call(zone, soap, time_machine):
    order = delivered_order(zone, {soap: 6})
    time_machine.move_to(order.delivered_at)
    quantity = f"quantite-{lines_of(order)['Lessive'].pk}"
    owner = signed_in(order)

    page = read(owner.post(at(order), chosen(order, "Lessive", **{quantity: "6"}), follow=True))

    assert "Nous vous appelons avant" in page and "de vive voix" in page
    assert "remboursé" not in page.split("Autre chose")[0]


def test_what_came_broken_may_come_once_more_in_the_slot_that_is_said(order, owner, zone):
    slot = new_slot(zone, starts_in=timedelta(hours=30))
    Slot.objects.filter(pk=slot.pk).update(cutoff_at=slot.starts_at)
    form = chosen(order, "Comté", wish="replacement", slot=str(slot.pk))

    shown = read(owner.get(at(order, "abime")))
    page = read(owner.post(at(order, "abime"), form, follow=True))

    assert "Au-delà de 15,00\u00a0€" in shown
    assert slot_label_long(slot) in shown and slot_label_long(slot) in page
    assert "Nous vous le livrons à nouveau, sans frais" in page


def test_a_slot_that_is_gone_is_no_reason_to_refuse(order, owner, zone):
    new_slot(zone, starts_in=timedelta(hours=30))

    page = read(
        owner.post(at(order, "abime"), chosen(order, "Comté", wish="replacement", slot="999999"), follow=True)
    )

    assert "Nous vous rendons 4,00\u00a0€" in page and "n’est plus disponible" in page


def test_what_is_not_theirs_is_kept(order, owner):
    page = read(
        owner.post(
            at(order, "pas-a-moi"), {"words": "Un brie", "units": "1", "key": str(uuid4())}, follow=True
        )
    )

    assert "Gardez-le, il ne vous coûte rien" in page and "Un brie" in page
    assert Claim.objects.get().kind == "not_mine"


def test_sent_twice_it_is_one_claim(order, owner):
    form = chosen(order, "Comté")

    for _twice in range(2):
        assert owner.post(at(order), form).status_code == 302

    assert Claim.objects.count() == 1


# --- without sign-in ------------------------------------------------------------------------------


def test_a_link_alone_needs_the_orders_address(order):
    stranger = Client()

    without = stranger.post(by_link(order), chosen(order, "Comté"))
    wrong = stranger.post(by_link(order), chosen(order, "Comté", email="autre@exemple.fr"))
    assert without.status_code == wrong.status_code == 422
    assert "pas celle de la commande" in read(wrong) and not Claim.objects.exists()
    right = stranger.post(by_link(order), chosen(order, "Comté", email=" LEA@exemple.fr "), follow=True)

    assert "Nous vous rendons" in read(right) and right["X-Robots-Tag"] == "noindex"
    assert stranger.post(by_link(order), chosen(order, "Lessive")).status_code == 302


def test_whoever_guesses_addresses_is_stopped(order):
    stranger = Client()

    codes = [
        stranger.post(by_link(order), chosen(order, "Comté", email=f"essai{n}@exemple.fr")).status_code
        for n in range(21)
    ]

    assert codes == [422] * 20 + [429] and not Claim.objects.exists()


def test_another_customer_finds_nothing(order):
    report(order, {"Comté": 1})
    other = Client()
    other.force_login(CustomerFactory().user)

    for path in (at(order), f"/commandes/{order.reference}/soucis/", "/suivi/invente/soucis/"):
        assert other.get(path).status_code == 404


# --- photographs ----------------------------------------------------------------------------------


def test_a_photograph_is_kept_clean_and_shown_to_its_author_alone(order, owner, private_files):
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (48.0, 51.0, 24.0)
    sent = upload(pixels(exif=exif.tobytes()), name="../../IMG_1.php.jpg")

    owner.post(at(order, "abime"), chosen(order, "Comté", photo=sent))

    claim = Claim.objects.get()
    kept = private_files / claim.photo.name
    with Image.open(kept) as image:
        assert image.size == (40, 60) and not image.getexif()
    assert kept.parent.name == "signalements" and "IMG_1" not in kept.name
    path = f"/commandes/{order.reference}/soucis/{claim.pk}/photo/"
    shown = owner.get(path)
    assert (shown.status_code, shown["Content-Type"]) == (200, "image/jpeg")
    assert "no-store" in shown["Cache-Control"] and "sandbox" in shown["Content-Security-Policy"]
    assert b"".join(shown.streaming_content) == kept.read_bytes()
    assert path in read(owner.get(f"/commandes/{order.reference}/soucis/"))


def test_whoever_was_handed_the_link_sees_no_photograph(order, owner):
    owner.post(at(order, "abime"), chosen(order, "Comté", photo=upload()))
    claim = Claim.objects.get()
    stranger, other = Client(), Client()
    other.force_login(CustomerFactory().user)

    assert stranger.get(f"/suivi/{order.tracking_token}/soucis/{claim.pk}/photo/").status_code == 404
    assert "votre photo" not in read(stranger.get(f"/suivi/{order.tracking_token}/soucis/"))
    assert other.get(f"/commandes/{order.reference}/soucis/{claim.pk}/photo/").status_code == 404
    assert stranger.get(f"/media/{claim.photo.name}").status_code == 404


def bomb():
    """A PNG whose header announces a hundred megapixels."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 10_000, 10_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100))


def gif():
    target = io.BytesIO()
    Image.new("RGB", (4, 4)).save(target, "GIF")
    return target.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (bomb(), "40 millions de pixels"),
        (b"<html><script>alert(1)</script></html>", "pas une image JPEG, PNG ou WebP"),
        (gif(), "pas une image JPEG, PNG ou WebP"),
        (pixels() + b"\0" * 9 * MEBI, "dépasse 8"),
        (pixels()[:200], "abîmée ou incomplète"),
        (b"", "Ce fichier est vide"),
    ],
    ids=["bomb", "html", "gif", "9 MB", "cut", "empty"],
)
def test_what_is_no_photograph_is_refused_and_nothing_is_written(order, owner, private_files, content, words):
    answer = owner.post(at(order, "abime"), chosen(order, "Comté", photo=upload(content)))

    assert answer.status_code == 422 and words in read(answer)
    assert not Claim.objects.exists() and not Refund.objects.exists() and not private_files.exists()


# --- what a form refuses --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "Choisissez au moins un article"),
        ({"article-0": "on"}, "déjà signalé"),
        ({"key": "x", "article": "Comté"}, "Rechargez cette page"),
        ({"quantite": "99", "article": "Comté"}, "Choisissez une quantité de la liste"),
        ({"quantite": "-1", "article": "Comté"}, "Choisissez une quantité de la liste"),
        ({"wish": "gold", "article": "Comté"}, "Sélectionnez un choix valide"),
        ({"wish": "", "article": "Comté"}, "l’un ou l’autre"),
    ],
)
def test_what_was_not_offered_is_refused(order, owner, zone, changes, words):
    new_slot(zone, starts_in=timedelta(hours=30))
    line = lines_of(order)["Comté"].pk
    names = {"quantite": f"quantite-{line}", "article": f"article-{line}"}
    form = {"key": str(uuid4()), "wish": "refund"} | {
        names.get(name, name): value for name, value in changes.items()
    }

    answer = owner.post(at(order, "abime"), form)

    assert answer.status_code == 422 and words in read(answer) and not Claim.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"words": ""},
        {"words": "x" * 201},
        {"units": "0"},
        {"units": "beaucoup"},
        {"units": "100"},
        {"key": ""},
    ],
)
def test_what_cannot_have_been_received_is_refused(order, owner, changes):
    form = {"words": "Brie", "units": "1", "key": str(uuid4())} | changes

    answer = owner.post(at(order, "pas-a-moi"), form)

    assert answer.status_code == 422 and not Claim.objects.exists() and not Message.objects.filter(
        purpose="claim_answered"
    ).exists()  # fmt: skip


def test_what_another_tab_reported_is_said_to_be(order, owner):
    form = chosen(order, "Lessive", **{f"quantite-{lines_of(order)['Lessive'].pk}": "2"})
    page = owner.get(at(order))
    assert page.status_code == 200
    report(order, {"Lessive": 3})

    answer = owner.post(at(order), form)

    assert answer.status_code == 422 and Claim.objects.count() == 1
    assert "Choisissez une quantité de la liste" in read(answer)
    report(order, {"Lessive": 1})
    assert "déjà signalé" in read(owner.post(at(order), form))


def test_an_unknown_trouble_is_no_page(order, owner):
    assert owner.get(at(order, "autre")).status_code == 404
    assert owner.post(f"/commandes/{order.reference}/soucis/").status_code == 405


def test_too_late_or_too_early_the_page_says_whom_to_call(order, owner, time_machine):
    time_machine.move_to(order.delivered_at + timedelta(days=15))
    owner.force_login(Order.objects.get(pk=order.pk).customer.user)
    late = read(owner.get(at(order)))
    refused = owner.post(at(order), chosen(order, "Comté"))

    assert "pendant quatorze jours" in late and "appelez-nous" in late
    assert refused.status_code == 422 and not Claim.objects.exists()


def test_the_page_costs_the_same_for_many_lines(zone, django_assert_max_num_queries):
    few = delivered_order(zone, {ProductFactory(price=Decimal("5.00")): 4})
    owner = signed_in(few)
    owner.get(at(few))
    with django_assert_max_num_queries(24) as of_few:
        owner.get(at(few, "abime"))
    many = delivered_order(zone, {ProductFactory(): 2 for _n in range(12)}, starts_in=timedelta(hours=5))
    owner = signed_in(many)
    owner.get(at(many))

    with django_assert_max_num_queries(24) as of_many:
        owner.get(at(many, "abime"))

    assert len(of_many) == len(of_few)
