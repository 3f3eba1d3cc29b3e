"""Reads of what customers were told will be missing, and of what they chose."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils import timezone

from shop.orders import wording
from shop.orders.letters import addressed
from shop.orders.models import Order, OrderLine, ShortageQuestion, SubstituteOffer
from shop.orders.pickups import place_of
from shop.orders.rules import is_newcomer, substitute_price
from shop.stock.queries import expected_restock_on

Answer = ShortageQuestion.Answer


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing a customer may choose; ``value`` is what the form and the link of a letter carry."""

    value: str
    label: str
    note: str
    amount: Decimal | None = None
    product_id: int | None = None


def question_by_token(token: str) -> ShortageQuestion | None:
    """The question that a letter's link names, with its order, slot, line and offers. Two queries."""
    return (
        ShortageQuestion.objects.select_related("order__slot", "order__zone", "line")
        .prefetch_related("offers__product")
        .filter(token=token)
        .first()
    )


def read_choice(question: ShortageQuestion, value: str) -> tuple[str, int | None] | None:
    """« replace-12 » → ("replace", 12); None for what this question does not offer. No query on a question read above."""
    said, _dash, offer_id = value.partition("-")
    if said == Answer.REPLACE:
        own = {str(offer.pk): offer.pk for offer in question.offers.all()}
        return (said, own[offer_id]) if offer_id in own else None
    return (said, None) if value in {Answer.LEAVE_OUT, Answer.LATER, Answer.CANCEL} else None


def choices(question: ShortageQuestion) -> list[Choice]:
    """What may be chosen, replacements first. One query, for the day it is expected back."""
    line, worth = question.line, worth_of(question)
    back_on = _back_on(question)
    return [
        *(_replacement(question, offer, worth) for offer in question.offers.all()),
        Choice(Answer.LEAVE_OUT, *wording.leave_out(line, question.missing, worth), -worth),
        Choice(Answer.LATER, *wording.later(back_on), -worth),
        Choice(Answer.CANCEL, *wording.cancel()),
    ]


def _replacement(question: ShortageQuestion, offer: SubstituteOffer, worth: Decimal) -> Choice:
    label, note = wording.replacement(question.line, offer, worth - offer.total)
    return Choice(f"{Answer.REPLACE}-{offer.pk}", label, note, offer.total, offer.product_id)


def worth_of(question: ShortageQuestion) -> Decimal:
    """What the missing part was to cost, deposits apart. No query."""
    return substitute_price(question.line.total, question.missing, question.line.quantity)


def _back_on(question: ShortageQuestion) -> date | None:
    product_id = question.line.product_id
    return expected_restock_on(product_id, question.order.depot_id) if product_id else None


def stand_in_of(question: ShortageQuestion) -> OrderLine | None:
    """The line that stands in for the missing one. One query."""
    return OrderLine.objects.filter(replaces=question.line_id).first()


def settled_words(question: ShortageQuestion) -> str:
    """What became of the missing article, in a sentence; "" while nothing did. One query at most."""
    if not question.answer:
        return ""
    stand_in = stand_in_of(question) if question.answer == Answer.REPLACE else None
    return wording.settled(question, stand_in, worth_of(question))


def open_questions(order: Order, lines: Iterable[OrderLine]) -> list[dict[str, Any]]:
    """What the customer of an order may still choose, for its page: a sentence, a deadline, a path. One query."""
    by_id = {line.pk: line for line in lines}
    asked = ShortageQuestion.objects.filter(order=order, answer="", answer_by__gt=timezone.now()).order_by(
        "pk"
    )
    return [
        {
            "sentence": wording.missing(by_id[question.line_id], question.missing, question.cause),
            "deadline": wording.deadline(question.answer_by),
            "path": reverse("answer_shortage", args=[question.token]),
        }
        for question in asked
        if order.status in {Order.Status.PLACED, Order.Status.PICKING}
    ]


def past_deadline(now: datetime, limit: int) -> list[tuple[str, int]]:
    """Reference and question, for those whose answer did not come in time, the longest waiting first. One query."""
    return list(
        ShortageQuestion.objects.filter(answer="", answer_by__lte=now)
        .order_by("answer_by", "pk")
        .values_list("order__reference", "pk")[:limit]
    )


def question_letter(question_id: int) -> dict[str, Any]:
    """What the letters about one missing article say. Six queries at most."""
    question = (
        ShortageQuestion.objects.select_related("order__slot", "order__zone", "line")
        .prefetch_related("offers__product")
        .get(pk=question_id)
    )
    order, path = question.order, reverse("answer_shortage", args=[question.token])
    return {
        **addressed(order),
        "place": place_of(order) if order.is_collect else None,
        "name": question.line.name,
        "sentence": wording.missing(question.line, question.missing, question.cause),
        "deadline": wording.deadline(question.answer_by),
        "otherwise": wording.otherwise(question, next(iter(question.offers.all()), None)),
        "may_come_back": question.cause == ShortageQuestion.Cause.FORECAST,
        "is_newcomer": is_newcomer(order.rank),
        "choices": [
            {"label": choice.label, "note": choice.note, "path": f"{path}?choix={choice.value}"}
            for choice in choices(question)
        ],
        "answer_path": path,
        "tracking_path": reverse("tracking", args=[order.tracking_token]),
        "settled": settled_words(question),
        "answer": question.answer,
        "answered_by": question.answered_by,
        "stands": order.stands,
    }
