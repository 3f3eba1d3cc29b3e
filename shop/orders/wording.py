"""What happens to an order's articles, in sentences: the same on its page, on the page that asks and in letters."""

import re
from collections.abc import Collection, Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from config.templatetags.cabas import euros, first_of_month, grams, hour, quantity_label, said_at
from shop.orders.models import LineEvent, OrderEvent, OrderLine, ShortageQuestion, SubstituteOffer

Kind = OrderEvent.Kind
Answer = ShortageQuestion.Answer
By = ShortageQuestion.By
Cause = ShortageQuestion.Cause


def how_much(line: OrderLine, quantity: int) -> str:
    """« 2 », « 250 g »."""
    return grams(quantity) if line.is_weighed else str(quantity)


def of_it(line: OrderLine, quantity: int) -> str:
    """« 2 Brie », « 250 g de Pommes », « 1 kg d’Abricots »."""
    if not line.is_weighed:
        return f"{quantity} {line.name}"
    link = _("d’") if re.match(r"[aeiouyhàâéèêëîïôùûœ]", line.name, re.IGNORECASE) else _("de ")
    return f"{grams(quantity)} {link}{line.name}"


def missing(line: OrderLine, quantity: int, cause: str) -> str:
    """« Il manquera 2 Brie sur 10 » ahead, « Il manque … » at the shelf; nothing after it where all is missing."""
    said = {"what": of_it(line, quantity), "whole": how_much(line, line.quantity)}
    if cause == Cause.RECALL:
        return _("%(what)s\u202f: ce produit est rappelé, nous ne le livrons pas") % said
    if cause == Cause.SHELF:
        words = (
            _("Il manque %(what)s")
            if quantity >= line.quantity
            else _("Il manque %(what)s sur\u00a0%(whole)s")
        )
    else:
        words = (
            _("Il manquera %(what)s")
            if quantity >= line.quantity
            else _("Il manquera %(what)s sur\u00a0%(whole)s")
        )
    return words % said


def deadline(at: datetime) -> str:
    """« jeudi 26 novembre à 16 h », « mardi 1er décembre à 9 h 30 »."""
    day = first_of_month(date_format(timezone.localtime(at), "l j F").lower())
    return _("%(day)s à %(hour)s") % {"day": day, "hour": hour(at)}


# --- what may be chosen -------------------------------------------------------------------------------


def replacement(line: OrderLine, offer: SubstituteOffer, cheaper: Decimal) -> tuple[str, str]:
    """A choice and its note. Never dearer: the price is that of what is missing, or less."""
    name, price = offer.product.name, {"price": euros(offer.total)}
    if line.is_weighed or offer.quantity > 1:
        how = quantity_label(line.sold_by, offer.quantity)
        label = _("Le remplacer par %(how)s %(name)s") % {"how": how, "name": name}
    else:
        label = _("Le remplacer par %(name)s") % {"name": name}
    if cheaper > 0:
        note = _("Au prix de %(price)s, soit %(cheaper)s de moins.") % {**price, "cheaper": euros(cheaper)}
    else:
        note = _("Au prix de %(price)s, jamais plus cher.") % price
    return label, note


def leave_out(line: OrderLine, quantity: int, worth: Decimal) -> tuple[str, str]:
    if quantity >= line.quantity:
        label = _("Ne pas le livrer, ne pas le payer")
    else:
        label = _("Ne livrer que le reste, ne pas payer ce qui manque")
    return label, _("%(worth)s de moins sur votre commande.") % {"worth": euros(worth)}


def later(back_on: date | None) -> tuple[str, str]:
    note = _("Non facturé aujourd’hui\u202f: nous vous écrivons dès son retour.")
    if back_on:
        day = first_of_month(date_format(back_on, "l j F").lower())
        note = _("Non facturé aujourd’hui\u202f: nous vous écrivons dès son retour, prévu le %(day)s.") % {
            "day": day
        }
    return _("Plus tard"), note


def cancel() -> tuple[str, str]:
    return (
        _("Annuler toute la commande"),
        _("Rien ne sera débité\u202f: votre créneau et vos articles sont rendus."),
    )


def otherwise(question: ShortageQuestion, offer: SubstituteOffer | None) -> str:
    """What is done without a word, as a whole sentence."""
    match question.otherwise:
        case Answer.REPLACE if offer:
            return _("Sans réponse de votre part, nous le remplaçons par %(name)s, au prix de %(price)s.") % {
                "name": offer.product.name,
                "price": euros(offer.total),
            }
        case Answer.LATER:
            return _(
                "Sans réponse de votre part, il n’est pas facturé et nous vous écrivons dès son retour, comme vous "
                "l’avez choisi en commandant."
            )
        case Answer.CANCEL:
            return _(
                "Sans réponse de votre part, toute la commande est annulée, comme vous l’avez choisi en commandant."
            )
    return _("Sans réponse de votre part, nous livrons tout le reste et ce qui manque n’est pas facturé.")


def settled(question: ShortageQuestion, stand_in: OrderLine | None, worth: Decimal) -> str:
    """What is done in place of a missing article."""
    line = question.line
    said = {"what": of_it(line, question.missing), "worth": euros(worth), "name": line.name}
    match question.answer:
        case Answer.REPLACE if stand_in:
            return _("%(how)s %(stand_in)s à la place de %(what)s, au prix de %(price)s.") % {
                **said,
                "how": quantity_label(stand_in.sold_by, stand_in.quantity),
                "stand_in": stand_in.name,
                "price": euros(stand_in.total),
            }
        case Answer.LATER:
            return (
                _(
                    "Ce qui manque (%(what)s) n’est pas facturé, %(worth)s de moins\u202f: nous vous écrivons dès son "
                    "retour."
                )
                % said
            )
        case Answer.CANCEL:
            return _("Toute la commande est annulée, rien ne sera débité.")
        case Answer.FOUND:
            return _("Bonne nouvelle\u202f: %(name)s est là, vous le recevez comme prévu.") % said
    return (
        _("Nous livrons tout le reste\u202f; ce qui manque (%(what)s) n’est pas facturé, %(worth)s de moins.")
        % said
    )


def who_settled(question: ShortageQuestion) -> str:
    """« Vous l’avez choisi le 26 novembre à 16 h. »"""
    if question.answered_at is None:
        return ""
    words = {
        By.CUSTOMER: _("Vous l’avez choisi le %(at)s."),
        By.STAFF: _("Notre équipe l’a noté pour vous le %(at)s."),
        By.DEFAULT: _("Sans réponse de votre part, nous l’avons fait le %(at)s, comme annoncé."),
    }
    if question.answer == Answer.FOUND:
        return _("Nous le savons depuis le %(at)s.") % {"at": said_at(question.answered_at)}
    return words[By(question.answered_by)] % {"at": said_at(question.answered_at)}


# --- the lines of an order ----------------------------------------------------------------------------


def line_facts(line: OrderLine, stand_in: OrderLine | None, replaced: OrderLine | None) -> list[str]:
    """What differs from what was ordered, each in a few words; nothing where all is as ordered."""
    facts = []
    if replaced:
        facts.append(_("Remplace %(name)s") % {"name": replaced.name})
    gone = line.dropped + line.missing
    if line.recalled_at and not line.picked:
        facts.append(_("Produit rappelé\u202f: retiré, non facturé"))
    elif gone:
        facts.append(
            _("Manque\u202f: %(gone)s sur %(whole)s, non facturé")
            % {"gone": how_much(line, gone), "whole": how_much(line, line.quantity)}
        )
    if stand_in:
        facts.append(
            _("Remplacé par %(how)s %(name)s")
            % {"how": quantity_label(stand_in.sold_by, stand_in.quantity), "name": stand_in.name}
        )
    if line.is_weighed and line.picked and line.picked != line.wanted:
        facts.append(
            _("Pesé\u202f: %(picked)s pour %(wanted)s commandés")
            % {"picked": grams(line.picked), "wanted": grams(line.wanted)}
        )
    return facts


def line_history(line: OrderLine, events: Iterable[LineEvent]) -> list[dict[str, Any]]:
    """What happened to a line, when and why, in the order it happened."""
    return [{"label": _line_event(line, event), "at": said_at(event.at)} for event in events]


def _line_event(line: OrderLine, event: LineEvent) -> str:
    how = how_much(line, event.quantity)
    said = {"how": how, "date": ""}
    if event.best_before_on:
        said["date"] = date_format(event.best_before_on, "j F Y")
    kinds = LineEvent.Kind
    words: dict[str, str] = {
        kinds.PICKED: _("Préparé\u202f: %(how)s"),
        kinds.WEIGHED: _("Pesé\u202f: %(how)s"),
        kinds.MISSING: _("Introuvable en rayon\u202f: %(how)s"),
        kinds.TOLD: _("Manque annoncé\u202f: %(how)s"),
        kinds.DROPPED: _("Retiré de la commande, non facturé\u202f: %(how)s"),
        kinds.LATER: _("Nous vous écrivons à son retour\u202f: %(how)s"),
        kinds.REPLACED: _("Remplacé\u202f: %(how)s"),
        kinds.ADDED: _("Ajouté en remplacement\u202f: %(how)s"),
        kinds.NONE_FITS: _("Aucun remplacement ne convenait\u202f: %(how)s"),
        kinds.REFUSED: _("Remplacement refusé\u202f: %(how)s"),
        kinds.REFUNDED: _("Remboursé\u202f: %(how)s"),
        kinds.RECALLED: _("Retiré, produit rappelé\u202f: %(how)s"),
        kinds.FOUND: _("Revenu à temps, livré comme prévu\u202f: %(how)s"),
        kinds.JOINED: _("Ajouté à votre demande\u202f: %(how)s"),
        kinds.RAISED: _("Augmenté à votre demande\u202f: %(how)s de plus"),
        kinds.LOWERED: _("Diminué à votre demande\u202f: %(how)s de moins"),
        kinds.REMOVED: _("Retiré à votre demande\u202f: %(how)s"),
    }
    text = words[event.kind] % said
    return _("%(text)s, à consommer avant le %(date)s") % {"text": text, **said} if said["date"] else text


# --- an order as a whole ------------------------------------------------------------------------------


def cancelled_because(kinds: Collection[str]) -> str:
    """Why an order was cancelled, in a sentence; "" where its customer asked for it."""
    words = {
        Kind.CANCELLED_SHORT: _("Un article manquait, et il a été choisi de tout annuler dans ce cas."),
        Kind.NOTHING_LEFT: _("Rien de ce qui était commandé n’était en rayon\u202f: nous en sommes désolés."),
        Kind.UNPAID: _("Le paiement n’a pas pu être autorisé avant la préparation."),
    }
    return next((said for kind, said in words.items() if kind in kinds), "")
