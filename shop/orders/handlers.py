"""What orders do when money moves, or a shelf came short. Each may run twice, late and out of order.

Only the order's own payment decides about the order; that of an amendment decides about the amendment.
"""

from datetime import UTC, datetime

from config.facts import handler, publish
from delivery.promise.events import CompensationGranted
from delivery.rounds import services as rounds
from delivery.tracking.events import (
    DelayForeseen,
    DeliveryArrived,
    DeliveryFailed,
    DeliveryMade,
    IncidentAnnounced,
    RoundLeft,
)
from loyalty.rewards.events import PresentDue
from shop.orders import services
from shop.orders.delays import expected_after
from shop.orders.events import (
    LineShort,
    OrderAmended,
    OrderCancelled,
    OrderDelivered,
    OrderPacked,
    OrderPlaced,
    OrderRefundAsked,
    OrderReturned,
    ShelfShort,
)
from shop.orders.models import Delay, OrderEvent
from shop.payments import services as payments
from shop.payments.events import (
    PaymentActionNeeded,
    PaymentCaptured,
    PaymentCaptureFailed,
    PaymentLapsed,
    PaymentRefunded,
    PaymentRefundRefused,
    PaymentRefused,
    PaymentReleased,
    PaymentSecured,
)
from shop.payments.queries import payment_state


@handler(PaymentSecured, key="orders.place_when_paid", lane="checkout")
def place_when_paid(secured: PaymentSecured) -> None:
    """Old news when the payment has ended since: what is secured now decides, not what was once."""
    if amendment := services.amendment_id_of(secured.occasion):
        services.settle_paid(amendment_id=amendment)
        return
    if secured.occasion or payment_state(secured.order_reference) not in {"secured", "card_saved"}:
        return
    try:
        services.place_order(reference=secured.order_reference)
    except services.TooLateToPlace:
        services.give_up_late(reference=secured.order_reference)
        return
    except services.MoveRefused:
        # Paid after it was given up: the customer keeps their money and is told.
        payments.void_late_success(order_reference=secured.order_reference)
        return
    services.note_payment_made(reference=secured.order_reference)


@handler(PaymentRefused, key="orders.note_refusal", lane="checkout")
def note_refusal(refused: PaymentRefused) -> None:
    if not refused.occasion:
        services.note_refusal(reference=refused.order_reference)


@handler(PaymentActionNeeded, key="orders.ask_for_payment", lane="checkout")
def ask_for_payment(needed: PaymentActionNeeded) -> None:
    if not needed.occasion:
        services.ask_for_payment(reference=needed.order_reference)


@handler(PaymentLapsed, key="orders.note_lapse", lane="checkout")
def note_lapse(lapsed: PaymentLapsed) -> None:
    """Nothing is secured any more: a placed order asks for a payment anew, a waiting one simply expires."""
    if amendment := services.amendment_id_of(lapsed.occasion):
        services.settle_lapsed(amendment_id=amendment)
    if not lapsed.occasion and payment_state(lapsed.order_reference) == "lapsed":
        services.ask_for_payment(reference=lapsed.order_reference)


@handler(PaymentCaptured, key="orders.note_paid", lane="checkout")
def note_paid(captured: PaymentCaptured) -> None:
    services.note_paid(reference=captured.order_reference)
    services.settle_returned(reference=captured.order_reference)


@handler(PaymentCaptureFailed, key="orders.charge_again", lane="checkout")
def charge_again(failed: PaymentCaptureFailed) -> None:
    """Its authorisation had ended: what it lacks is taken from those that stand."""
    services.charge(reference=failed.order_reference)


@handler(OrderPacked, key="orders.tell_it_waits")
def tell_it_waits(packed: OrderPacked) -> None:
    """Whoever fetches it may come; nothing for a delivery, nor after the morning's reminder."""
    services.remind(reference=packed.order_reference)


@handler(PaymentCaptured, key="orders.spend_voucher", lane="checkout")
def spend_voucher(captured: PaymentCaptured) -> None:
    services.spend_voucher(reference=captured.order_reference)


@handler(PaymentCaptured, key="orders.count_points_paid")
def count_points_paid(captured: PaymentCaptured) -> None:
    services.count_points(reference=captured.order_reference)


@handler(OrderDelivered, key="orders.count_points_delivered")
def count_points_delivered(delivered: OrderDelivered) -> None:
    services.count_points(reference=delivered.order_reference)


@handler(OrderRefundAsked, key="orders.count_points_refunded")
def count_points_refunded(asked: OrderRefundAsked) -> None:
    services.count_points(reference=asked.order_reference)


@handler(PaymentRefundRefused, key="orders.count_points_kept")
def count_points_kept(refused: PaymentRefundRefused) -> None:
    """What the provider did not give back still counts."""
    services.count_points(reference=refused.order_reference)


@handler(OrderPlaced, key="orders.tell_milestones_placed")
def tell_milestones_placed(placed: OrderPlaced) -> None:
    services.tell_milestones(reference=placed.order_reference)


@handler(OrderDelivered, key="orders.tell_milestones_delivered")
def tell_milestones_delivered(delivered: OrderDelivered) -> None:
    services.tell_milestones(reference=delivered.order_reference)


@handler(PaymentCaptured, key="orders.tell_milestones_paid")
def tell_milestones_paid(captured: PaymentCaptured) -> None:
    """What a year's spending has reached is known once it is taken."""
    services.tell_milestones(reference=captured.order_reference)


@handler(OrderCancelled, key="orders.tell_milestones_cancelled")
def tell_milestones_cancelled(cancelled: OrderCancelled) -> None:
    services.tell_milestones(reference=cancelled.order_reference)


@handler(OrderReturned, key="orders.tell_milestones_returned")
def tell_milestones_returned(returned: OrderReturned) -> None:
    services.tell_milestones(reference=returned.order_reference)


@handler(PresentDue, key="orders.take_along")
def take_along(due: PresentDue) -> None:
    services.take_along(customer_id=due.customer_id)


@handler(OrderPlaced, key="orders.tell_referral_placed")
def tell_referral_placed(placed: OrderPlaced) -> None:
    services.tell_referral(reference=placed.order_reference)


@handler(OrderDelivered, key="orders.tell_referral_delivered")
def tell_referral_delivered(delivered: OrderDelivered) -> None:
    services.tell_referral(reference=delivered.order_reference)


@handler(PaymentCaptured, key="orders.tell_referral_paid")
def tell_referral_paid(captured: PaymentCaptured) -> None:
    """Delivered before its money was taken, an order is rewarded now."""
    services.tell_referral(reference=captured.order_reference)


@handler(OrderCancelled, key="orders.tell_referral_cancelled")
def tell_referral_cancelled(cancelled: OrderCancelled) -> None:
    services.tell_referral(reference=cancelled.order_reference)


@handler(OrderReturned, key="orders.tell_referral_returned")
def tell_referral_returned(returned: OrderReturned) -> None:
    services.tell_referral(reference=returned.order_reference)


@handler(PaymentReleased, key="orders.note_release", lane="checkout")
def note_release(released: PaymentReleased) -> None:
    if not released.occasion:
        services.note_release(reference=released.order_reference)


@handler(PaymentRefunded, key="orders.note_refund_made", lane="checkout")
def note_refund_made(refunded: PaymentRefunded) -> None:
    services.note_refund_made(reference=refunded.order_reference, operation_key=refunded.operation_key)


@handler(ShelfShort, key="orders.tell_lines_apart")
def tell_lines_apart(came: ShelfShort) -> None:
    """A reaction is one transaction: lines that are settled together would hold each other's shelves."""
    for line_id in came.line_ids:
        publish(LineShort(line_id))


@handler(LineShort, key="orders.settle_short")
def settle_short(came: LineShort) -> None:
    services.settle_short(line_id=came.line_id)


@handler(OrderPlaced, key="orders.tell_rounds_placed")
def tell_rounds_placed(placed: OrderPlaced) -> None:
    services.tell_rounds(reference=placed.order_reference)


@handler(OrderAmended, key="orders.tell_rounds_amended")
def tell_rounds_amended(amended: OrderAmended) -> None:
    services.tell_rounds(reference=amended.order_reference)


@handler(OrderPacked, key="orders.tell_rounds_packed")
def tell_rounds_packed(packed: OrderPacked) -> None:
    services.tell_rounds(reference=packed.order_reference)


@handler(OrderCancelled, key="orders.tell_rounds_cancelled")
def tell_rounds_cancelled(cancelled: OrderCancelled) -> None:
    """Told before it was placed there is nothing to cancel, and a cancelled order is not told any more."""
    rounds.cancel_drop(order_reference=cancelled.order_reference)


@handler(RoundLeft, key="orders.note_left")
def note_left(left: RoundLeft) -> None:
    services.note_on_the_road(references=left.order_references, kind=OrderEvent.Kind.LEFT_DEPOT)


@handler(DeliveryArrived, key="orders.note_arrived")
def note_arrived(arrived: DeliveryArrived) -> None:
    services.note_on_the_road(references=[arrived.order_reference], kind=OrderEvent.Kind.AT_THE_DOOR)


@handler(DeliveryMade, key="orders.note_delivered")
def note_delivered(made: DeliveryMade) -> None:
    services.note_delivered(
        reference=made.order_reference,
        at=datetime.fromtimestamp(made.done_epoch, tz=UTC),
        refused=made.refused,
        deposits_back=made.deposits_back,
    )


@handler(DeliveryFailed, key="orders.note_missed")
def note_missed(failed: DeliveryFailed) -> None:
    """Whoever refused everything has said what they want to somebody's face; staff call them."""
    services.note_missed(reference=failed.order_reference)
    if failed.why == "absent":
        services.tell_delay(reference=failed.order_reference, cause=Delay.Cause.MISSED, expected_at=None)


@handler(DelayForeseen, key="orders.tell_delay", lane="checkout")
def tell_delay(foreseen: DelayForeseen) -> None:
    """In the quick lane: an hour later nobody needs it."""
    expected = foreseen.expected_epoch
    services.tell_delay(
        reference=foreseen.order_reference,
        cause=Delay.Cause.FORECAST,
        expected_at=datetime.fromtimestamp(expected, tz=UTC) if expected else None,
    )


@handler(IncidentAnnounced, key="orders.tell_incident", lane="checkout")
def tell_incident(announced: IncidentAnnounced) -> None:
    services.tell_delay(
        reference=announced.order_reference,
        cause=Delay.Cause.INCIDENT,
        expected_at=expected_after(announced.order_reference, announced.delay_minutes),
    )


@handler(CompensationGranted, key="orders.make_good", lane="checkout")
def make_good(granted: CompensationGranted) -> None:
    """Where its money was not taken yet, the task goes on (`tasks.make_good_due`)."""
    services.make_good(compensation_id=granted.compensation_id)
