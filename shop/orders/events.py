from dataclasses import dataclass

from config.facts import fact


@fact("orders.OrderPlaced")
@dataclass(frozen=True, slots=True)
class OrderPlaced:
    """An order is firm: its slot, stock and payment are secured."""

    order_reference: str
    customer_id: int
    rank: int
    total_cents: int


@fact("orders.OrderPaymentNeeded")
@dataclass(frozen=True, slots=True)
class OrderPaymentNeeded:
    """The saved card of a placed order was refused: its customer must pay again before the cut-off."""

    order_reference: str
    customer_id: int


@fact("orders.OrderPacked")
@dataclass(frozen=True, slots=True)
class OrderPacked:
    """An order's crates are closed, its bill is made."""

    order_reference: str
    customer_id: int


@fact("orders.ShelfShort")
@dataclass(frozen=True, slots=True)
class ShelfShort:
    """A picker found too little of an article for some lines, or put right what was said of them."""

    line_ids: tuple[int, ...]


@fact("orders.LineShort")
@dataclass(frozen=True, slots=True)
class LineShort:
    """One of those lines, told by itself: what its customer chose is done in a transaction of its own."""

    line_id: int


@fact("orders.ShortageTold")
@dataclass(frozen=True, slots=True)
class ShortageTold:
    """An article of an order will be missing, and its customer may choose what happens."""

    order_reference: str
    customer_id: int
    question_id: int


@fact("orders.ShortageAnswered")
@dataclass(frozen=True, slots=True)
class ShortageAnswered:
    """What happens in place of a missing article is settled, by its customer or for want of an answer."""

    order_reference: str
    customer_id: int
    question_id: int


@fact("orders.OrderCancelled")
@dataclass(frozen=True, slots=True)
class OrderCancelled:
    """A placed order was cancelled before its cut-off; slot and stock are given back."""

    order_reference: str
    customer_id: int


@fact("orders.DelayTold")
@dataclass(frozen=True, slots=True)
class DelayTold:
    """An order will come late, or came to a closed door, and its customer may choose. ``cause`` as `Delay.Cause`."""

    order_reference: str
    customer_id: int
    delay_id: int
    cause: str


@fact("orders.DelayAnswered")
@dataclass(frozen=True, slots=True)
class DelayAnswered:
    """What happens to a late order is settled, by its customer or by staff for them."""

    order_reference: str
    customer_id: int
    delay_id: int


@fact("orders.OrderDelivered")
@dataclass(frozen=True, slots=True)
class OrderDelivered:
    """Its customer has it."""

    order_reference: str
    customer_id: int


@fact("orders.OrderReturned")
@dataclass(frozen=True, slots=True)
class OrderReturned:
    """A closed order was handed to nobody and is given back in full."""

    order_reference: str
    customer_id: int


@fact("orders.PickupDue")
@dataclass(frozen=True, slots=True)
class PickupDue:
    """An order is to be fetched at its pickup point today, or waits there now."""

    order_reference: str
    customer_id: int


@fact("orders.OrderRefundAsked")
@dataclass(frozen=True, slots=True)
class OrderRefundAsked:
    """Money of a packed order goes back; payments tell under the same occasion when it has gone."""

    order_reference: str
    customer_id: int
    occasion: str
    amount_cents: int


@fact("orders.WithdrawalDeclared")
@dataclass(frozen=True, slots=True)
class WithdrawalDeclared:
    """A customer withdraws from the sale of some articles of an order."""

    order_reference: str
    customer_id: int
    withdrawal_id: int


@fact("orders.WithdrawalClosed")
@dataclass(frozen=True, slots=True)
class WithdrawalClosed:
    """A declaration ends without its goods: its customer keeps them."""

    order_reference: str
    customer_id: int
    withdrawal_id: int


@fact("orders.OrderAmended")
@dataclass(frozen=True, slots=True)
class OrderAmended:
    """A placed order was changed before its cut-off, its payment included."""

    order_reference: str
    customer_id: int
    amendment_id: int
    total_cents: int


@fact("orders.AmendmentDropped")
@dataclass(frozen=True, slots=True)
class AmendmentDropped:
    """A change of an order was not made, and not because its customer gave it up: the order stands as it was."""

    order_reference: str
    customer_id: int
    amendment_id: int
