"""Why an order could not be amended, for its customer."""

from django.utils.translation import gettext as _

from config.templatetags.cabas import euros, grams
from delivery.slots.services import SlotClosed, SlotFull, SlotUnknown
from shop.orders.amend_forms import elsewhere
from shop.orders.models import Order
from shop.orders.services import errors
from shop.payments.services import PaymentError
from shop.pricing.services import PromotionOver
from shop.stock.services import StockShort

# All that asking for an amendment may answer, but for success.
REFUSALS = (
    errors.AmendmentRefused, errors.MoveRefused, SlotClosed, SlotFull, SlotUnknown, StockShort, PromotionOver,
    PaymentError,
)  # fmt: skip


def why_refused(refused: Exception, order: Order) -> str:
    """One sentence that says what happened, that the order stands, and what to do."""
    match refused:
        case errors.TooLateToAmend():
            return _(
                "Il est trop tard pour modifier cette commande\u202f: sa préparation commence. Elle reste telle quelle."
            )
        case errors.MoveRefused():
            return _("Cette commande ne peut plus être modifiée.")
        case errors.LineSettled():
            return _(
                "«\u202f%(name)s\u202f» reste comme convenu avec vous\u202f: cet article manque au dépôt, ou a été remplacé."
            ) % {"name": refused.name}
        case errors.WrongQuantity():
            return _("«\u202f%(name)s\u202f»\u202f: cette quantité ne peut pas être commandée.") % {
                "name": refused.name
            }
        case errors.NotThatMuch():
            return _not_that_much(refused)
        case errors.NotForSale():
            if not refused.name:
                return _("Un article de votre panier n’est plus en vente\u202f: il n’a pas été ajouté.")
            return _(
                "«\u202f%(name)s\u202f» n’est plus en vente\u202f: sa quantité ne peut que diminuer."
            ) % {"name": refused.name}
        case errors.BelowZoneMinimum():
            return _below_minimum(refused, order)
        case errors.AgeUnknown():
            return _(
                "Pour ajouter de l’alcool, indiquez d’abord votre date de naissance dans votre compte\u202f: il est "
                "interdit de le vendre aux mineurs."
            )
        case errors.ElsewhereDelivered():
            return elsewhere(str(refused.args[0]), order.zone.name)
    return _of_the_moment(refused)


def _of_the_moment(refused: Exception) -> str:
    match refused:
        case SlotFull() | SlotClosed() | SlotUnknown() | errors.SlotElsewhere():
            return _(
                "Ce créneau n’est plus libre\u202f: choisissez-en un autre. Votre commande garde le sien."
            )
        case errors.SlotTooFar():
            return _(
                "Ce créneau est trop lointain\u202f: une banque ne garde un complément réservé que quelques jours. "
                "Choisissez un créneau plus proche."
            )
        case errors.PaymentFirst() | PaymentError():
            return _(
                "Le paiement de votre commande est en cours de vérification ou à refaire\u202f: réglez-le d’abord, puis "
                "modifiez votre commande."
            )
        case StockShort():
            return _(
                "Le stock d’un article vient de changer\u202f: vérifiez les quantités. Rien n’est modifié."
            )
        case errors.NothingChanges():
            return _("Vous n’avez rien changé\u202f: votre commande reste telle quelle.")
        case errors.TooManyLines():
            return _("Une commande contient au plus 200 articles différents.")
        case errors.LineUnknown():
            return _("Votre commande a changé entre-temps\u202f: la voici, telle qu’elle est maintenant.")
    return _(
        "Le total a changé entre-temps\u202f: vérifiez-le avant de confirmer. Rien n’est encore modifié."
    )


def _not_that_much(refused: errors.NotThatMuch) -> str:
    if not refused.left:
        return _("«\u202f%(name)s\u202f»\u202f: il n’en reste plus, la quantité ne peut pas augmenter.") % {
            "name": refused.name
        }
    left = grams(refused.left) if refused.sold_by == "weight" else str(refused.left)
    return _("«\u202f%(name)s\u202f»\u202f: vous pouvez en ajouter %(left)s au plus, il n’en reste pas davantage.") % {
        "name": refused.name, "left": left,
    }  # fmt: skip


def _below_minimum(refused: errors.BelowZoneMinimum, order: Order) -> str:
    if refused.is_empty:
        return _("Il ne resterait aucun article\u202f: pour cela, annulez toute la commande.")
    return _(
        "Il manquerait %(missing)s pour atteindre le minimum de %(minimum)s\u202f: gardez d’autres articles, ou annulez "
        "toute la commande."
    ) % {"missing": euros(refused.missing), "minimum": euros(order.zone.minimum_order)}
