"""Why a document is not made."""


class DocumentRefused(Exception):
    """Nothing was issued, no number was used."""


class OrderNotBilled(DocumentRefused):
    """The order is unknown, or its crates are still open: nobody has said what is charged."""


class NothingCaptured(DocumentRefused):
    """No money was taken for the order: the capture was refused, or its answer is awaited."""


class BillDoesNotAddUp(DocumentRefused):
    """The lines do not come to what the bill charges, as a whole or at some VAT rate."""


class SellerUnknown(DocumentRefused):
    """Settings SELLER_* are blank; they are named."""


class CreditRefused(DocumentRefused):
    """More would be credited than was invoiced, as a whole or at some VAT rate; or the sum is not what went back."""
