"""Two workers find the same shortage: its customer is told once, and what was announced is done once."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError

from config.facts import deliver_all
from crm.desk.services import publish_page
from crm.outbox.models import Message
from shop.orders import tasks
from shop.orders.models import LineEvent, ShortageQuestion
from shop.orders.services import asking
from tests.concurrency.racing import together
from tests.factories import ProductFactory, ZoneFactory
from tests.shop.orders.depot import place
from tests.shop.stock.counting import count_shelf

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]
WORKERS = 4


@pytest.fixture
def short():
    """A placed order of ten, of which eight lie there."""
    publish_page(slug="cgv", title="CGV", body="Conditions.")
    brie = ProductFactory(name="Brie", price="5.00", stock=10)
    order = place(ZoneFactory(), {brie: 10}, starts_in=timedelta(days=1))
    count_shelf(brie, 8)
    return order


def test_many_workers_tell_once(short):
    line = short.lines.get()
    answers = together(
        WORKERS,
        lambda _n: asking.tell_shortage(
            reference=short.reference, line_id=line.pk, missing=2, cause="forecast"
        ),
    )
    deliver_all()

    # Nobody fails: whoever comes second sees that it was told.
    assert answers.count(None) == WORKERS - 1, answers
    assert sum(isinstance(answer, ShortageQuestion) for answer in answers) == 1
    assert ShortageQuestion.objects.count() == 1
    assert LineEvent.objects.filter(kind="told").count() == 1
    assert Message.objects.filter(purpose="shortage_told").count() == 1


def test_control_without_the_lock_each_looks_before_the_other_has_written(short, monkeypatch):
    """The database then refuses the second question: nobody is told twice even so, but a worker fails."""
    looked, real = threading.Barrier(WORKERS), asking._was_told

    def unlocked(reference):
        return asking.Order.objects.select_related("slot").get(reference=reference)

    def look(line, cause):
        told = real(line, cause)
        looked.wait(30)
        return told

    monkeypatch.setattr(asking, "locked", unlocked)
    monkeypatch.setattr(asking, "_was_told", look)
    line = short.lines.get()
    answers = together(
        WORKERS,
        lambda _n: asking.tell_shortage(
            reference=short.reference, line_id=line.pk, missing=2, cause="forecast"
        ),
    )

    assert sum(isinstance(one, IntegrityError) for one in answers) == WORKERS - 1


def test_many_workers_settle_once(short):
    tasks.tell_shortages()
    with time_machine.travel(ShortageQuestion.objects.get().answer_by + timedelta(minutes=1)):
        answers = together(WORKERS, lambda _n: tasks.settle_shortages())

    assert answers == [None] * WORKERS
    assert short.lines.get().dropped == 2
    assert LineEvent.objects.filter(kind="dropped").count() == 1
