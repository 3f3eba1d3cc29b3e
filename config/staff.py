"""Who may do what in the admin: one table, seeded into Django's groups."""

from enum import StrEnum

from django.contrib.auth.models import Group, Permission
from django.db import transaction


class StaffGroup(StrEnum):
    """The groups as staff read them in the admin."""

    CATALOGUE = "Catalogue"
    PICKING = "Préparation"
    COURIER = "Livraison"
    CUSTOMER_SERVICE = "Service client"
    MARKETING = "Marketing"
    MANAGER = "Direction"


class UnknownRight(Exception):
    """The table names a model or a right that does not exist: a typing mistake or a renamed model."""


VIEW = frozenset({"view"})
EDIT = frozenset({"view", "change"})
WRITE = frozenset({"view", "add", "change"})
ALL = frozenset({"view", "add", "change", "delete"})
Rights = dict[str, frozenset[str]]

_SEE_ORDERS: Rights = {
    "orders.order": VIEW,
    "orders.orderline": VIEW,
    "orders.orderevent": VIEW,
    "orders.ordervattotal": VIEW,
    "orders.orderbill": VIEW,
    "orders.shortagequestion": VIEW,
    "orders.withdrawal": VIEW,
}
_SEE_PROMISES: Rights = {
    "promise.outcome": VIEW,
    "promise.arrival": VIEW,
    "promise.incident": VIEW,
    "promise.rule": VIEW,
    "promise.ruleversion": VIEW,
    "promise.decision": VIEW,
    "promise.compensation": VIEW,
}
_SEE_POINTS: Rights = {
    "points.pointaccount": VIEW, "points.pointentry": VIEW, "points.pointterms": VIEW,
}  # fmt: skip
_SEE_PRESENTS: Rights = {
    "rewards.item": VIEW, "rewards.itemmove": VIEW, "rewards.reward": VIEW, "rewards.present": VIEW,
    "rewards.presentevent": VIEW, "milestones.milestone": VIEW, "milestones.milestoneitem": VIEW,
    "milestones.milestonevoucher": VIEW,
}  # fmt: skip
_RUN_PRESENTS: Rights = _SEE_PRESENTS | {
    "rewards.item": WRITE, "rewards.reward": WRITE, "rewards.present": EDIT, "milestones.milestone": WRITE,
}  # fmt: skip
_SEE_REFERRALS: Rights = {
    "referrals.referral": VIEW, "referrals.referralentry": VIEW, "referrals.referralterms": VIEW,
    "referrals.sponsor": VIEW,
}  # fmt: skip
_SEE_CLAIMS: Rights = {"claims.claim": VIEW, "claims.claimevent": VIEW, "claims.claimlimits": VIEW}
_SEE_SLOTS: Rights = {
    "slots.slot": VIEW,
    "zones.zone": VIEW,
    "zones.pickuppoint": VIEW,
    "zones.depot": VIEW,
}
# Where vans are, and what happened at doors.
_SEE_ROUNDS: Rights = {
    "rounds.planning": VIEW,
    "rounds.drop": VIEW,
    "tracking.run": VIEW,
    "tracking.courierevent": VIEW,
    "tracking.incident": VIEW,
    "tracking.card": VIEW,
    "tracking.question": VIEW,
}
_SEE_REVIEWS: Rights = {"reviews.productreview": VIEW, "reviews.servicereview": VIEW}
# Whoever answers customers decides on what they write, and signs no name.
_MODERATE_REVIEWS: Rights = {"reviews.productreview": EDIT, "reviews.servicereview": EDIT}
_SEE_PRODUCTS: Rights = {
    "catalogue.product": VIEW,
    "catalogue.aisle": VIEW,
    "catalogue.brand": VIEW,
    "stock.stockitem": VIEW,
    "stock.stockmovement": VIEW,
    "pricing.pricechange": VIEW,
    "pricing.plannedprice": VIEW,
    "pricing.promotion": VIEW,
}

# Nobody may delete what the law or the accounts keep: orders, payments, consents, published texts.
RIGHTS: dict[StaffGroup, Rights] = {
    StaffGroup.CATALOGUE: {
        "catalogue.product": WRITE,
        "catalogue.aisle": WRITE,
        "catalogue.brand": WRITE,
        "catalogue.productpicture": ALL,
        "stock.stockitem": EDIT,
        "stock.stockmovement": VIEW,
        "search.synonym": ALL,
        "search.missedsearch": VIEW,
        "search.zonepopularity": VIEW,
        "pricing.pricechange": VIEW,
        "pricing.plannedprice": WRITE,
        "pricing.promotion": WRITE,
        "zones.depot": VIEW,
        "search.productreport": EDIT,
        "zones.zone": VIEW,
        "recalls.recall": VIEW,
        **_SEE_REVIEWS,
    },
    # Whoever walks the shelves receives, counts and throws away.
    StaffGroup.PICKING: {
        **_SEE_PRODUCTS,
        "stock.stockitem": EDIT,
        "orders.order": VIEW,
        "orders.orderline": VIEW,
        "orders.shortagequestion": VIEW,
        "slots.slot": VIEW,
        "picking.picktask": VIEW,
        "recalls.recall": VIEW,
    },
    # Couriers get what a stop needs on their own screen; the admin shows them the slots only.
    StaffGroup.COURIER: {"slots.slot": VIEW, "zones.zone": VIEW},
    StaffGroup.CUSTOMER_SERVICE: {
        **_SEE_ORDERS,
        **_SEE_PROMISES,
        **_SEE_CLAIMS,
        **_SEE_ROUNDS,
        **_SEE_SLOTS,
        **_SEE_PRODUCTS,
        **_MODERATE_REVIEWS,
        "customers.customer": EDIT,
        "customers.address": VIEW,
        "customers.consent": VIEW,
        "vouchers.sharedcode": VIEW,
        "vouchers.voucher": VIEW,
        "vouchers.voucherentry": VIEW,
        **_SEE_POINTS,
        **_SEE_PRESENTS,
        **_SEE_REFERRALS,
        "outbox.message": VIEW,
        "payments.paymentaccount": VIEW,
        "payments.paymentoperation": VIEW,
        "documents.document": VIEW,
        "payments.paymententry": VIEW,
        "zones.coveragerequest": VIEW,
        "slots.waitlistentry": VIEW,
        "desk.conversation": EDIT,
        "desk.callback": EDIT,
        "desk.replytext": WRITE,
        "desk.phoneorder": VIEW,
        "desk.helpentry": WRITE,
        "search.productreport": VIEW,
        "recalls.recall": VIEW,
    },
    StaffGroup.MARKETING: {
        **_SEE_PRODUCTS,
        "pricing.promotion": WRITE,
        "vouchers.sharedcode": WRITE,
        "vouchers.voucher": VIEW,
        "vouchers.voucherentry": VIEW,
        **_SEE_POINTS,
        **_RUN_PRESENTS,
        "referrals.referralterms": VIEW,
        "zones.zone": VIEW,
        **_SEE_REVIEWS,
        "insights.funnelcount": VIEW,
        "insights.vitalcount": VIEW,
        "insights.discountbudget": VIEW,
        "search.missedsearch": VIEW,
        "search.zonepopularity": VIEW,
        "desk.helpentry": WRITE,
        "zones.coveragerequest": VIEW,
    },
    StaffGroup.MANAGER: {
        **_SEE_ORDERS,
        **_SEE_PROMISES,
        **_SEE_CLAIMS,
        "claims.claimlimits": frozenset({"view", "add"}),
        **_SEE_ROUNDS,
        "rounds.carrier": WRITE,
        "rounds.courier": WRITE,
        "rounds.van": WRITE,
        "rounds.shift": ALL,
        "rounds.place": WRITE,
        "tracking.card": ALL,
        "tracking.question": EDIT,
        **_MODERATE_REVIEWS,
        "catalogue.product": WRITE,
        "catalogue.aisle": WRITE,
        "catalogue.brand": WRITE,
        "catalogue.productpicture": ALL,
        "stock.stockitem": EDIT,
        "stock.stockmovement": VIEW,
        "search.productreport": EDIT,
        "search.synonym": ALL,
        "search.missedsearch": VIEW,
        "search.zonepopularity": VIEW,
        "pricing.pricechange": VIEW,
        "pricing.plannedprice": WRITE,
        "pricing.promotion": WRITE,
        "picking.picktask": VIEW,
        "recalls.recall": VIEW,
        "slots.slot": WRITE,
        "slots.waitlistentry": VIEW,
        "zones.zone": WRITE,
        "zones.zonearea": ALL,
        "zones.pickuppoint": WRITE,
        "zones.depot": WRITE,
        "zones.coveragerequest": VIEW,
        "customers.customer": EDIT,
        "customers.address": VIEW,
        "customers.consent": VIEW,
        "customers.user": WRITE,
        "vouchers.sharedcode": WRITE,
        "vouchers.voucher": VIEW,
        "vouchers.voucherentry": VIEW,
        **_SEE_POINTS,
        **_RUN_PRESENTS,
        **_SEE_REFERRALS,
        "points.pointterms": frozenset({"view", "add"}),
        "referrals.referralterms": frozenset({"view", "add"}),
        "outbox.message": VIEW,
        "payments.paymentaccount": VIEW,
        "payments.paymentoperation": VIEW,
        "documents.document": VIEW,
        "payments.paymententry": VIEW,
        "desk.conversation": EDIT,
        "desk.callback": EDIT,
        "desk.replytext": WRITE,
        "desk.phoneorder": VIEW,
        "desk.helpentry": WRITE,
        "desk.legalpage": WRITE,
        "desk.legalpageversion": VIEW,
        "insights.funnelcount": VIEW,
        "insights.vitalcount": VIEW,
        "insights.discountbudget": frozenset({"view", "add"}),
    },
}

# Rights that are not about adding, changing or deleting rows.
SPECIAL_RIGHTS: dict[StaffGroup, frozenset[str]] = {
    # Whoever answers for what is sold takes it back.
    StaffGroup.CATALOGUE: frozenset({"recalls.open_recall", "recalls.check_shelf"}),
    # Whoever fills the crates stands at the counter of a pickup point too.
    StaffGroup.PICKING: frozenset({"orders.hand_over_order", "picking.pick", "recalls.check_shelf"}),
    # And a courier's row of that login, trained and in activity.
    StaffGroup.COURIER: frozenset({"rounds.deliver"}),
    # Whoever hears the complaint makes good for it.
    StaffGroup.CUSTOMER_SERVICE: frozenset(
        {
            "outbox.read_letter",
            "orders.read_recipient",
            "orders.answer_shortagequestion",
            "payments.refund_paymentaccount",
            "vouchers.grant_voucher",
            "points.give_points",
            "referrals.decide_referral",
            "referrals.watch_abuse",
            "orders.receive_withdrawn_goods",
            "promise.decide_compensation",
            "claims.answer_claim",
            "desk.order_for_customer",
        }
    ),
    StaffGroup.MANAGER: frozenset(
        {
            "outbox.read_letter",
            "orders.read_recipient",
            "orders.hand_over_order",
            "orders.answer_shortagequestion",
            "orders.receive_withdrawn_goods",
            "payments.reconcile_paymentoperation",
            "payments.refund_paymentaccount",
            "picking.pick",
            "picking.lead",
            "promise.decide_compensation",
            "claims.answer_claim",
            "promise.write_rule",
            "vouchers.grant_voucher",
            "points.give_many_points",
            "referrals.decide_referral",
            "referrals.block_sponsor",
            "referrals.watch_abuse",
            "desk.order_for_customer",
            "recalls.open_recall",
            "recalls.check_shelf",
            "rounds.dispatch",
        }
    ),
}


@transaction.atomic
def seed_groups() -> None:
    """Create the groups and give each the rights of the table.

    Only ever adds: rights that staff added to a group stay. A right of the table that staff took away
    comes back; to withdraw one for good, change the table. Raises UnknownRight. Three queries a group.
    """
    known = {
        f"{app}.{codename}": pk
        for app, codename, pk in Permission.objects.values_list("content_type__app_label", "codename", "pk")
    }
    for name in StaffGroup:
        group, _created = Group.objects.get_or_create(name=name.value)
        group.permissions.add(*(_known(known, right) for right in rights_of(name)))


def rights_of(name: StaffGroup) -> set[str]:
    """Everything a group may do, as Django names it: ``orders.view_order``."""
    listed = {
        f"{app}.{action}_{model}"
        for label, actions in RIGHTS[name].items()
        for app, model in [label.split(".")]
        for action in actions
    }
    return listed | SPECIAL_RIGHTS.get(name, frozenset())


def _known(known: dict[str, int], right: str) -> int:
    if right not in known:
        raise UnknownRight(right)
    return known[right]
