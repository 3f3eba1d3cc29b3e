"""Whether those who were given something to try buy of its shelf afterwards, beside those who could have been and were not."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.templatetags.cabas import grouped
from crm.insights.recovery.intervals import Estimate, difference_of
from crm.insights.recovery.wording import percent, points

# Of fewer on either side a difference says more of chance than of the sample.
LEAST_TRIED = 30


@dataclass(frozen=True, slots=True)
class Tried:
    """Of one sample: who tried it and bought of its shelf within the days counted, and those held out who did. ``waiting``: the
    days of so many are not over. First orders, of which none is held out, are ``welcomed`` apart.
    """

    name: str
    tried: int
    tried_bought: int
    held_out: int
    held_out_bought: int
    waiting: int
    welcomed: int
    welcomed_bought: int

    @property
    def is_enough(self) -> bool:
        return min(self.tried, self.held_out) >= LEAST_TRIED

    @property
    def brought(self) -> Estimate | None:
        """How much more of those who tried bought; None of too few."""
        if not self.is_enough:
            return None
        return difference_of((self.tried_bought, self.tried), (self.held_out_bought, self.held_out))

    @property
    def sentence(self) -> str:
        found = self.brought
        if found is None:
            return _("Pas assez pour conclure\u202f: il en faut %(least)s de chaque côté.") % {
                "least": LEAST_TRIED
            }
        said = {
            "points": points(found.value), "low": points(found.interval.low), "high": points(found.interval.high),
        }  # fmt: skip
        if found.interval.low > 0:
            return _("%(points)s points (de %(low)s à %(high)s)\u202f: l’échantillon fait acheter.") % said
        if found.interval.high < 0:
            return _("%(points)s points (de %(low)s à %(high)s)\u202f: il fait moins acheter.") % said
        return (
            _("%(points)s points (de %(low)s à %(high)s)\u202f: non prouvé, ce peut être le hasard.") % said
        )

    @property
    def tried_said(self) -> str:
        return _share(self.tried_bought, self.tried)

    @property
    def held_out_said(self) -> str:
        return _share(self.held_out_bought, self.held_out)

    @property
    def welcomed_said(self) -> str:
        return _share(self.welcomed_bought, self.welcomed)

    @property
    def waiting_said(self) -> str:
        if not self.waiting:
            return ""
        told = ngettext("%(n)s encore trop récent", "%(n)s encore trop récents", self.waiting)
        return told % {"n": grouped(self.waiting)}


def _share(number: int, whole: int) -> str:
    """« 12 sur 40, 30 % »; « — » of nobody."""
    if not whole:
        return "—"
    return _("%(number)s sur %(whole)s, %(share)s") % {
        "number": grouped(number), "whole": grouped(whole), "share": percent(number / whole),
    }  # fmt: skip
