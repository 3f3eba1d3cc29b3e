"""The provider in use, chosen by settings.PAYMENT_GATEWAY."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from shop.payments.gateways.base import Gateway


def gateway() -> Gateway:
    if settings.PAYMENT_GATEWAY == "demo":
        from shop.payments.gateways.demo import DemoGateway

        return DemoGateway()
    if settings.PAYMENT_GATEWAY == "stripe":
        from shop.payments.gateways.stripe import stripe_gateway

        return stripe_gateway()
    raise ImproperlyConfigured("PAYMENT_GATEWAY: 'stripe' or 'demo'.")
