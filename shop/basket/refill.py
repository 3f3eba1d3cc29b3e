"""Put products of a list or a past order back in the basket, and word what differs."""

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.refusals import note_refusal
from config.templatetags.cabas import euros
from shop.basket.rules import Wanted
from shop.basket.services import add_again
from shop.basket.shopper import shopper_of


def put_back(request: HttpRequest, wanted: list[Wanted]) -> None:
    """Fill the basket again and tell the differences on the next page."""
    shopper = shopper_of(request)
    depot_id = shopper.zone.depot_id
    differences = shopper.write(lambda basket: add_again(basket=basket, depot_id=depot_id, wanted=wanted))
    shopper.forget()
    gone = sum(difference.kind in {"gone", "full"} for difference in differences)
    added = len(wanted) - gone
    if added:
        messages.success(
            request,
            ngettext(
                "%(n)d produit remis dans votre panier.", "%(n)d produits remis dans votre panier.", added
            )
            % {"n": added},
        )
    else:
        note_refusal(request)
    for difference in differences:
        messages.warning(
            request, _in_words(difference.name, difference.kind, difference.before, difference.now)
        )


def _in_words(name: str, kind: str, before: object, now: object) -> str:
    if kind == "gone":
        return _("%(name)s n’est plus disponible.") % {"name": name}
    if kind == "full":
        return _("%(name)s n’a pas été ajouté : votre panier contient déjà 200 produits différents.") % {
            "name": name
        }
    if kind == "short":
        return _("%(name)s : il en reste moins que d’habitude, la quantité a été réduite.") % {"name": name}
    return _("%(name)s : le prix est passé de %(before)s à %(now)s.") % {
        "name": name, "before": euros(before), "now": euros(now),  # type: ignore[arg-type]
    }  # fmt: skip
