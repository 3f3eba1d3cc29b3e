"""Forms about what goes back: for customers, who withdraw or refuse, and for staff, who refund or redo."""

import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldBooleanSwitchWidget

from config.forms import FrenchDecimalField, ReasonField
from config.templatetags.cabas import euros, grams, slot_label_long
from delivery.slots.models import Slot
from shop.orders.models import Order, OrderLine
from shop.orders.refunds import Ledger, said_article
from shop.orders.withdrawals import Withdrawable
from shop.payments.models import PaymentOperation

# Beyond it nobody reads a list: a line of pieces is given back by steps then.
LONGEST_LIST = 99
NOT_HIS = _("Cette adresse n’est pas celle de la commande.")


def quantities_of(line: OrderLine, most: int, none: Any, some: Any) -> list[tuple[int, Any]]:
    """What may be chosen of a line: each number of pieces, or all that was weighed."""
    steps = [most] if line.is_weighed else range(1, min(most, LONGEST_LIST) + 1)
    return [(0, none), *((n, format_lazy(some, grams(n) if line.is_weighed else n)) for n in steps)]


class QuantitiesForm(forms.Form):
    """A choice of quantity for each of some lines, under ``ligne-<id>``."""

    none: Any = _("Rien")
    some: Any = "{}"
    widget: type[forms.Select] = forms.Select
    # A page for customers says of each line what becomes of it; staff choose a few.
    asks_each = False

    def add_lines(self, lines: Sequence[tuple[OrderLine, int]]) -> None:
        self.asked = {f"ligne-{line.pk}": line for line, most in lines if most > 0}
        for line, most in lines:
            if most > 0:
                self.fields[f"ligne-{line.pk}"] = forms.TypedChoiceField(
                    label=line.name, coerce=int, required=self.asks_each, empty_value="0",
                    choices=quantities_of(line, most, self.none, self.some), widget=self.widget,
                    error_messages={"invalid_choice": _("Choisissez une quantité de la liste.")},
                )  # fmt: skip

    @property
    def quantities(self) -> dict[int, int]:
        """Line → what was chosen of it; only of a form that is valid."""
        chosen = {line.pk: int(self.cleaned_data.get(name) or 0) for name, line in self.asked.items()}
        return {pk: quantity for pk, quantity in chosen.items() if quantity}

    @property
    def said(self) -> list[str]:
        return [
            said_article(line, self.quantities[line.pk])
            for line in self.asked.values()
            if line.pk in self.quantities
        ]

    @property
    def line_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.asked]


class ConfirmForm(forms.Form):
    """Who holds a link alone confirms with the order's own address."""

    email = forms.EmailField(
        label=_("Adresse e-mail de la commande"), max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )  # fmt: skip

    def __init__(self, *args: Any, order: Order, knows_buyer: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order = order
        if knows_buyer:
            del self.fields["email"]

    def clean_email(self) -> str:
        return must_be_the_orders(self.order, self.cleaned_data["email"])


def must_be_the_orders(order: Order, email: str) -> str:
    if email.strip().lower() != order.email.lower():
        raise forms.ValidationError(NOT_HIS, code="not_the_orders")
    return order.email


class WithdrawalForm(QuantitiesForm):
    """Who withdraws, from what, and where the acknowledgement goes (directive 2023/2673, art. 11a (2))."""

    none, some = _("Je garde tout"), _("Je rends {}")
    asks_each = True
    name = forms.CharField(
        label=_("Nom"), max_length=161, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    email = forms.EmailField(
        label=_("Adresse e-mail pour l’accusé de réception"), max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )  # fmt: skip
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, order: Order, lines: Sequence[Withdrawable], knows_buyer: bool, **kwargs: Any
    ) -> None:
        known = {"name": f"{order.first_name} {order.last_name}", "email": order.email} if knows_buyer else {}
        kwargs["initial"] = {"key": uuid.uuid4(), **known}
        super().__init__(*args, **kwargs)
        self.order, self.knows_buyer = order, knows_buyer
        if not knows_buyer:
            self.fields["email"].label = _("Adresse e-mail de la commande")
        self.add_lines([(one.line, one.left) for one in lines])

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        return email if self.knows_buyer else must_be_the_orders(self.order, email)

    def clean(self) -> None:
        if not self.errors and not self.quantities:
            raise forms.ValidationError(_("Choisissez au moins un article à rendre."), code="nothing")


class StaffRefundForm(QuantitiesForm):
    """What staff give back: articles, the delivery, a sum without articles; ``occasion`` is drawn with the page."""

    none, widget = "—", UnfoldAdminSelectWidget
    with_delivery = forms.BooleanField(
        label=_("Rembourser la livraison"), required=False, widget=UnfoldBooleanSwitchWidget
    )
    amount = FrenchDecimalField(
        label=_("Somme sans article, en euros"), required=False, min_value=Decimal("0.01"), max_digits=10,
        decimal_places=2, error_messages={"max_decimal_places": _("Deux chiffres au plus après la virgule.")},
    )  # fmt: skip
    reason = ReasonField(PaymentOperation.Reason)
    occasion = forms.RegexField(r"^staff-[0-9a-f]{32}$", widget=forms.HiddenInput)

    def __init__(self, *args: Any, ledger: Ledger, most: Decimal, **kwargs: Any) -> None:
        kwargs["initial"] = {"occasion": f"staff-{uuid.uuid4().hex}"}
        super().__init__(*args, **kwargs)
        self.most = most
        self.add_lines([(line, ledger.charged[pk].left) for pk, line in ledger.lines.items()])
        self.fields["amount"].help_text = format_lazy(_("Au plus {}, articles compris."), euros(most))
        if ledger.delivery_left <= 0:
            del self.fields["with_delivery"]
        self.order_fields(self.asked)

    def clean_amount(self) -> Decimal | None:
        amount: Decimal | None = self.cleaned_data["amount"]
        if amount and amount > self.most:
            said = _("Il reste {} à rembourser sur cette commande\u202f: saisissez ce montant au plus.")
            raise forms.ValidationError(format_lazy(said, euros(self.most)))
        return amount

    def clean(self) -> None:
        told = self.cleaned_data
        if not self.errors and not (self.quantities or told.get("amount") or told.get("with_delivery")):
            raise forms.ValidationError(
                _("Choisissez un article, la livraison ou une somme."), code="nothing"
            )


class RedoForm(QuantitiesForm):
    """What is delivered once more, and when."""

    none, widget = "—", UnfoldAdminSelectWidget
    # Pressed twice it is one delivery.
    key = forms.UUIDField(initial=uuid.uuid4, widget=forms.HiddenInput)
    slot = forms.TypedChoiceField(
        label=_("Créneau"), coerce=int, widget=UnfoldAdminSelectWidget,
        error_messages={
            "required": _("Choisissez un créneau."),
            "invalid_choice": _("Ce créneau n’est plus libre\u202f: choisissez-en un autre."),
        },
    )  # fmt: skip

    def __init__(
        self, *args: Any, lines: Sequence[tuple[OrderLine, int]], slots: Sequence[Slot], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.add_lines(lines)
        self.order_fields(self.asked)
        self.fields["slot"].choices = [  # type: ignore[attr-defined]
            ("", _("Choisissez…")), *((slot.pk, slot_label_long(slot)) for slot in slots)
        ]  # fmt: skip

    def clean(self) -> None:
        if not self.errors and not self.quantities:
            raise forms.ValidationError(_("Choisissez au moins un article."), code="nothing")
