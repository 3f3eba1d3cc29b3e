"""Told early, with a choice: what the customer says is done; without a word, what was announced."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone

from shop.catalogue.models import Product
from shop.customers.services import declare_allergies
from shop.orders import services
from shop.orders.models import LineEvent, Order, ShortageQuestion
from shop.orders.rules import answer_by, default_answer
from shop.payments.queries import payment_state
from shop.stock.models import RestockAlert, StockItem
from tests.factories import ProductFactory
from tests.shop.checkout.conftest import terms, zone  # noqa: F401
from tests.shop.orders import changes
from tests.shop.orders.depot import lines_of, packed, pick, place, started
from tests.shop.stock.counting import count_shelf

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def brie():
    return ProductFactory(name="Brie", price=Decimal("5.00"), stock=10)


@pytest.fixture
def coulommiers():
    return ProductFactory(name="Coulommiers", price=Decimal("5.50"), stock=20)


def tell(order, product, missing, cause="forecast"):
    line = order.lines.get(product=product)
    return services.tell_shortage(reference=order.reference, line_id=line.pk, missing=missing, cause=cause)


def answer(question, said, offer=None, **how):
    return services.answer_shortage(token=question.token, answer=said, offer_id=offer and offer.pk, **how)


def ask(zone, brie, *others, choice="ask", missing=2, starts_in=DAY, **how):  # noqa: F811
    """A placed order of ten Brie, of which ``missing`` will not come."""
    order = place(zone, {brie: 10, **dict.fromkeys(others, 2)}, choice=choice, starts_in=starts_in, **how)
    return order, tell(order, brie, missing)


def unanswered(question, is_back=lambda _question: False):
    with time_machine.travel(question.answer_by + timedelta(minutes=1)):
        return services.settle_unanswered(question_id=question.pk, is_back=is_back)


def stock_of(product):
    item = StockItem.objects.get(product=product)
    return item.on_hand, item.reserved


def test_what_may_stand_in_is_never_dearer(zone, brie, coulommiers):  # noqa: F811
    cheap = ProductFactory(name="Camembert", price=Decimal("3.00"))
    _order, question = ask(zone, brie)
    offers = {offer.product.name: offer.total for offer in question.offers.all()}

    assert offers == {"Coulommiers": Decimal("10.00"), "Camembert": Decimal("6.00")}
    assert cheap.price < coulommiers.price


def test_what_the_order_has_already_does_not_stand_in(zone, brie, coulommiers):  # noqa: F811
    _order, question = ask(zone, brie, coulommiers)

    assert not question.offers.exists()


def test_an_allergy_rules_out_what_contains_it_or_says_nothing(zone, brie, coulommiers):  # noqa: F811
    ProductFactory(name="Fromage aux noix", price=Decimal("5.00"), allergens=["lait", "fruits à coque"])
    ProductFactory(name="Fromage muet", price=Decimal("5.00"), allergens=None)
    ProductFactory(name="Fromage incertain", price=Decimal("5.00"), traces=["fruits à coque"])
    order = place(zone, {brie: 10}, starts_in=DAY)
    declare_allergies(
        customer_id=order.customer_id, allergens=["fruits à coque"], wording="J’accepte", source="test"
    )

    assert [offer.product.name for offer in tell(order, brie, 2).offers.all()] == ["Coulommiers"]


def test_organic_is_replaced_by_organic(zone, coulommiers):  # noqa: F811
    organic = ProductFactory(name="Brie bio", price=Decimal("5.00"), labels=["AB"])
    ProductFactory(name="Tomme bio", price=Decimal("5.20"), labels=["Bio"])
    order = place(zone, {organic: 10}, starts_in=DAY)

    assert [offer.product.name for offer in tell(order, organic, 1).offers.all()] == ["Tomme bio"]


def test_left_out_is_neither_looked_for_nor_paid(zone, brie):  # noqa: F811
    order, question = ask(zone, brie)
    answer(question, "leave_out")
    started(order)
    pick(order)
    assert order.lines.get().wanted == 8
    services.pack_order(reference=order.reference)

    assert Order.objects.get().bill.goods_total == Decimal("40.00")
    assert stock_of(brie) == (2, 0)
    assert [event.kind for event in order.lines.get().events.all()] == ["told", "dropped", "picked"]


def test_a_chosen_replacement_is_taken_picked_and_paid_as_announced(zone, brie, coulommiers):  # noqa: F811
    order, question = ask(zone, brie)
    answer(question, "replace", question.offers.get())
    assert (stock_of(brie), stock_of(coulommiers)) == ((10, 8), (20, 2))
    order = packed(order)
    lines = lines_of(order)

    assert lines["Coulommiers"].replaces == lines["Brie"]
    assert (lines["Brie"].billed, lines["Coulommiers"].billed) == (Decimal("40.00"), Decimal("10.00"))
    assert order.bill.goods_total == order.goods_total == Decimal("50.00")


def test_later_waits_for_its_return(zone, brie):  # noqa: F811
    StockItem.objects.filter(product=brie).update(on_hand=10)
    order = place(zone, {brie: 10}, starts_in=DAY)
    count_shelf(brie, 8)
    answer(tell(order, brie, 2), "later")

    assert RestockAlert.objects.get().email == order.email
    assert order.lines.get().dropped == 2


def test_cancelling_gives_everything_back(zone, brie, coulommiers):  # noqa: F811
    order, question = ask(zone, brie, coulommiers)
    answer(question, "cancel")
    order.refresh_from_db()

    assert (order.status, order.events.last().kind) == ("cancelled", "cancelled_short")
    assert (stock_of(brie), stock_of(coulommiers)) == ((10, 0), (20, 0))


@pytest.mark.parametrize(
    ("choice", "done"),
    [("ask", "leave_out"), ("leave_out", "leave_out"), ("later", "later"), ("substitute", "replace")],
)
def test_without_a_word_the_rest_ships_as_chosen_when_ordering(zone, brie, coulommiers, choice, done):  # noqa: F811
    order, question = ask(zone, brie, choice=choice)

    assert question.otherwise == done
    assert unanswered(question) == done
    question.refresh_from_db()
    assert (question.answer, question.answered_by) == (done, "default")
    assert order.lines.filter(product=coulommiers).exists() == (done == "replace")


def test_cancel_if_this_is_missing(zone, brie, coulommiers):  # noqa: F811
    order = place(zone, {brie: 10, coulommiers: 2}, lines={brie: "cancel"}, starts_in=DAY)
    unanswered(tell(order, brie, 1))

    assert Order.objects.get().status == "cancelled"


def test_a_newcomer_is_never_given_a_replacement_unasked(zone, brie, coulommiers):  # noqa: F811
    order, question = ask(zone, brie, choice="substitute", rank=2)

    assert question.otherwise == "leave_out"
    unanswered(question)
    assert not order.lines.filter(product=coulommiers).exists()


def test_a_replacement_gone_meanwhile_is_said_and_the_question_stays(zone, brie, coulommiers):  # noqa: F811
    order, question = ask(zone, brie)
    count_shelf(coulommiers, 1)

    with pytest.raises(services.OfferGone):
        answer(question, "replace", question.offers.get())

    question.refresh_from_db()
    assert (question.answer, order.lines.get().dropped, stock_of(coulommiers)) == ("", 0, (1, 0))
    answer(question, "leave_out")
    assert order.lines.get().dropped == 2


def test_gone_by_the_deadline_it_is_left_out(zone, brie, coulommiers):  # noqa: F811
    order, question = ask(zone, brie, choice="substitute")
    count_shelf(coulommiers, 1)

    assert unanswered(question) == ShortageQuestion.objects.get().answer == "leave_out"
    assert order.lines.get().dropped == 2


def test_back_in_time_nothing_changes(zone, brie):  # noqa: F811
    order, question = ask(zone, brie)

    assert unanswered(question, is_back=lambda _question: True) == "found"
    assert (order.lines.get().dropped, order.lines.get().events.last().kind) == (0, "found")


def test_the_same_answer_twice_is_once_another_is_refused(zone, brie):  # noqa: F811
    _order, question = ask(zone, brie)
    answer(question, "leave_out"), answer(question, "leave_out")

    with pytest.raises(services.AlreadyAnswered):
        answer(question, "cancel")
    assert LineEvent.objects.filter(kind="dropped").count() == 1


def test_too_late_is_too_late_for_customers_only(zone, brie):  # noqa: F811
    _order, question = ask(zone, brie)
    with time_machine.travel(question.answer_by + timedelta(seconds=1)):
        with pytest.raises(services.AnswerTooLate):
            answer(question, "leave_out")
        answer(question, "leave_out", by="staff")

    question.refresh_from_db()
    assert question.answered_by == "staff"


@pytest.mark.parametrize("said", ["found", "replace", "", "oui", "LEAVE_OUT"])
def test_an_answer_that_was_not_offered_is_refused(zone, brie, said):  # noqa: F811
    _order, question = ask(zone, brie)

    with pytest.raises(ValueError):
        answer(question, said)


def test_another_questions_offer_is_none(zone, brie, coulommiers):  # noqa: F811
    _order, first = ask(zone, brie)
    other = ProductFactory(name="Fêta", price=Decimal("5.00"), stock=10)
    second = tell(place(zone, {other: 10}, starts_in=DAY, email="autre@exemple.fr"), other, 1)

    with pytest.raises(ValueError):
        answer(first, "replace", second.offers.first())


def test_told_once_ahead_and_once_at_the_shelf(zone, brie):  # noqa: F811
    order, question = ask(zone, brie)
    assert tell(order, brie, 3) is None
    answer(question, "leave_out")
    started(order)
    pick(order, {brie: 7})

    assert tell(order, brie, 1, cause="shelf") is not None
    assert tell(order, brie, 1, cause="shelf") is None


def test_at_the_shelf_a_replacement_is_one_more_line_to_pick(zone, brie, coulommiers):  # noqa: F811
    order = started(place(zone, {brie: 10}))
    pick(order, {brie: 7})
    question = tell(order, brie, 3, cause="shelf")
    with pytest.raises(services.WaitsForAnswer):
        services.pack_order(reference=order.reference)
    answer(question, "replace", question.offers.get())
    with pytest.raises(services.LinesLeft):
        services.pack_order(reference=order.reference)
    pick(order)
    services.pack_order(reference=order.reference)

    assert Order.objects.get().bill.goods_total == Decimal("50.00")


def test_no_time_left_what_was_chosen_is_done_at_once(zone, brie, coulommiers):  # noqa: F811
    order = started(place(zone, {brie: 10}, choice="substitute", starts_in=timedelta(hours=1)))
    with time_machine.travel(order.slot.starts_at - timedelta(minutes=20)):
        pick(order, {brie: 7})
        question = tell(order, brie, 3, cause="shelf")

    question.refresh_from_db()
    assert (question.answer, question.answered_by) == ("replace", "default")
    assert order.lines.get(product=coulommiers).quantity == 3


def test_an_order_that_was_cancelled_meanwhile_needs_no_answer(zone, brie):  # noqa: F811
    order, question = ask(zone, brie)
    services.cancel_order(reference=order.reference)

    with pytest.raises(services.MoveRefused):
        answer(question, "leave_out")
    unanswered(question)
    assert ShortageQuestion.objects.get().answer == "leave_out"
    assert stock_of(brie) == (10, 0) and payment_state(order.reference) in {"secured", "lapsed"}


NOON = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0)


@pytest.mark.parametrize(
    ("hours_before", "at_shelf", "minutes"),
    [
        (48, False, 24 * 60),
        (20, False, 17 * 60),
        (3, False, 45),
        (2, True, 45),
        (1, True, 30),
        (0.25, True, 0),
    ],
)
def test_until_when_one_may_answer(hours_before, at_shelf, minutes):
    starts_at = NOON + timedelta(hours=hours_before)

    assert answer_by(now=NOON, starts_at=starts_at, at_shelf=at_shelf) - NOON == timedelta(minutes=minutes)


def test_nothing_stands_in_where_nothing_was_offered():
    assert default_answer("substitute", has_offers=False) == "leave_out"


def test_what_was_taken_out_of_the_order_does_not_come_back_as_a_replacement(zone, brie, coulommiers):  # noqa: F811
    order = place(zone, {brie: 10, coulommiers: 2}, starts_in=DAY)
    changes.amend(order, {coulommiers: 0})

    assert not tell(order, brie, 2).offers.exists()


def test_a_replacement_keeps_the_price_it_was_offered_at(zone, brie):  # noqa: F811
    cheap = ProductFactory(name="Camembert", price=Decimal("3.00"), stock=20)
    order, question = ask(zone, brie)
    Product.objects.filter(pk=cheap.pk).update(price=Decimal("4.00"))
    answer(question, "replace", question.offers.get())

    assert lines_of(order)["Camembert"].total == Decimal("6.00")


def test_no_more_is_told_missing_than_is_still_wanted(zone, brie):  # noqa: F811
    order = place(zone, {brie: 10}, starts_in=DAY)

    assert tell(order, brie, 25).missing == 10


def test_a_recall_overtakes_what_was_asked_before(zone, brie, coulommiers):  # noqa: F811
    order, question = ask(zone, brie)
    services.withdraw_recalled(line_id=order.lines.get().pk)
    question.refresh_from_db()

    assert (question.answer, question.answered_by) == ("leave_out", "default")
    recalled = ShortageQuestion.objects.get(answer="")
    assert (recalled.cause, recalled.missing) == ("recall", 10)
    assert unanswered(recalled, is_back=lambda _question: True) == "leave_out"
    assert not order.lines.get().events.filter(kind="found").exists()


def test_what_was_found_since_it_was_asked_about_is_not_replaced_too(zone, brie, coulommiers):  # noqa: F811
    order = started(place(zone, {brie: 10}))
    pick(order, {brie: 3})
    question = tell(order, brie, 7, cause="shelf")
    offer = question.offers.get(product=coulommiers)
    pick(order, {brie: 8})

    answer(question, "replace", offer)

    stand = order.lines.get(product=coulommiers)
    assert (stand.quantity, stand.replaces.picked) == (2, 8)
    assert stand.total <= offer.total * 2 / 7 + Decimal("0.01")


def test_found_in_part_and_recalled_it_is_not_said_to_be_there(zone, brie):  # noqa: F811
    order = started(place(zone, {brie: 10}))
    pick(order, {brie: 4})
    tell(order, brie, 6, cause="shelf")
    line = order.lines.get()
    services.withdraw_recalled(line_id=line.pk)
    services.take_out_recalled(line_id=line.pk, by_id=None)
    services.settle_at_shelf(references=[order.reference])

    assert not ShortageQuestion.objects.filter(answer="found").exists()
