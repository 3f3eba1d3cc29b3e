import pytest
from django.db import transaction

from config.events import HeartbeatAsked
from config.facts import FactOutsideTransaction, deliver_all, publish
from config.models import Heartbeat


@pytest.mark.django_db(transaction=True)
def test_a_fact_outside_a_transaction_is_refused():
    with pytest.raises(FactOutsideTransaction):
        publish(HeartbeatAsked(asked_at="now"))

    assert not Heartbeat.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_fact_reaches_its_handler_after_commit():
    with transaction.atomic():
        publish(HeartbeatAsked(asked_at="now"))

    deliver_all()

    assert Heartbeat.objects.get().process == "relay"


@pytest.mark.django_db(transaction=True)
def test_a_fact_of_a_rolled_back_transaction_never_happened():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        publish(HeartbeatAsked(asked_at="now"))
        raise ZeroDivisionError

    deliver_all()

    assert not Heartbeat.objects.exists()
