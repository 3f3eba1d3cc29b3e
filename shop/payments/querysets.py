"""Which operations count, in words of their own."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q

if TYPE_CHECKING:
    from shop.payments.models import PaymentOperation  # noqa: F401 (named in quotes below)

# What should have ended longer ago was seen to end, or is with the staff.
ENDED_LONG_AGO = timedelta(days=3)


class OperationQuerySet(models.QuerySet["PaymentOperation"]):
    def live(self, kind: str) -> Self:
        """Of this kind, and not refused."""
        return self.filter(kind=kind).exclude(state="refused")

    def held(self) -> Self:
        """Authorisations that succeeded and are not captured, whether or not they are being given back."""
        captures = self.model.objects.live("capture").filter(parent=OuterRef("pk"))
        return self.filter(~Exists(captures), kind__in=self.model.AUTHORISATIONS, state="succeeded")

    def standing(self) -> Self:
        """Those that nobody asked to give back: their own release, or their extra payment's. A whole order's
        release is for the caller to look at.
        """
        releases = self.model.objects.live("release")
        of_one = releases.filter(parent=OuterRef("pk"))
        of_occasion = releases.filter(account=OuterRef("account"), parent=None, occasion=OuterRef("occasion"))
        return self.held().exclude(Exists(of_one)).exclude(~Q(occasion="") & Exists(of_occasion))

    def ending(self, before: datetime) -> Self:
        """Standing authorisations that end by then, or ended these last days."""
        return self.standing().filter(expires_at__lte=before, expires_at__gt=before - ENDED_LONG_AGO)
