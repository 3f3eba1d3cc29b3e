"""What the last step says of vouchers: the one chosen, what it takes off, the others to choose from."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from config.templatetags.cabas import euros
from loyalty.vouchers.models import Voucher
from loyalty.vouchers.queries import usable_vouchers
from loyalty.vouchers.wording import conditions_of, refusal_said
from shop.checkout.services import Recap
from shop.customers.models import Customer
from shop.customers.queries import customer_ids

# What is said beside the field, once, of the voucher just sent.
SESSION_VOUCHER_SAID = "checkout_voucher_said"


def voucher_panel(
    recap: Recap, chosen: Voucher | None, customer: Customer | None, said: dict[str, Any] | None
) -> dict[str, Any]:
    """For checkout/_voucher.html. Two queries for a customer, none for a guest."""
    owned = (
        usable_vouchers(customer_ids(customer), now=timezone.now(), own_order=recap.hold.order_reference)
        if customer
        else []
    )
    used = recap.voucher
    return {
        "chosen": chosen,
        "label": chosen.label if chosen else "",
        "refused": refusal_said(recap.voucher_refused) if recap.voucher_refused else "",
        "discount": recap.totals.voucher_discount,
        "note": _note(recap) if used else "",
        "said": said,
        "owned": [
            {"pk": one.pk, "label": one.label, "conditions": ", ".join(conditions_of(one))}
            for one in owned
            if chosen is None or one.pk != chosen.pk
        ],
    }


def _note(recap: Recap) -> str:
    """What else is to be known before a voucher is spent."""
    told = []
    if any(not article.takes_voucher for article in recap.articles) and recap.totals.voucher.on_goods:
        told.append(_("Il ne réduit ni l’alcool ni le lait premier âge : la loi ne le permet pas."))
    if recap.totals.voucher.is_cut:
        told.append(
            _("Il n’enlève ici que %(amount)s, et ne sert qu’une fois : le reste n’est pas reporté.")
            % {"amount": euros(recap.totals.voucher_discount)}
        )
    return " ".join(told)
