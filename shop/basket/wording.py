"""What the basket and checkout say alike."""

from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.templatetags.cabas import euros, slot_label_long
from delivery.slots.models import Hold
from delivery.zones.models import Zone

PAYMENT_RUNNING = gettext_lazy(
    "Un paiement est en cours pour ce panier : terminez-le ou renoncez-y avant de changer de créneau ou de lieu."
)


def slot_let_go(left: Hold, postcode: str, zone: Zone) -> str:
    """Which slot was given back, why, and what to do next."""
    if left.slot.zone.is_collect:
        return _(
            "Votre retrait du %(slot)s (%(point)s) n’est plus réservé\u202f: vous avez choisi la livraison. Choisissez "
            "son créneau, zone %(zone)s."
        ) % {"slot": slot_label_long(left.slot), "point": left.slot.zone.name, "zone": zone.name}
    return _(
        "Votre créneau du %(slot)s (zone %(other)s) n’est plus réservé, car il ne dessert pas le %(postcode)s : "
        "choisissez-en un pour %(zone)s."
    ) % {
        "slot": slot_label_long(left.slot), "other": left.slot.zone.name, "postcode": postcode, "zone": zone.name,
    }  # fmt: skip


def below_minimum(missing: Decimal, zone: Zone) -> str:
    return _(
        "Il manque %(missing)s pour atteindre le minimum de commande, %(minimum)s d’articles : complétez votre "
        "panier, puis passez commande."
    ) % {"missing": euros(missing), "minimum": euros(zone.minimum_order)}
