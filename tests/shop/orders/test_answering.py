"""The page that opens from a letter: a link shows, a button changes, and whatever was done is said."""

from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.facts import deliver_all
from shop.orders import services
from shop.orders.answer_views import ANSWERS_BY_MACHINE
from shop.orders.models import LineEvent, Order, ShortageQuestion
from shop.stock.models import StockItem
from tests.factories import ProductFactory
from tests.shop.checkout.conftest import terms, zone  # noqa: F401
from tests.shop.orders.depot import lines_of, packed, pick, place, started
from tests.shop.orders.test_asking import ask, brie, coulommiers, tell, unanswered  # noqa: F401
from tests.shop.stock.counting import count_shelf

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clean():
    cache.clear()


def page(question, choice=None):
    address = reverse("answer_shortage", args=[question.token])
    return Client().get(address, {"choix": choice} if choice else {})


def press(question, choice):
    return Client().post(reverse("answer_shortage", args=[question.token]), {"choix": choice})


def said(answer):
    return answer.content.decode().replace("\u202f", " ").replace("\xa0", " ").replace("&#x27;", "'")


def unchanged(order):
    order.refresh_from_db()
    question = order.questions.get()
    assert (question.answer, order.status, order.lines.filter(dropped__gt=0).count()) == ("", "placed", 0)


def test_it_says_what_is_missing_until_when_and_what_happens_else(zone, brie, coulommiers):  # noqa: F811
    _order, question = ask(zone, brie)
    shown = said(page(question))

    assert "Il manquera 2 Brie sur 10" in shown
    assert "Choisissez jusqu’au" in shown and "nous livrons tout le reste" in shown
    assert "Le remplacer par 2 × Coulommiers" in shown and "10,00 €, jamais plus cher" in shown
    assert "10,00 € de moins" in shown and "Annuler toute la commande" in shown


def test_what_is_cheaper_says_by_how_much(zone, brie):  # noqa: F811
    ProductFactory(name="Camembert", price="3.00")
    _order, question = ask(zone, brie)

    assert "Au prix de 6,00 €, soit 4,00 € de moins" in said(page(question))


def test_the_day_it_is_expected_back_is_said(zone, brie):  # noqa: F811
    order, question = ask(zone, brie)
    day = order.slot.starts_at.date() + timedelta(days=3)
    StockItem.objects.filter(product=brie).update(expected_restock_on=day)

    assert "prévu le" in said(page(question))


@pytest.mark.parametrize("choice", ["leave_out", "later", "cancel", "replace"])
def test_a_link_alone_changes_nothing(zone, brie, coulommiers, choice):  # noqa: F811
    order, question = ask(zone, brie)
    value = f"replace-{question.offers.get().pk}" if choice == "replace" else choice
    answer = page(question, value)

    assert f'value="{value}" checked' in answer.content.decode()
    assert answer.content.decode().count(" checked") == 1
    unchanged(order)


@pytest.mark.parametrize(
    "choice", ["", "oui", "found", "replace", "replace-", "replace-0", "replace-x", "LATER", "later-1"]
)
def test_what_was_not_offered_is_refused(zone, brie, coulommiers, choice):  # noqa: F811
    order, question = ask(zone, brie)
    answer = press(question, choice)

    assert answer.status_code == 422 and "Choisissez l’une" in said(answer)
    unchanged(order)


def test_the_offer_of_another_question_is_none(zone, brie, coulommiers):  # noqa: F811
    order, question = ask(zone, brie)
    other = ProductFactory(name="Fêta", price="5.00", stock=10)
    second = tell(place(zone, {other: 10}, starts_in=timedelta(days=1), email="autre@exemple.fr"), other, 1)

    assert press(question, f"replace-{second.offers.first().pk}").status_code == 422
    unchanged(order)


@pytest.mark.parametrize("token", ["x", "a" * 500, "..%2F", "'; DROP TABLE", "é"])
def test_a_forged_link_is_not_found(zone, brie, token):  # noqa: F811
    order, _question = ask(zone, brie)
    address = reverse("answer_shortage", args=[token])

    assert Client().get(address).status_code == Client().post(address, {"choix": "cancel"}).status_code == 404
    unchanged(order)


def test_once_pressed_the_page_says_what_is_settled_and_by_whom(zone, brie, coulommiers):  # noqa: F811
    order, question = ask(zone, brie)
    answer = press(question, f"replace-{question.offers.get().pk}")
    assert (answer.status_code, answer["Location"]) == (
        302,
        reverse("answer_shortage", args=[question.token]),
    )
    shown = said(page(question))

    assert "C’est réglé" in shown and "2 × Coulommiers à la place de 2 Brie, au prix de 10,00 €" in shown
    assert (
        "Vous l’avez choisi le" in shown and "<form" not in shown.partition("<main")[2].partition("</main")[0]
    )
    assert lines_of(order)["Coulommiers"].quantity == 2


def test_pressed_twice_is_once_and_another_word_changes_nothing(zone, brie):  # noqa: F811
    _order, question = ask(zone, brie)
    assert [press(question, "leave_out").status_code for _time in range(2)] == [302, 302]
    other = press(question, "cancel")

    assert other.status_code == 409 and "rien n’a changé" in said(other) and "C’est réglé" in said(other)
    assert LineEvent.objects.filter(kind="dropped").count() == 1
    assert Order.objects.get().status == "placed"


def test_too_late_says_what_is_being_done(zone, brie):  # noqa: F811
    order, question = ask(zone, brie)
    with time_machine.travel(question.answer_by + timedelta(seconds=1)):
        answer, opened = press(question, "cancel"), page(question)

    assert answer.status_code == 410 and opened.status_code == 200
    assert "Le délai pour choisir s’est terminé" in said(answer) and "nous livrons tout le reste" in said(
        answer
    )
    unchanged(order)


def test_settled_without_a_word_it_says_so(zone, brie):  # noqa: F811
    _order, question = ask(zone, brie)
    unanswered(question)

    assert "Sans réponse de votre part, nous l’avons fait" in said(page(question))


def test_an_article_gone_meanwhile_leaves_the_other_choices(zone, brie, coulommiers):  # noqa: F811
    order, question = ask(zone, brie)
    count_shelf(coulommiers, 0)
    answer = press(question, f"replace-{question.offers.get().pk}")

    assert answer.status_code == 409 and "vient de partir" in said(answer)
    assert "Coulommiers" not in said(answer).partition("<form")[2] and "Plus tard" in said(answer)
    unchanged(order)


def test_an_order_that_was_cancelled_has_nothing_to_choose(zone, brie):  # noqa: F811
    order, question = ask(zone, brie)
    services.cancel_order(reference=order.reference)
    answer = press(question, "leave_out")

    assert answer.status_code == 410 and "plus rien à choisir" in said(answer)
    assert ShortageQuestion.objects.get().answer == ""


def test_found_whole_meanwhile_is_delivered_and_not_replaced(zone, brie, coulommiers):  # noqa: F811
    order, question = ask(zone, brie)
    started(order)
    pick(order, {brie: 10})
    press(question, f"replace-{question.offers.get().pk}")

    assert "est là, vous le recevez comme prévu" in said(page(question))
    assert list(lines_of(order)) == ["Brie"] and not order.lines.get().dropped


def test_a_forecast_after_its_shelf_was_visited_is_told_to_nobody(zone, brie):  # noqa: F811
    order = started(place(zone, {brie: 10}, starts_in=timedelta(days=1)))
    pick(order)

    assert tell(order, brie, 2) is None


def test_a_machine_may_not_press_without_end(zone, brie):  # noqa: F811
    _order, question = ask(zone, brie)
    codes = {press(question, "").status_code for _time in range(ANSWERS_BY_MACHINE.most)}

    assert (codes, press(question, "leave_out").status_code) == ({422}, 429)
    assert page(question).status_code == 200


def test_no_engine_and_no_cache_keeps_it(zone, brie):  # noqa: F811
    _order, question = ask(zone, brie)
    answer = page(question)

    assert answer["X-Robots-Tag"] == "noindex" and "no-store" in answer["Cache-Control"]
    assert 'content="noindex, nofollow"' in answer.content.decode()


def test_the_order_leads_to_what_is_open_and_no_further(zone, brie, coulommiers):  # noqa: F811
    order, question = ask(zone, brie)
    followed, path = (
        reverse("tracking", args=[order.tracking_token]),
        reverse("answer_shortage", args=[question.token]),
    )
    before = said(Client().get(followed))
    press(question, "leave_out")
    after = said(Client().get(followed))

    assert "À vous de choisir" in before and path in before
    assert "À vous de choisir" not in after and path not in after


def test_a_packed_order_shows_ordered_and_charged(zone, brie, coulommiers):  # noqa: F811
    apples = ProductFactory(name="Pommes", weighed=True, stock=50_000)
    order = place(zone, {brie: 10, apples: 1000}, starts_in=timedelta(days=1))
    question = tell(order, brie, 2)
    press(question, f"replace-{question.offers.get().pk}")
    packed(order, {apples: 950})
    deliver_all()
    shown = said(Client().get(reverse("tracking", args=[order.tracking_token])))

    assert "Votre commande est prête" in shown
    assert "Manque : 2 sur 10, non facturé" in shown and "Remplacé par 2 × Coulommiers" in shown
    assert "Remplace Brie" in shown and "Pesé : 950 g pour 1 kg commandés" in shown
    assert "Commandé" in shown and "Facturé" in shown and "3,04 €" in shown


def test_before_the_bill_the_most_it_may_cost_is_said(zone, brie):  # noqa: F811
    apples = ProductFactory(name="Pommes", weighed=True, stock=50_000)
    order = place(zone, {brie: 10, apples: 1000})

    assert "selon la pesée, au plus" in said(Client().get(reverse("tracking", args=[order.tracking_token])))


def test_the_order_page_costs_the_same_with_thrice_the_differences(zone):  # noqa: F811
    def cost(number, email, hours):
        goods = [ProductFactory(price="9.00", stock=30) for _each in range(number)]
        order = place(zone, dict.fromkeys(goods, 4), starts_in=timedelta(hours=hours), email=email)
        for product in goods:
            services.answer_shortage(token=tell(order, product, 1).token, answer="leave_out")
        packed(order, {goods[0]: 2})
        Client().get(reverse("tracking", args=[order.tracking_token]))
        with CaptureQueriesContext(connection) as caught:
            Client().get(reverse("tracking", args=[order.tracking_token]))
        return len(caught)

    assert cost(2, "a@exemple.fr", 24) == cost(6, "b@exemple.fr", 25)
