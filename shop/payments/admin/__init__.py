"""Payments as staff see them: everything to read; a refund to ask for, an answer to ask again."""

from shop.payments.admin.accounts import PaymentAccountAdmin
from shop.payments.admin.ledger import PaymentEntryAdmin, ProviderEventAdmin
from shop.payments.admin.operations import PaymentOperationAdmin

__all__ = ["PaymentAccountAdmin", "PaymentEntryAdmin", "PaymentOperationAdmin", "ProviderEventAdmin"]
