"""What sign-up asks about a person, and a field that both the account and the last step of an order show."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from shop.customers import rules, services
from shop.customers.models import ShortageChoice, User


class SignupDetails(forms.Form):
    """What sign-up asks besides allauth's own fields."""

    first_name = forms.CharField(
        label=_("Prénom"), max_length=80, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )  # fmt: skip

    def clean_first_name(self) -> str:
        return rules.clean_line(self.cleaned_data["first_name"])

    def signup(self, request: HttpRequest, user: User) -> None:
        """Called by allauth once the login exists."""
        customer = services.customer_for_user(user)
        services.update_details(
            customer_id=customer.pk,
            first_name=self.cleaned_data.get("first_name", ""),
            last_name="",
            phone="",
            birth_on=None,
        )


class ShortageField(forms.ChoiceField):
    """What to do when an article is missing. One is always chosen: where none is sent, the usual one."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Votre choix"),
            widget=forms.RadioSelect,
            initial=ShortageChoice.ASK,
            choices=[
                (value, f"{label[0].upper()}{label[1:]}")
                for value, label in ShortageChoice.choices
                if value != ShortageChoice.CANCEL
            ],
        )

    def clean(self, value: Any) -> Any:
        return super().clean(value or self.initial)
