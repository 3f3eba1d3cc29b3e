"""Races and faults of the outbox, each with its control: what happens when the guard is taken away."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.core import mail
from django.db import connection, connections, transaction
from django.utils import timezone
from kombu import pools

from config.celery import app as celery
from crm.outbox import services
from crm.outbox.models import Message, State
from crm.outbox.sending import hand_over
from tests.crm.outbox.support import Mailbox, mail_server, queue, wait_until

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]
ROOT = Path(__file__).resolve().parents[3]
THREADS, MESSAGES = 8, 200


def in_threads(work):
    start = threading.Barrier(THREADS)
    faults = []

    def run():
        try:
            start.wait(10)
            work()
        except Exception as fault:
            faults.append(fault)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not faults


def fill():
    with transaction.atomic():
        Message.objects.bulk_create(
            Message(
                purpose="test", occasion=str(n), recipient=f"c{n}@exemple.fr", subject="s", text="t", html="h"
            )
            for n in range(MESSAGES)
        )


def test_eight_senders_send_each_message_exactly_once():
    fill()

    def work():
        while services.send_due(10):
            pass

    in_threads(work)

    sent = Counter(letter.to[0] for letter in mail.outbox)
    assert len(sent) == MESSAGES
    assert set(sent.values()) == {1}
    assert set(Message.objects.values_list("state", flat=True)) == {State.SENT}


def test_control_without_the_lock_messages_are_sent_twice():
    fill()
    read = threading.Barrier(THREADS)

    def work():
        due = list(Message.objects.filter(state=State.QUEUED).order_by("pk")[:10])
        read.wait(10)
        Message.objects.filter(pk__in=[message.pk for message in due]).update(
            state=State.CLAIMED, claimed_at=timezone.now()
        )
        with mail.get_connection() as connected:
            for message in due:
                hand_over(message, html=message.html, text=message.text, connection=connected)

    in_threads(work)

    sent = Counter(letter.to[0] for letter in mail.outbox)
    assert max(sent.values()) > 1


def test_two_threads_queue_one_occasion_once():
    in_threads(lambda: queue(1))

    assert Message.objects.count() == 1


# --- a sender killed in mid-send -----------------------------------------------------------------

CLAIM_THEN_SEND = "services.send_due()"
SEND_THEN_CLAIM = """
from crm.outbox.models import Message, State
from django.core.mail import get_connection
from django.utils import timezone
from crm.outbox.sending import hand_over
for message in Message.objects.filter(state="queued"):
    hand_over(message, html=message.html, text=message.text, connection=get_connection())
    Message.objects.filter(pk=message.pk).update(state="claimed", claimed_at=timezone.now())
    Message.objects.filter(pk=message.pk).update(state="sent", sent_at=timezone.now())
"""


def sender(port, body):
    """Another process on this test's database, sending through the mail server at `port`."""
    given = connection.settings_dict
    program = f"""
import django
from django.conf import settings
django.setup()
settings.DATABASES["default"]["NAME"] = {given["NAME"]!r}
settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", {port}
from crm.outbox import services
{body}
"""
    return subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings.test"},
    )


def kill_in_mid_send(mailbox, port, body):
    process = sender(port, body)
    try:
        wait_until(lambda: len(mailbox.arrived) == 2)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(10)


def recover(port, settings):
    """What the sweep does afterwards, ten minutes later."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    services.mark_lost(older_than=timedelta(0))
    while services.send_due():
        pass


class SlowFromTheSecond(Mailbox):
    """Takes the first letter at once and keeps the sender waiting on the second, already accepted."""

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.pause_seconds = 20.0 if len(self.arrived) == 1 else 0.0
        return await super().handle_DATA(server, session, envelope)


def test_a_sender_killed_in_mid_send_leaves_one_doubt_and_no_double(settings):
    for number in range(1, 6):
        queue(number)
    mailbox = SlowFromTheSecond()

    with mail_server(mailbox) as port:
        kill_in_mid_send(mailbox, port, CLAIM_THEN_SEND)
        recover(port, settings)
        recover(port, settings)

    states = dict(Message.objects.values_list("recipient", "state"))
    assert states == {
        "client1@exemple.fr": State.SENT,
        "client2@exemple.fr": State.UNKNOWN,
        "client3@exemple.fr": State.SENT,
        "client4@exemple.fr": State.SENT,
        "client5@exemple.fr": State.SENT,
    }
    assert set(Counter(mailbox.arrived).values()) == {1}
    assert len(mailbox.arrived) == 5


def test_control_sending_before_the_claim_commits_doubles_the_letter(settings):
    for number in range(1, 4):
        queue(number)
    mailbox = SlowFromTheSecond()

    with mail_server(mailbox) as port:
        kill_in_mid_send(mailbox, port, SEND_THEN_CLAIM)
        recover(port, settings)

    assert Counter(mailbox.arrived)["client2@exemple.fr"] == 2


# --- Valkey dead ---------------------------------------------------------------------------------


@pytest.fixture
def dead_broker(monkeypatch):
    monkeypatch.setenv("CELERY_BROKER_WRITE_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setattr(services, "_nudge_silent_until", 0.0)
    forget_connections()
    yield
    forget_connections()


def forget_connections():
    pools.reset()
    celery.amqp._producer_pool = None
    celery._pool = None


def test_without_valkey_a_message_is_queued_at_once_and_the_sweep_sends_it(dead_broker):
    before = time.monotonic()

    message = queue()

    assert time.monotonic() - before < 3
    assert message.state == State.QUEUED
    assert services._nudge_silent_until > 0
    assert services.send_due() == 1
    message.refresh_from_db()
    assert message.state == State.SENT


def test_with_valkey_the_nudge_waits_in_the_mail_queue(monkeypatch):
    monkeypatch.setattr(services, "_nudge_silent_until", 0.0)
    broker = redis.Redis.from_url(settings.REDIS_URL)
    broker.delete("mail")

    queue()

    assert services._nudge_silent_until == 0
    assert b"crm.outbox.tasks.send_queued" in broker.lindex("mail", 0)
    broker.close()


def test_a_message_of_a_rolled_back_transaction_nudges_nobody(monkeypatch):
    monkeypatch.setattr(services, "_nudge_silent_until", 0.0)
    broker = redis.Redis.from_url(settings.REDIS_URL)
    broker.delete("mail")

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        queue()
        raise ZeroDivisionError

    assert broker.llen("mail") == 0
    assert not Message.objects.exists()
    broker.close()
