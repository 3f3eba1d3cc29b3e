"""The admin's home: what asks for somebody today. Each block only for those who may open its list."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any
from urllib.parse import urlencode

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Min, Q, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from config.navigation import changelist, may_open
from config.templatetags.cabas import euros, french_number, hour
from crm.desk.queries import backlog
from crm.insights.programme.sales import Held
from crm.insights.programme.wording import heaviest_said, held_said, share_said, state_said
from crm.insights.queries.programme import budget_in_force, held_against
from crm.outbox.queries import waiting_for_a_person
from delivery.promise.queries import waiting_for_staff
from delivery.slots.queries import slot_fill
from delivery.tracking.queries import open_questions
from shop.claims.queries import waiting_figures
from shop.orders.admin import may_read_recipient
from shop.orders.models import Order
from shop.orders.shortages import missing_lines
from shop.orders.watch import watched
from shop.orders.withdrawals import due_soon, waiting_withdrawals
from shop.payments.models import PaymentOperation
from shop.reviews import queries as reviews
from shop.search.models import ProductReport
from shop.stock import queries

_STANDING = ",".join(Order.STANDING)


@dataclass(frozen=True, slots=True)
class Line:
    """One figure of a block and the list behind it; ``share`` draws a bar, in percent."""

    label: str
    value: str
    link: str
    share: int | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """``is_alert`` asks for somebody now; colour is never the only sign, the figure says it too."""

    title: str | Promise
    figure: str
    link: str
    is_alert: bool = False
    note: str = ""
    lines: list[Line] = field(default_factory=list)


def today(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Adds ``calls`` (what waits for somebody), ``sales`` (orders of the day) and ``plans`` (slots).

    One query a block, whatever the number of orders, slots or products.
    """
    places = {
        place: [block(request) for label, block in blocks if may_open(request, label)]
        for place, blocks in BLOCKS.items()
    }
    return context | {"title": _("Aujourd’hui"), "is_quiet": not any(chain(*places.values())), **places}


def listing(label: str, **query: object) -> str:
    """The address of a list in the admin, filtered."""
    return changelist(label) + (f"?{urlencode(query, safe=',')}" if query else "")


def local_day() -> tuple[datetime, datetime]:
    """The two instants that bound today in Paris, 23 or 25 hours apart when clocks change."""
    zone = timezone.get_current_timezone()
    day = timezone.localdate()
    return (
        datetime.combine(day, time.min, zone),
        datetime.combine(day + timedelta(days=1), time.min, zone),
    )


def orders_placed_today(request: HttpRequest) -> Block:
    starts, ends = local_day()
    found = Order.objects.filter(
        status__in=Order.STANDING, placed_at__gte=starts, placed_at__lt=ends
    ).aggregate(number=Count("id"), worth=Sum("total"))
    return Block(
        title=_("Commandes passées aujourd’hui"),
        figure=str(found["number"]),
        link=listing("orders.order", placed_at__gte=starts, placed_at__lt=ends, status__in=_STANDING),
        note=_worth(request, found["worth"]) or gettext("Annulées non comprises."),
    )


def deliveries_of_today(request: HttpRequest) -> Block:
    starts, ends = local_day()
    hours = list(
        Order.objects.filter(status__in=Order.STANDING, slot__starts_at__gte=starts, slot__starts_at__lt=ends)
        .values("slot__starts_at", "slot__ends_at")
        .annotate(number=Count("id"), worth=Sum("total"), slots=ArrayAgg("slot_id", distinct=True))
        .order_by("slot__starts_at")
    )
    number, worth = sum(row["number"] for row in hours), sum(row["worth"] for row in hours)
    every_slot = [slot for row in hours for slot in row["slots"]]
    return Block(
        title=_("À livrer aujourd’hui"),
        figure=str(number),
        link=_orders_in(every_slot),
        note=_worth(request, worth) if number else gettext("Aucune livraison prévue aujourd’hui."),
        lines=[
            Line(
                label=f"{hour(row['slot__starts_at'])}–{hour(row['slot__ends_at'])}",
                value=ngettext("%(number)d commande", "%(number)d commandes", row["number"])
                % {"number": row["number"]},
                link=_orders_in(row["slots"]),
            )
            for row in hours
        ],
    )


def _worth(request: HttpRequest, worth: Decimal | None) -> str:
    """Whoever reads no order's total reads no sum of them either."""
    return euros(worth) if worth and may_read_recipient(request) else ""


def _orders_in(slots: list[int]) -> str:
    if not slots:
        return listing("orders.order")
    return listing("orders.order", slot__id__in=",".join(map(str, sorted(slots))), status__in=_STANDING)


def slots_fill(_request: HttpRequest) -> Block:
    rows = slot_fill(days=2)
    taken, places = sum(row["booked"] for row in rows), sum(row["capacity"] for row in rows)
    words = {timezone.localdate(): gettext("aujourd’hui")}
    return Block(
        title=_("Créneaux d’aujourd’hui et de demain"),
        figure=f"{_share(taken, places)}\u202f%",
        link=listing("slots.slot"),
        note=ngettext("%(taken)s place prise sur %(places)s", "%(taken)s places prises sur %(places)s", taken)
        % {"taken": french_number(Decimal(taken), 0), "places": french_number(Decimal(places), 0)},
        lines=[
            Line(
                label=f"{row['zone']}, {words.get(row['date'], gettext('demain'))}",
                value=f"{row['booked']} / {row['capacity']}",
                link=listing("slots.slot", zone=row["zone_slug"], week=f"{row['date']:%G-W%V}"),
                share=_share(row["booked"], row["capacity"]),
            )
            for row in rows
        ],
    )


def _share(part: int, whole: int) -> int:
    return min(100, round(100 * part / whole)) if whole else 0


def stock_outs(_request: HttpRequest) -> Block:
    depots = list(
        queries.stock_outs()
        .values("depot_id", "depot__name")
        .annotate(number=Count("id"))
        .order_by("-number")
    )
    number = sum(row["number"] for row in depots)
    return Block(
        title=_("Ruptures de stock"),
        figure=str(number),
        link=listing("stock.stockitem", dispo="rupture"),
        is_alert=number > 0,
        note=gettext("Produits publiés dont il ne reste rien dans un dépôt."),
        lines=[
            Line(
                label=row["depot__name"],
                value=str(row["number"]),
                link=listing("stock.stockitem", dispo="rupture", depot__id__exact=row["depot_id"]),
            )
            for row in depots
        ],
    )


def shortages(_request: HttpRequest) -> Block:
    lines = missing_lines()
    orders = len({line.order_id for line in lines})
    return Block(
        title=_("Manques à venir"),
        figure=str(len(lines)),
        link=reverse("admin:orders_shortages"),
        is_alert=bool(lines),
        note=ngettext("%(number)d commande concernée.", "%(number)d commandes concernées.", orders)
        % {"number": orders}
        if lines
        else gettext("Tout ce qui est commandé est en rayon."),
    )


def orders_unsaid(_request: HttpRequest) -> Block:
    """One query a promised step."""
    page = reverse("admin:orders_watch")
    steps = [step for step in watched() if step.late]
    number = len({late.reference for step in steps for late in step.late})
    return Block(
        title=_("Veille des commandes"),
        figure=str(number),
        link=page,
        is_alert=number > 0,
        note="" if steps else gettext("Chaque client sait où en est sa commande."),
        lines=[
            Line(label=str(step.title), value=str(len(step.late)), link=f"{page}#{step.key}")
            for step in steps
        ],
    )


def withdrawals_due(_request: HttpRequest) -> Block:
    """Goods that customers give back: refunded within a fortnight, whether or not anybody looked."""
    waiting = waiting_withdrawals()
    number, soon = waiting.count(), due_soon(waiting).count()
    return Block(
        title=_("Rétractations en attente"),
        figure=str(number),
        link=listing("orders.withdrawal", etat="attendus"),
        is_alert=soon > 0,
        note=gettext("À rembourser sous trois jours\u202f: %(number)d.") % {"number": soon} if soon else "",
    )


def compensations_to_decide(_request: HttpRequest) -> Block:
    """What no rule could grant by itself, and what could not be carried out."""
    found = waiting_for_staff().aggregate(number=Count("id"), oldest=Min("made_at"))
    return Block(
        title=_("Compensations à décider"),
        figure=str(found["number"]),
        link=listing("promise.compensation", suite="a-decider"),
        is_alert=found["number"] > 0,
        note=_waiting_since(found["oldest"]),
    )


def claims_waiting(_request: HttpRequest) -> Block:
    """Customers to call, and articles whose owner is sought; an alert once somebody's hour has passed."""
    waiting, late = waiting_figures(timezone.now())
    return Block(
        title=_("Signalements à traiter"),
        figure=str(waiting),
        link=listing("claims.claim", suite="a-traiter"),
        is_alert=late > 0,
        lines=[
            Line(
                label=gettext("l’heure est passée"),
                value=str(late),
                link=listing("claims.claim", suite="en-retard"),
            )
        ]
        if late
        else [],
    )


def stuck_messages(_request: HttpRequest) -> Block:
    counts = dict(waiting_for_a_person().values_list("state").annotate(number=Count("id")).order_by())
    words = {"failed": gettext("échoués"), "unknown": gettext("à l’issue inconnue")}
    return Block(
        title=_("Messages non partis"),
        figure=str(sum(counts.values())),
        link=listing("outbox.message", suite="a-voir"),
        is_alert=bool(counts),
        lines=[
            Line(
                label=words[state],
                value=str(number),
                link=listing("outbox.message", suite="a-voir", state__exact=state),
            )
            for state, number in sorted(counts.items())
        ],
    )


def doubtful_payments(_request: HttpRequest) -> Block:
    found = PaymentOperation.objects.filter(state="unknown").aggregate(
        number=Count("id"), oldest=Min("created_at")
    )
    return Block(
        title=_("Paiements sans réponse"),
        figure=str(found["number"]),
        link=listing("payments.paymentoperation", state__exact="unknown"),
        is_alert=found["number"] > 0,
        note=_waiting_since(found["oldest"]),
    )


def desk_backlog(_request: HttpRequest) -> Block:
    """Who waits for an answer or a call; an alarm once a promise is broken. Two queries."""
    found = backlog(timezone.now())
    page = reverse("admin:desk_queue")
    listed = [
        (gettext("sans réponse depuis plus de 24\u00a0heures"), found.overdue),
        (gettext("à répondre dans les quatre heures"), found.soon),
        (gettext("rappels en retard"), found.calls_overdue),
        (gettext("rappels à faire"), found.calls - found.calls_overdue),
    ]
    return Block(
        title=_("Demandes à traiter"),
        figure=str(found.waiting + found.calls),
        link=page,
        is_alert=found.is_alarming,
        note="" if found.waiting or found.calls else gettext("Chacun a sa réponse."),
        lines=[Line(label=label, value=str(number), link=page) for label, number in listed if number],
    )


def reported_errors(_request: HttpRequest) -> Block:
    """Allergens first: an alert by themselves; the others once a working day has passed."""
    found = ProductReport.objects.open().aggregate(
        number=Count("id"),
        allergens=Count("id", filter=Q(kind=ProductReport.Kind.ALLERGENS)),
        late=Count("id", filter=Q(due_at__lt=timezone.now())),
        oldest=Min("received_at"),
    )
    listed = [
        (gettext("ingrédients ou allergènes"), found["allergens"], {"kind__exact": "allergens"}),
        (gettext("en retard, plus d’un jour ouvré"), found["late"], {"delai": "retard"}),
    ]
    return Block(
        title=_("Erreurs signalées sur les produits"),
        figure=str(found["number"]),
        link=listing("search.productreport", state__exact="open"),
        is_alert=bool(found["allergens"] or found["late"]),
        note=_waiting_since(found["oldest"]),
        lines=[
            Line(
                label=label,
                value=str(number),
                link=listing("search.productreport", state__exact="open", **chosen),
            )
            for label, number, chosen in listed
            if number
        ],
    )


def waiting_reviews(_request: HttpRequest) -> Block:
    """Bad or good, each is read within the delay that its author was told."""
    now = timezone.now()
    waiting = {kind: reviews.waiting_figures(kind, now) for kind in ("product", "service")}
    words = {"product": gettext("sur les produits"), "service": gettext("sur le service")}
    late = sum(figures["late"] for figures in waiting.values())
    return Block(
        title=_("Avis à relire"),
        figure=str(sum(figures["number"] for figures in waiting.values())),
        link=listing("reviews.productreview", status__exact="waiting"),
        is_alert=late > 0,
        note=ngettext(
            "%(late)d attend depuis plus de 72 heures.", "%(late)d attendent depuis plus de 72 heures.", late
        )
        % {"late": late}
        if late
        else gettext("Les avis négatifs se publient."),
        lines=[
            Line(
                label=words[kind],
                value=str(figures["number"]),
                link=listing(f"reviews.{kind}review", status__exact="waiting"),
            )
            for kind, figures in waiting.items()
            if figures["number"]
        ],
    )


def courier_questions(_request: HttpRequest) -> Block:
    """What couriers could not answer: each becomes next week's card."""
    number, oldest = open_questions()
    return Block(
        title=_("Questions de livreurs sans réponse"),
        figure=str(number),
        link=listing("tracking.question", closed_at__isempty=1),
        is_alert=bool(oldest and oldest < timezone.now() - timedelta(days=7)),
        note=_waiting_since(oldest) or gettext("Chacune devient une fiche."),
    )


def discount_budget(_request: HttpRequest) -> Block:
    """What is taken off prices, against what may be: the tighter of this month and of the last 28 days. One query, and
    six every five minutes.
    """
    page = reverse("admin:insights_programme")
    budget = budget_in_force()
    if budget is None:
        return Block(_("Budget des réductions"), "—", page, note=gettext("Aucun budget n’est en vigueur."))
    held = held_against(budget)
    worst = max(held, key=_tightness)
    names = (gettext("ce mois-ci"), gettext("28 derniers jours"))
    return Block(
        title=_("Budget des réductions"),
        figure=share_said(worst.sales.share if worst.sales.is_enough else None),
        link=page,
        is_alert=worst.is_near,
        note=f"{state_said(worst)} {heaviest_said(worst.sales)}"
        if worst.sales.is_enough
        else held_said(worst),
        lines=[
            Line(label=name, value=share_said(one.sales.share if one.sales.is_enough else None), link=page)
            for name, one in zip(names, held, strict=True)
        ],
    )


def _tightness(held: Held) -> tuple[bool, bool, bool, Decimal]:
    """Days of few orders say nothing: they come after those that do, whatever their share."""
    return held.sales.is_enough, held.is_over, held.is_near, held.spent_percent or Decimal(0)


def _waiting_since(oldest: datetime | None) -> str:
    if oldest is None:
        return ""
    local = timezone.localtime(oldest)
    return gettext("La plus ancienne attend depuis le %(day)s, %(hour)s.") % {
        "day": f"{local:%d/%m}",
        "hour": hour(oldest),
    }


BLOCKS: dict[str, list[tuple[str, Callable[[HttpRequest], Block]]]] = {
    "calls": [
        ("desk.conversation", desk_backlog),
        ("reviews.productreview", waiting_reviews),
        ("outbox.message", stuck_messages),
        ("payments.paymentoperation", doubtful_payments),
        ("search.productreport", reported_errors),
        ("tracking.question", courier_questions),
        ("orders.order", orders_unsaid),
        ("orders.order", shortages),
        ("orders.withdrawal", withdrawals_due),
        ("promise.compensation", compensations_to_decide),
        ("claims.claim", claims_waiting),
        ("stock.stockitem", stock_outs),
        ("insights.discountbudget", discount_budget),
    ],
    "sales": [("orders.order", orders_placed_today), ("orders.order", deliveries_of_today)],
    "plans": [("slots.slot", slots_fill)],
}
