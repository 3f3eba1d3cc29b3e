"""The French words of vouchers: a short name, their conditions, and why one is refused."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from config.numbers import short_decimal
from config.templatetags.cabas import day_said, euros, last_day_said
from loyalty.vouchers import rules


def label_of(*, kind: str, value: Decimal) -> str:
    """« Bon de 5,00 € », « Bon de 10 % », « Livraison offerte »: 40 signs at most."""
    if kind == rules.DELIVERY:
        return _("Bon « livraison offerte »")
    if kind == rules.PERCENTAGE:
        return _("Bon de %(percent)s\u202f%%") % {"percent": short_decimal(value)}
    return _("Bon de %(amount)s") % {"amount": euros(value)}


def conditions_of(voucher: Any) -> list[str]:
    """What is to be known before choosing it, the end last."""
    told = []
    if voucher.minimum_goods:
        told.append(_("dès %(amount)s d’articles") % {"amount": euros(voucher.minimum_goods)})
    if voucher.ceiling is not None:
        told.append(_("%(amount)s au plus") % {"amount": euros(voucher.ceiling)})
    if voucher.first_order_only:
        told.append(_("pour une première commande"))
    if voucher.state == "planned":
        told.append(_("à partir du %(day)s") % {"day": day_said(voucher.valid_from)})
    told.append(_("jusqu’au %(day)s") % {"day": last_day_said(voucher.valid_until)})
    return told


def refusal_said(refused: rules.VoucherRefused) -> str:
    """Why a voucher takes nothing off, and what to do. Unknown and somebody else's read the same."""
    if isinstance(refused, rules.BelowVoucherMinimum):
        return _("Il manque %(amount)s d’articles pour utiliser ce bon.") % {"amount": euros(refused.missing)}
    said = {
        rules.VoucherCancelled: _("Ce bon a été annulé. Une question ? Écrivez-nous."),
        rules.VoucherSpent: _("Ce bon a déjà servi : il n’est valable qu’une fois."),
        rules.VoucherTaken: _(
            "Ce bon est pris par une autre commande en cours. Si elle n’aboutit pas, il redevient libre."
        ),
        rules.VoucherNotYet: _("Ce bon n’est pas encore valable : gardez-le pour une prochaine commande."),
        rules.VoucherExpired: _("Ce bon n’est plus valable : sa date est passée."),
        rules.FirstOrderOnly: _("Ce bon est réservé à une première commande."),
        rules.VoucherWorthless: _(
            "Ce bon n’enlèverait rien à cette commande : gardez-le pour une prochaine fois."
        ),
    }
    return said.get(
        type(refused),
        _("Nous ne reconnaissons pas ce code. Vérifiez-le, ou connectez-vous si le bon vous a été accordé."),
    )
