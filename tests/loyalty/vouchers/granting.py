"""Vouchers for tests: one call, with a purse of sensible defaults."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

from django.utils import timezone

from loyalty.vouchers import services
from tests.factories import CustomerFactory


def granted(value="5.00", **changes):
    """A voucher of five euros that anybody with the code may use, and its code."""
    terms = {
        "kind": "amount",
        "value": Decimal(value),
        "origin": "gift",
        "source": f"test:{uuid4()}",
        "valid_until": timezone.now() + timedelta(days=30),
    } | changes
    made = services.grant(**terms)
    return made.voucher, made.code


def off_delivery(**changes):
    return granted("0", kind="delivery", **changes)


def reserve(voucher, order_reference="CB-1", **changes):
    """The checkout's call, for a basket of forty euros."""
    asked = {
        "customer_id": voucher.owner_id or CustomerFactory().pk,
        "goods": Decimal(40),
        "is_first_order": False,
        "amount": Decimal("5.00"),
    } | changes
    services.reserve(voucher_id=voucher.pk, order_reference=order_reference, **asked)
