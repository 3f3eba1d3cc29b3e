"""An article will be missing: its customer is told while there is time, chooses, or knows what happens else."""

from collections.abc import Callable

from django.db import transaction
from django.utils import timezone

from config.facts import publish
from shop.orders.events import ShortageAnswered, ShortageTold
from shop.orders.models import LineEvent, Order, OrderLine, ShortageQuestion, SubstituteOffer
from shop.orders.rules import answer_by, default_answer, effective_choice, substitute_price
from shop.orders.services.books import Kind, Status, locked
from shop.orders.services.calling_off import call_off
from shop.orders.services.errors import AlreadyAnswered, AnswerTooLate, MoveRefused, OfferGone
from shop.orders.services.substituting import add_stand_in, stand_ins
from shop.payments import services as payments
from shop.stock import services as stock

Answer = ShortageQuestion.Answer
By = ShortageQuestion.By
Cause = ShortageQuestion.Cause
# What may still be missing, and be told.
_OPEN = (Status.PLACED, Status.PICKING)


@transaction.atomic
def tell_shortage(*, reference: str, line_id: int, missing: int, cause: str) -> ShortageQuestion | None:
    """Tell a customer that ``missing`` pieces or grams of a line will not come, with what may stand in for them.

    Where there is no time to answer any more, what the customer chose when ordering is done at once. None when there
    is nothing to tell: the line was told before, stands in for another one already, or a forecast comes once its shelf
    was visited. Raises MoveRefused. Locks the
    order; 10 queries.
    """
    order = locked(reference)
    if order.status not in _OPEN:
        raise MoveRefused(order.status)
    line = order.lines.select_related("product__shelf").get(pk=line_id)
    return tell(order, line, missing, cause)


def tell(order: Order, line: OrderLine, missing: int, cause: str) -> ShortageQuestion | None:
    """`tell_shortage` for whoever holds the lock of the order already. Nine queries."""
    if line.replaces_id or _was_told(line, cause) or (cause == Cause.FORECAST and line.picked is not None):
        return None
    # Counted before the lock: its customer may have lowered it since.
    missing = min(missing, line.quantity if cause == Cause.RECALL else line.wanted)
    if not missing:
        return None
    now = timezone.now()
    until = answer_by(now=now, starts_at=order.slot.starts_at, at_shelf=_at_shelf(order, cause))
    stands = stand_ins(order, line, missing)
    choice = effective_choice(of_order=order.shortage_choice, of_line=line.shortage_choice, rank=order.rank)
    otherwise = default_answer(choice, has_offers=bool(stands))
    question = ShortageQuestion.objects.create(
        order=order, line=line, missing=missing, cause=cause, answer_by=until, otherwise=otherwise
    )
    SubstituteOffer.objects.bulk_create(
        SubstituteOffer(
            question=question, product=stand.product, quantity=stand.quantity, unit_price=stand.unit_price,
            total=stand.total, position=place,
        )
        for place, stand in enumerate(stands, 1)
    )  # fmt: skip
    LineEvent.objects.create(line=line, kind=LineEvent.Kind.TOLD, quantity=missing)
    publish(
        ShortageTold(order_reference=order.reference, customer_id=order.customer_id, question_id=question.pk)
    )
    if until <= now:
        _settle(order, question, Answer(otherwise), _first_offer(question), By.DEFAULT)
    return question


def _at_shelf(order: Order, cause: str) -> bool:
    """Whether a picker waits for the answer."""
    return cause == Cause.SHELF or (cause == Cause.RECALL and order.status == Status.PICKING)


def _was_told(line: OrderLine, cause: str) -> bool:
    """Told early and again at the empty shelf, each once; once more where it was said to be found and is not."""
    asked = line.questions.all()
    if cause == Cause.FORECAST:
        return bool(asked)
    return any(not one.answer or (one.cause == cause and one.answer != Answer.FOUND) for one in asked)


def overtake(line: OrderLine) -> None:
    """What was asked about a line has no object any more: closed, with nothing done for it. On a locked order; one query."""
    ShortageQuestion.objects.filter(line=line, answer="").update(
        answer=Answer.LEAVE_OUT, answered_by=By.DEFAULT, answered_at=timezone.now()
    )


def _first_offer(question: ShortageQuestion) -> SubstituteOffer | None:
    return question.offers.select_related("product").first()


@transaction.atomic
def answer_shortage(*, token: str, answer: str, offer_id: int | None = None, by: str = By.CUSTOMER) -> Order:
    """The customer's word on a missing article; the same word twice is once.

    Raises ShortageQuestion.DoesNotExist, ValueError (no such answer or offer), AnswerTooLate, AlreadyAnswered,
    OfferGone (it ran out meanwhile: the question stays open), MoveRefused. Locks the order, then stock.
    """
    reference = ShortageQuestion.objects.values_list("order__reference", flat=True).get(token=token)
    order = locked(reference)
    question = ShortageQuestion.objects.get(token=token)
    wished = Answer(answer)
    if wished == Answer.FOUND:
        raise ValueError(answer)
    offer = question.offers.select_related("product").filter(pk=offer_id).first() if offer_id else None
    if wished == Answer.REPLACE and offer is None:
        raise ValueError(answer)
    if question.answer:
        _must_be_the_same(question, wished, offer)
        return order
    if by == By.CUSTOMER and question.answer_by <= timezone.now():
        raise AnswerTooLate(question.pk)
    if order.status not in _OPEN:
        raise MoveRefused(order.status)
    _settle(order, question, wished, offer, By(by))
    return order


def _must_be_the_same(question: ShortageQuestion, wished: Answer, offer: SubstituteOffer | None) -> None:
    stands = (
        offer is None or OrderLine.objects.filter(replaces=question.line_id, product=offer.product).exists()
    )
    if question.answer == wished and stands:
        return
    raise AlreadyAnswered(question.pk)


@transaction.atomic
def settle_unanswered(*, question_id: int, is_back: Callable[[ShortageQuestion], bool]) -> str:
    """The deadline has passed without a word: what was announced is done, unless the article is back on its shelf.

    Answers what was done, "" where somebody was faster. Locks the order, then stock.
    """
    reference = ShortageQuestion.objects.values_list("order__reference", flat=True).get(pk=question_id)
    order = locked(reference)
    question = ShortageQuestion.objects.get(pk=question_id)
    if question.answer or question.answer_by > timezone.now():
        return ""
    answer = Answer(question.otherwise)
    if order.status not in _OPEN:
        answer = Answer.LEAVE_OUT  # Cancelled meanwhile: nothing is left to do for it.
    elif question.cause == Cause.FORECAST and question.line.recalled_at is None and is_back(question):
        answer = Answer.FOUND
    return _settle(order, question, answer, _first_offer(question), By.DEFAULT)


def _settle(
    order: Order, question: ShortageQuestion, answer: Answer, offer: SubstituteOffer | None, by: By
) -> Answer:
    """Do what was chosen, on a locked order; what was done.

    What lies whole in the crates meanwhile is delivered as ordered: nobody gets it and its replacement. What is gone
    is left out where nobody is asked.
    """
    if order.status in _OPEN:
        if _was_found(question) and not (answer == Answer.CANCEL and by != By.DEFAULT):
            answer = Answer.FOUND
        try:
            with transaction.atomic():
                _carry_out(order, question, answer, offer)
        except OfferGone:
            if by != By.DEFAULT:
                raise
            answer = Answer.LEAVE_OUT
            _carry_out(order, question, answer, None)
    question.answer, question.answered_by, question.answered_at = answer, by, timezone.now()
    question.save(update_fields=["answer", "answered_by", "answered_at"])
    publish(
        ShortageAnswered(
            order_reference=order.reference, customer_id=order.customer_id, question_id=question.pk
        )
    )
    return answer


@transaction.atomic
def settle_found(*, line_id: int) -> None:
    """A picker who had found too little has found the rest: its customer need not choose any more.

    Nothing where the article is still missing. Locks the order; six queries.
    """
    open_question = ShortageQuestion.objects.filter(line=line_id, answer="")
    reference = open_question.values_list("order__reference", flat=True).first()
    if reference is None:
        return
    order = locked(reference)
    question = open_question.first()
    if question and order.status in _OPEN and _was_found(question):
        _settle(order, question, Answer.FOUND, None, By.STAFF)


def _was_found(question: ShortageQuestion) -> bool:
    """Said to be missing, and then all of it was on its shelf."""
    line = OrderLine.objects.get(pk=question.line_id)
    if question.cause == Cause.RECALL or line.recalled_at:
        return False
    given_up = line.dropped and question.cause == Cause.FORECAST
    return line.picked is not None and not given_up and not line.missing


def _carry_out(
    order: Order, question: ShortageQuestion, answer: Answer, offer: SubstituteOffer | None
) -> None:
    # Read here: an attempt that was rolled back leaves no trace in memory either.
    line = OrderLine.objects.get(pk=question.line_id)
    missing = _still_missing(question, line)
    match answer:
        case Answer.CANCEL:
            call_off(order, Kind.CANCELLED_SHORT)
            payments.release(order_reference=order.reference)
            return
        case Answer.FOUND:
            LineEvent.objects.create(line=line, kind=LineEvent.Kind.FOUND, quantity=missing)
            return
        case Answer.LATER:
            wait_for(order, line)
            LineEvent.objects.create(line=line, kind=LineEvent.Kind.LATER, quantity=missing)
    given_back = _drop(line, missing) if line.picked is None else {}
    if answer == Answer.REPLACE and offer and missing:
        add_stand_in(
            order=order, line=line, product=offer.product, quantity=missing,
            at_most=substitute_price(offer.total, missing, offer.quantity), giving_back=given_back,
        )  # fmt: skip
    elif given_back:
        stock.change_reservations(
            order_reference=order.reference, depot_id=order.depot_id, changes=given_back
        )


def _still_missing(question: ShortageQuestion, line: OrderLine) -> int:
    """What was asked about, less what a picker found since: nobody gets an article and what stands in for it."""
    if line.picked is None or line.recalled_at or question.cause == Cause.RECALL:
        return question.missing
    return min(question.missing, line.missing)


def _drop(line: OrderLine, missing: int) -> dict[int, int]:
    """Nobody looks for it any more, and whoever waits behind gets what little there was: what its stock changes by."""
    line.dropped = min(line.quantity, line.dropped + missing)
    if line.dropped == line.quantity:
        line.picked = 0
    line.save(update_fields=["dropped", "picked"])
    LineEvent.objects.create(line=line, kind=LineEvent.Kind.DROPPED, quantity=missing)
    return {line.product_id: -missing} if line.product_id else {}


def wait_for(order: Order, line: OrderLine) -> None:
    """Write to the customer once it is back. Locks its stock; four queries."""
    if line.product_id is None:
        return
    try:
        stock.ask_for_restock(
            product_id=line.product_id, depot_id=order.depot_id, email=order.email,
            customer_id=order.customer_id,
        )  # fmt: skip
    except stock.NothingToWaitFor:
        return  # It is back already, or sold no more: no letter to promise.
