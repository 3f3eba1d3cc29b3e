"""Mail that comes in: matched, bounded, once, and never answered to a machine."""

import json
from datetime import timedelta
from io import BytesIO

import pytest
import time_machine
from django.test import override_settings
from django.urls import path
from django.utils import timezone
from PIL import Image

from crm.desk import services
from crm.desk.attachments import MOST_FILES
from crm.desk.card_rules import MASK
from crm.desk.checks import incoming_mail_has_its_secret
from crm.desk.incoming import IncomingFile
from crm.desk.limits import ACKNOWLEDGED, BY_SENDER
from crm.desk.models import Attachment, Conversation, Entry, IncomingMail
from crm.desk.services import inbound
from crm.outbox.models import Message
from crm.outbox.queries import LetterSent
from crm.outbox.sending import message_id
from crm.outbox.webhooks import patterns
from tests.crm.desk.talking import answered, filed, fresh, mail, written
from tests.factories import CustomerFactory, UserFactory

pytestmark = pytest.mark.django_db
INBOX = "aide@cabas.example"
urlpatterns = [path("anymail/", patterns())]
acknowledged = Message.objects.filter(purpose="contact_acknowledged")


@pytest.fixture(autouse=True)
def takes_mail_in(settings):
    settings.INBOUND_EMAIL = INBOX


def address_of(conversation):
    return f"aide+{conversation.pk}-{conversation.reply_token}@cabas.example"


def letter_of(conversation, purpose="contact_acknowledged"):
    return Message.objects.get(purpose=purpose, occasion__startswith=f"contact-{conversation.pk}")


def test_letters_say_where_to_reply_and_leave_with_it(mailoutbox):
    from crm.outbox.services import send_due

    received = written()
    answered(received, UserFactory(staff=True))

    send_due()

    assert {tuple(sent.reply_to) for sent in mailoutbox} == {(address_of(received),)}
    assert "Répondez simplement à cette lettre" in letter_of(received, "contact_answered").text


def test_without_an_inbox_replies_go_to_the_help_address(settings):
    settings.INBOUND_EMAIL = ""

    received = written()

    assert letter_of(received).reply_to == settings.HELP_EMAIL
    assert "Répondez simplement" not in letter_of(received).text


def test_reply_joins_its_conversation_and_waits_from_now_on():
    received = written(email="elodie@exemple.fr")
    answered(received, by := UserFactory(staff=True))

    row = services.receive_mail(mail(recipients=[address_of(received).upper()], text="Merci !\n\n> Bonjour"))

    now = fresh(received)
    assert row.became == "added"
    assert (row.entry.text, row.entry.kind, row.entry.sender, row.cut) == (
        "Merci !",
        "email",
        "",
        "> Bonjour",
    )
    assert (now.state, now.assigned_to, now.due_at) == ("waiting", by, row.entry.at + timedelta(hours=24))
    assert Conversation.objects.count() == 1
    assert acknowledged.count() == 1


def test_reply_to_what_was_filed_brings_it_back():
    received = written()
    filed(received, UserFactory())

    services.receive_mail(mail(recipients=[address_of(received)]))

    assert (fresh(received).state, fresh(received).outcome) == ("waiting", "")


def test_more_words_do_not_push_the_promise_back():
    with time_machine.travel(timezone.now() - timedelta(hours=20)):
        received = written()

    services.receive_mail(mail(recipients=[address_of(received)]))

    assert fresh(received).due_at == received.due_at


@pytest.mark.parametrize("header", ["in-reply-to", "references"])
def test_reply_is_known_by_the_letter_it_answers(header):
    received = written(email="elodie@exemple.fr")
    ours = message_id(letter_of(received).pk)

    row = services.receive_mail(mail(headers={header: f"<autre@x.fr> {ours}"}))

    assert row.entry.conversation == received


def test_provider_that_renames_letters_is_understood():
    received = written(email="elodie@exemple.fr")
    Message.objects.update(provider_message_id="0100-abc@eu-west-1.amazonses.com")

    row = services.receive_mail(mail(headers={"in-reply-to": "<0100-abc@eu-west-1.amazonses.com>"}))

    assert row.entry.conversation == received


@pytest.mark.parametrize("guess", ["token", "letter", "somebody else's letter"])
def test_what_is_guessed_opens_nobodys_conversation(guess):
    received = written(email="victime@exemple.fr")
    ours = message_id(letter_of(received).pk)
    sent = {
        "token": {"recipients": [f"aide+{received.pk}-{'0' * 20}@cabas.example"]},
        "letter": {"headers": {"in-reply-to": ours.replace(".", ".0", 1)}},
        "somebody else's letter": {"headers": {"in-reply-to": ours}},
    }[guess]

    row = services.receive_mail(mail(**sent))

    assert row.became == "opened"
    assert row.entry.conversation != received
    assert received.entries.count() == 1


def test_forwarded_address_adds_words_under_its_own_name_and_answers_go_where_they_went():
    received = written(email="elodie@exemple.fr")

    row = services.receive_mail(mail(sender="mari@exemple.fr", recipients=[address_of(received)]))

    assert (row.entry.conversation, row.entry.sender) == (received, "mari@exemple.fr")
    assert fresh(received).email == "elodie@exemple.fr"


def test_stranger_opens_a_conversation_and_is_acknowledged_without_their_words():
    CustomerFactory(user__email="elodie@exemple.fr")

    row = services.receive_mail(mail(subject="Mon\r\nbeurre", text="Cliquez sur arnaque.example"))

    opened = row.entry.conversation
    assert (opened.channel, opened.state, opened.title, opened.customer) == (
        "email",
        "waiting",
        "Mon beurre",
        None,
    )
    letter = acknowledged.get()
    assert letter.recipient == "elodie@exemple.fr"
    assert "arnaque" not in letter.text and "beurre" not in letter.text


def test_reply_to_a_letter_about_an_order_says_which():
    customer = CustomerFactory(user__email="elodie@exemple.fr")
    letter = Message.objects.create(
        purpose="order_confirmation", occasion="CB-2F7K-9ABC", recipient="elodie@exemple.fr", customer=customer,
        subject="Votre commande",
    )  # fmt: skip

    row = services.receive_mail(mail(headers={"in-reply-to": message_id(letter.pk)}))

    opened = row.entry.conversation
    assert (opened.order_reference, opened.customer) == ("CB-2F7K-9ABC", customer)


@pytest.mark.parametrize(
    ("purpose", "occasion"),
    [
        ("order_delivered", "CB-2F7K-9ABC"), ("order_returned", "CB-2F7K-9ABC"), ("order_amended", "CB-2F7K-9ABC 7"),
        ("amendment_refused", "CB-2F7K-9ABC 7"), ("refund_made", "CB-2F7K-9ABC cancelled"),
        ("whatever comes to be told of an order", "CB-2F7K-9ABC 7"),
    ],
)  # fmt: skip
def test_letter_is_about_the_order_that_its_occasion_begins_with(purpose, occasion):
    assert LetterSent(purpose, occasion, "elodie@exemple.fr", None).order_reference == "CB-2F7K-9ABC"


@pytest.mark.parametrize(
    "occasion",
    ["contact-12", "12", "12 CB-2F7K-9ABC", "2F7K9ABC", "order 12", "2026-11-30 0123456789abcdef",
     "3f2b8c1e-5d47-4c8a-9b1f-2e6d7a8c9b0f"],
)  # fmt: skip
def test_letter_about_anything_else_names_no_order(occasion):
    assert LetterSent("product_recalled", occasion, "elodie@exemple.fr", None).order_reference == ""


def test_same_mail_again_is_once():
    once = mail()

    first, second = services.receive_mail(once), services.receive_mail(once)

    assert first == second
    assert Entry.objects.count() == 1
    assert acknowledged.count() == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"headers": {"auto-submitted": "auto-replied"}}, {"sender": "MAILER-DAEMON@exemple.fr"},
        {"envelope_sender": ""}, {"sender": INBOX}, {"sender": "bonjour@cabas.example"},
        {"sender": "aide+1-0123456789abcdef0123@cabas.example"},
    ],
)  # fmt: skip
def test_machine_opens_nothing_and_is_answered_by_nothing(changes):
    row = services.receive_mail(mail(**changes))

    assert row.became == "automatic"
    assert not Conversation.objects.exists()
    assert not Message.objects.exists()


def test_absence_is_noted_and_wakes_nobody():
    received = written()
    answered(received, UserFactory(staff=True))

    services.receive_mail(
        mail(
            recipients=[address_of(received)],
            headers={"auto-submitted": "auto-replied"},
            text="Absente jusqu’au 3.",
        )
    )

    assert fresh(received).state == "answered"
    assert received.entries.last().kind == "automatic"


@pytest.mark.parametrize(
    "changes", [{"sender": ""}, {"sender": "pas une adresse"}, {"text": " ", "html": "<p> </p>"}, {"sender": "a" * 300 + "@x.fr"}]
)  # fmt: skip
def test_mail_from_nobody_or_saying_nothing_is_kept_nowhere(changes):
    row = services.receive_mail(mail(**changes))

    assert row.became == "empty"
    assert not Conversation.objects.exists()


def test_who_writes_again_and_again_is_acknowledged_thrice_and_finds_one_conversation():
    rows = [services.receive_mail(mail(text=f"Message {n}.")) for n in range(ACKNOWLEDGED.most + 3)]

    assert acknowledged.count() == ACKNOWLEDGED.most
    assert Conversation.objects.count() == ACKNOWLEDGED.most
    assert rows[-1].entry.conversation == rows[-2].entry.conversation


def test_forged_sender_joins_no_customers_conversation():
    customer = CustomerFactory(user__email="elodie@exemple.fr")
    services.receive_mail(mail(text="Le mien."))
    theirs = Conversation.objects.get()
    services.attach_to(conversation_id=theirs.pk, customer_id=customer.pk, order_reference="")

    row = services.receive_mail(mail(text="Forgé.", is_spam=True))

    assert row.entry.conversation != theirs
    assert row.entry.conversation.customer is None
    assert theirs.entries.count() == 1


def test_forged_sender_joins_nothing_that_was_written_in_the_form():
    received = written(email="elodie@exemple.fr")

    row = services.receive_mail(mail(is_spam=True))

    assert row.entry.conversation != received
    assert received.entries.count() == 1


def test_what_an_agent_attached_just_now_is_not_joined(monkeypatch):
    customer = CustomerFactory(user__email="elodie@exemple.fr")
    services.receive_mail(mail())
    theirs = Conversation.objects.get()

    def attached_as_soon_as_found(sender):
        services.attach_to(conversation_id=theirs.pk, customer_id=customer.pk, order_reference="")
        return theirs.pk

    monkeypatch.setattr(inbound, "latest_waiting", attached_as_soon_as_found)

    row = services.receive_mail(mail(is_spam=True))

    assert row.entry.conversation != theirs


def test_flood_is_refused_and_another_sender_is_not():
    for n in range(BY_SENDER.most):
        services.receive_mail(mail(text=f"{n}"))

    assert services.receive_mail(mail()).became == "limited"
    assert services.receive_mail(mail(sender="autre@exemple.fr")).became == "opened"


def test_spam_is_kept_and_answered_by_no_letter():
    row = services.receive_mail(mail(is_spam=True))

    assert row.became == "opened"
    assert not Message.objects.exists()


def test_card_number_is_stored_nowhere():
    row = services.receive_mail(mail(text="Ma carte 4242 4242 4242 4242\n\n> 4242424242424242"))

    assert "4242" not in row.entry.text + row.cut


def test_card_number_is_stored_in_no_subject_and_in_no_name():
    card = "4242 4242 4242 4242"
    files = [IncomingFile(f"{card}.pdf", b"%PDF-1.7 ..."), IncomingFile(f"ma carte {card}.exe", b"MZ\x90")]

    row = services.receive_mail(mail(subject=f"Carte {card}", sender_name=card, files=files))

    opened, kept = row.entry.conversation, row.entry.attachments.get()
    said = [opened.title, opened.name, kept.name, *(name for name, _why in row.refused)]
    assert said == [f"Carte {MASK}", MASK, f"{MASK}.pdf", f"ma carte {MASK}.exe"]
    assert "4242" not in acknowledged.get().text


def picture(kind="JPEG", size=(60, 40)):
    kept = BytesIO()
    Image.new("RGB", size, "green").save(kept, kind)
    return kept.getvalue()


def test_pictures_and_papers_are_kept_and_the_rest_is_said():
    files = [
        IncomingFile("beurre.jpg", picture()),
        IncomingFile("ticket.pdf", b"%PDF-1.7 ..."),
        IncomingFile("virus.exe", b"MZ\x90"),
        IncomingFile("page.html", b"<script>"),
        IncomingFile("faux.pdf", b"<html>"),
        IncomingFile("énorme.pdf", b"%PDF-" + b"x" * 5_000_000),
        IncomingFile("bombe.png", picture("PNG", (9000, 9000))),
    ]

    row = services.receive_mail(mail(files=files))

    kept = list(row.entry.attachments.values_list("name", "content_type"))
    assert kept == [("beurre.jpg", "image/jpeg"), ("ticket.pdf", "application/pdf")]
    assert [name for name, _why in row.refused] == [
        "virus.exe",
        "page.html",
        "faux.pdf",
        "énorme.pdf",
        "bombe.png",
    ]
    assert all(why for _name, why in row.refused)


def test_picture_loses_where_it_was_taken_and_what_was_hidden_behind_it():
    row = services.receive_mail(mail(files=[IncomingFile("a.jpg", picture() + b"<script>cargo</script>")]))

    assert b"cargo" not in bytes(row.entry.attachments.get().data)


def test_too_many_files_are_counted_and_said():
    files = [IncomingFile(f"{n}.jpg", picture()) for n in range(MOST_FILES + 2)]

    row = services.receive_mail(mail(files=files))

    assert Attachment.objects.count() == MOST_FILES
    assert len(row.refused) == 2


def test_photograph_without_a_word_is_a_message():
    row = services.receive_mail(mail(text="", files=[IncomingFile("a.jpg", picture())]))

    assert row.became == "opened"


# --- by the provider's door -------------------------------------------------------------------------


POSTMARK = {
    "FromFull": {"Email": "elodie@exemple.fr", "Name": "Élodie Martin"}, "Subject": "Mon beurre",
    "ToFull": [{"Email": INBOX, "Name": ""}], "CcFull": [], "BccFull": [], "OriginalRecipient": INBOX,
    "MessageID": "11111111-2222-3333-4444-555555555555", "TextBody": "Il manquait le beurre.", "HtmlBody": "",
    "Headers": [{"Name": "Message-ID", "Value": "<abc@exemple.fr>"}], "Attachments": [],
}  # fmt: skip


def handed_in(client, event, **extra):
    return client.post(
        "/anymail/postmark/inbound/", json.dumps(event), content_type="application/json", **extra
    )


@pytest.fixture
def door(settings):
    settings.ANYMAIL = {"WEBHOOK_SECRET": "anymail:mot-de-passe"}
    settings.ROOT_URLCONF = "tests.crm.desk.test_inbound"
    return {"HTTP_AUTHORIZATION": "Basic YW55bWFpbDptb3QtZGUtcGFzc2U="}


def test_mail_comes_in_by_the_providers_door(client, door):
    answer = handed_in(client, POSTMARK, **door)

    assert answer.status_code == 200
    entry = Entry.objects.get()
    assert (entry.text, entry.conversation.email) == ("Il manquait le beurre.", "elodie@exemple.fr")
    assert entry.conversation.name == "Élodie Martin"


def test_photographs_fit_through_the_door(client, door):
    import base64

    noise = BytesIO()
    Image.effect_noise((1600, 1600), 100).convert("RGB").save(noise, "JPEG", quality=95)
    assert len(noise.getvalue()) > 1_500_000
    file = {
        "Name": "beurre.jpg", "ContentType": "image/jpeg", "ContentLength": len(noise.getvalue()),
        "Content": base64.b64encode(noise.getvalue()).decode(),
    }  # fmt: skip
    event = POSTMARK | {"Attachments": [file, file | {"Name": "deux.jpg"}]}
    assert len(json.dumps(event)) > 2 * 1024 * 1024

    answer = handed_in(client, event, **door)

    assert answer.status_code == 200
    assert Attachment.objects.count() == 2


def test_without_the_secret_nobody_hands_mail_in(client, door):
    answer = handed_in(client, POSTMARK)

    assert answer.status_code == 400
    assert not IncomingMail.objects.exists()


def test_door_does_not_exist_without_a_secret(client):
    assert handed_in(client, POSTMARK).status_code == 404


@pytest.mark.parametrize(("secret", "faults"), [("", ["desk.E003"]), ("a:b", [])])
def test_inbox_without_a_secret_is_a_fault_of_the_settings(settings, secret, faults):
    settings.ANYMAIL = {"WEBHOOK_SECRET": secret}

    assert [fault.id for fault in incoming_mail_has_its_secret()] == faults


def test_no_inbox_needs_no_secret():
    with override_settings(INBOUND_EMAIL="", ANYMAIL={"WEBHOOK_SECRET": ""}):
        assert incoming_mail_has_its_secret() == []
