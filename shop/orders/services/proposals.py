"""What a changed order is to be: what its customer wishes, what that comes to, and how it is kept until it is paid."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from hashlib import sha256
from json import dumps
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.functional import cached_property

from delivery.slots.models import Slot
from loyalty.vouchers import rules as voucher_rules
from shop.orders.models import Order, OrderLine
from shop.orders.rules import Article, Figures, weighing_margin
from shop.pricing.rules import PricedLine


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a customer wants their order to be: line → pieces or grams, product → how much more of it."""

    quantities: Mapping[int, int]
    slot_id: int
    address: Mapping[str, str]
    added: Mapping[int, int] = field(default_factory=dict)
    # The basket that ``added`` comes from, and will leave.
    basket_key: UUID | None = None


@dataclass(frozen=True, slots=True)
class AmendedLine:
    """A line as it will be; ``before`` is what was ordered of it, 0 for a new one."""

    line_id: int | None
    before: int
    article: Article

    @property
    def quantity(self) -> int:
        return self.article.priced.quantity

    @property
    def is_changed(self) -> bool:
        return self.quantity != self.before


@dataclass(frozen=True)
class Proposal:
    """All that an amendment changes, from the database and nothing the browser sent."""

    lines: Sequence[AmendedLine]
    totals: Figures
    slot: Slot
    address: Mapping[str, str]
    is_slot_new: bool
    is_address_new: bool
    stands_on: str
    basket_key: UUID | None = None
    taken: Mapping[int, int] = field(default_factory=dict)

    @cached_property
    def articles(self) -> list[Article]:
        """What is still ordered."""
        return [line.article for line in self.lines if line.quantity]

    @cached_property
    def margin(self) -> Decimal:
        return weighing_margin(self.articles)

    @property
    def most(self) -> Decimal:
        return self.totals.total + self.margin

    @property
    def changed(self) -> list[AmendedLine]:
        return [line for line in self.lines if line.is_changed]

    @property
    def changes_anything(self) -> bool:
        return bool(self.changed) or self.is_slot_new or self.is_address_new

    @property
    def more_of(self) -> dict[int, int]:
        """Product → what must be taken besides what the order holds, pieces or grams."""
        return {pk: more for pk, more in self.changes.items() if more > 0}

    @property
    def changes(self) -> dict[int, int]:
        """Product → what the order's stock changes by; what is sold no more has none."""
        return {
            line.article.product_id: line.quantity - line.before
            for line in self.changed
            if line.article.product_id
        }

    @property
    def mark(self) -> str:
        """The same for the same wishes on the same order."""
        return _digest([self.stands_on, frozen(self)])


def standing_of(order: Order, lines: Iterable[OrderLine]) -> str:
    """What an amendment is agreed on: another one, a missing article settled meanwhile, change it."""
    rows = [
        (line.pk, line.quantity, line.total, line.dropped, line.picked, line.replaces_id) for line in lines
    ]
    return _digest([sorted(rows), order.slot_id, order.total])


def _digest(what: object) -> str:
    return sha256(dumps(what, cls=DjangoJSONEncoder, sort_keys=True).encode()).hexdigest()


# --- frozen until it is paid ------------------------------------------------------------------------


def frozen(proposal: Proposal) -> dict[str, Any]:
    """The proposal as `Amendment.proposal` keeps it."""
    totals = proposal.totals
    return {
        "lines": [asdict(line) for line in proposal.lines],
        "totals": {
            "goods_total": totals.goods_total,
            "deposit_total": totals.deposit_total,
            "delivery_fee": totals.delivery_fee,
            "discount_total": totals.discount_total,
            "delivery_label": totals.delivery_label,
            "line_vat": list(totals.line_vat),
            "voucher": asdict(totals.voucher),
            "voucher_label": totals.voucher_label,
            "voucher_shares": list(totals.voucher_shares),
            "vat": [[rate, gross, vat] for rate, (gross, vat) in totals.vat.items()],
            "promotions": [[pk, amount] for pk, amount in totals.promotions.items()],
        },
        "slot_id": proposal.slot.pk,
        "address": dict(proposal.address),
        "is_slot_new": proposal.is_slot_new,
        "is_address_new": proposal.is_address_new,
        "basket_key": proposal.basket_key,
        "taken": [[pk, quantity] for pk, quantity in proposal.taken.items()],
    }


def thawed(kept: Mapping[str, Any], *, slot: Slot, stands_on: str) -> Proposal:
    """What `frozen` wrote, read back from the database."""
    totals = kept["totals"]
    return Proposal(
        lines=[_line(one) for one in kept["lines"]],
        totals=Figures(
            goods_total=Decimal(totals["goods_total"]),
            deposit_total=Decimal(totals["deposit_total"]),
            delivery_fee=Decimal(totals["delivery_fee"]),
            vat={Decimal(rate): (Decimal(gross), Decimal(vat)) for rate, gross, vat in totals["vat"]},
            line_vat=tuple(map(Decimal, totals["line_vat"])),
            discount_total=Decimal(totals["discount_total"]),
            delivery_label=totals["delivery_label"],
            promotions={pk: Decimal(amount) for pk, amount in totals["promotions"]},
            voucher=voucher_rules.Discount(
                on_goods=Decimal(totals["voucher"]["on_goods"]),
                on_delivery=Decimal(totals["voucher"]["on_delivery"]),
                is_cut=totals["voucher"]["is_cut"],
            ),
            voucher_label=totals["voucher_label"],
            voucher_shares=tuple(map(Decimal, totals["voucher_shares"])),
        ),
        slot=slot,
        address=kept["address"],
        is_slot_new=kept["is_slot_new"],
        is_address_new=kept["is_address_new"],
        stands_on=stands_on,
        basket_key=UUID(kept["basket_key"]) if kept["basket_key"] else None,
        taken=dict(kept["taken"]),
    )


_SUMS = ("unit_price", "vat_rate", "deposit", "discount")


def _line(kept: Mapping[str, Any]) -> AmendedLine:
    article = dict(kept["article"])
    priced = article.pop("priced")
    priced |= {name: Decimal(priced[name]) for name in _SUMS}
    article |= {"labels": tuple(article["labels"]), "price_kept": Decimal(article["price_kept"])}
    if article.get("voucher_room") is not None:
        article["voucher_room"] = Decimal(article["voucher_room"])
    return AmendedLine(kept["line_id"], kept["before"], Article(priced=PricedLine(**priced), **article))
