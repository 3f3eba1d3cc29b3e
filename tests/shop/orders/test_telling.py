"""What stock will not cover is told by itself, two days ahead, once; what nobody answers is settled by itself."""

import logging
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.facts import deliver_all
from crm.outbox.models import Message
from shop.orders import services, tasks
from shop.orders.models import Order, ShortageQuestion
from tests.factories import ProductFactory
from tests.shop.checkout.conftest import terms, zone  # noqa: F401
from tests.shop.orders.depot import packed, pick, place, started
from tests.shop.orders.test_asking import answer, brie, coulommiers, tell  # noqa: F401
from tests.shop.stock.counting import count_shelf

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def counted(product, number):
    count_shelf(product, number)


def short_order(zone, product, *, left=8, **how):  # noqa: F811
    order = place(zone, {product: 10}, **{"starts_in": DAY, **how})
    counted(product, left)
    return order


def letters(purpose):
    deliver_all()
    return list(Message.objects.filter(purpose=purpose).order_by("pk"))


def after_deadline():
    return time_machine.travel(ShortageQuestion.objects.latest("pk").answer_by + timedelta(minutes=1))


def test_what_stock_will_not_cover_is_told_once(zone, brie, coulommiers):  # noqa: F811
    order = short_order(zone, brie)
    tasks.tell_shortages()
    tasks.tell_shortages()
    question, told = ShortageQuestion.objects.get(), letters("shortage_told")

    assert (question.order, question.missing, question.cause) == (order, 2, "forecast")
    assert [letter.occasion for letter in told] == [f"{order.reference} {question.pk}"]
    for body in (told[0].text, told[0].html):
        assert "Il manquera 2 Brie sur\u00a010" in body and "variable indéfinie" not in body
        for choice in (f"replace-{question.offers.get().pk}", "leave_out", "later", "cancel"):
            assert f"/reponse/{question.token}/?choix={choice}" in body


@pytest.mark.parametrize("starts_in", [timedelta(hours=3), timedelta(hours=47)])
def test_what_leaves_within_two_days_is_told(zone, brie, starts_in):  # noqa: F811
    short_order(zone, brie, starts_in=starts_in)
    tasks.tell_shortages()

    assert ShortageQuestion.objects.count() == 1


def test_what_leaves_later_may_still_be_put_right(zone, brie):  # noqa: F811
    short_order(zone, brie, starts_in=timedelta(hours=50))
    tasks.tell_shortages()

    assert not ShortageQuestion.objects.exists()


def test_whoever_is_at_the_shelf_tells_and_no_forecast_does(zone, brie):  # noqa: F811
    started(short_order(zone, brie))
    tasks.tell_shortages()

    assert not ShortageQuestion.objects.exists()


def test_one_failure_stops_no_other(zone, brie, coulommiers, monkeypatch, caplog):  # noqa: F811
    first = short_order(zone, brie)
    other = short_order(zone, ProductFactory(name="Fêta", price="5.00", stock=10), email="autre@exemple.fr")
    real = tasks.tell_shortage

    def fail(*, reference, **how):
        if reference == first.reference:
            raise RuntimeError("lait renversé")
        return real(reference=reference, **how)

    fail.__name__ = "tell_shortage"
    monkeypatch.setattr(tasks, "tell_shortage", fail)
    with caplog.at_level(logging.ERROR):
        tasks.tell_shortages()

    assert ShortageQuestion.objects.get().order == other
    assert first.reference in caplog.text and "lait renversé" not in caplog.text


def test_without_a_word_it_is_settled_and_told(zone, brie, coulommiers):  # noqa: F811
    order = short_order(zone, brie)
    tasks.tell_shortages()
    tasks.settle_shortages()
    assert ShortageQuestion.objects.get().answer == ""
    with after_deadline():
        tasks.settle_shortages()
        tasks.settle_shortages()
        (letter,) = letters("shortage_settled")

    assert order.lines.get().dropped == 2
    assert "n’est pas facturé, 10,00\u00a0€ de moins" in letter.text and "rien d’autre à faire" in letter.text


def test_back_in_time_it_is_delivered(zone, brie):  # noqa: F811
    order = short_order(zone, brie)
    tasks.tell_shortages()
    counted(brie, 10)
    with after_deadline():
        tasks.settle_shortages()
        (letter,) = letters("shortage_settled")

    assert ShortageQuestion.objects.get().answer == "found" and order.lines.get().dropped == 0
    assert "vous le recevez comme prévu" in letter.text and "Sans réponse" not in letter.text


def test_whoever_chose_on_the_page_gets_no_letter_of_it(zone, brie):  # noqa: F811
    short_order(zone, brie)
    tasks.tell_shortages()
    answer(ShortageQuestion.objects.get(), "leave_out")

    assert letters("shortage_settled") == []


def test_whoever_chose_on_the_telephone_gets_one(zone, brie):  # noqa: F811
    short_order(zone, brie)
    tasks.tell_shortages()
    answer(ShortageQuestion.objects.get(), "leave_out", by="staff")

    assert "avec notre équipe" in letters("shortage_settled")[0].text


def test_no_time_left_one_letter_says_what_was_done(zone, brie):  # noqa: F811
    order = started(place(zone, {brie: 10}, starts_in=timedelta(hours=1)))
    with time_machine.travel(order.slot.starts_at - timedelta(minutes=20)):
        pick(order, {brie: 7})
        tell(order, brie, 3, cause="shelf")
        deliver_all()

    assert (len(letters("shortage_told")), len(letters("shortage_settled"))) == (0, 1)


def test_an_order_cancelled_for_it_has_one_letter_that_says_why(zone, brie, coulommiers):  # noqa: F811
    order = place(zone, {brie: 10, coulommiers: 2}, lines={brie: "cancel"}, starts_in=DAY)
    counted(brie, 9)
    tell(order, brie, 1)
    with after_deadline():
        tasks.settle_shortages()
        settled = letters("shortage_settled")
        (letter,) = letters("order_cancelled")

    assert settled == [] and "Brie manquait" in letter.text and "comme vous l’avez demandé" not in letter.text


def test_an_order_of_which_nothing_was_found_says_so(zone, brie):  # noqa: F811
    order = started(place(zone, {brie: 10}))
    pick(order, {brie: 0})
    services.pack_order(reference=order.reference)

    assert "n’avons trouvé en rayon aucun article" in letters("order_cancelled")[0].text


def test_the_receipt_says_each_difference_and_what_is_charged(zone, brie, coulommiers):  # noqa: F811
    apples = ProductFactory(name="Pommes", weighed=True, stock=50_000)
    order = place(zone, {brie: 10, apples: 1000}, starts_in=DAY)
    question = tell(order, brie, 2)
    answer(question, "replace", question.offers.get())
    order = packed(order, {apples: 950})
    (letter,) = letters("order_packed")
    text = letter.text.replace("\u202f", " ").replace("\xa0", " ")

    assert (
        "Manque : 2 sur 10, non facturé ; Remplacé par 2 × Coulommiers. Commandé 50,00 €, facturé 40,00 €."
        in text
    )
    assert "Coulommiers : Remplace Brie. Facturé 10,00 €." in text
    assert "Pesé : 950 g pour 1 kg commandés. Commandé 3,20 €, facturé 3,04 €." in text
    assert f"Total facturé : {str(order.bill.total).replace('.', ',')} €" in text
    assert f"Total commandé : {str(order.total).replace('.', ',')} €" in text


def test_a_receipt_without_a_difference_says_so(zone, brie):  # noqa: F811
    packed(place(zone, {brie: 10}))
    (letter,) = letters("order_packed")

    assert "Tout y est, comme commandé" in letter.text and "diffère" not in letter.text


def test_telling_costs_the_same_for_each_order(zone, coulommiers):  # noqa: F811
    def cost(number):
        for each in range(number):
            product = ProductFactory(price="9.00", stock=10)
            short_order(zone, product, email=f"c{number}-{each}@exemple.fr")
        with CaptureQueriesContext(connection) as caught:
            tasks.tell_shortages()
        return len(caught)

    two, four = cost(2), cost(4)
    assert four - two == two - 1  # one statement finds them all
    assert Order.objects.count() == ShortageQuestion.objects.count() == 6
