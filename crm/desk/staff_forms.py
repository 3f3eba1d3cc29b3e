"""What agents type."""

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from crm.desk.card_rules import holds_card
from crm.desk.forms import MESSAGE_LENGTH
from crm.desk.models import CallAttempt, Conversation, Entry, Subject
from crm.desk.services.conversations import BY_HAND
from shop.customers.rules import PhoneInvalid, normalise_phone
from shop.orders.queries import reference_exists
from shop.orders.rules import spoken_reference


def new_key() -> str:
    return uuid.uuid4().hex


def french_text(rows: int, **more: str) -> UnfoldAdminTextareaWidget:
    """Its browser corrects the spelling, in French whatever its own language."""
    return UnfoldAdminTextareaWidget(attrs={"rows": rows, "lang": "fr", "spellcheck": "true", **more})


class Words(forms.CharField):
    """What somebody said or is told, without a card number in it."""

    def __init__(self, *, rows: int, label: Any, **options: Any) -> None:
        super().__init__(
            label=label, max_length=MESSAGE_LENGTH, widget=french_text(rows),
            error_messages={
                "required": _("Écrivez quelques mots."),
                "max_length": _("Ce texte est trop long\u202f: %(limit_value)d signes au plus, il en a %(show_value)d."),
            },
            **options,
        )  # fmt: skip

    def clean(self, value: Any) -> str:
        words: str = super().clean(value)
        if holds_card(words):
            raise forms.ValidationError(
                _("Ce texte contient un numéro de carte\u202f: retirez-le, il ne doit être écrit nulle part.")
            )
        return words


class Keyed(forms.Form):
    """Sent twice, it is done once. Its fields have names of their own on a page with several forms."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", f"{type(self).__name__.lower()}_%s")
        super().__init__(*args, **kwargs)

    key = forms.RegexField(r"^[0-9a-f]{32}$", initial=new_key, widget=forms.HiddenInput)


class Seen(forms.Form):
    """``seen`` is the last entry on the page on which it was filled in."""

    seen = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


class ReplyForm(Seen, Keyed):
    text = Words(rows=9, label=_("Votre réponse"))


class NoteForm(Seen, Keyed):
    kind = forms.ChoiceField(
        label=_("Nature"),
        choices=[(kind, Entry.Kind(kind).label) for kind in (Entry.Kind.NOTE, *BY_HAND[:-1])],
        widget=UnfoldAdminSelectWidget,
    )
    text = Words(rows=4, label=_("Votre note"))
    is_answer = forms.BooleanField(label=_("Le client a sa réponse (appel ou messagerie)"), required=False)


class OutcomeForm(Seen):
    outcome = forms.ChoiceField(
        label=_("Classer comme"), choices=Conversation.Outcome.choices, widget=UnfoldAdminSelectWidget
    )


class ReferenceField(forms.CharField):
    """An order's reference however it was heard; blank stays blank. One query."""

    def __init__(self, **options: Any) -> None:
        widget = UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"})
        super().__init__(
            label=_("Numéro de commande"), required=False, max_length=40, widget=widget, **options
        )

    def clean(self, value: Any) -> str:
        typed: str = super().clean(value)
        if not typed:
            return ""
        reference = spoken_reference(typed)
        if reference is None or not reference_exists(reference):
            raise forms.ValidationError(_("Aucune commande ne porte ce numéro."))
        return reference


class AttachForm(forms.Form):
    order_reference = ReferenceField()


class ContactNoteForm(Keyed):
    """What was said by telephone or in a chat, with somebody known or not."""

    channel = forms.ChoiceField(
        label=_("Par"),
        choices=[(one.value, one.label) for one in (Conversation.Channel.PHONE, Conversation.Channel.CHAT)],
        widget=UnfoldAdminSelectWidget,
    )
    subject = forms.ChoiceField(label=_("Sujet"), choices=Subject.choices, widget=UnfoldAdminSelectWidget)
    name = forms.CharField(
        label=_("Nom"),
        required=False,
        max_length=80,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )
    phone = forms.CharField(
        label=_("Téléphone"), required=False, max_length=30,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "inputmode": "tel"}),
    )  # fmt: skip
    email = forms.EmailField(
        label=_("Adresse e-mail"), required=False, max_length=254,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "inputmode": "email"}),
        help_text=_("Sans elle, la réponse se donne de vive voix."),
    )  # fmt: skip
    order_reference = ReferenceField()
    text = Words(rows=6, label=_("Ce qui a été dit"))
    is_settled = forms.BooleanField(
        label=_("C’est réglé"), required=False,
        help_text=_("Décochée, la demande entre dans la file, avec une réponse due sous 24\u00a0heures."),
    )  # fmt: skip
    call_back = forms.BooleanField(label=_("Rappeler dans l’heure"), required=False)

    def clean_phone(self) -> str:
        try:
            return normalise_phone(self.cleaned_data["phone"])
        except PhoneInvalid as refused:
            raise forms.ValidationError(_("Un numéro français a dix chiffres.")) from refused

    def clean(self) -> dict[str, Any]:
        told = super().clean() or self.cleaned_data
        if told.get("is_settled") and told.get("call_back"):
            self.add_error("call_back", _("Ce qui est réglé n’appelle pas de rappel."))
        return told


class AttemptForm(Keyed):
    result = forms.ChoiceField(
        label=_("L’appel"), choices=CallAttempt.Result.choices, widget=UnfoldAdminSelectWidget
    )
    note = forms.CharField(
        label=_("Ce qui s’est dit"), required=False, max_length=MESSAGE_LENGTH, widget=french_text(3)
    )

    def clean_note(self) -> str:
        note: str = self.cleaned_data["note"]
        if holds_card(note):
            raise forms.ValidationError(
                _(
                    "Cette note contient un numéro de carte\u202f: retirez-le, il ne doit être écrit nulle part."
                )
            )
        return note


class SearchForm(forms.Form):
    words = forms.CharField(
        label=_("Nom, téléphone, e-mail, numéro de commande ou de demande"), max_length=120,
        widget=UnfoldAdminTextInputWidget(
            attrs={"autocomplete": "off", "spellcheck": "false", "type": "search", "data-desk-search": "true",
                "placeholder": _("Nom, téléphone, e-mail, numéro"),}
        ),
    )  # fmt: skip
