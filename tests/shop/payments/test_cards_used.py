"""Which card paid: the same is seen to be the same, and nobody reads which."""

import pytest

from shop.payments import services
from shop.payments.models import PaymentOperation
from shop.payments.queries import cards_used
from tests.shop.payments.conftest import again, open_page, prepare

pytestmark = pytest.mark.django_db


def paid(provider, reference, fingerprint, **how):
    operation = prepare(reference, **how)
    open_page(operation)
    provider.pay(again(operation).session_id, fingerprint=fingerprint)
    services.refresh(key=operation.key)
    return again(operation)


@pytest.mark.parametrize("days", [4, 12])
def test_one_card_has_one_digest_whatever_it_pays_now_or_later(provider, days):
    first = paid(provider, "CAB-1", "Xt5EWLLDS7FJjR1c", days=days)
    second = paid(provider, "CAB-2", "Xt5EWLLDS7FJjR1c", days=4)
    other = paid(provider, "CAB-3", "Abc", days=4)

    assert first.card_digest == second.card_digest != other.card_digest
    assert cards_used(["CAB-1", "CAB-2"]) == {first.card_digest}
    assert "Xt5EWLLDS7FJjR1c" not in str(PaymentOperation.objects.values())


def test_a_card_that_was_refused_is_not_the_one_that_paid(provider):
    operation = prepare("CAB-1")
    open_page(operation)
    provider.pay(again(operation).session_id, refusal="card_declined", fingerprint="Abc")
    services.refresh(key=operation.key)

    assert again(operation).card_digest == "" and cards_used(["CAB-1"]) == frozenset()
