"""Who receives what is ordered by telephone: checkout's own form, without what only its customer may say."""

from collections.abc import Mapping
from typing import Any

from crm.desk.queries.phone_orders import OnThePhone, known_recipient
from shop.checkout.forms import RecipientForm
from shop.checkout.models import CheckoutDraft


class PhoneRecipientForm(RecipientForm):
    """The e-mail is the customer's, and nothing else is taken for one."""

    @classmethod
    def of(cls, call: OnThePhone, typed: Mapping[str, Any] | None = None) -> "PhoneRecipientForm":
        customer = call.phone_order.customer
        draft = call.draft or CheckoutDraft(basket=call.basket, **known_recipient(customer))
        form = cls(typed, instance=draft, fixed_email=customer.email)
        for field in form.fields.values():
            # Another person's address is not the agent's browser's to remember.
            field.widget.attrs |= {"autocomplete": "off", "class": FIELD}
        return form


FIELD = "border border-base-200 rounded-default px-3 py-2 w-full dark:border-base-700 dark:bg-base-900"
