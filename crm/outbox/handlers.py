"""Facts that become letters."""

from typing import Any

from config.facts import handler
from crm.outbox import services
from crm.outbox.queries import coverage_letter, offer_letter, order_status, restock_letter
from delivery.promise.events import CompensationGranted
from delivery.slots.events import SlotOffered
from delivery.zones.events import CoverageOpened
from loyalty.milestones.events import GiftAnnounced
from loyalty.milestones.letters import gift_letter
from loyalty.points.events import PointsExpiring
from loyalty.points.letters import expiring_letter
from loyalty.referrals.events import ReferralRewarded
from loyalty.referrals.letters import rewarded_letter
from shop.claims.events import CallbackDue, ClaimAnswered, RobbedOrderRepaired
from shop.claims.queries import answer_letter, repair_letter
from shop.orders.compensations import compensation_letter
from shop.orders.events import (
    AmendmentDropped,
    DelayAnswered,
    DelayTold,
    OrderAmended,
    OrderCancelled,
    OrderDelivered,
    OrderPacked,
    OrderPaymentNeeded,
    OrderPlaced,
    OrderReturned,
    PickupDue,
    ShortageAnswered,
    ShortageTold,
    WithdrawalClosed,
    WithdrawalDeclared,
)
from shop.orders.queries import (
    amendment_context,
    delay_letter,
    kept_letter,
    letter_context,
    question_letter,
    receipt_letter,
)
from shop.orders.refunds import refund_letter
from shop.orders.withdrawals import withdrawal_letter
from shop.payments.events import LatePaymentVoided, PaymentRefunded
from shop.payments.rules import euros
from shop.recalls.events import BuyerConcerned
from shop.recalls.queries import letter_about as recall_letter
from shop.reviews.events import ReviewAnswered, ReviewRefused
from shop.reviews.queries import letter_about
from shop.stock.events import ProductRestocked
from shop.stock.services import claim_restocked


def _about_order(letter: str, order_reference: str, *, occasion: str = "", **details: Any) -> None:
    """Queue a letter about an order, once for the occasion; without one, once for the order."""
    _queue_to(letter, occasion or order_reference, letter_context(order_reference) | details)


def _queue_to(letter: str, occasion: str, context: dict[str, Any] | None) -> None:
    """Queue a letter to whoever its context names, once for the occasion; nothing to somebody who cannot be written to."""
    if context:
        services.queue_message(
            purpose=letter,
            occasion=occasion,
            recipient=context["recipient"],
            customer_id=context["customer_id"],
            template=letter,
            context=context,
        )


@handler(OrderPlaced, key="outbox.order_confirmation", lane="checkout")
def confirm_order(placed: OrderPlaced) -> None:
    _about_order("order_confirmation", placed.order_reference)


@handler(OrderCancelled, key="outbox.order_cancelled", lane="checkout")
def tell_order_cancelled(cancelled: OrderCancelled) -> None:
    _about_order("order_cancelled", cancelled.order_reference)


@handler(OrderAmended, key="outbox.order_amended", lane="checkout")
def tell_order_amended(amended: OrderAmended) -> None:
    _about_amendment("order_amended", amended.order_reference, amended.amendment_id)


@handler(AmendmentDropped, key="outbox.amendment_refused", lane="checkout")
def tell_amendment_refused(dropped: AmendmentDropped) -> None:
    _about_amendment("amendment_refused", dropped.order_reference, dropped.amendment_id)


def _about_amendment(letter: str, order_reference: str, amendment_id: int) -> None:
    occasion = f"{order_reference} {amendment_id}"
    _about_order(letter, order_reference, occasion=occasion, **amendment_context(amendment_id))


@handler(PickupDue, key="outbox.pickup_reminder")
def remind_of_pickup(due: PickupDue) -> None:
    _about_order("pickup_reminder", due.order_reference)


@handler(OrderPacked, key="outbox.order_packed", lane="checkout")
def tell_order_packed(packed: OrderPacked) -> None:
    """Written by what was packed, which changes no more: late it says the same."""
    context = receipt_letter(packed.order_reference)
    _queue_to("order_packed", packed.order_reference, context)


@handler(ShortageTold, key="outbox.shortage_told", lane="checkout")
def tell_shortage(told: ShortageTold) -> None:
    """Nothing to choose any more, nothing to ask: what was done is then told by itself."""
    context = question_letter(told.question_id)
    if not context["answer"] and context["stands"]:
        _queue_to("shortage_told", f"{told.order_reference} {told.question_id}", context)


@handler(ShortageAnswered, key="outbox.shortage_settled", lane="checkout")
def tell_shortage_settled(answered: ShortageAnswered) -> None:
    """Whoever chose on the page has read it there; an order that is cancelled has its own letter."""
    context = question_letter(answered.question_id)
    if context["answered_by"] != "customer" and context["stands"]:
        _queue_to("shortage_settled", f"{answered.order_reference} {answered.question_id}", context)


@handler(DelayTold, key="outbox.delay_told", lane="checkout")
def tell_delay(told: DelayTold) -> None:
    """Once for each cause. Nothing to wait for any more, nothing to say: it came quicker than its letter."""
    context = delay_letter(told.delay_id)
    if context["answer"] or not context["is_still_to_come"]:
        return
    letter = "delivery_missed" if told.cause == "missed" else "delay_told"
    _queue_to(letter, f"{told.order_reference} {told.delay_id} {told.cause}", context)


@handler(DelayAnswered, key="outbox.delay_settled", lane="checkout")
def tell_delay_settled(answered: DelayAnswered) -> None:
    """Another slot or a point, with its code, must be found again; whoever waits or gives up knows it, or has a letter."""
    context = delay_letter(answered.delay_id)
    if context["answer"] in {"slot", "pickup"} and context["is_still_to_come"]:
        _queue_to("delay_settled", f"{answered.order_reference} {answered.delay_id}", context)


@handler(OrderDelivered, key="outbox.order_delivered")
def tell_order_delivered(delivered: OrderDelivered) -> None:
    """A receipt: what was promised, what was kept. None where nothing was promised, as of orders of before."""
    context = kept_letter(delivered.order_reference)
    if context:
        _queue_to("order_delivered", delivered.order_reference, context)


@handler(OrderReturned, key="outbox.order_returned", lane="checkout")
def tell_order_returned(returned: OrderReturned) -> None:
    _about_order("order_returned", returned.order_reference)


@handler(OrderPaymentNeeded, key="outbox.payment_needed", lane="checkout", takes_id=True)
def ask_for_payment(needed: OrderPaymentNeeded, fact_id: int) -> None:
    """A card may be refused, replaced, and the next one lapse: each time its customer is told."""
    _about_order("payment_needed", needed.order_reference, occasion=f"{needed.order_reference} {fact_id}")


@handler(LatePaymentVoided, key="outbox.payment_voided", lane="checkout")
def tell_payment_voided(voided: LatePaymentVoided) -> None:
    """What the letter says follows what became of the order, and whether money or only a card was kept."""
    _about_order(
        "payment_voided",
        voided.order_reference,
        occasion=voided.operation_key,
        became=order_status(voided.order_reference),
        amount=euros(voided.amount_cents),
    )


@handler(PaymentRefunded, key="outbox.refund_made", lane="checkout")
def tell_refund_made(refunded: PaymentRefunded) -> None:
    """Once for the occasion, when the last part of it has gone."""
    refund = refund_letter(refunded.operation_key, refunded.order_reference)
    if refund:
        _about_order("refund_made", refunded.order_reference, **refund)


@handler(CompensationGranted, key="outbox.compensation_granted", lane="checkout")
def tell_compensation(granted: CompensationGranted) -> None:
    """Unasked, and once: what happened, and what we do about it."""
    context = compensation_letter(granted.compensation_id)
    if context:
        occasion = f"{granted.order_reference} {granted.compensation_id}"
        _queue_to("compensation_granted", occasion, context)


@handler(ClaimAnswered, key="outbox.claim_answered", lane="checkout")
def tell_claim_answered(answered: ClaimAnswered) -> None:
    _tell_claim(answered.order_reference, answered.claim_id)


@handler(CallbackDue, key="outbox.callback_promised", lane="checkout")
def tell_callback(due: CallbackDue) -> None:
    """By when somebody calls, unless they have already."""
    _tell_claim(due.order_reference, due.claim_id)


def _tell_claim(order_reference: str, claim_id: int) -> None:
    """As things stand now: a call that was made before the letter left is not announced any more."""
    context = answer_letter(claim_id)
    if context:
        occasion = f"{order_reference} {claim_id} {context['state']}"
        _queue_to("claim_answered", occasion, context)


@handler(RobbedOrderRepaired, key="outbox.robbed_order_repaired", lane="checkout")
def tell_robbed_order_repaired(repaired: RobbedOrderRepaired) -> None:
    """Unasked, and nothing of the household that told us."""
    occasion = f"{repaired.order_reference} {repaired.claim_id}"
    _queue_to("robbed_order_repaired", occasion, repair_letter(repaired.claim_id))


@handler(WithdrawalDeclared, key="outbox.withdrawal_acknowledged", lane="checkout")
def acknowledge_withdrawal(declared: WithdrawalDeclared) -> None:
    """What was declared, with its date and hour, at the address its customer gave (C. conso. L221-21, D221-5)."""
    _about_withdrawal("withdrawal_acknowledged", declared.withdrawal_id)


@handler(WithdrawalClosed, key="outbox.withdrawal_closed", lane="checkout")
def tell_withdrawal_closed(closed: WithdrawalClosed) -> None:
    """At the address of the acknowledgement."""
    _about_withdrawal("withdrawal_closed", closed.withdrawal_id)


def _about_withdrawal(template: str, withdrawal_id: int) -> None:
    _queue_to(template, str(withdrawal_id), withdrawal_letter(withdrawal_id))


@handler(CoverageOpened, key="outbox.coverage_opened")
def tell_coverage_opened(opened: CoverageOpened) -> None:
    letter = coverage_letter(opened.request_id)
    if letter is None:
        return
    services.queue_message(
        purpose="coverage_opened",
        occasion=letter["occasion"],
        recipient=letter["recipient"],
        template="coverage_opened",
        context={"postcode": letter["postcode"]},
    )


@handler(ProductRestocked, key="outbox.product_restocked")
def tell_product_restocked(back: ProductRestocked) -> None:
    """The claim takes each person's request away in the transaction that queues their letter: once, or not at all."""
    waiting = claim_restocked(product_id=back.product_id, depot_id=back.depot_id)
    if not waiting:
        return
    context = restock_letter(back.product_id)
    for alert_id, email, customer_id in waiting:
        services.queue_message(
            purpose="product_restocked",
            occasion=str(alert_id),
            recipient=email,
            customer_id=customer_id,
            template="product_restocked",
            context=context,
        )


@handler(SlotOffered, key="outbox.slot_offered", lane="checkout")
def tell_slot_offered(offered: SlotOffered) -> None:
    """Past its end an offer is no news: the letter that has not left by then never does."""
    letter = offer_letter(offered.entry_id)
    if letter is None:
        return
    services.queue_message(
        purpose="slot_offered",
        occasion=str(offered.entry_id),
        recipient=letter["recipient"],
        customer_id=letter["customer_id"],
        template="slot_offered",
        context=letter,
        expires_at=letter["offered_until"],
    )


@handler(BuyerConcerned, key="outbox.product_recalled")
def tell_product_recalled(concerned: BuyerConcerned) -> None:
    """A matter of health, no marketing: sent whatever was consented to, guests included."""
    occasion = f"{concerned.recall_id} {concerned.order_reference}"
    _queue_to("product_recalled", occasion, recall_letter(concerned.recall_id, concerned.order_reference))


@handler(ReviewRefused, key="outbox.review_refused")
def tell_review_refused(refused: ReviewRefused) -> None:
    """Its author must know why (C. conso. L111-7-2, D111-19)."""
    _about_review("review_refused", refused.kind, refused.review_id)


@handler(ReviewAnswered, key="outbox.review_answered")
def tell_review_answered(answered: ReviewAnswered) -> None:
    _about_review("review_answered", answered.kind, answered.review_id)


def _about_review(letter: str, kind: str, review_id: int) -> None:
    """To a review's author, once for the review."""
    _queue_to(letter, f"{kind} {review_id}", letter_about(kind, review_id))


@handler(PointsExpiring, key="outbox.points_expiring", takes_id=True)
def tell_points_expiring(told: PointsExpiring, fact_id: int) -> None:
    """Once for the fact: no point is told of twice, and two of one day are two facts."""
    _queue_to("points_expiring", str(fact_id), expiring_letter(told))


@handler(GiftAnnounced, key="outbox.gift_announced")
def tell_gift_announced(told: GiftAnnounced) -> None:
    """Once for the gift; none where it was given or called off meanwhile."""
    _queue_to("gift_announced", str(told.due_id), gift_letter(told.due_id))


@handler(ReferralRewarded, key="outbox.referral_rewarded")
def tell_referral_rewarded(told: ReferralRewarded) -> None:
    """Once for each friend, who is not named."""
    _queue_to("referral_rewarded", str(told.referral_id), rewarded_letter(told))
