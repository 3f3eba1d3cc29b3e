"""Shared codes for tests, written as staff write them, and customers whose address is proven."""

from datetime import timedelta
from decimal import Decimal

from allauth.account.models import EmailAddress
from django.utils import timezone

from loyalty.vouchers import services
from loyalty.vouchers.codes import save_code
from loyalty.vouchers.models import SharedCode
from loyalty.vouchers.queries import voucher_of_code
from tests.factories import CustomerFactory, UserFactory


def draft(code="PRINTEMPS", *, products=(), aisles=(), brands=(), **changes):
    """An unsaved code of ten percent for everybody, from now on for a month."""
    now = timezone.now()
    terms = {
        "kind": "percentage",
        "value": Decimal(10),
        "starts_at": now,
        "ends_at": now + timedelta(days=30),
    } | changes
    ids = {"products": products, "aisles": aisles, "brands": brands}
    return SharedCode(code=code, **terms, **{name: [one.pk for one in rows] for name, rows in ids.items()})


def shared(code="PRINTEMPS", **changes):
    made = draft(code, **changes)
    save_code(code=made, by_id=UserFactory(staff=True).pk)
    return made


def off(value="5.00", code="CINQ", **changes):
    return shared(code, kind="amount", value=Decimal(value), **changes)


def over(code):
    """A code of the past."""
    now = timezone.now()
    SharedCode.objects.filter(pk=code.pk).update(
        starts_at=now - timedelta(days=3), ends_at=now - timedelta(days=1)
    )
    code.refresh_from_db()
    return code


def proven():
    """A customer whose address is verified, as signing in wants it."""
    customer = CustomerFactory()
    EmailAddress.objects.create(user=customer.user, email=customer.email, verified=True, primary=True)
    return customer


def take(code, customer, order_reference="CB-1", **changes):
    """The order's call, for forty euros of goods, of which the code takes five."""
    asked = {"goods": Decimal(40), "is_first_order": False, "amount": Decimal("5.00")} | changes
    services.take(
        voucher=voucher_of_code(code, customer),
        order_reference=order_reference,
        customer_id=customer.pk,
        **asked,
    )


def drawn(code):
    """Uses and euros as the code's row says, once they agree with its vouchers."""
    code.refresh_from_db()
    held = [one for one in code.vouchers.all() if one.order_reference]
    assert (code.uses, code.spent) == (len(held), sum((one.amount for one in held), Decimal(0)))
    return code.uses, code.spent
