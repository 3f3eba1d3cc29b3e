"""The vouchers of the demonstration's customer, one of each kind."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from loyalty.vouchers.models import Voucher
from loyalty.vouchers.services import grant
from shop.customers.queries import customer_id_of_login

CUSTOMER = "camille@cabas.example"
Kind, Origin = Voucher.Kind, Voucher.Origin


def make_vouchers() -> int:
    """How many were granted; none where they were before, or without the customer."""
    owner = customer_id_of_login(CUSTOMER)
    if owner is None:
        return 0
    end = timezone.now() + timedelta(days=60)
    made = [
        grant(
            kind=Kind.DELIVERY, origin=Origin.COMPENSATION, source="demo:livraison", owner_id=owner, valid_until=end
        ),
        grant(
            kind=Kind.AMOUNT, value=Decimal(5), origin=Origin.GIFT, source="demo:geste", owner_id=owner,
            valid_until=end,
        ),
        grant(
            kind=Kind.PERCENTAGE, value=Decimal(10), ceiling=Decimal(12), minimum_goods=Decimal(60),
            origin=Origin.WELCOME, source="demo:bienvenue", owner_id=owner, valid_until=end,
        ),
    ]  # fmt: skip
    return sum(one.code is not None for one in made)
