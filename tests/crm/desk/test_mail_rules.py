"""What a mail says once its quotation is left out; what machines write; addresses that name a conversation."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.desk.card_rules import MASK, holds_card, without_cards
from crm.desk.mail_rules import (
    MOST_CHARACTERS,
    as_text,
    is_automatic,
    message_ids,
    named_in,
    readable,
    reply_address,
)

TOKEN = "0123456789abcdef0123"


@pytest.mark.parametrize(
    "quoted",
    [
        "Le lun. 30 nov. 2026 à 10:00, Cabas <aide@cabas.example> a écrit :\n> Bonjour",
        "Le lun. 30 nov. 2026 à 10:00, Cabas <aide@cabas.example>\na écrit\u202f:\n\n> Bonjour",
        "On Mon, Nov 30, 2026 at 10:00 AM Cabas <aide@cabas.example> wrote:\n> Bonjour",
        "-----Message d'origine-----\nDe : Cabas\nBonjour",
        "-------- Message transféré --------\nBonjour",
        "________________________________\nDe : Cabas <aide@cabas.example>\nBonjour",
        "De : Cabas <aide@cabas.example>\nEnvoyé : lundi\nBonjour",
        "Envoyé de mon iPhone\n\n> Bonjour",
        "-- \nÉlodie Martin\n06 12 34 56 78",
        "> Bonjour\n> Nous vous remboursons",
    ],
)
def test_quotation_and_signature_are_cut_and_kept_apart(quoted):
    written, cut = readable(f"Oui, merci.\nLe beurre aussi.\n\n{quoted}")

    assert written == "Oui, merci.\nLe beurre aussi."
    assert cut.startswith(quoted.split("\n")[0].strip())


@pytest.mark.parametrize(
    "text",
    [
        "Le livreur est passé.\nLe lait manquait.",
        "On me dit que c’est prêt.\nC’est vrai ?",
        "Le 3 mars j’ai écrit : rien reçu, et depuis j’attends.",
        "De : Paris, à : Lyon, en train.",
    ],
)
def test_plain_words_lose_nothing(text):
    assert readable(text) == (text, "")


def test_mail_that_is_all_quotation_is_kept_whole():
    written, cut = readable("> Voulez-vous un avoir ?\n> OUI")

    assert "OUI" in written
    assert cut == ""


def test_endless_mail_is_shortened():
    written, _cut = readable("x" * (MOST_CHARACTERS + 5))

    assert written == "x" * MOST_CHARACTERS + " […]"


def test_words_of_an_html_mail_keep_their_lines_and_lose_what_nobody_sees():
    html = (
        "<html><head><title>t</title><style>p{}</style></head><body><p>Bonjour,</p><p>Le <b>beurre</b><br>manquait"
        " &eacute;</p><script>alert(1)</script><blockquote><p>Ancien</p></blockquote></body></html>"
    )

    assert readable(as_text(html)) == ("Bonjour,\n\nLe beurre\nmanquait é", "> Ancien")


@pytest.mark.parametrize(
    "hostile",
    ["<blockquote>" * 50_000, "<" * 300_000, "<style>" * 50_000, "Le " * 100_000, "\n" * 200_000, "> \n" * 100_000,
     ("On " + "x" * 190 + "\n") * 2_000],
)  # fmt: skip
def test_hostile_mail_takes_no_time(hostile):
    started = time.process_time()

    readable(as_text(hostile))
    readable(hostile)

    assert time.process_time() - started < 5


@given(st.text(max_size=400))
def test_any_text_can_be_read_and_nothing_is_invented(text):
    written, cut = readable(text)

    assert not written or "\x00" not in written
    assert set(written.removesuffix(" […]")) <= set(text.replace("\r", "\n")) | {"\n"}
    assert len(written) + len(cut) <= len(text) + 5


@pytest.mark.parametrize(
    ("headers", "sender", "envelope"),
    [
        ({"auto-submitted": "auto-replied"}, "a@b.fr", None),
        ({"auto-submitted": "auto-generated; owner-email=x"}, "a@b.fr", None),
        ({"x-autoreply": "yes"}, "a@b.fr", None),
        ({"x-autorespond": "x"}, "a@b.fr", None),
        ({"precedence": "Bulk"}, "a@b.fr", None),
        ({"precedence": "auto_reply"}, "a@b.fr", None),
        ({"list-id": "<x.example>"}, "a@b.fr", None),
        ({"content-type": "multipart/report; report-type=delivery-status"}, "a@b.fr", None),
        ({"return-path": "<>"}, "a@b.fr", None),
        ({}, "a@b.fr", ""),
        ({}, "MAILER-DAEMON@b.fr", None),
        ({}, "postmaster@b.fr", None),
        ({}, "no-reply@b.fr", None),
        ({}, "nepasrepondre@b.fr", None),
        ({}, "bounces+12@b.fr", None),
    ],
)
def test_what_a_machine_wrote_is_told(headers, sender, envelope):
    assert is_automatic(headers, sender=sender, envelope_sender=envelope)


@pytest.mark.parametrize(
    ("headers", "sender"),
    [
        ({}, "elodie@exemple.fr"),
        ({"auto-submitted": "no"}, "elodie@exemple.fr"),
        ({"precedence": "normal"}, "postmaster.martin@exemple.fr"),
        ({"content-type": "multipart/mixed"}, "noreplyelle@exemple.fr"),
    ],
)
def test_what_a_person_wrote_is_not_a_machines(headers, sender):
    assert not is_automatic(headers, sender=sender, envelope_sender=sender)


def test_reply_address_names_its_conversation_however_it_is_spelt():
    address = reply_address("aide@cabas.example", number=12, token=TOKEN)

    assert address == f"aide+12-{TOKEN}@cabas.example"
    assert len(address.partition("@")[0]) <= 64
    assert named_in(["x@y.fr", address.upper()], "Aide@cabas.example") == (12, TOKEN)


@pytest.mark.parametrize(
    "address",
    [
        "aide@cabas.example", f"aide+12-{TOKEN}@autre.example", f"autre+12-{TOKEN}@cabas.example",
        f"aide+12-{TOKEN[:-1]}@cabas.example", f"aide+x-{TOKEN}@cabas.example", f"aide+12-{TOKEN}x@cabas.example",
        f"aide+{'9' * 13}-{TOKEN}@cabas.example", "", "@", "+",
    ],
)  # fmt: skip
def test_other_addresses_name_nothing(address):
    assert named_in([address], "aide@cabas.example") is None


def test_nearest_letter_comes_first():
    assert message_ids("<c@x>", "<a@x> <b@x>\n <c@x>") == ["<c@x>", "<b@x>", "<a@x>"]
    assert message_ids("", "rien") == []


@pytest.mark.parametrize(
    "text",
    ["Ma carte 4242 4242 4242 4242 merci", "4242-4242-4242-4242", "4242424242424242", "a 5555555555554444."],
)
def test_card_numbers_are_taken_out(text):
    kept = without_cards(text)

    assert MASK in kept
    assert "4242" not in kept and "4444" not in kept
    assert holds_card(text) and not holds_card(kept)


@pytest.mark.parametrize(
    "text", ["Code-barres 3017620422003", "CB-2F7K-9ABC", "06 12 34 56 78", "IBAN FR76 3000"]
)
def test_other_numbers_stay(text):
    assert without_cards(text) == text
