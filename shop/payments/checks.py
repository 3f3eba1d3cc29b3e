"""What must not start, or not be deployed."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from shop.payments.ports import is_order_desk_bound


@register(Tags.security, deploy=True)
def a_real_shop_takes_real_payments(app_configs: Any, **_kwargs: Any) -> list[CheckMessage]:
    if settings.PAYMENT_GATEWAY != "demo":
        return []
    return [
        Error(
            "The demo payment gateway takes no money.",
            hint="Set PAYMENT_GATEWAY to 'stripe', with STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET.",
            id="payments.E001",
        )
    ]


@register()
def the_gateway_is_usable(app_configs: Any, **_kwargs: Any) -> list[CheckMessage]:
    if settings.PAYMENT_GATEWAY == "demo":
        return []
    if settings.PAYMENT_GATEWAY != "stripe":
        return [Error("PAYMENT_GATEWAY is neither 'stripe' nor 'demo'.", id="payments.E002")]
    if not (settings.STRIPE_SECRET_KEY and settings.STRIPE_WEBHOOK_SECRET):
        return [Error("Stripe needs STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET.", id="payments.E003")]
    return []


@register(Tags.security, deploy=True)
def someone_answers_for_orders(app_configs: Any, **_kwargs: Any) -> list[CheckMessage]:
    if is_order_desk_bound():
        return []
    return [
        Error(
            "No order desk is bound: no payment could be secured.",
            hint="Call shop.payments.ports.bind_order_desk() in config/wiring.py.",
            id="payments.E004",
        )
    ]
