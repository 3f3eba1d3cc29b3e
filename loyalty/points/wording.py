"""What customers and staff read of points, in French: a sentence for each entry, and what there is to know of an account."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.templatetags.cabas import day_said, euros, french_number, grouped, last_day_said
from loyalty.points import rules
from loyalty.points.figures import REPLAYED, Liability
from loyalty.points.models import PointEntry
from loyalty.points.ports import TooGenerous
from loyalty.points.queries import OfOrder, Standing

Kind = PointEntry.Kind


def points_said(points: int) -> str:
    """« 1 point », « 1 030 points »."""
    return ngettext("%(n)s point", "%(n)s points", points) % {"n": grouped(points)}


def change_said(points: int) -> str:
    """« +50 », « −10 », « 0 »."""
    sign = "+" if points > 0 else "−" if points < 0 else ""
    return f"{sign}{grouped(abs(points))}"


def sentence(entry: PointEntry) -> str:
    """Why an entry is there."""
    counted = counted_said(entry.cents, entry.bonus_cents)
    match entry.kind:
        case Kind.EARNED if not entry.points:
            return _("%(counted)s, reportés sur votre prochaine commande") % {"counted": counted}
        case Kind.EARNED if entry.cents + entry.bonus_cents < 0:
            return _("Sommes reportées de vos commandes, moins %(refunded)s") % {
                "refunded": _refunded_said(entry)
            }
        case Kind.EARNED:
            return counted
        case Kind.TAKEN_BACK:
            return _refunded_said(entry)
        case Kind.SPENT:
            return _("Échangés contre une récompense")
        case Kind.GIVEN_BACK:
            return _("Rendus")
        case Kind.EXPIRED:
            return _("Arrivés à leur terme")
        case Kind.MOVED:
            return _("Gagnés avant d’avoir un compte")
        case Kind.GIFT if entry.reason:
            return _("Offerts par notre équipe, %(why)s") % {"why": entry.get_reason_display()}
        case Kind.GIFT if entry.source.startswith("referral-"):
            return _("Offerts pour un parrainage")
        case Kind.GIFT if entry.order_reference:
            return _("Offerts pour une promesse non tenue")
        case _kind:
            return _("Offerts")


def _refunded_said(entry: PointEntry) -> str:
    said = {"sum": _euros(entry.cents), "bonus": _euros(entry.bonus_cents)}
    if not entry.bonus_cents:
        return _("%(sum)s d’articles remboursés") % said
    return _("%(sum)s d’articles remboursés, et %(bonus)s qui comptaient en plus (points multipliés)") % said


def counted_said(cents: int, bonus_cents: int) -> str:
    """« 45,00 € d’articles », « 45,00 € d’articles, et 12,00 € comptés en plus (points multipliés) »."""
    said = {"sum": _euros(cents), "bonus": _euros(bonus_cents)}
    if not bonus_cents:
        return _("%(sum)s d’articles") % said
    return _("%(sum)s d’articles, et %(bonus)s comptés en plus (points multipliés)") % said


def _euros(cents: int) -> str:
    return euros(abs(cents) / rules.HUNDRED)


def order_said(told: OfOrder, now: datetime) -> str:
    """What an order brought, as its own page says it."""
    if told.points <= 0:
        if not told.counted_cents:
            return ""
        counted = counted_said(told.counted_cents, told.bonus_cents)
        if told.bonus_cents:
            return _("%(counted)s, pour vos prochains points.") % {"counted": counted}
        return _("%(counted)s comptent pour vos prochains points.") % {"counted": counted}
    said = {"points": points_said(told.points)}
    if told.usable_at is None:
        return _("%(points)s, à dépenser une fois passés la livraison et le délai de retour.") % said
    if told.usable_at > now:
        return _("%(points)s, à dépenser dès le %(day)s.") % {**said, "day": day_said(told.usable_at)}
    return _("%(points)s gagnés.") % said


def standing_said(told: Standing, terms: rules.Terms) -> list[str]:
    """What waits, what ends next, what is owed, how far the next points are: each in a sentence."""
    said = []
    if told.pending and told.pending_until:
        said.append(
            _("%(points)s en attente\u202f: à dépenser dès le %(day)s, une fois passé le délai de retour.")
            % {"points": points_said(told.pending), "day": day_said(told.pending_until)}
        )
    elif told.pending:
        said.append(_pending_said(told.pending, terms.pending_days))
    if told.balance < 0:
        said.append(
            _(
                "%(points)s à rattraper\u202f: dépensés avant que leurs articles soient remboursés. Les prochains les couvrent."
            )
            % {"points": points_said(-told.balance)}
        )
    if told.expires_at:
        said.append(
            _("%(points)s à dépenser jusqu’au %(day)s.")
            % {"points": points_said(told.expiring), "day": last_day_said(told.expires_at)}
        )
    return said


def _pending_said(points: int, days: int) -> str:
    said = {"points": points_said(points), "n": days}
    if not days:
        return _("%(points)s en attente d’une livraison.") % said
    return (
        ngettext(
            "%(points)s en attente d’une livraison, puis du délai de retour (%(n)s\u00a0jour).",
            "%(points)s en attente d’une livraison, puis du délai de retour (%(n)s\u00a0jours).",
            days,
        )
        % said
    )


def brings_said(carried_cents: int, counted_cents: int, bonus_cents: int, terms: rules.Terms) -> str:
    """What an order that is not made yet will bring to somebody with so much carried over; nothing where none of it counts.

    Of a visitor nothing is known to be carried over: they are told no more than they will have.
    """
    if counted_cents <= 0:
        return ""
    brings = rules.step(carried_cents, counted_cents + bonus_cents, terms).points
    if not brings:
        carried = carried_cents + counted_cents + bonus_cents
        return _("%(counted)s comptent pour vos points. %(next)s") % {
            "counted": counted_said(counted_cents, 0), "next": next_said(carried, terms),
        }  # fmt: skip
    more = brings - rules.step(carried_cents, counted_cents, terms).points
    said = {"points": points_said(brings), "more": grouped(more), "usable": _usable_said(terms)}
    if more:
        return (
            _(
                "Cette commande vous rapportera %(points)s, dont %(more)s par les points multipliés, %(usable)s."
            )
            % said
        )
    return _("Cette commande vous rapportera %(points)s, %(usable)s.") % said


def _usable_said(terms: rules.Terms) -> str:
    days = terms.pending_days
    if not days:
        return _("utilisables dès la livraison")
    return ngettext(
        "utilisables %(n)s\u00a0jour après la livraison",
        "utilisables %(n)s\u00a0jours après la livraison",
        days,
    ) % {"n": days}


def earns_said(terms: rules.Terms, factor: int = 1) -> str:
    """What an article brings, as its own page says it: for a whole step, since one article alone may fill none."""
    said = {
        "points": points_said(terms.points * factor),
        "step": euros(terms.step_cents / rules.HUNDRED).replace(",00", ""),
    }
    return _("Compte pour vos points\u202f: %(points)s par tranche de %(step)s.") % said


def next_said(carried_cents: int, terms: rules.Terms) -> str:
    missing = euros(rules.missing_cents(carried_cents, terms) / rules.HUNDRED)
    return _("Encore %(sum)s d’articles pour %(points)s de plus.") % {
        "sum": missing, "points": points_said(terms.points),
    }  # fmt: skip


def too_generous_said(beyond: TooGenerous) -> str:
    """Why rules of points cannot be written: which promotion they would take beyond the law, on what."""
    said = {
        "promotion": beyond.promotion,
        "article": beyond.article,
        "reduced": _percent(beyond.reduced_percent),
        "points": _percent(beyond.points_percent),
        "most": beyond.most_percent,
    }
    if not beyond.reduced_percent:
        return (
            _(
                "Avec «\u202f%(promotion)s\u202f», les points de plus sur %(article)s vaudraient %(points)s\u202f%% de son "
                "prix\u202f: la loi permet %(most)s\u202f%% au plus (loi 2020-1525, art. 125). Donnez-en moins, ou attendez "
                "sa fin."
            )
            % said
        )
    return (
        _(
            "Avec «\u202f%(promotion)s\u202f», les points de plus sur %(article)s vaudraient %(points)s\u202f%% de son prix, en "
            "plus des %(reduced)s\u202f%% dont il est réduit\u202f: la loi permet %(most)s\u202f%% en tout (loi 2020-1525, "
            "art. 125). Donnez-en moins, ou attendez sa fin."
        )
        % said
    )


def _percent(figure: Decimal) -> str:
    return french_number(figure).removesuffix(",00")


def rule_said(terms: rules.Terms) -> str:
    """How points are earned and how long they last, in one paragraph."""
    step = euros(terms.step_cents / rules.HUNDRED)
    told = _(
        "%(points)s par tranche de %(step)s d’articles finalement payés\u202f; ce qui dépasse compte pour la commande suivante."
    ) % {"points": points_said(terms.points), "step": step}
    without = (
        _(
            "Ne comptent ni la livraison, ni les consignes, ni le lait premier âge, que la loi interdit de promouvoir."
        )
        if terms.counts_alcohol
        else _(
            "Ne comptent ni la livraison, ni les consignes, ni l’alcool, ni le lait premier âge, que la loi interdit de "
            "promouvoir."
        )
    )
    worth = _("100 points valent %(sum)s.") % {"sum": euros(terms.hundred_worth)}
    if terms.lasts_months is None:
        return f"{told} {without} {worth}"
    lasts = _("Ils se dépensent pendant %(n)s mois.") % {"n": terms.lasts_months}
    return f"{told} {without} {worth} {lasts}"


def percent_said(part: int, whole: int) -> str:
    """« 58 % »; nothing of nothing."""
    return f"{round(100 * part / whole)}\u202f%" if whole else ""


def expected_said(told: Liability) -> str:
    """How much of what is owed will be spent, and on how much history that stands."""
    if not told.points:
        return ""
    if not told.is_known:
        return _(
            "Pas assez d’histoire\u202f: depuis un an, le terme est venu pour %(ended)s, il en faut %(enough)s. On compte tout."
        ) % {"ended": points_said(told.ended), "enough": grouped(rules.ENOUGH_ENDED)}
    said = _(
        "D’après ce que sont devenus %(ended)s arrivés à leur terme depuis un an, %(share)s seront dépensés\u202f: %(sum)s."
    ) % {
        "ended": points_said(told.ended),
        "share": percent_said(told.expected_points, told.points),
        "sum": euros(told.expected),
    }
    if not told.whole:
        return said
    whole = _("Faute d’histoire, %(whole)s sont comptés en entier.") % {"whole": points_said(told.whole)}
    return f"{said} {whole}"


@dataclass(frozen=True, slots=True)
class ReplayShown:
    """A quarter beside itself under other rules: a sentence, (what, then, with these rules, how much more), what it leaves out."""

    sentence: str
    rows: list[tuple[str, str, str, str]]
    left_out: list[str]


def replay_shown(told: rules.Replayed, terms: rules.Terms, in_force: rules.Terms) -> ReplayShown:
    was, becomes = rules.worth(told.given, in_force), rules.worth(told.would, terms)
    rows = [
        (_("Points donnés"), grouped(told.given), grouped(told.would), change_said(told.would - told.given)),
        (_("Ce qu’ils valent"), euros(was), euros(becomes), _more(becomes - was)),
    ]
    if told.reward:
        rows.append((
            _("Comptes à %(points)s ou plus") % {"points": points_said(told.reward)},
            grouped(told.reach), grouped(told.would_reach), change_said(told.would_reach - told.reach),
        ))  # fmt: skip
    return ReplayShown(_replay_sentence(told, becomes - was), rows, _left_out(terms, in_force))


def _replay_sentence(told: rules.Replayed, more: Decimal) -> str:
    if not told.accounts:
        return _("Aucune commande n’a compté ces %(days)s derniers jours\u202f: rien à rejouer.") % {
            "days": REPLAYED.days
        }
    accounts = ngettext("sur %(n)s compte", "sur %(n)s comptes", told.accounts) % {
        "n": grouped(told.accounts)
    }
    if not told.gain + told.lose:
        return _("Personne n’y aurait gagné ni perdu, %(accounts)s.") % {"accounts": accounts}
    shop = (
        _("La boutique aurait promis %(sum)s de plus.")
        if more >= 0
        else _("La boutique aurait promis %(sum)s de moins.")
    ) % {"sum": euros(abs(more))}
    return _("Gagnants\u202f: %(gain)s %(accounts)s\u202f; perdants\u202f: %(lose)s. %(shop)s") % {
        "accounts": accounts, "gain": grouped(told.gain), "lose": grouped(told.lose), "shop": shop,
    }  # fmt: skip


def _more(sum_: Decimal) -> str:
    sign = "+" if sum_ > 0 else "−" if sum_ < 0 else ""
    return f"{sign}{euros(abs(sum_))}"


def _left_out(terms: rules.Terms, in_force: rules.Terms) -> list[str]:
    said = [
        _("Ce que les clients auraient acheté autrement sous ces règles ne se rejoue pas."),
        _("Les comptes d’un même client, avant et après qu’il s’inscrive, comptent chacun pour un."),
    ]
    if terms.counts_alcohol != in_force.counts_alcohol:
        said.append(
            _(
                "L’alcool n’est pas rejoué\u202f: le livre ne garde que ce qui comptait quand la commande fut passée."
            )
        )
    return said
