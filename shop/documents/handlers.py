"""What documents do when money moves. Each may run twice, late and out of order."""

from config.facts import handler
from shop.documents import services
from shop.payments.events import PaymentCaptured, PaymentRefunded


@handler(PaymentCaptured, key="documents.issue_invoice")
def issue_invoice(captured: PaymentCaptured) -> None:
    services.issue_invoice(order_reference=captured.order_reference)


@handler(PaymentRefunded, key="documents.credit_refund")
def credit_refund(refunded: PaymentRefunded) -> None:
    services.credit_refund(order_reference=refunded.order_reference, operation_key=refunded.operation_key)
