"""What customers and staff read of milestones, in French."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loyalty.milestones.models import Milestone
from loyalty.milestones.queries import Choice

Trigger = Milestone.Trigger


def next_gift_said(ahead: Milestone, rank: int) -> str:
    """How far the next gift is, the order to come being the ``rank``-th."""
    left = ahead.threshold - rank
    if left <= 0:
        return _("Votre prochaine commande vient avec un cadeau\u202f: %(name)s.") % {"name": ahead.name}
    said = ngettext(
        "Encore %(n)s commande, puis un cadeau avec la suivante\u202f: %(name)s.",
        "Encore %(n)s commandes, puis un cadeau avec la suivante\u202f: %(name)s.",
        left,
    )
    return said % {"n": left, "name": ahead.name}


def chosen_said(one: Choice) -> str:
    """What happens with a gift that may still be chosen."""
    where = (
        _("avec votre commande %(reference)s") % {"reference": one.present.order_reference}
        if one.present.order_reference
        else _("avec votre prochaine commande")
    )
    if one.present.item_id:
        return _("Vous avez choisi %(name)s, %(where)s. Vous pouvez changer jusqu’à sa préparation.") % {
            "name": one.present.name, "where": where,
        }  # fmt: skip
    return _("Choisissez-le\u202f: il part %(where)s. Sans choix, nous mettons le premier.") % {
        "where": where
    }


def among_said(milestone: Milestone) -> str:
    """« un cadeau à choisir : un torchon, du miel ou un cabas ». Needs its parts."""
    names = [part.item.name for part in milestone.parts.all()]
    if len(names) < 2:
        return _("un cadeau\u202f: %(name)s") % {"name": names[0]} if names else _("un cadeau")
    listed = _("%(first)s ou %(last)s") % {"first": ", ".join(names[:-1]), "last": names[-1]}
    return _("un cadeau à choisir\u202f: %(names)s") % {"names": listed}


def when_said(milestone: Milestone) -> str:
    """« à la 5e commande », for staff and letters."""
    if milestone.trigger == Trigger.ORDERS:
        return (
            _("à la 1re commande")
            if milestone.threshold == 1
            else _("à la %(n)se commande") % {"n": milestone.threshold}
        )
    if milestone.trigger == Trigger.YEAR_SPEND:
        return _("dès %(sum)s\u00a0€ d’achats dans l’année") % {"sum": milestone.threshold}
    return ngettext(
        "un an après la première livraison", "%(n)s ans après la première livraison", milestone.threshold
    ) % {"n": milestone.threshold}
