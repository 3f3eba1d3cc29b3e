"""A pickup point as staff fill it in: the same fields as a zone, in the words of a counter."""

from typing import ClassVar

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from delivery.zones.models import PickupPoint


class PickupPointForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = PickupPoint
        fields = "__all__"  # noqa: DJ007 - the admin's fieldsets say which
        labels: ClassVar[dict[str, Promise]] = {
            "is_active": _("ouvert"),
            "opens_at": _("premier retrait"),
            "closes_at": _("fin des retraits"),
            "open_weekdays": _("jours ouverts"),
            "free_delivery_from": _("retrait gratuit dès (€)"),
        }
        help_texts: ClassVar[dict[str, Promise]] = {
            "name": _("Comme on le dit : « Retrait à … »."),
            "is_active": _("Décoché, le point n’apparaît plus dans la boutique et n’ouvre plus de créneaux."),
            "open_weekdays": _("1 = lundi … 7 = dimanche ; 123456 ouvre tous les jours sauf le dimanche."),
            "cutoff_minutes": _(
                "240 : on commande jusqu’à quatre heures avant ; la commande est prête au début du créneau."
            ),
            "slot_capacity": _(
                "Combien de clients par heure. Pour les créneaux à créer ; ceux qui existent ne changent pas."
            ),
            "slot_price": _("0 : le retrait est gratuit."),
        }
