"""Somebody whose order was delivered gives some of it back, and reads what its pages say."""

from uuid import uuid4

from django.test import Client

from shop.orders import services
from shop.orders.models import Order
from tests.factories import CustomerFactory
from tests.shop.orders.depot import lines_of


def withdraw(order, quantities, key=None):
    named = lines_of(order)
    return services.declare_withdrawal(
        order_reference=order.reference,
        key=key or uuid4(),
        quantities={named[name].pk: n for name, n in quantities.items()},
        name="Léa",
        email="lea@exemple.fr",
    )


def signed_in(order):
    client = Client()
    user = CustomerFactory(user__email=f"u{order.pk}@exemple.fr").user
    Order.objects.filter(pk=order.pk).update(customer=user.customer)
    client.force_login(user)
    return client


def read(answer):
    return answer.content.decode()
