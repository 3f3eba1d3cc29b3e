from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from shop.customers.models import User


class SignupDetails(forms.Form):
    """What sign-up asks besides allauth's own fields."""

    first_name = forms.CharField(
        label=_("Prénom"), max_length=80, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )  # fmt: skip

    def signup(self, request: HttpRequest, user: User) -> None:
        """Called by allauth once the login exists."""
