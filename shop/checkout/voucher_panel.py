"""What the last step says of vouchers: the one chosen, what it takes off, the others to choose from."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from config.templatetags.cabas import euros
from loyalty.vouchers.models import Voucher
from loyalty.vouchers.ports import names_of_each
from loyalty.vouchers.queries import usable_vouchers
from loyalty.vouchers.rules import Scope
from loyalty.vouchers.wording import conditions_of, listed, refusal_said
from shop.checkout.services import Recap
from shop.customers.models import Customer
from shop.customers.queries import customer_ids
from shop.orders.rules import in_scope

# What is said beside the field, once, of the voucher just sent.
SESSION_VOUCHER_SAID = "checkout_voucher_said"


def voucher_panel(
    recap: Recap, chosen: Voucher | None, customer: Customer | None, said: dict[str, Any] | None
) -> dict[str, Any]:
    """For checkout/_voucher.html. Two queries for a customer, none for a guest; three more where one is for named
    articles.
    """
    owned = (
        list(
            usable_vouchers(customer_ids(customer), now=timezone.now(), own_order=recap.hold.order_reference)
        )
        if customer
        else []
    )
    shown = [one for one in owned if chosen is None or one.pk != chosen.pk]
    of_chosen, *of_shown = names_of_each([chosen.scope if chosen else Scope(), *(one.scope for one in shown)])
    return {
        "chosen": chosen,
        "label": chosen.label if chosen else "",
        "refused": refusal_said(recap.voucher_refused) if recap.voucher_refused else "",
        "discount": recap.totals.voucher_discount,
        "note": _note(recap, of_chosen) if recap.voucher else "",
        "said": said,
        "owned": [
            {"pk": one.pk, "label": one.label, "conditions": ", ".join(conditions_of(one, names))}
            for one, names in zip(shown, of_shown, strict=True)
        ],
    }


def _note(recap: Recap, names: list[str]) -> str:
    """What else is to be known before a voucher is spent."""
    told = []
    taken = recap.totals.voucher
    if names:
        said = _("Il compte sur %(amount)s d’articles\u202f: %(names)s.")
        told.append(said % {"amount": euros(recap.voucher_counts_on), "names": listed(names)})
    if any(not article.takes_voucher for article in recap.articles) and taken.on_goods:
        told.append(_("Il ne réduit ni l’alcool ni le lait premier âge : la loi ne le permet pas."))
    if names and (taken.is_cut or _is_full(recap)):
        told.append(
            _(
                "Sur un même article, la loi limite la somme des réductions (34\u202f% pour l’alimentaire, 40\u202f% "
                "sinon) et interdit de vendre à perte\u202f: là où une promotion s’applique déjà, il s’arrête là."
            )
        )
    if taken.is_cut:
        told.append(
            _("Il n’enlève ici que %(amount)s, et ne sert qu’une fois : le reste n’est pas reporté.")
            % {"amount": euros(recap.totals.voucher_discount)}
        )
    return " ".join(told)


def _is_full(recap: Recap) -> bool:
    """Whether some article it is for may bear nothing more."""
    scope = recap.voucher.scope if recap.voucher else Scope()
    both = zip(recap.articles, recap.lines, strict=True)
    return any(
        one.voucher_room == 0 and one.takes_voucher and in_scope(scope, line.item) for one, line in both
    )
