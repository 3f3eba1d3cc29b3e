"""An order from paid to handed over, in every state that its customer may read, and the page that asks."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from config.facts import deliver_all
from delivery.slots.models import Slot
from shop.catalogue.models import Product
from shop.orders import services
from shop.orders.models import Order, ShortageQuestion, SubstituteOffer
from shop.orders.questions import worth_of
from tests.journeys.test_pages import LONG_NAME, goods, ordered, rename, see, signed_in  # noqa: F401
from tests.shop.orders.depot import KEEPS, pick


def lines_by(order, goods):  # noqa: F811
    return {
        sort: order.lines.get(product=product)
        for sort, product in goods.items()
        if order.lines.filter(product=product).exists()
    }


def tell(order, line, missing, cause="forecast"):
    return services.tell_shortage(reference=order.reference, line_id=line.pk, missing=missing, cause=cause)


def offer_named_long(question, goods):  # noqa: F811
    """One more replacement, with a name of 120 signs."""
    product = goods["second"]
    rename(product, LONG_NAME.replace("rouges du Périgord", "noirs d’Auvergne, doux"))
    return SubstituteOffer.objects.create(
        question=question, product=product, quantity=question.missing, unit_price=product.price,
        total=min(worth_of(question), product.price * question.missing), position=9,
    )  # fmt: skip


def answer_path(question):
    return f"/reponse/{question.token}/"


@pytest.fixture
def order(goods):  # noqa: F811
    Product.objects.update(minimum_life_days=None)
    placed = ordered(goods, signed_in())
    Slot.objects.filter(pk=placed.slot_id).update(cutoff_at=timezone.now() - timedelta(minutes=1))
    return Order.objects.get(pk=placed.pk)


def test_the_page_that_asks(see, goods, order):  # noqa: F811
    lines = lines_by(order, goods)
    question = tell(order, lines["long"], 2)
    offer = offer_named_long(question, goods)
    see("answer", answer_path(question), says="Que préférez-vous")
    see("answer-preselected", f"{answer_path(question)}?choix=replace-{offer.pk}", says="Confirmer mon choix")
    stranger = Client()
    wrong = stranger.post(answer_path(question), {})
    see("answer-error", client=stranger, answer=wrong, status=422, says="Choisissez l’une")
    see("tracking-to-choose", f"/suivi/{order.tracking_token}/", says="À vous de choisir")
    see("order-to-choose", f"/commandes/{order.reference}/", client=signed_in(), says="À vous de choisir")
    see("home-to-choose", "/", client=signed_in(), says="dites-nous ce que vous préférez")
    services.answer_shortage(token=question.token, answer="replace", offer_id=offer.pk)
    see("answer-settled", answer_path(question), says="C’est réglé")
    weighed = tell(order, lines["weighed"], lines["weighed"].quantity // 4)
    ShortageQuestion.objects.filter(pk=weighed.pk).update(answer_by=timezone.now() - timedelta(minutes=1))
    see("answer-late", answer_path(weighed), says="Le délai pour choisir")


def test_from_picking_to_the_door(see, goods, order):  # noqa: F811
    lines = lines_by(order, goods)
    early = tell(order, lines["food"], 1)
    services.answer_shortage(token=early.token, answer="replace", offer_id=offer_named_long(early, goods).pk)
    services.start_picking(references=[order.reference])
    weight = lines["weighed"].quantity
    missing = {goods["weighed"]: weight - weight // 20, goods["long"]: lines["long"].quantity - 3}
    pick(order, missing, best_before_on=KEEPS)
    at_shelf = tell(order, lines["long"], 3, cause="shelf")
    see("tracking-picking", f"/suivi/{order.tracking_token}/", says="Nous préparons votre commande")
    services.answer_shortage(token=at_shelf.token, answer="leave_out")
    services.pack_order(reference=order.reference)
    deliver_all()
    see("tracking-packed", f"/suivi/{order.tracking_token}/", says="Votre commande est prête")
    see("order-packed", f"/commandes/{order.reference}/", client=signed_in(), says="Facturé")
    see("orders-packed", "/commandes/", client=signed_in(), says="prête")
    see("home-packed", "/", client=signed_in(), says="Ses cabas sont fermés")
    services.hand_over(reference=order.reference)
    see("tracking-delivered", f"/suivi/{order.tracking_token}/", says="chez vous")
    see("order-delivered", f"/commandes/{order.reference}/", client=signed_in(), says="Ce que vous avez reçu")


def test_cancelled_for_want_of_an_article(see, goods, order):  # noqa: F811
    question = tell(order, lines_by(order, goods)["long"], 2)
    services.answer_shortage(token=question.token, answer="cancel")
    see("tracking-cancelled-short", f"/suivi/{order.tracking_token}/", says="Un article manquait")
    see("answer-cancelled", answer_path(question), says="Toute la commande est annulée")
