"""What `/fidelite/` shows: points, what they become, presents under way and to choose, vouchers."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from django.utils.translation import gettext as _

from config.templatetags.cabas import day_said
from loyalty.milestones.ports import rank_of_next
from loyalty.milestones.queries import Choice, choices_of, next_gift
from loyalty.milestones.wording import chosen_said, next_gift_said
from loyalty.points import wording as points
from loyalty.points.queries import Standing, entries_of, standing, terms_at
from loyalty.points.rules import Terms, worth
from loyalty.points.wording import points_said
from loyalty.rewards.models import Present, Reward
from loyalty.rewards.queries import offered, presents_of
from loyalty.rewards.wording import present_said, reward_about, reward_label
from loyalty.vouchers.models import Voucher
from loyalty.vouchers.ports import names_of_each
from loyalty.vouchers.queries import vouchers_of
from loyalty.vouchers.wording import conditions_of

ENTRIES_SHOWN = 50
# Rewards out of reach that stand with those within it.
NEXT_SHOWN = 3


def loyalty_page(customer_id: int, ids: list[int], now: datetime) -> dict[str, Any]:
    """Fourteen queries, however much there is of anything, and three where vouchers are for named articles; ``ids`` are the customer and the guests who merged into them."""
    row = terms_at(now)
    told = standing(ids, now)
    choices = choices_of(ids)
    return {
        "points": _points(ids, row.terms, told) if row else None,
        "rewards": _rewards(list(offered(now)), told.usable) if row else None,
        "key": uuid4(),
        "choices": [_choice(one) for one in choices],
        "gift": _gift(customer_id, ids, now) if not choices else None,
        "presents": _presents(presents_of(ids), {one.present.pk for one in choices}),
        "groups": _grouped(list(vouchers_of(ids)), now),
    }


def _points(ids: list[int], terms: Terms, told: Standing) -> dict[str, Any]:
    entries = list(entries_of(ids)[: ENTRIES_SHOWN + 1])
    return {
        "usable": points_said(told.usable),
        "worth": worth(told.usable, terms) if told.usable else None,
        "said": points.standing_said(told, terms),
        "next": points.next_said(told.carried_cents, terms),
        "filled": told.carried_cents % terms.step_cents,
        "step": terms.step_cents,
        "rule": points.rule_said(terms),
        "entries": [
            (one, points.sentence(one), points.change_said(one.points)) for one in entries[:ENTRIES_SHOWN]
        ],
        "has_more": len(entries) > ENTRIES_SHOWN,
    }


def _rewards(rewards: list[Reward], usable: int) -> dict[str, Any] | None:
    """Those within reach and the next ones, the nearest with how far it is; those beyond stand apart."""
    if not rewards:
        return None
    nearest = next((one.pk for one in rewards if one.points > usable), None)
    rows = [
        {
            "pk": one.pk,
            "label": reward_label(one),
            "about": reward_about(one),
            "points": one.points,
            "price": points_said(one.points),
            "is_open": one.points <= usable,
            "missing": points_said(one.points - max(usable, 0)) if one.pk == nearest else "",
            "filled": max(usable, 0),
        }
        for one in rewards
    ]
    shown = sum(one.points <= usable for one in rewards) + NEXT_SHOWN
    return {"near": rows[:shown], "far": rows[shown:]}


def _choice(one: Choice) -> dict[str, Any]:
    return {
        "present": one.present,
        "name": one.due.milestone.name,
        "said": chosen_said(one),
        "items": [(item, is_there, item.pk == one.present.item_id) for item, is_there in one.items],
    }


def _gift(customer_id: int, ids: list[int], now: datetime) -> dict[str, Any] | None:
    rank = rank_of_next(customer_id)
    ahead = next_gift(ids, rank, now)
    if ahead is None:
        return None
    return {"said": next_gift_said(ahead, rank), "done": rank - 1, "all": ahead.threshold}


def _presents(presents: list[Present], to_choose: set[int]) -> list[dict[str, Any]]:
    """Those to be chosen stand in their own place."""
    return [
        {
            "pk": one.pk,
            "name": one.name,
            "said": present_said(one),
            "order": one.order_reference,
            "is_given": one.state == Present.State.GIVEN,
            "points": points_said(one.points) if one.points else "",
            "may_cancel": bool(one.points) and one.is_open and one.settled_at is None,
        }
        for one in presents
        if one.pk not in to_choose and not one.is_paper
    ]


def _grouped(vouchers: list[Voucher], now: datetime) -> list[dict[str, Any]]:
    """Under the title of its state, empty ones left out."""
    titles = [
        (_("À utiliser"), {"live", "planned"}),
        (_("Pris par une commande"), {"held"}),
        (_("Utilisés"), {"used"}),
        (_("Trop tard, ou annulés"), {"expired", "cancelled"}),
    ]
    names = dict(
        zip((one.pk for one in vouchers), names_of_each([one.scope for one in vouchers]), strict=True)
    )
    grouped = [
        {
            "title": title,
            "rows": [_row(one, names[one.pk], now) for one in vouchers if one.state_at(now) in states],
        }
        for title, states in titles
    ]
    return [group for group in grouped if group["rows"]]


def _row(voucher: Voucher, names: list[str], now: datetime) -> dict[str, Any]:
    state = voucher.state_at(now)
    return {
        "label": voucher.label,
        "is_usable": state == "live",
        "why": voucher.get_origin_display(),
        "conditions": _("annulé") if state == "cancelled" else ", ".join(conditions_of(voucher, names)),
        "order": voucher.order_reference,
        "amount": voucher.amount,
        "used_on": day_said(voucher.used_at) if voucher.used_at else "",
    }
