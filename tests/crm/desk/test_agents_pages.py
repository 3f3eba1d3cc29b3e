"""The desk's pages: what agents see and do there, and who may."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.staff import StaffGroup
from crm.desk import services
from crm.desk.models import Attachment, Callback, Conversation, ReplyText
from crm.desk.services.retention import erase_words_of
from crm.outbox.models import Message
from tests.crm.desk.talking import agent, answered, desk_of, fresh, key, last_entry, mail, written
from tests.factories import CustomerFactory, UserFactory

pytestmark = pytest.mark.django_db
QUEUE = "/admin/desk/conversation/file/"


@pytest.fixture
def me(client):
    user = agent(email="camille.durand@exemple.fr")
    client.force_login(user)
    return user


def page_of(conversation):
    return reverse("admin:desk_conversation_change", args=[conversation.pk])


def do(client, conversation, act, **sent):
    return client.post(reverse("admin:desk_act", args=[conversation.pk, act]), sent)


def reply(client, conversation, text, **sent):
    details = {"text": text, "key": key(), "seen": last_entry(conversation)} | sent
    return do(client, conversation, "repondre", **details)


def test_queue_shows_who_waits_and_since_when(client, me):
    written(name="Élodie Martin", subject="refund", message="Et mon <b>avoir</b> ?")

    page = desk_of(client.get(QUEUE))

    assert "Élodie Martin" in page and "Un remboursement" in page
    assert "&lt;b&gt;avoir" in page
    assert "dans 23" in page


def test_empty_queue_says_so(client, me):
    assert "La file est vide" in desk_of(client.get(QUEUE))


def test_queue_does_not_grow(client, me):
    written()
    client.get(QUEUE)
    with CaptureQueriesContext(connection) as few:
        client.get(QUEUE)
    for _ in range(5):
        written()
        services.ask_callback(
            occasion=key(), reason="late", order_reference="", customer_id=CustomerFactory().pk
        )
    with CaptureQueriesContext(connection) as many:
        client.get(QUEUE)

    assert len(many) <= len(few) + 2  # Calls are read once there are some.


def test_answer_leaves_and_the_next_one_opens(client, me):
    first, second = written(), written(name="Zoé")

    answer = reply(client, first, "C’est remboursé.", suivante="1")

    assert answer.url == page_of(second)
    assert fresh(first).state == "answered"
    assert "C’est remboursé." in Message.objects.get(purpose="contact_answered").text


@pytest.mark.parametrize("text", ["", "   ", "x" * 5001, "Votre carte 4242 4242 4242 4242"])
def test_answer_that_says_nothing_or_too_much_is_refused_and_kept(client, me, text):
    received = written()

    answer = reply(client, received, text)

    assert answer.status_code == 422
    assert text.strip()[:40] in desk_of(answer)
    assert fresh(received).state == "waiting"
    assert not Message.objects.filter(purpose="contact_answered").exists()


def test_refusal_keeps_the_draft_and_names_the_colleague(client, me):
    received = written()
    services.take(
        Conversation, pk=received.pk, user_id=UserFactory(staff=True, email="noe.petit@exemple.fr").pk
    )

    answer = reply(client, received, "Mon long brouillon.")

    assert answer.status_code == 409
    page = desk_of(answer)
    assert "noe.petit" in page and "Mon long brouillon." in page
    assert not Message.objects.filter(purpose="contact_answered").exists()


def test_new_words_hold_the_answer_back_and_then_let_it_go(client, me):
    received = written()
    seen = last_entry(received)
    services.receive_mail(mail(sender=received.email, recipients=[address_of(received)], text="Trouvé !"))

    held = reply(client, received, "Nous cherchons.", seen=seen)
    sent = reply(client, received, "Tant mieux !", seen=held.context["reply_form"].initial["seen"])

    assert held.status_code == 409
    assert "Trouvé" in desk_of(held)
    assert sent.status_code == 302


def test_new_words_hold_filing_back_and_then_let_it_go(client, me):
    received = written()
    seen = last_entry(received)
    services.receive_mail(
        mail(sender=received.email, recipients=[address_of(received)], text="Encore un mot.")
    )

    held = do(client, received, "classer", outcome="no_answer", seen=seen)
    form = held.context["outcome_form"]
    gone = do(client, received, "classer", outcome="no_answer", seen=form.initial["seen"])

    assert held.status_code == 409
    page = desk_of(held)
    assert "Du nouveau est arrivé" in page and "Encore un mot." in page
    assert form.initial["outcome"] == "no_answer"
    assert gone.status_code == 302
    assert fresh(received).state == "closed"


def test_new_words_hold_a_call_that_answers_back_and_its_note_is_kept(client, me):
    received = written()
    note = {"kind": "phone", "text": "Remboursée de vive voix.", "is_answer": "on"}
    seen = last_entry(received)
    services.receive_mail(
        mail(sender=received.email, recipients=[address_of(received)], text="Encore un mot.")
    )

    held = do(client, received, "noter", **note, key=key(), seen=seen)
    form = held.context["note_form"]
    kept = do(client, received, "noter", **note, key=form.initial["key"], seen=form.initial["seen"])

    assert held.status_code == 409
    page = desk_of(held)
    assert "Du nouveau est arrivé" in page and "Remboursée de vive voix." in page
    assert '<details class="desk__panel desk__gap" open>' in page
    assert (form.initial["kind"], form.initial["is_answer"]) == ("phone", True)
    assert kept.status_code == 302
    assert fresh(received).state == "answered"


def test_what_was_erased_is_read_and_nothing_is_done_to_it(client, me):
    received = written(customer_id=(customer := CustomerFactory()).pk)
    erase_words_of(customer_ids=[customer.pk])

    page = desk_of(client.get(page_of(received)))
    answer = do(client, received, "rouvrir")

    assert "Contenu effacé" in page
    assert reverse("admin:desk_act", args=[received.pk, "rouvrir"]) not in page
    assert "Cette demande est effacée" in desk_of(client.get(answer.url))
    assert fresh(received).state == "closed"


@pytest.fixture(autouse=True)
def takes_mail_in(settings):
    settings.INBOUND_EMAIL = "aide@cabas.example"


def address_of(conversation):
    return f"aide+{conversation.pk}-{conversation.reply_token}@cabas.example"


def test_reply_text_is_filled_in_after_the_draft_and_sends_nothing(client, me):
    customer = CustomerFactory(first_name="Élodie")
    received = written(customer_id=customer.pk)
    text = ReplyText.objects.create(
        key="t", title="T", body="{prenom}, demande {numero}. Le {creneau}. {agent}"
    )

    page = reply(client, received, "Bonjour.", inserer="1", modele=text.pk)

    draft = page.context["reply_form"].initial["text"]
    assert draft == f"Bonjour.\n\nÉlodie, demande {received.pk}. Le ⟦créneau⟧. Camille"
    assert fresh(received).state == "waiting"
    assert "⟦créneau⟧" in desk_of(page)


def test_draft_with_a_gap_comes_back(client, me):
    received = written()

    answer = reply(client, received, "Le ⟦creneau⟧.")

    assert answer.status_code == 409
    assert "Il reste à compléter" in desk_of(answer)


def test_spelling_is_checked_in_french(client, me):
    page = desk_of(client.get(page_of(written())))

    assert 'lang="fr"' in page and 'spellcheck="true"' in page


def test_taking_noting_attaching_closing_and_reopening(client, me):
    received = written()

    do(client, received, "prendre")
    assert fresh(received).assigned_to == me
    do(client, received, "noter", kind="note", text="Cliente fidèle.", key=key(), seen=last_entry(received))
    do(client, received, "rappeler")
    do(client, received, "rappeler")
    do(client, received, "classer", outcome="no_answer", seen=last_entry(received))
    assert fresh(received).state == "closed"
    assert "Rouvrir" in desk_of(client.get(page_of(received)))
    do(client, received, "rouvrir")

    assert fresh(received).state == "waiting"
    assert Callback.objects.count() == 1
    assert "Cliente fidèle." in desk_of(client.get(page_of(received)))


@pytest.mark.parametrize(
    ("act", "sent"),
    [
        ("noter", {"kind": "reply", "text": "x"}), ("noter", {"kind": "note", "text": ""}),
        ("noter", {"kind": "note", "text": "4242424242424242"}), ("classer", {"outcome": "perdue"}),
        ("rattacher", {"order_reference": "CB-ZZZZ-ZZZZ"}), ("rattacher", {"order_reference": "bonjour"}),
    ],
)  # fmt: skip
def test_bad_input_is_said_and_changes_nothing(client, me, act, sent):
    received = written()

    answer = do(client, received, act, **({"key": key(), "seen": last_entry(received)} | sent))

    assert answer.status_code == 422
    assert 'role="alert"' in desk_of(answer)
    assert received.entries.count() == 1
    assert fresh(received).state == "waiting"


def test_unknown_act_and_reading_by_an_acts_address_are_not_found(client, me):
    received = written()

    assert do(client, received, "effacer").status_code == 404
    assert client.get(reverse("admin:desk_act", args=[received.pk, "prendre"])).status_code == 404
    assert do(client, Conversation(pk=987654), "prendre").status_code == 404


def noted(**changes):
    return {
        "channel": "phone", "subject": "refund", "name": "Zoé Roux", "phone": "06 12 34 56 78", "email": "", "key": key(),
        "order_reference": "", "text": "Demande où est son avoir.",
    } | changes  # fmt: skip


def test_call_is_noted_with_a_call_back(client, me):
    answer = client.post(reverse("admin:desk_note_contact"), noted(call_back="on"))

    conversation, call = Conversation.objects.get(), Callback.objects.get()
    assert answer.url == reverse("admin:desk_callback_change", args=[call.pk])
    assert (conversation.channel, conversation.state, conversation.assigned_to) == ("phone", "waiting", me)
    assert call.phone == "0612345678"
    assert 'href="tel:0612345678"' in desk_of(client.get(answer.url))


@pytest.mark.parametrize(
    "changes",
    [{"phone": "12"}, {"text": " "}, {"channel": "form"}, {"email": "zoe"}, {"is_settled": "on", "call_back": "on"},
     {"order_reference": "CB-ZZZZ-ZZZZ"}],
)  # fmt: skip
def test_call_badly_noted_keeps_nothing(client, me, changes):
    answer = client.post(reverse("admin:desk_note_contact"), noted(**changes))

    assert answer.status_code == 422
    assert "Zoé Roux" in desk_of(answer)
    assert not Conversation.objects.exists()


def test_call_back_is_tried_then_made(client, me):
    call = services.ask_callback(
        occasion="a", reason="damaged", order_reference="", customer_id=None, phone="0612345678"
    )
    address = reverse("admin:desk_call_act", args=[call.pk, "noter"])

    client.post(address, {"result": "voicemail", "note": "", "key": key()})
    bad = client.post(address, {"result": "peut-être", "note": "", "key": key()})
    client.post(address, {"result": "reached", "note": "Réglé.", "key": key()})

    assert bad.status_code == 422
    call.refresh_from_db()
    assert call.state == "called"
    page = desk_of(client.get(reverse("admin:desk_callback_change", args=[call.pk])))
    assert "Réglé." in page and "répondeur" in page


def test_conversation_page_does_not_grow_with_what_was_said(client, me):
    received = written()
    address = page_of(received)
    client.get(address)

    def say(number):
        for _ in range(number):
            answered(received, me)
            services.receive_mail(mail(sender=received.email, recipients=[address_of(received)]))

    say(2)
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    say(4)
    with CaptureQueriesContext(connection) as many:
        client.get(address)

    assert len(many) == len(few)


def test_marketing_sees_nothing_of_it(client):
    received = written()
    client.force_login(agent(StaffGroup.MARKETING))

    for address in (
        QUEUE,
        page_of(received),
        "/admin/desk/conversation/recherche/",
        "/admin/desk/callback/",
        "/admin/desk/phoneorder/",
        "/admin/desk/replytext/",
    ):
        assert client.get(address).status_code == 403, address
    assert do(client, received, "prendre").status_code == 403
    assert fresh(received).assigned_to is None


def test_attachment_is_for_whoever_reads_conversations(client, me):
    entry = written().entries.get()
    file = Attachment.objects.create(
        entry=entry, name="é.pdf", content_type="application/pdf", size=5, data=b"%PDF-"
    )
    address = reverse("admin:desk_attachment", args=[file.pk])

    answer = client.get(address)
    client.force_login(UserFactory(staff=True))

    assert answer.content == b"%PDF-"
    assert answer["Content-Disposition"] == f'attachment; filename="piece-{file.pk}.pdf"'
    assert "no-store" in answer["Cache-Control"]
    assert client.get(address).status_code == 403


def test_numbers_are_for_whoever_may_read_them(client):
    user = UserFactory(staff=True)
    user.user_permissions.set(permissions("view_conversation", "view_callback"))
    client.force_login(user)
    call = services.ask_callback(
        occasion="a", reason="late", order_reference="", customer_id=None, phone="0612345678"
    )

    for address in (QUEUE, reverse("admin:desk_callback_change", args=[call.pk])):
        page = desk_of(client.get(address))
        assert "0612345678" not in page and "12 34 56" not in page.replace("\u00a0", " ")


def permissions(*names):
    from django.contrib.auth.models import Permission

    return Permission.objects.filter(codename__in=names)


def test_every_form_carries_its_token(client, me):
    received, customer = written(), CustomerFactory()
    call = services.ask_callback(occasion="a", reason="late", order_reference="", customer_id=customer.pk)
    pages = [
        QUEUE, page_of(received), "/admin/desk/conversation/recherche/", reverse("admin:desk_note_contact"),
        reverse("admin:desk_customer", args=[customer.pk]), reverse("admin:desk_callback_change", args=[call.pk]),
    ]  # fmt: skip

    for address in pages:
        page = desk_of(client.get(address))
        own = page[page.index('<div class="desk">') :]
        assert own.count('method="post"') == own.count("csrfmiddlewaretoken") > 0, address


def test_no_browser_keeps_a_page_of_the_desk(client, me):
    received = written()
    call = services.ask_callback(occasion="a", reason="late", order_reference="", customer_id=None)

    for answer in (
        client.get(QUEUE),
        client.get(page_of(received)),
        do(client, received, "prendre"),
        client.post(reverse("admin:desk_call_act", args=[call.pk, "prendre"])),
    ):
        assert "no-store" in answer["Cache-Control"]
