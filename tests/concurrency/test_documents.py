"""Numbers have neither gap nor double, and an order one invoice; the control shows why the counter is locked."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from shop.documents import services
from shop.documents.errors import CreditRefused
from shop.documents.models import Document, DocumentCounter, Kind
from shop.documents.rules import Row
from tests.concurrency.racing import together
from tests.shop.documents.selling import Sold, packed

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]
MANY = 24


class Quarrel(Exception):
    """Whoever asked changes their mind once the invoice is made."""


def serials(kind=Kind.INVOICE):
    return list(Document.objects.filter(kind=kind).order_by("serial").values_list("serial", flat=True))


def test_numbers_have_no_gap_though_every_third_rolls_back():
    references = [packed().reference for _n in range(MANY)]

    def invoiced(n):
        with transaction.atomic():
            made = services.issue_invoice(order_reference=references[n])
            if n % 3 == 0:
                raise Quarrel
        return made.serial

    answers = together(MANY, invoiced)

    kept = [answer for answer in answers if isinstance(answer, int)]
    assert [type(answer) for answer in answers if not isinstance(answer, int)] == [Quarrel] * (MANY // 3)
    assert sorted(kept) == serials() == list(range(1, len(kept) + 1))
    assert DocumentCounter.objects.get().last == len(kept)


def test_without_the_lock_numbers_collide(monkeypatch):
    """The control: the counter is read and written, as above, by everybody at once."""
    references = [packed().reference for _n in range(MANY)]
    DocumentCounter.objects.create(kind=Kind.INVOICE, year=timezone.localdate().year)
    monkeypatch.setattr(
        services, "_locked_counter", lambda kind, year: DocumentCounter.objects.get(kind=kind, year=year)
    )

    answers = together(MANY, lambda n: services.issue_invoice(order_reference=references[n]).serial)

    assert any(isinstance(answer, IntegrityError) for answer in answers)


def test_an_order_invoiced_by_everybody_at_once_has_one_invoice():
    reference = packed().reference

    answers = together(MANY, lambda _n: services.issue_invoice(order_reference=reference).number)

    assert len(set(answers)) == 1
    assert serials() == [1]


def test_credits_at_once_never_exceed_the_invoice():
    order = packed(Sold("Café", "10.00", 1), delivery="0")
    rows = [Row("Café", order.total / 4, order.lines.get().vat_rate)]

    def credited(n):
        return services.issue_credit_note(
            order_reference=order.reference, occasion=f"plainte-{n}", rows=rows, reason="Abîmé"
        ).serial

    answers = together(10, credited)

    assert sum(isinstance(answer, CreditRefused) for answer in answers) == 6
    assert serials(Kind.CREDIT_NOTE) == [1, 2, 3, 4]
