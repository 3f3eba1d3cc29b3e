"""What a picker's phone shows, from an empty depot to crates closed: each state as an inspector sees it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from config.facts import deliver_all
from delivery.slots.models import Slot
from loyalty.rewards.models import Item, Present
from shop.catalogue.models import Product, Temperature
from shop.orders import services as orders
from shop.orders.models import Order
from shop.picking.models import PickTask
from shop.picking.services import Taken, build_waves, confirm, note_checked, take_tasks
from shop.recalls import services as recalls
from shop.stock.services import lay_out
from tests.journeys.test_pages import LONG_NAME, goods, ordered, see, signed_in  # noqa: F401
from tests.shop.orders.depot import KEEPS

HOME, TROLLEY = "/preparation/", "/preparation/chariot/"


@pytest.fixture
def depot(shop):
    return signed_in("preparation@cabas.example")


@pytest.fixture
def picker(depot):
    return int(depot.session["_auth_user_id"])


def to_pick(goods, *about):  # noqa: F811
    """Paid orders whose slot has stopped selling, in a wave."""
    placed = [ordered(goods) for _each in about]
    for order, what in zip(placed, about, strict=True):
        Order.objects.filter(pk=order.pk).update(**{"rank": 7} | what)
        Slot.objects.filter(pk=order.slot_id).update(cutoff_at=timezone.now() - timedelta(minutes=1))
    lay_out()
    build_waves(now=timezone.now())
    return placed


def taken(picker, number):
    return take_tasks(picker_id=picker, wave_id=PickTask.objects.first().wave_id, number=number)


def say(picker, line, quantity):
    return confirm(picker_id=picker, taken={line.pk: Taken(quantity)}, best_before_on=KEEPS)


def test_waves_and_shelves(see, goods, depot, picker):  # noqa: F811
    see("depot-nothing", HOME, client=depot, says="Rien à préparer")
    see("depot-trolley-nothing", TROLLEY, client=depot)
    first, second = to_pick(goods, {}, {"rank": 1})
    see("depot-waves", HOME, client=depot, says="première commande")
    taken(picker, 2)
    see("depot-home", HOME, client=depot, says="Commencer")
    lines = {line.product_id: line for line in first.lines.all()}
    for _shelf in range(3):
        stop = depot.get(TROLLEY).context["stop"]
        sort = next(name for name, product in goods.items() if product.pk == stop.article.product_id)
        see(f"depot-shelf-{sort}", TROLLEY, client=depot, says=stop.article.ean)
        wrong = {f"q-{line.id}": "beaucoup" for line in stop.lines} | {"code": "123"}
        see(f"depot-shelf-{sort}-refused", client=depot, answer=depot.post(TROLLEY, wrong), status=422)
        for line in stop.lines:
            confirm(picker_id=picker, taken={line.id: Taken(line.wanted)}, best_before_on=KEEPS)
    see("depot-trolley-done", TROLLEY, client=depot)
    see("depot-list", f"{TROLLEY}liste/", client=depot)
    see("depot-correct", f"/preparation/lignes/{lines[goods['food'].pk].pk}/", client=depot, says="Corriger")
    task = second.pick_task
    see("depot-close-newcomer", f"/preparation/commandes/{task.pk}/", client=depot, says="seconde fois")
    see("depot-check", f"/preparation/commandes/{task.pk}/controle/", client=depot)


def test_what_goes_wrong(see, goods, depot, picker):  # noqa: F811
    short, asked, gone = to_pick(
        goods, {"shortage_choice": "substitute"}, {"shortage_choice": "ask"}, {"shortage_choice": "cancel"}
    )
    taken(picker, 3)
    Product.objects.filter(pk=goods["long"].pk).update(labels=[])
    for sort, says in {"long": "Prendre", "food": "Rien de proche"}.items():
        missing = short.lines.get(product=goods[sort])
        assert say(picker, missing, missing.quantity - 4)
        see(f"depot-replace-{sort}", f"/preparation/lignes/{missing.pk}/remplacer/", client=depot, says=says)
    say(picker, asked.lines.get(product=goods["food"]), 0)
    say(picker, gone.lines.get(product=goods["long"]), 20)
    deliver_all()
    address = f"/preparation/commandes/{asked.pick_task.pk}/"
    see("depot-close-asked", address, client=depot, says="prévenu d’un manque")
    # Its customer had asked to cancel it all if this was missing.
    line = gone.lines.get(product=goods["food"])
    told = orders.tell_shortage(reference=gone.reference, line_id=line.pk, missing=1, cause="shelf")
    orders.answer_shortage(token=told.token, answer="cancel", by="staff")
    see("depot-close-cancelled", f"/preparation/commandes/{gone.pick_task.pk}/", client=depot, says="annulé")
    see("depot-home-cancelled", HOME, client=depot, says="à remettre en rayon")


def test_recalled_and_labelled(see, goods, depot, picker):  # noqa: F811
    [order] = to_pick(goods, {})
    [task] = taken(picker, 1)
    for line in order.lines.all():
        say(picker, line, line.wanted)
    wanted = recalls.NewRecall(
        ean=goods["food"].ean, hazard="listeria", sentence="Un contrôle en a trouvé.", advice="destroy"
    )
    recall = recalls.open_recall(wanted=wanted, by_id=picker)
    recalls.list_buyers(recall_id=recall.pk)
    recalls.treat_some(recall_id=recall.pk)
    address = f"/preparation/commandes/{task.pk}/"
    see("depot-recalled", HOME, client=depot, says="Rappel")
    see("depot-close-recalled", address, client=depot, says="Rappel")
    orders.take_out_recalled(line_id=order.lines.get(product=goods["food"]).pk, by_id=picker)
    for question in order.questions.filter(answer=""):
        orders.answer_shortage(token=question.token, answer="leave_out", by="staff")
    depot.post(address, {"ambient": 2, "chilled": 1, "frozen": 0, "label": "1"})
    see("depot-close", address, client=depot)
    see("depot-labels", f"{address}etiquettes/", client=depot)
    depot.post(address, {"ambient": 2, "chilled": 1, "frozen": 0})
    order.refresh_from_db()
    assert order.status == "packed"
    see("depot-closed", HOME, client=depot)


def test_nobody_else_may_look(see, goods):  # noqa: F811
    see("depot-refused", HOME, client=signed_in(), status=403)
    assert Client().get(HOME).status_code == 302


def test_presents_beside_an_order(see, goods, depot, picker):  # noqa: F811
    order = to_pick(goods, {"rank": 1})[0]
    deliver_all()
    see("depot-waves-letters", HOME, client=depot, says="lettre de bienvenue")
    task = taken(picker, 1)[0]
    for line in order.lines.all():
        say(picker, line, line.quantity)
    note_checked(task_id=task.pk, by_id=picker)
    Item.objects.filter(name__startswith="Carnet").update(name=LONG_NAME[:80])
    Present.objects.filter(is_paper=False).update(name=LONG_NAME[:80])

    see("depot-list-presents", f"{TROLLEY}liste/", client=depot, says="À glisser dans les bacs")
    at = f"/preparation/commandes/{task.pk}/"
    see("depot-close-presents", at, client=depot, says="Introuvable")
    crates = {temperature: "1" for temperature, _label in Temperature.choices}
    see("depot-close-presents-errors", client=depot, answer=depot.post(at, crates), status=422)
