"""The page that opens from a letter and takes a customer's word on a missing article. No sign-in: its address is a key."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from config.limits import Limit, machine_of, too_many
from shop.orders import questions, services, wording
from shop.orders.models import Order, ShortageQuestion
from shop.search.queries import cards_by_id

ANSWERS_BY_MACHINE = Limit("answer.machine", most=60)
_MAY_CHOOSE = {Order.Status.PLACED, Order.Status.PICKING}


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def answer_page(request: HttpRequest, token: str) -> HttpResponse:
    """``?choix=`` of a letter's link only preselects: mail scanners follow links, a person presses the button."""
    if request.method == "POST":
        return _answer(request, token)
    return _page(request, _question(token), chosen=request.GET.get("choix", ""))


def _question(token: str) -> ShortageQuestion:
    question = questions.question_by_token(token)
    if question is None:
        raise Http404
    return question


def _answer(request: HttpRequest, token: str) -> HttpResponse:
    if not ANSWERS_BY_MACHINE.spend(machine_of(request)):
        return too_many(request)
    question, chosen = _question(token), request.POST.get("choix", "")
    wished = questions.read_choice(question, chosen)
    if wished is None:
        return _page(
            request, question, status=422, problem=_("Choisissez l’une des possibilités ci-dessous.")
        )
    answer, offer_id = wished
    try:
        services.answer_shortage(token=token, answer=answer, offer_id=offer_id)
    except services.OfferGone:
        gone = _("Cet article vient de partir à son tour\u202f: rien n’a changé, choisissez autrement.")
        return _page(request, question, status=409, problem=gone, without=chosen)
    except services.AlreadyAnswered:
        return _page(
            request, _question(token), status=409, problem=_("C’était déjà réglé\u202f: rien n’a changé.")
        )
    except services.AnswerTooLate:
        return _page(request, _question(token), status=410)
    except services.MoveRefused:
        return _page(request, _question(token), status=410)
    return redirect("answer_shortage", token=token)


def _page(
    request: HttpRequest,
    question: ShortageQuestion,
    *,
    chosen: str = "",
    status: int = 200,
    problem: str = "",
    without: str = "",
) -> HttpResponse:
    """Three queries, cards apart, however much is offered."""
    order = question.order
    is_late = question.answer_by <= timezone.now()
    is_open = not question.answer and not is_late and order.status in _MAY_CHOOSE
    context = {
        "question": question,
        "order": order,
        "sentence": wording.missing(question.line, question.missing, question.cause),
        "deadline": wording.deadline(question.answer_by),
        "otherwise": wording.otherwise(question, next(iter(question.offers.all()), None)),
        "may_come_back": question.cause == ShortageQuestion.Cause.FORECAST,
        "is_open": is_open,
        "is_over": not question.answer and order.status not in _MAY_CHOOSE,
        "choices": _choices(question, chosen, without) if is_open else [],
        "settled": questions.settled_words(question),
        "who_settled": wording.who_settled(question),
        "problem": problem,
    }
    response = render(request, "orders/answer.html", context, status=status)
    response["X-Robots-Tag"] = "noindex"
    return response


def _choices(question: ShortageQuestion, chosen: str, without: str) -> list[dict[str, Any]]:
    offered = [choice for choice in questions.choices(question) if choice.value != without]
    products = [choice.product_id for choice in offered if choice.product_id]
    cards = cards_by_id(products, question.order.depot_id) if products else {}
    return [
        {
            "choice": choice,
            "card": cards.get(choice.product_id or 0),
            "is_chosen": choice.value == chosen,
        }
        for choice in offered
    ]
