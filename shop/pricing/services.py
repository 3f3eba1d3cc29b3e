"""Every write of planned prices and promotions. `Product.price` itself moves through the catalogue alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from config import kept
from shop.catalogue.models import Product
from shop.catalogue.services import PriceRefused, change_prices, check_price
from shop.pricing.checks import MOST_AHEAD, Problem, notices, problems_of
from shop.pricing.models import PlannedPrice, Promotion, PromotionUse
from shop.pricing.plan_files import PlanLine
from shop.pricing.queries import SCOPES, Scope, draft_of, planned_instants, products_named

PLANS_AT_ONCE = 500


class PlanInPast(Exception):
    """A price is planned ahead, or changed at once in the catalogue."""


class PlanDoubled(Exception):
    """This product already has a price planned for this very instant."""


class PlanOver(Exception):
    """The planned price was applied or cancelled in between."""


class PlanTooFar(Exception):
    """More than two years ahead: a year mistyped."""


@dataclass(frozen=True, slots=True)
class PlanRefusal:
    """Why a line of a file plans nothing: a code for `wording`; ``other`` is the line it repeats."""

    line: PlanLine
    code: str
    other: int = 0


class PlansRefused(Exception):
    """Nothing was planned; ``refusals`` names every faulty line."""

    def __init__(self, refusals: list[PlanRefusal]) -> None:
        super().__init__([(one.line.number, one.code) for one in refusals])
        self.refusals = refusals


@transaction.atomic
def plan_price(*, product_id: int, price: Decimal, starts_at: datetime) -> PlannedPrice:
    """From an instant on, this product will cost that (euros including VAT). One INSERT.

    Raises catalogue.services.PriceRefused, PlanInPast, PlanTooFar, PlanDoubled; then nothing is planned.
    """
    check_price(price)
    now = timezone.now()
    if starts_at <= now:
        raise PlanInPast(starts_at)
    if starts_at > now + MOST_AHEAD:
        raise PlanTooFar(starts_at)
    try:
        with transaction.atomic():
            return PlannedPrice.objects.create(product_id=product_id, price=price, starts_at=starts_at)
    except IntegrityError as clash:
        raise PlanDoubled(starts_at) from clash


@transaction.atomic
def plan_prices(*, lines: Sequence[PlanLine], preview: bool = False) -> list[PlannedPrice]:
    """Plan the prices of a file, all or none; with ``preview`` none is written. Three queries.

    Raises PlansRefused with every faulty line, or PlanDoubled when somebody plans the same instant meanwhile.
    """
    products, now = products_named({line.article for line in lines}), timezone.now()
    planned = planned_instants({product.pk for product in products.values()})
    seen: dict[tuple[int, datetime], int] = {}
    refusals, plans = [], []
    for line in lines:
        product = products.get(line.article)
        if code := line.problem or _fault(line, product, now):
            refusals.append(PlanRefusal(line, code))
            continue
        assert product and line.price and line.starts_at  # noqa: S101 - what `_fault` made sure of
        key = (product.pk, line.starts_at)
        if key in planned or key in seen:
            code = "planned" if key in planned else "doubled"
            refusals.append(PlanRefusal(line, code, seen.get(key, 0)))
            continue
        seen[key] = line.number
        plans.append(PlannedPrice(product=product, price=line.price, starts_at=line.starts_at))
    if refusals:
        raise PlansRefused(refusals)
    if preview:
        return plans
    try:
        with transaction.atomic():
            return PlannedPrice.objects.bulk_create(plans)
    except IntegrityError as clash:
        raise PlanDoubled from clash


def _fault(line: PlanLine, product: Product | None, now: datetime) -> str:
    if product is None:
        return "article"
    try:
        check_price(line.price or Decimal(0))
    except PriceRefused:
        return "price"
    if line.starts_at is None or line.starts_at <= now:
        return "past"
    return "too_far" if line.starts_at > now + MOST_AHEAD else ""


@transaction.atomic
def cancel_planned_price(*, plan_id: int) -> None:
    """Give up a plan before its instant; the price stays. Raises PlanOver. One UPDATE."""
    own = PlannedPrice.objects.filter(pk=plan_id, state=PlannedPrice.State.PLANNED)
    if not own.update(state=PlannedPrice.State.CANCELLED):
        raise PlanOver(plan_id)


@transaction.atomic
def apply_due_prices(*, now: datetime) -> int:
    """Give products the prices whose instant has come, oldest first; how many plans were applied.

    Locks the plans, then the products: of two workers the second waits, then finds nothing left to apply.
    Five queries, one where nothing is due; 500 plans at most, the next run takes the rest.
    """
    due = PlannedPrice.objects.filter(state=PlannedPrice.State.PLANNED, starts_at__lte=now)
    plans = list(due.select_for_update().order_by("starts_at", "id")[:PLANS_AT_ONCE])
    if not plans:
        return 0
    # A worker that was away for hours leaves the latest of several plans.
    change_prices(prices={plan.product_id: plan.price for plan in plans})
    return PlannedPrice.objects.filter(pk__in=[plan.pk for plan in plans]).update(
        state=PlannedPrice.State.APPLIED, applied_at=now
    )


# --- promotions -------------------------------------------------------------------------------------


class PromotionFrozen(Exception):
    """An order has used it: other terms are another promotion."""


class PromotionRefused(Exception):
    """The terms or the law do not allow it; ``problems`` say what and where."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__([problem.code for problem in problems])
        self.problems = problems


class PromotionOver(Exception):
    """It ended, was stopped, or has less left than this order counted on: the shopper decides again."""


@transaction.atomic
def save_promotion(*, promotion: Promotion, scope: Scope) -> list[Problem]:
    """Save a promotion and its whole scope; answers what staff should know of it. About fifteen queries.

    Raises PromotionRefused, PromotionFrozen; then nothing is saved. Locks the promotion.
    """
    _refuse_frozen(promotion)
    draft = draft_of(promotion, scope)
    if problems := problems_of(draft, now=timezone.now()):
        raise PromotionRefused(problems)
    _save_terms(promotion)
    for name in SCOPES:
        getattr(promotion, name).set(getattr(scope, name))
    promotions_changed()
    return notices(draft)


def _save_terms(promotion: Promotion) -> None:
    """What is spent and whether it was stopped are never written back from a form opened earlier."""
    if promotion._state.adding:
        promotion.save()
        return
    others = {"id", "spent", "stopped_at", "created_at"}
    promotion.save(update_fields=[one.name for one in Promotion._meta.fields if one.name not in others])


def _refuse_frozen(promotion: Promotion) -> None:
    """Locked: an order that uses it now comes before or after, not in between."""
    if promotion._state.adding:
        return
    Promotion.objects.select_for_update(no_key=True).get(pk=promotion.pk)
    if PromotionUse.objects.filter(promotion=promotion).exists():
        raise PromotionFrozen(promotion.pk)


@transaction.atomic
def stop_promotion(*, promotion_id: int) -> bool:
    """End a promotion now, for baskets too; False when it was over. Orders made keep what they got. One UPDATE."""
    now = timezone.now()
    going = Promotion.objects.filter(pk=promotion_id, stopped_at=None, ends_at__gt=now)
    stopped = bool(going.update(stopped_at=now))
    promotions_changed()
    return stopped


def promotions_changed() -> None:
    """Every process reads its promotions anew on its next page, once this transaction commits. No query."""
    kept.changed("promotions")


_SPEND_SQL = """
WITH wanted AS (
    SELECT * FROM unnest(%(promotions)s::bigint[], %(amounts)s::numeric[]) AS w(id, amount)
), locked AS MATERIALIZED (
    SELECT p.id, w.amount FROM pricing_promotion p JOIN wanted w USING (id) ORDER BY p.id FOR NO KEY UPDATE OF p
), drawn AS (
    UPDATE pricing_promotion p SET spent = p.spent + l.amount
      FROM locked l
     WHERE p.id = l.id AND p.stopped_at IS NULL AND p.starts_at <= %(now)s AND p.ends_at > %(now)s
       AND (p.budget IS NULL OR p.spent + l.amount <= p.budget)
    RETURNING p.id, l.amount, p.budget - p.spent AS left_over
), used AS (
    INSERT INTO pricing_promotionuse (promotion_id, order_reference, amount, created_at)
    SELECT id, %(reference)s, amount, %(now)s FROM drawn
)
SELECT left_over FROM drawn
"""


@transaction.atomic
def spend(*, order_reference: str, amounts: Mapping[int, Decimal]) -> None:
    """Draw what an order gets (promotion → euros) on the promotions' budgets, all or nothing. One statement.

    Raises PromotionOver. Everybody wants these rows: called last in the order's transaction, locks them in order
    of id. Each conditional UPDATE checks the clock and the budget, whatever was read before.
    """
    if not amounts:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _SPEND_SQL,
            {
                "promotions": list(amounts), "amounts": list(amounts.values()),
                "reference": order_reference, "now": timezone.now(),
            },
        )  # fmt: skip
        left = [left_over for (left_over,) in cursor.fetchall()]
    if len(left) < len(amounts):
        raise PromotionOver(order_reference)
    if 0 in left:
        promotions_changed()


_GIVE_BACK_SQL = """
WITH held AS MATERIALIZED (
    SELECT u.id AS use_id, p.id, u.amount, p.budget
      FROM pricing_promotionuse u JOIN pricing_promotion p ON p.id = u.promotion_id
     WHERE u.order_reference = ANY(%(references)s) AND u.returned_at IS NULL
     ORDER BY p.id
       FOR NO KEY UPDATE OF p, u
), given AS (
    UPDATE pricing_promotion p SET spent = p.spent - h.amount
      FROM (SELECT id, sum(amount) AS amount FROM held GROUP BY id) h WHERE p.id = h.id
), closed AS (
    UPDATE pricing_promotionuse u SET returned_at = %(now)s FROM held h WHERE u.id = h.use_id
)
SELECT budget FROM held
"""


@transaction.atomic
def give_back(*, order_reference: str, also: str = "") -> None:
    """An order came to nothing: what it drew on budgets may be had again. Exactly once; one statement.

    ``also`` is a second name under which it drew: both go in the same locks.
    """
    with connection.cursor() as cursor:
        names = [order_reference, also or order_reference]
        cursor.execute(_GIVE_BACK_SQL, {"references": names, "now": timezone.now()})
        budgets = [budget for (budget,) in cursor.fetchall()]
    if any(budget is not None for budget in budgets):
        promotions_changed()


@transaction.atomic
def change_uses(*, order_reference: str, amounts: Mapping[int, Decimal], kept_as: str = "") -> None:
    """From now on an order has just ``amounts`` (promotion → euros): the difference is drawn, or may be had again.

    What was drawn for it under another name, ``kept_as``, serves first, even of a promotion that has ended since.
    All or nothing. Raises PromotionOver. Locks the promotions in order of id, then what was drawn; at most 7 queries.
    """
    names = [order_reference, kept_as] if kept_as else [order_reference]
    drawn = PromotionUse.objects.filter(order_reference__in=names)
    concerned = {pk for pk, amount in amounts.items() if amount} | set(
        drawn.filter(returned_at=None).values_list("promotion_id", flat=True)
    )
    if not concerned:
        return
    rows = Promotion.objects.filter(pk__in=concerned).order_by("pk").select_for_update(no_key=True)
    promotions = {row.pk: row for row in rows}
    uses = {(use.promotion_id, use.order_reference): use for use in drawn.select_for_update()}
    now, changed = timezone.now(), []
    for pk, promotion in promotions.items():
        wanted = amounts.get(pk, Decimal(0))
        own = uses.get((pk, order_reference)) or PromotionUse(
            promotion=promotion, order_reference=order_reference, amount=Decimal(0), returned_at=now
        )
        aside = uses.get((pk, kept_as))
        more = wanted - _open_amount(own) - _open_amount(aside)
        if more > 0 and not _may_draw(promotion, more, now):
            raise PromotionOver(order_reference)
        promotion.spent += more
        if aside:
            aside.returned_at = aside.returned_at or now
            changed.append(aside)
        # What is given back whole keeps its amount, as `give_back` leaves it.
        own.amount, own.returned_at = (wanted, None) if wanted else (own.amount, own.returned_at or now)
        if own.pk or wanted:
            changed.append(own)
    Promotion.objects.bulk_update(promotions.values(), ["spent"])
    PromotionUse.objects.bulk_create([use for use in changed if not use.pk])
    PromotionUse.objects.bulk_update([use for use in changed if use.pk], ["amount", "returned_at"])
    if any(promotion.budget is not None for promotion in promotions.values()):
        promotions_changed()


def _open_amount(use: PromotionUse | None) -> Decimal:
    return use.amount if use and use.returned_at is None else Decimal(0)


def _may_draw(promotion: Promotion, more: Decimal, now: datetime) -> bool:
    """The same rule as `_SPEND_SQL`, on a locked row."""
    runs = promotion.stopped_at is None and promotion.starts_at <= now < promotion.ends_at
    return runs and (promotion.budget is None or promotion.spent + more <= promotion.budget)
