"""What a courier's phone sends: whether it can be read. Whether it can be true, the service says."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.core.files.base import ContentFile
from django.utils.translation import gettext_lazy as _

from delivery.tracking import rules, wording
from delivery.tracking.models import CourierEvent, Visit
from delivery.tracking.services import Said
from delivery.tracking.shown import code_of

Kind = CourierEvent.Kind
MOST_CRATES = 99
MOST_REFUSED = 500
LARGEST_ID = 2**63 - 1
UNREADABLE = _("Cet envoi est illisible\u202f: refaites-le depuis la page de l’arrêt.")
_TYPED: dict[str, str] = {"autocomplete": "off", "autocorrect": "off", "spellcheck": "false"}


def _whole(label: Any = "", most: int = LARGEST_ID, **more: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=0, max_value=most, **more)


class PhoneTime(forms.DateTimeField):
    """By a phone's clock. From one end of the calendar to the other none can be put right, and no database keeps it."""

    def clean(self, value: Any) -> datetime | None:
        at: datetime | None = super().clean(value)
        if at and not 1970 <= at.year <= 2200:
            raise forms.ValidationError(UNREADABLE)
        return at


class SaidForm(forms.Form):
    """What every event says. ``at`` and ``sent_at`` are the phone's own clock; a page without script has none."""

    key = forms.UUIDField()
    kind = forms.ChoiceField(choices=Kind)
    run = _whole()
    visit = _whole(required=False)
    at = PhoneTime(required=False)
    sent_at = PhoneTime(required=False)
    kept: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *args: Any, visit: Visit | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.of_visit = visit

    def said(self, *, now: datetime, photo: "ContentFile[bytes] | None" = None) -> Said:
        told = self.cleaned_data
        return Said(
            key=told["key"], kind=told["kind"], run_id=told["run"], at=self._instant(now), visit_id=told["visit"],
            data={name: told[name] for name in self.kept}, photo=photo,
        )  # fmt: skip

    def _instant(self, now: datetime) -> datetime:
        at, sent_at = self.cleaned_data["at"], self.cleaned_data["sent_at"]
        if at is None:
            return now
        return rules.put_right(at, sent_at=sent_at, now=now) if sent_at else at


class LoadedForm(SaidForm):
    crates_missing = _whole(_("Bacs manquants"), MOST_CRATES, required=False)
    kept = ("crates_missing",)

    def clean_crates_missing(self) -> int:
        return self.cleaned_data["crates_missing"] or 0


class _AnyChoice(forms.MultipleChoiceField):
    """References of the shop: the service knows which ones were to come."""

    def valid_value(self, value: str) -> bool:
        return len(value) <= 60

    def validate(self, value: list[str]) -> None:
        super().validate(value)
        if len(value) > MOST_REFUSED:
            raise forms.ValidationError(UNREADABLE)


class DeliveredForm(SaidForm):
    """A name, a code or a photograph says to whom it was handed over."""

    received_by = forms.CharField(
        label=_("Reçue par"), max_length=80, required=False,
        widget=forms.TextInput(attrs={**_TYPED, "autocapitalize": "words"}),
    )  # fmt: skip
    code = forms.CharField(
        label=_("ou code du client"), max_length=12, required=False,
        help_text=_("Les 4\u00a0derniers caractères de son numéro de commande."),
        widget=forms.TextInput(attrs={**_TYPED, "autocapitalize": "characters"}),
    )  # fmt: skip
    photo = forms.FileField(
        label=_("ou photo des sacs à la porte"), required=False, allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": "image/*", "capture": "environment"}),
    )  # fmt: skip
    refused = _AnyChoice(label=_("Articles refusés"), required=False, widget=forms.CheckboxSelectMultiple)
    deposits_back = _whole(_("Consignes reprises"), MOST_CRATES, required=False, initial=0)
    was_age_checked = forms.BooleanField(
        label=_("J’ai vu une pièce d’identité\u202f: majeur"), required=False
    )
    kept = ("received_by", "refused", "deposits_back", "was_age_checked")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if visit := self.of_visit:
            articles = visit.drop.articles
            self.fields["refused"].choices = [  # type: ignore[attr-defined]
                (one["ref"], f"{one['quantity']} {one['name']}".strip()) for one in articles
            ]
            # Said at the door, when the customer is still there; the server looks again.
            code = code_of(visit.drop.order_reference)
            self.fields["code"].widget.attrs |= {"pattern": f"\\s*{code}\\s*", "data-code": code}
            if visit.drop.requires_age_check:
                self.fields["was_age_checked"].widget.attrs["required"] = True

    def clean_deposits_back(self) -> int:
        return self.cleaned_data["deposits_back"] or 0

    def clean_refused(self) -> list[str]:
        return list(dict.fromkeys(self.cleaned_data["refused"]))

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"]).strip().upper()
        if code and self.of_visit and code != code_of(self.of_visit.drop.order_reference):
            raise forms.ValidationError(_("Ce code n’est pas celui de cette commande\u202f: redemandez-le."))
        return code

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if not self.errors and not (told["received_by"] or told["code"] or told["photo"]):
            self.add_error(
                "received_by", _("Dites qui a reçu la commande\u202f: un nom, un code ou une photo.")
            )
        if told.get("code") and not told.get("received_by"):
            told["received_by"] = f"code {told['code']}"
        return told


class AbsentForm(SaidForm):
    absent_because = forms.ChoiceField(
        label=_("Qu’avez-vous trouvé\u202f?"), choices=list(wording.ABSENT.items()), widget=forms.RadioSelect
    )
    kept = ("absent_because",)


class PositionForm(SaidForm):
    latitude = forms.FloatField()
    longitude = forms.FloatField()
    kept = ("latitude", "longitude")


FORMS: Mapping[str, type[SaidForm]] = {
    Kind.LOADED: LoadedForm,
    Kind.DELIVERED: DeliveredForm,
    Kind.ABSENT: AbsentForm,
    Kind.POSITION: PositionForm,
}


def form_of(kind: str) -> type[SaidForm]:
    return FORMS.get(kind, SaidForm)


class QuestionForm(forms.Form):
    """One tap, and a few words if there is time."""

    key = forms.UUIDField()
    at = PhoneTime(required=False)
    words = forms.CharField(
        label=_("En quelques mots"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class OpenForm(forms.Form):
    round = _whole()
