from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from shop.reviews.models import AnswerRole, ProductReview, RefusalReason, ServiceReview
from shop.reviews.rules import BEST, TEXT_LENGTH, TITLE_LENGTH, Fault, ServiceWords, Words, faults_of_text

FAULT_WORDS: dict[Fault, str | Promise] = {
    Fault.CONTACT: _(
        "Retirez l’adresse e-mail ou le numéro de téléphone : un avis est lu par tout le monde."
    ),
    Fault.LINK: _("Retirez le lien : un avis ne renvoie pas vers un autre site."),
}
STAR_WORDS = {
    5: _("5 sur 5, excellent"),
    4: _("4 sur 5, bien"),
    3: _("3 sur 5, moyen"),
    2: _("2 sur 5, décevant"),
    1: _("1 sur 5, mauvais"),
}
TOO_LONG = _("%(limit_value)d signes au plus, vous en avez écrit %(show_value)d.")


class WordsField(forms.CharField):
    """Words of a review. A line break counts once, whatever the browser sends."""

    default_error_messages = {"max_length": TOO_LONG}

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)
        self.error_messages["max_length"] = TOO_LONG
        for validator in self.validators:
            if getattr(validator, "code", "") == "max_length":
                validator.message = TOO_LONG  # type: ignore[attr-defined]

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return text.replace("\r\n", "\n") if text else text

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if found := faults_of_text(text):
            raise forms.ValidationError([FAULT_WORDS[fault] for fault in found])
        return text


class StarsField(forms.TypedChoiceField):
    """Whole stars from 1 to 5, as radio buttons."""

    def __init__(self, label: Any) -> None:
        super().__init__(
            label=label,
            choices=[(n, STAR_WORDS[n]) for n in range(1, BEST + 1)],
            coerce=int,
            empty_value=None,
            required=False,
            widget=forms.RadioSelect,
            error_messages={"invalid_choice": _("Choisissez de 1 à 5 étoiles.")},
        )


class ReviewForm(forms.Form):
    """One opinion among several on a page: left untouched, it says nothing."""

    rating = StarsField(_("Votre note"))
    text = WordsField(label=_("Votre avis"), max_length=TEXT_LENGTH, widget=forms.Textarea(attrs={"rows": 4}))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.has_changed() and cleaned.get("rating") is None and "rating" not in self.errors:
            self.add_error("rating", _("Choisissez une note de 1 à 5 étoiles."))
        return cleaned

    @property
    def has_words(self) -> bool:
        """Whether the fields behind « quelques mots » hold something to see, or to correct."""
        return any(self[name].value() or self[name].errors for name in self.fields if name != "rating")


class ProductReviewForm(ReviewForm):
    title = WordsField(label=_("Titre"), max_length=TITLE_LENGTH)
    field_order = ("rating", "title", "text")

    def __init__(self, *, known: ProductReview | None, **options: Any) -> None:
        initial = {"rating": known.rating, "title": known.title, "text": known.text} if known else {}
        super().__init__(initial=initial, **options)

    def words(self) -> Words:
        given = self.cleaned_data
        return Words(given["rating"], given["title"], given["text"])


class ServiceReviewForm(ReviewForm):
    punctuality = StarsField(_("Ponctualité"))
    completeness = StarsField(_("Commande complète"))
    courier = StarsField(_("Livreur"))
    freshness = StarsField(_("Fraîcheur des produits"))
    field_order = ("rating", *ServiceReview.DETAILS, "text")

    def __init__(self, *, known: ServiceReview | None, **options: Any) -> None:
        names = ("rating", "text", *ServiceReview.DETAILS)
        super().__init__(initial={name: getattr(known, name) for name in names} if known else {}, **options)
        self.fields["rating"].label = _("Dans l’ensemble")

    def words(self) -> ServiceWords:
        given = self.cleaned_data
        details = {name: given[name] for name in ServiceReview.DETAILS}
        return ServiceWords(Words(given["rating"], text=given["text"]), details)


class WithdrawForm(forms.Form):
    kind = forms.ChoiceField(choices=[(ProductReview.kind, ""), (ServiceReview.kind, "")])
    review = forms.IntegerField(min_value=1, max_value=2**62)


class SeenForm(forms.Form):
    """Which words were read: those of this instant."""

    seen_at = forms.DateTimeField(widget=forms.HiddenInput, input_formats=["%Y-%m-%dT%H:%M:%S.%f%z"])


class RefusalForm(SeenForm):
    reason = forms.ChoiceField(
        label=_("Motif"),
        choices=[("", _("Choisissez un motif")), *RefusalReason.choices],
        widget=UnfoldAdminSelectWidget,
        error_messages={"required": _("Sans motif, un avis ne se refuse pas.")},
    )
    words = forms.CharField(
        label=_("Explication pour l’auteur"),
        max_length=1000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text=_("Envoyée par e-mail avec le motif : quel passage pose problème, et comment le corriger."),
        error_messages={"required": _("L’auteur doit savoir pourquoi : quelques mots suffisent.")},
    )


class AnswerForm(forms.Form):
    role = forms.ChoiceField(label=_("Au nom de"), choices=AnswerRole.choices, widget=UnfoldAdminSelectWidget)
    answer = forms.CharField(
        label=_("Réponse publiée sous l’avis"),
        max_length=TEXT_LENGTH,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 6}),
        help_text=_("Lue par tous, et envoyée à l’auteur. Signée de la fonction, jamais d’un nom."),
    )
