"""Somebody received an order and says what is wrong with it."""

import io
from uuid import uuid4

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from config.facts import deliver_all
from config.pictures import checked_picture
from shop.claims import services
from shop.orders import services as orders
from shop.orders.models import Order
from tests.shop.orders.depot import lines_of, packed, place, settle


def delivered_order(zone, basket, *, is_paid=True, **how):
    """``is_paid`` False: its money is not taken yet."""
    return delivered(place(zone, basket, **how), is_paid=is_paid)


def delivered(order, *, is_paid=True):
    packed(order)
    if is_paid:
        settle()
    orders.hand_over(reference=order.reference)
    deliver_all()
    return Order.objects.select_related("slot", "zone").get(pk=order.pk)


def report(order, quantities, kind="missing", *, key=None, slot=None, photo=None):
    """Named articles of an order, and how much of each."""
    named = lines_of(order)
    told = services.Reported(
        kind, {named[name].pk: n for name, n in quantities.items()}, slot.pk if slot else None, photo
    )
    return services.report(order_reference=order.reference, key=key or uuid4(), reported=told)


def pixels(colour="tomato", size=(60, 40), kind="JPEG", **how):
    target = io.BytesIO()
    Image.new("RGB", size, colour).save(target, kind, **how)
    return target.getvalue()


def photo(colour="tomato", **how):
    """As a form has checked it."""
    return checked_picture(io.BytesIO(pixels(colour, **how)))


def upload(content=None, name="photo.jpg", type="image/jpeg"):
    return SimpleUploadedFile(name, pixels() if content is None else content, type)
