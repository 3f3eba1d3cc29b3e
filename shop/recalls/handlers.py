"""What recalls do when money has gone back. May run twice, late and out of order."""

from config.facts import handler
from shop.payments.events import PaymentRefunded
from shop.recalls import services
from shop.recalls.rules import recall_of_occasion


@handler(PaymentRefunded, key="recalls.note_refunded")
def note_refunded(refunded: PaymentRefunded) -> None:
    recall_id = recall_of_occasion(refunded.occasion)
    if recall_id is not None:
        services.note_refunded(recall_id=recall_id, order_reference=refunded.order_reference)
