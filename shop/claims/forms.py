"""What customers say came wrong, in three taps, and what staff answer."""

import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from config.templatetags.cabas import euros, slot_label_long
from delivery.slots.models import Slot
from shop.catalogue.forms import CheckedPictureField
from shop.claims.models import Claim
from shop.claims.queries import Claimable
from shop.orders.models import Order
from shop.orders.refund_forms import LONGEST_LIST, must_be_the_orders

Answer = Claim.Answer
MOST_UNITS = 99
ALREADY = _("Un de ces articles est déjà signalé ou remboursé\u202f: voici ce qui peut encore l’être.")


class FromCustomer(forms.Form):
    """Who holds a link alone confirms with the order's own address; a photograph if they like."""

    photo = CheckedPictureField(
        label=_("Une photo"), required=False,
        widget=forms.FileInput(attrs={"accept": "image/*", "capture": "environment"}),
        error_messages={"empty": _("Ce fichier est vide\u202f: reprenez la photo.")},
    )  # fmt: skip
    email = forms.EmailField(
        label=_("Adresse e-mail de la commande"), max_length=254,
        help_text=_("Un lien se transmet\u202f: elle confirme que c’est bien vous."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )  # fmt: skip
    key = forms.UUIDField(
        widget=forms.HiddenInput, error_messages={"invalid": _("Rechargez cette page, puis recommencez.")}
    )

    def __init__(self, *args: Any, order: Order, knows_buyer: bool, **kwargs: Any) -> None:
        kwargs["initial"] = {"key": uuid.uuid4(), **kwargs.pop("initial", {})}
        super().__init__(*args, **kwargs)
        self.order = order
        if knows_buyer:
            del self.fields["email"]

    def clean_email(self) -> str:
        return must_be_the_orders(self.order, self.cleaned_data["email"])


class ReportForm(FromCustomer):
    """Which articles, under ``article-<id>`` and ``quantite-<id>``; of what came broken, what is wished for."""

    wish = forms.ChoiceField(
        label=_("Vous préférez"), widget=forms.RadioSelect,
        error_messages={"required": _("Choisissez l’un ou l’autre.")},
    )  # fmt: skip
    slot = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(
        self, *args: Any, lines: Sequence[Claimable], slot: Slot | None = None, **kwargs: Any
    ) -> None:
        kwargs["initial"] = {"wish": Answer.REFUND, "slot": slot.pk if slot else None}
        super().__init__(*args, **kwargs)
        self.lines = {one.line.pk: one for one in lines}
        for pk, one in self.lines.items():
            self.fields[f"article-{pk}"] = forms.BooleanField(label=one.line.name, required=False)
            if not one.line.is_weighed:
                most = min(one.left, LONGEST_LIST)
                self.fields[f"quantite-{pk}"] = forms.TypedChoiceField(
                    label=format_lazy(_("Combien\u202f: {}"), one.line.name), coerce=int, required=False,
                    empty_value="1", choices=[(n, str(n)) for n in range(1, most + 1)],
                    error_messages={"invalid_choice": _("Choisissez une quantité de la liste.")},
                )  # fmt: skip
        if slot is None:
            del self.fields["wish"], self.fields["slot"]
        else:
            self.fields["wish"].choices = [  # type: ignore[attr-defined]
                (Answer.REFUND, _("Être remboursé")),
                (Answer.REPLACEMENT, format_lazy(_("Le recevoir à nouveau, sans frais, {}"), slot_label_long(slot))),
            ]  # fmt: skip

    @property
    def quantities(self) -> dict[int, int]:
        """Line → pieces, or all grams; only of a form that is valid."""
        told = self.cleaned_data
        return {
            pk: one.left if one.line.is_weighed else int(told.get(f"quantite-{pk}") or 1)
            for pk, one in self.lines.items()
            if told.get(f"article-{pk}")
        }

    @property
    def slot_id(self) -> int | None:
        """The slot that was said when they chose, which may not be the next free one any more."""
        told = self.cleaned_data
        return told.get("slot") if told.get("wish") == Answer.REPLACEMENT else None

    @property
    def rows(self) -> list[tuple[Claimable, forms.BoundField, forms.BoundField | None]]:
        """Each with its box, and how many where there is a choice, or there was when they chose."""
        return [(one, self[f"article-{pk}"], self._count_of(pk, one)) for pk, one in self.lines.items()]

    def _count_of(self, pk: int, one: Claimable) -> forms.BoundField | None:
        name = f"quantite-{pk}"
        return self[name] if name in self.fields and (one.left > 1 or name in self.errors) else None

    def clean(self) -> None:
        if any(name.startswith("article-") and name not in self.fields for name in self.data):
            raise forms.ValidationError(ALREADY, code="already")
        if not self.errors and not self.quantities:
            raise forms.ValidationError(_("Choisissez au moins un article."), code="nothing")


class NotMineForm(FromCustomer):
    words = forms.CharField(
        label=_("Qu’avez-vous reçu\u202f?"), max_length=200,
        help_text=_("Le nom sur l’étiquette, ou les chiffres sous le code-barres."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Écrivez ce que vous avez reçu.")},
    )  # fmt: skip
    units = forms.IntegerField(
        label=_("Combien\u202f?"), min_value=1, max_value=MOST_UNITS, initial=1,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        error_messages={
            "required": _("Écrivez un nombre, de 1 à 99."), "invalid": _("Écrivez un nombre, de 1 à 99."),
            "min_value": _("Écrivez un nombre, de 1 à 99."), "max_value": _("Écrivez un nombre, de 1 à 99."),
        },
    )  # fmt: skip
    field_order = ["words", "units", "photo", "email", "key"]


class AnswerForm(forms.Form):
    """What staff answer, in words to the customer where nothing is given."""

    answer = forms.ChoiceField(label=_("Réponse"), widget=UnfoldAdminSelectWidget)
    slot = forms.TypedChoiceField(
        label=_("Créneau de la nouvelle livraison"), coerce=int, required=False, empty_value=None,
        widget=UnfoldAdminSelectWidget,
        error_messages={"invalid_choice": _("Ce créneau n’est plus libre\u202f: choisissez-en un autre.")},
    )  # fmt: skip
    said = forms.CharField(
        label=_("Mots au client"), required=False, max_length=600,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text=_("Il les lit sur sa page et dans sa lettre. Nécessaires quand rien n’est rendu."),
    )  # fmt: skip

    def __init__(self, *args: Any, claim: Claim, slots: Sequence[Slot], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["answer"].choices = [  # type: ignore[attr-defined]
            ("", _("Choisissez…")),
            (Answer.REFUND, format_lazy(_("Rembourser {}"), euros(claim.amount))),
            (Answer.REPLACEMENT, _("Livrer à nouveau, sans frais")),
            (Answer.CALLED, _("Réglé au téléphone, rien à rendre")),
            (Answer.REFUSED, _("Refuser")),
        ]  # fmt: skip
        self.fields["slot"].choices = [  # type: ignore[attr-defined]
            ("", "—"), *((slot.pk, slot_label_long(slot)) for slot in slots)
        ]  # fmt: skip

    def clean(self) -> None:
        told = self.cleaned_data
        if told.get("answer") == Answer.REPLACEMENT and not told.get("slot") and "slot" not in self.errors:
            self.add_error("slot", _("Choisissez un créneau."))
        if told.get("answer") in {Answer.CALLED, Answer.REFUSED} and not told.get("said", "").strip():
            self.add_error("said", _("Écrivez au client pourquoi, en quelques mots."))
