"""What customers and staff read of rewards and presents, in French."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.templatetags.cabas import day_said, euros
from loyalty.rewards.models import Present, Reward

State = Present.State


def reward_label(reward: Reward) -> str:
    """« Bon de 6,00 € », « 5 livraisons », or the article's own name."""
    if reward.kind == Reward.Kind.VOUCHER and reward.amount is not None:
        return _("Bon de %(amount)s") % {"amount": euros(reward.amount)}
    if reward.kind == Reward.Kind.PRODUCT and reward.amount is not None:
        return _("%(amount)s de moins sur %(name)s") % {
            "amount": euros(reward.amount), "name": reward.product_name,
        }  # fmt: skip
    if reward.kind == Reward.Kind.DELIVERIES and reward.deliveries:
        return ngettext("%(n)s livraison", "%(n)s livraisons", reward.deliveries) % {"n": reward.deliveries}
    return reward.item.name if reward.item else ""


def reward_about(reward: Reward) -> str:
    """What else there is to know of it."""
    if reward.kind == Reward.Kind.PRODUCT:
        return _("Des points et des euros\u202f: le reste se paie avec la commande.")
    return reward.item.description if reward.item else ""


def present_said(present: Present) -> str:
    """Where a present stands, in a sentence its owner reads."""
    if present.state == State.GIVEN and present.given_at:
        return _("Remis le %(day)s.") % {"day": day_said(present.given_at)}
    if present.state in {State.ATTACHED, State.PACKED}:
        return _("Avec votre commande %(reference)s.") % {"reference": present.order_reference}
    if present.missed_at:
        return _("Il manquait au dépôt la dernière fois\u202f: il part avec votre prochaine commande.")
    return _("Part avec votre prochaine commande.")
