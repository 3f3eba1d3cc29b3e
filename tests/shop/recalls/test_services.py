"""What a recall does: the sale stops, orders let go of it, whoever has it is told and refunded, once."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from config.facts import deliver_all
from crm.outbox.models import Message, State
from delivery.slots.models import Slot
from shop.catalogue.models import Product
from shop.catalogue.services import NotPublishable, publish
from shop.documents.models import Document
from shop.orders import services as orders
from shop.orders.models import LineEvent, Order, OrderLine, ShortageQuestion
from shop.orders.rules import is_concerned
from shop.payments.models import PaymentOperation
from shop.recalls import queries, rules, services, tasks
from shop.recalls.models import Recall, RecallNotice, RecallShelf
from shop.recalls.services import NewRecall, money
from shop.stock.models import StockItem, StockMovement
from shop.stock.queries import drifted
from shop.stock.services import StockShort, take_stock
from tests.factories import DepotFactory, ProductFactory
from tests.shop.documents.selling import tell
from tests.shop.orders.depot import close, lines_of, pick, place, started
from tests.shop.recalls.conftest import NOTICE, all_paid, day, notice_of, paid, settle_payments, work_off
from tests.shop.stock.counting import count_shelf

pytestmark = pytest.mark.django_db
Refund = RecallNotice.Refund


def item_of(product):
    return StockItem.objects.get(product=product)


def letter_to(order):
    return Message.objects.get(purpose="product_recalled", occasion__endswith=f" {order.reference}")


def refunds_of(order):
    return PaymentOperation.objects.filter(account_id=order.reference, kind=PaymentOperation.Kind.REFUND)


# --- the sale stops -------------------------------------------------------------------------------


def test_a_recalled_product_is_off_sale_at_once_and_nobody_publishes_it(brie, recall):
    recall(brie, work=False)

    brie.refresh_from_db()
    assert not brie.is_published
    assert brie.missing == ["recalled"]
    with pytest.raises(NotPublishable):
        publish(product_id=brie.pk)


def test_every_shelf_is_written_off_as_recalled_and_waits_for_eyes(brie, recall):
    lyon = DepotFactory(code="lyon", name="Dépôt de Lyon")
    StockItem.objects.create(product=brie, depot=lyon)
    count_shelf(brie, 30, lyon)

    made = recall(brie)

    assert sorted(made.shelves.values_list("put_aside", flat=True)) == [30, 200]
    assert set(StockItem.objects.filter(product=brie).values_list("on_hand", flat=True)) == {0}
    moves = StockMovement.objects.filter(kind="write_off")
    assert set(moves.values_list("reason", flat=True)) == {"recalled"}
    with pytest.raises(StockShort):
        take_stock(order_reference="CB-X", depot_id=lyon.pk, quantities={brie.pk: 1})


def test_checked_shelves_put_a_partial_recall_back_on_sale_a_whole_one_never(brie, recall, quality):
    made = recall(brie, lots=["L1"])
    [shelf] = made.shelves.all()

    assert services.check_shelf(shelf_id=shelf.pk, kept=12, by_id=quality.pk)

    brie.refresh_from_db()
    assert brie.is_published
    assert brie.recalled_at is None
    assert item_of(brie).on_hand == 12
    with pytest.raises(services.ShelfAlreadyChecked):
        services.check_shelf(shelf_id=shelf.pk, kept=30, by_id=quality.pk)
    assert item_of(brie).on_hand == 12

    whole = recall(brie, **NOTICE)
    [shelf] = whole.shelves.all()
    with pytest.raises(services.NothingSafe):
        services.check_shelf(shelf_id=shelf.pk, kept=1, by_id=quality.pk)
    assert not services.check_shelf(shelf_id=shelf.pk, kept=0, by_id=quality.pk)
    brie.refresh_from_db()
    assert not brie.is_published


def test_a_product_stays_off_sale_while_one_depot_is_not_checked_or_another_recall_blocks_it(
    brie, recall, quality
):
    StockItem.objects.create(product=brie, depot=DepotFactory(code="lyon", name="Lyon"))
    made, other = recall(brie, lots=["L1"]), recall(brie, lots=["L2"], **NOTICE)
    first, second = made.shelves.order_by("pk")

    assert not services.check_shelf(shelf_id=first.pk, kept=3, by_id=quality.pk)
    assert not services.check_shelf(shelf_id=second.pk, kept=3, by_id=quality.pk)
    a, b = other.shelves.order_by("pk")
    assert not services.check_shelf(shelf_id=a.pk, kept=3, by_id=quality.pk)

    assert services.check_shelf(shelf_id=b.pk, kept=3, by_id=quality.pk)


def test_what_was_not_on_sale_before_is_not_put_on_sale(brie, recall, quality):
    Product.objects.filter(pk=brie.pk).update(is_published=False)
    made = recall(brie, lots=["L1"])

    assert not services.check_shelf(shelf_id=made.shelves.get().pk, kept=3, by_id=quality.pk)

    brie.refresh_from_db()
    assert brie.recalled_at is None
    assert not brie.is_published


def test_a_recall_closes_once_shelves_are_checked_and_orders_done(brie, recall, quality, zone):
    place(zone, {brie: 10})
    made = recall(brie, work=False)
    shelf = made.shelves.get()
    with pytest.raises(services.NotReady):
        services.close_recall(recall_id=made.pk, by_id=quality.pk)
    work_off(made)
    with pytest.raises(services.NotReady):
        services.close_recall(recall_id=made.pk, by_id=quality.pk)
    services.check_shelf(shelf_id=shelf.pk, kept=0, by_id=quality.pk)

    services.close_recall(recall_id=made.pk, by_id=quality.pk)

    brie.refresh_from_db()
    assert brie.recalled_at is None
    assert not brie.is_published
    with pytest.raises(services.RecallClosed):
        services.close_recall(recall_id=made.pk, by_id=quality.pk)
    publish(product_id=brie.pk)


# --- orders that are not ready --------------------------------------------------------------------


def test_an_unpicked_line_is_dropped_its_stock_given_back_its_customer_told(brie, apples, zone, recall):
    order = place(zone, {brie: 10, apples: 5000})

    made = recall(brie)

    line = lines_of(order)["Brie"]
    assert (line.picked, line.dropped, line.wanted) == (0, 10, 0)
    assert line.events.filter(kind=LineEvent.Kind.RECALLED, quantity=10).count() == 1
    assert item_of(brie).reserved == 0
    assert notice_of(order).state == "dropped"
    letter = Message.objects.get(purpose="product_recalled")
    assert letter.recipient == order.email
    assert "retiré de cette commande" in letter.text
    assert "jetez-le" not in letter.text
    assert item_of(brie).pk not in drifted()
    work_off(made)
    assert Message.objects.filter(purpose="product_recalled").count() == 1


def test_its_customer_may_choose_what_stands_in_and_pays_that(brie, apples, zone, recall):
    ProductFactory(name="Coulommiers", shelf=brie.shelf, price=Decimal("3.50"), stock=50)
    order = place(zone, {brie: 10, apples: 5000})

    recall(brie)

    [question] = order.questions.all()
    assert question.cause == ShortageQuestion.Cause.RECALL
    [offer] = question.offers.all()
    orders.answer_shortage(token=question.token, answer="replace", offer_id=offer.pk)
    bought = paid(order)
    assert lines_of(bought)["Brie"].billed == 0
    assert lines_of(bought)["Coulommiers"].billed == Decimal("35.00")
    assert bought.bill.goods_total == Decimal("35.00") + lines_of(bought)["Pommes"].billed


def test_nobody_picks_it_between_the_decision_and_the_work(brie, apples, zone, recall):
    order = started(place(zone, {brie: 10, apples: 5000}))
    recall(brie, work=False)

    with pytest.raises(orders.ProductRecalled):
        pick(order)

    assert set(OrderLine.objects.values_list("picked", flat=True)) == {None}


def test_what_lies_in_open_crates_must_come_out_before_they_are_closed(brie, apples, zone, recall):
    order = started(place(zone, {brie: 10, apples: 5000}))
    pick(order)
    recall(brie)
    line = lines_of(order)["Brie"]

    assert notice_of(order).state == "in_crates"
    with pytest.raises(orders.RecalledInCrates):
        orders.pack_order(reference=order.reference)
    with pytest.raises(orders.ProductRecalled):
        pick(order, {brie: 4})

    orders.take_out_recalled(line_id=line.pk, by_id=None)
    orders.take_out_recalled(line_id=line.pk, by_id=None)
    for question in order.questions.all():
        orders.answer_shortage(token=question.token, answer="leave_out")
    packed = orders.pack_order(reference=order.reference)
    assert packed.bill.goods_total == lines_of(order)["Pommes"].billed
    assert lines_of(order)["Brie"].events.filter(kind=LineEvent.Kind.RECALLED).count() == 1
    assert item_of(brie).on_hand == 0
    assert item_of(brie).pk not in drifted()


def test_in_open_crates_a_date_that_is_not_recalled_stays(brie, apples, zone, recall):
    order = started(place(zone, {brie: 10, apples: 5000}))
    pick(order, best_before_on=day(40))

    recall(brie, best_before_from=day(5), best_before_to=day(10))

    assert lines_of(order)["Brie"].picked == 10
    assert not RecallNotice.objects.exists()
    orders.pack_order(reference=order.reference)


def test_an_order_of_nothing_else_comes_to_nothing(brie, zone, recall):
    order = place(zone, {brie: 10})
    recall(brie)
    question = order.questions.get()
    orders.answer_shortage(token=question.token, answer="leave_out")

    started(order)
    ended = orders.pack_order(reference=order.reference)

    assert ended.status == Order.Status.CANCELLED


def test_an_unpaid_order_waits_and_is_worked_on_once_it_is_placed(brie, apples, zone, recall):
    order = place(zone, {brie: 10, apples: 5000})
    Order.objects.filter(pk=order.pk).update(status=Order.Status.AWAITING_PAYMENT)
    made = recall(brie)
    assert notice_of(order).state == "listed"
    assert not Message.objects.filter(purpose="product_recalled").exists()

    Order.objects.filter(pk=order.pk).update(status=Order.Status.PLACED)
    RecallNotice.objects.update(looked_at=timezone.now() - timedelta(minutes=2))
    work_off(made)

    assert notice_of(order).state == "dropped"


# --- whoever has it -------------------------------------------------------------------------------


def test_whoever_has_it_is_told_and_refunded_what_was_charged(brie, apples, zone, recall):
    order = paid(place(zone, {brie: 10, apples: 5000}))

    made = recall(brie, **NOTICE)

    assert notice_of(order).refund == Refund.ASKED
    [operation] = refunds_of(order)
    assert (operation.amount, operation.occasion, operation.reason) == (
        Decimal("40.00"),
        made.occasion,
        "recall",
    )
    letter = Message.objects.get(purpose="product_recalled")
    assert not letter.is_marketing
    for words in ("jetez-le", "Listeria", "2026-11-0123", "40,00\u202f€", "https://rappel.conso.gouv.fr/"):
        assert words in letter.text.replace("\xa0", "\u202f"), words

    settle_payments()

    assert notice_of(order).refund == Refund.DONE
    assert notice_of(order).refunded_at
    [credit] = Document.objects.filter(kind="credit_note")
    assert "Brie" in str(credit.payload)
    work_off(made)
    assert refunds_of(order).count() == 1


def test_a_guest_is_told_and_refunded_too(brie, apples, zone, recall):
    order = paid(place(zone, {brie: 10, apples: 5000}))
    assert order.customer.user is None

    recall(brie)

    assert Message.objects.get(purpose="product_recalled").recipient == order.email
    assert refunds_of(order).count() == 1


def test_a_deposit_goes_back_with_its_bottle(apples, zone, recall):
    bottle = ProductFactory(name="Limonade", price=Decimal("2.00"), deposit=Decimal("0.50"), stock=50)
    order = paid(place(zone, {bottle: 30, apples: 5000}))

    recall(bottle)

    assert refunds_of(order).get().amount == Decimal("75.00")
    settle_payments()
    assert notice_of(order).refund == Refund.DONE
    assert Document.objects.filter(kind="credit_note").count() == 1


def test_only_dates_that_were_read_and_recalled_or_not_read_at_all_count(brie, apples, zone, recall):
    hit, miss, unread = (place(zone, {brie: 10, apples: 5000}) for _ in range(3))
    for order, read in ((hit, day(7)), (miss, day(40)), (unread, None)):
        paid(order, best_before_on=read)

    recall(brie, best_before_from=day(5), best_before_to=day(10))

    told = {notice.order_id: notice.is_certain for notice in RecallNotice.objects.all()}
    assert told == {hit.pk: True, unread.pk: False}
    assert miss.pk not in told
    assert "Nous ne savons pas" in letter_to(unread).text
    assert "Nous ne savons pas" not in letter_to(hit).text


def test_whoever_got_none_of_it_or_got_it_before_the_day_chosen_is_left_alone(brie, apples, zone, recall):
    without, before = (place(zone, {brie: 10, apples: 5000}) for _ in range(2))
    pick(started(without), {brie: 0})
    paid(before)

    recall(brie, sold_since=timezone.localdate(before.slot.starts_at) + timedelta(days=1))

    assert not RecallNotice.objects.exists()


def test_what_went_back_before_does_not_go_back_twice(brie, apples, zone, recall):
    some, all_of_it = all_paid(zone, {brie: 10, apples: 5000}, 2)
    for order, quantity in ((some, 4), (all_of_it, 10)):
        returned = [orders.Returned(lines_of(order)["Brie"].pk, quantity)]
        orders.give_back(
            order_reference=order.reference, reason="damaged", occasion="staff-1", lines=returned
        )

    recall(brie)

    assert notice_of(some).amount == Decimal("24.00")
    assert refunds_of(some).get(occasion__startswith="recall").amount == Decimal("24.00")
    assert (notice_of(all_of_it).refund, refunds_of(all_of_it).count()) == (Refund.NONE, 1)
    assert "déjà remboursé" in letter_to(all_of_it).text


def test_money_that_was_not_taken_yet_is_given_back_once_it_is(brie, apples, zone, recall):
    order = started(place(zone, {brie: 10, apples: 5000}))
    pick(order)
    orders.pack_order(reference=order.reference)
    made = recall(brie)
    assert notice_of(order).refund == Refund.DUE
    assert not refunds_of(order).exists()

    settle_payments()
    RecallNotice.objects.update(looked_at=timezone.now() - timedelta(minutes=2))
    work_off(made)

    assert refunds_of(order).count() == 1
    assert Message.objects.filter(purpose="product_recalled").count() == 1


def test_money_that_cannot_go_back_is_for_a_person(brie, apples, zone, recall, monkeypatch):
    order = paid(place(zone, {brie: 10, apples: 5000}))
    made = recall(brie, work=False)

    def refused(**_asked):
        raise money.NotYet(order.reference)

    monkeypatch.setattr("shop.recalls.services.working.give_back", refused)
    work_off(made)
    long_ago = timezone.now() - timedelta(days=3)
    RecallNotice.objects.update(told_at=long_ago, looked_at=long_ago)
    work_off(made)

    assert notice_of(order).refund == Refund.BY_HAND
    assert queries.progress(made).by_hand == 1


def test_an_order_that_left_without_a_word_is_told_and_left_to_a_person(brie, apples, zone, recall):
    order = close(place(zone, {brie: 10, apples: 5000}))
    long_ago = timezone.now() - timedelta(days=2)
    Slot.objects.filter(pk=order.slot_id).update(
        starts_at=long_ago, ends_at=long_ago + timedelta(hours=1), cutoff_at=long_ago
    )

    recall(brie)

    assert (notice_of(order).state, notice_of(order).refund) == ("bought", Refund.BY_HAND)
    assert lines_of(order)["Brie"].picked is None


# --- who could not be reached ---------------------------------------------------------------------


def test_whose_letter_failed_or_never_left_is_to_be_called(brie, apples, zone, recall):
    reached, lost, unwritten = all_paid(zone, {brie: 10, apples: 5000}, 3)
    made = recall(brie)
    letters = Message.objects.filter(purpose="product_recalled")
    letters.filter(occasion__endswith=lost.reference).update(state=State.FAILED)
    letters.filter(occasion__endswith=unwritten.reference).delete()
    RecallNotice.objects.filter(order=unwritten).update(told_at=timezone.now() - timedelta(hours=1))

    to_call = queries.unreached(made)

    assert [one.reference for one in to_call] == [lost.reference, unwritten.reference]
    assert to_call[0].phone == lost.phone
    assert reached.reference not in {one.reference for one in to_call}


# --- again, and after a crash ---------------------------------------------------------------------


def test_a_crash_in_the_middle_goes_on_where_it_stopped(brie, apples, zone, recall, monkeypatch):
    placed = all_paid(zone, {brie: 10, apples: 5000}, 3)
    recall(brie, work=False)
    real, calls = services.working.give_back, []

    def dies(**asked):
        calls.append(asked)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(**asked)

    monkeypatch.setattr("shop.recalls.services.working.give_back", dies)
    with pytest.raises(KeyboardInterrupt):
        tasks.work()
    assert RecallNotice.objects.filter(told_at__isnull=False).count() == 1

    tasks.work()
    deliver_all()

    assert [refunds_of(order).count() for order in placed] == [1, 1, 1]
    assert Message.objects.filter(purpose="product_recalled").count() == 3
    assert queries.unfinished() == []


def test_one_order_that_fails_keeps_no_other_waiting(brie, apples, zone, recall, monkeypatch, caplog):
    broken, sound = all_paid(zone, {brie: 10, apples: 5000}, 2)
    made = recall(brie, work=False)
    real = services.working.give_back

    def fails(*, notice):
        if notice.order_id == broken.pk:
            raise ZeroDivisionError("secret")
        return real(notice=notice)

    monkeypatch.setattr("shop.recalls.services.working.give_back", fails)
    work_off(made)

    assert refunds_of(sound).count() == 1
    assert notice_of(broken).state == "listed"
    assert "secret" not in caplog.text


def test_listing_again_adds_nothing_and_a_notice_is_never_taken_away(brie, zone, recall):
    place(zone, {brie: 10})
    made = recall(brie)

    assert services.list_buyers(recall_id=made.pk) == 0
    with pytest.raises(Exception, match="delete"):
        RecallNotice.objects.all().delete()


def test_a_refund_of_something_else_says_nothing_of_a_recall(brie, apples, zone, recall):
    from shop.payments.events import PaymentRefunded

    order = paid(place(zone, {brie: 10, apples: 5000}))
    recall(brie)

    tell(PaymentRefunded(order.reference, "k", 100, "staff-1"))
    deliver_all()

    assert notice_of(order).refund == Refund.ASKED


# --- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("about", "refused"),
    [
        ({"ean": "4006381333931"}, services.UnknownProduct),
        ({"lots": ["L1\x00"]}, services.WrongLot),
        ({"lots": ["L1\u202e"]}, services.WrongLot),
        ({"lots": ["=cmd()"]}, services.WrongLot),
        ({"lots": ["x" * 41]}, services.WrongLot),
        ({"lots": [f"L{n}" for n in range(51)]}, services.WrongLot),
        ({"best_before_from": day(2), "best_before_to": day(1)}, services.WrongDates),
        ({"notice_reference": "2026-11-0123", "notice_url": "javascript:alert(1)"}, services.WrongNotice),
        (
            {"notice_reference": "2026-11-0123", "notice_url": "http://rappel.conso.gouv.fr/1"},
            services.WrongNotice,
        ),
        ({"notice_reference": "2026-11-0123"}, services.WrongNotice),
        ({"notice_url": "https://rappel.conso.gouv.fr/1"}, services.WrongNotice),
        (
            {"notice_reference": "n’importe", "notice_url": "https://rappel.conso.gouv.fr/1"},
            services.WrongNotice,
        ),
        ({"hazard": "peur"}, ValueError),
        ({"advice": "fuir"}, ValueError),
        ({"sentence": "  "}, ValueError),
    ],
)
def test_nonsense_is_refused_and_changes_nothing(brie, quality, about, refused):
    plain = {"ean": brie.ean, "hazard": "listeria", "sentence": "Un motif.", "advice": "destroy"}

    with pytest.raises(refused):
        services.open_recall(wanted=NewRecall(**(plain | about)), by_id=quality.pk)

    brie.refresh_from_db()
    assert brie.is_published
    assert item_of(brie).on_hand == 200
    assert not Recall.objects.exists()
    assert not RecallShelf.objects.exists()


def test_one_notice_recalls_a_product_once(brie, apples, recall):
    recall(brie, **NOTICE)
    with pytest.raises(services.AlreadyRecalled):
        recall(brie, **NOTICE)
    recall(apples, **NOTICE)
    recall(brie)
    with pytest.raises(services.AlreadyRecalled):
        recall(brie)

    assert Recall.objects.count() == 3


def test_a_notice_that_comes_later_is_added_once(brie, recall):
    made = recall(brie)

    services.add_notice(recall_id=made.pk, reference="SR/00123/26", url="https://rappel.conso.gouv.fr/9")

    made.refresh_from_db()
    assert made.notice_reference == "SR/00123/26"
    other = recall(brie)
    with pytest.raises(services.AlreadyRecalled):
        services.add_notice(recall_id=other.pk, reference="SR/00123/26", url="https://rappel.conso.gouv.fr/9")
    with pytest.raises(services.WrongNotice):
        services.add_notice(recall_id=other.pk, reference="", url="")


def test_rules_of_dates_lots_and_occasions():
    assert is_concerned([], day(1), day(2))
    assert is_concerned([day(9)], None, None)
    assert is_concerned([day(1)], day(1), day(1))
    assert not is_concerned([day(3)], day(1), day(2))
    assert is_concerned([day(3), day(2)], None, day(2))
    assert rules.lots_of("L1 ; L2,\n L1\r\n ,") == ["L1", "L2"]
    assert rules.recall_of_occasion("recall-12") == 12
    assert rules.recall_of_occasion("recall-12x") is None
    assert rules.recall_of_occasion("staff-12") is None
