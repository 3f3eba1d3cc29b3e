"""Referrals: rules that are written once, invitations, who came by them, and the book of what became of each.

Of addresses, cards and devices there are keyed digests alone, given by the rooms that know them and forgotten after a while.
"""

from datetime import datetime
from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from loyalty.referrals import rules
from shop.customers.models import Customer

_FINAL = pgtrigger.Update | pgtrigger.Delete


class ReferralTerms(models.Model):
    """What an invitation promises from an instant on, until the next rules begin. Written once."""

    starts_at = models.DateTimeField(_("à partir du"), unique=True)
    friend_value = models.DecimalField(_("bon du proche (€)"), max_digits=6, decimal_places=2)
    friend_minimum = models.DecimalField(_("minimum d’articles (€)"), max_digits=7, decimal_places=2)
    friend_points = models.PositiveIntegerField(
        _("points du proche, à sa première livraison"), default=0, validators=[MaxValueValidator(10_000)]
    )
    sponsor_points = models.PositiveIntegerField(
        _("points du parrain"), default=0, validators=[MaxValueValidator(10_000)]
    )
    sponsor_value = models.DecimalField(_("ou bon du parrain (€)"), max_digits=6, decimal_places=2, default=0)
    yearly_most = models.PositiveSmallIntegerField(
        _("proches récompensés par parrain et par an"),
        validators=[MinValueValidator(1), MaxValueValidator(100)],
    )
    lasts_days = models.PositiveSmallIntegerField(
        _("durée d’une invitation (jours)"),
        validators=[MinValueValidator(1), MaxValueValidator(366)],
        help_text=_("Le proche a autant de jours pour l’accepter, puis pour commander."),
    )
    written_at = models.DateTimeField(_("écrit le"), auto_now_add=True)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", editable=False,
        verbose_name=_("par"),
    )  # fmt: skip

    class Meta:
        verbose_name = _("règles du parrainage")
        verbose_name_plural = _("règles du parrainage")
        ordering = ["-starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(friend_value__gt=0, friend_minimum__gte=F("friend_value"), lasts_days__gt=0)
                & Q(yearly_most__gt=0),
                name="referral_terms_give_something",
            ),
            models.CheckConstraint(
                condition=Q(sponsor_points__gt=0, sponsor_value=0) | Q(sponsor_points=0, sponsor_value__gt=0),
                name="referral_terms_reward_sponsor_once",
            ),
        ]
        triggers = [pgtrigger.Protect(name="referral_terms_final", operation=_FINAL)]

    def __str__(self) -> str:
        return f"règles {self.pk}"


class Sponsor(models.Model):
    """A customer who invites. The row is the lock of all that happens to their referrals."""

    customer = models.OneToOneField(
        Customer, on_delete=models.PROTECT, primary_key=True, related_name="sponsoring",
        verbose_name=_("client"),
    )  # fmt: skip
    blocked_at = models.DateTimeField(_("bloqué le"), null=True)
    blocked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("par")
    )

    class Meta:
        verbose_name = _("parrain")
        verbose_name_plural = _("parrains")
        permissions = [("block_sponsor", "Peut bloquer les invitations d’un client")]
        constraints = [
            models.CheckConstraint(
                condition=Q(blocked_at=None, blocked_by=None)
                | Q(blocked_at__isnull=False, blocked_by__isnull=False),
                name="sponsor_blocked_by_somebody",
            )
        ]

    def __str__(self) -> str:
        return f"parrain {self.pk}"

    @property
    def may_invite(self) -> bool:
        """Not blocked, and still somebody with a login. Needs its customer."""
        return self.blocked_at is None and self.customer.user_id is not None


class Invitation(models.Model):
    """A link that a sponsor hands out, for any number of friends, and what it promises. Never changes."""

    sponsor = models.ForeignKey(Sponsor, on_delete=models.PROTECT, related_name="invitations")
    terms = models.ForeignKey(ReferralTerms, on_delete=models.PROTECT, related_name="+")
    # Told again to its sponsor at any time, hence kept as it is: it is a way in, not money.
    code = models.CharField(max_length=10, unique=True, default=rules.new_code, editable=False)
    made_at = models.DateTimeField(_("créée le"))
    expires_at = models.DateTimeField(_("jusqu’au"))

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("made_at")), name="invitation_lasts")
        ]
        triggers = [pgtrigger.Protect(name="invitation_final", operation=_FINAL)]

    def __str__(self) -> str:
        return f"invitation {self.pk}"

    def is_open_at(self, now: datetime) -> bool:
        """Needs its sponsor and their customer."""
        return self.expires_at > now and self.sponsor.may_invite


class Referral(models.Model):
    """A friend who came by an invitation: once, by the first they accepted."""

    class State(models.TextChoices):
        ACCEPTED = "accepted", _("invitation acceptée")
        ORDERED = "ordered", _("commande en cours")
        REVIEW = "review", _("à vérifier")
        REWARDED = "rewarded", _("récompensé")
        REFUSED = "refused", _("refusé")

    class Reason(models.TextChoices):
        SELF = "self", _("parrainage de soi-même\u202f: même adresse et même carte")
        NOT_NEW = "not_new", _("le proche avait déjà commandé")
        CEILING = "ceiling", _("plafond de l’année atteint")
        GONE = "gone", _("le parrain n’a plus de compte")
        ABUSE = "abuse", _("usage abusif")
        CHECKED = "checked", _("vérifié, tout est en règle")
        HOUSEHOLD = "household", _("même foyer, deux clients")

    # What staff may say, of either answer.
    FOR_YES: ClassVar[tuple[str, ...]] = (Reason.CHECKED, Reason.HOUSEHOLD)
    FOR_NO: ClassVar[tuple[str, ...]] = (Reason.SELF, Reason.ABUSE, Reason.GONE)
    OPEN: ClassVar[tuple[str, ...]] = (State.ACCEPTED, State.ORDERED)
    # This table is the only place that says what may follow. What a rule refused staff may still accept.
    MOVES: ClassVar[dict[str, set[str]]] = {
        State.ACCEPTED: {State.ORDERED, State.REVIEW, State.REWARDED, State.REFUSED},
        State.ORDERED: {State.ACCEPTED, State.REVIEW, State.REWARDED, State.REFUSED},
        State.REVIEW: {State.REWARDED, State.REFUSED},
        State.REFUSED: {State.REWARDED},
        State.REWARDED: set(),
    }

    friend = models.OneToOneField(
        Customer, on_delete=models.PROTECT, related_name="referral", verbose_name=_("proche")
    )
    sponsor = models.ForeignKey(
        Sponsor, on_delete=models.PROTECT, related_name="referrals", verbose_name=_("parrain")
    )
    invitation = models.ForeignKey(Invitation, on_delete=models.PROTECT, related_name="referrals")
    terms = models.ForeignKey(ReferralTerms, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(_("état"), max_length=10, choices=State, default=State.ACCEPTED)
    reason = models.CharField(_("motif"), max_length=10, choices=Reason, blank=True, default="")
    signals = ArrayField(models.CharField(max_length=20), verbose_name=_("signaux"), default=list)
    order_reference = models.CharField(_("commande"), max_length=20, blank=True, default="")
    accepted_at = models.DateTimeField(_("acceptée le"))
    # A first order placed later than this brings nobody anything.
    ends_at = models.DateTimeField(_("jusqu’au"))
    settled_at = models.DateTimeField(_("réglé le"), null=True)
    # Where the first order went, and who paid it: for the next friends of this sponsor.
    address_digest = models.CharField(max_length=64, blank=True, default="", editable=False)
    card_digests = ArrayField(models.CharField(max_length=64), default=list, editable=False)

    class Meta:
        verbose_name = _("parrainage")
        verbose_name_plural = _("parrainages")
        ordering = ["-id"]
        permissions = [
            ("decide_referral", "Peut accepter et refuser un parrainage à vérifier"),
            ("watch_abuse", "Peut lire la veille des abus"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(friend=F("sponsor")), name="referral_of_somebody_else"),
            models.CheckConstraint(
                condition=Q(state__in=["accepted", "ordered"], settled_at=None)
                | Q(state__in=["review", "rewarded", "refused"], settled_at__isnull=False),
                name="referral_settled_once_delivered",
            ),
            models.CheckConstraint(
                condition=~Q(state="refused") | ~Q(reason=""), name="referral_refused_for_a_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["sponsor", "accepted_at"], name="referrals_of_sponsor"),
            models.Index(fields=["settled_at"], condition=Q(state="review"), name="referrals_to_review"),
        ]
        triggers = [
            pgtrigger.Protect(name="referral_is_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="referral_as_accepted",
                fields=["friend", "sponsor", "invitation", "terms", "accepted_at", "ends_at"],
            ),
            pgtrigger.Protect(
                name="referral_rewarded_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state="rewarded") & ~pgtrigger.Q(new__state="rewarded"),
            ),
        ]

    def __str__(self) -> str:
        return f"parrainage {self.pk}"


class ReferralEntry(models.Model):
    """One thing that happened to a referral. Only ever added."""

    class Kind(models.TextChoices):
        ACCEPTED = "accepted", _("invitation acceptée")
        ORDERED = "ordered", _("commande passée")
        CAME_TO_NOTHING = "nothing", _("commande sans suite")
        FLAGGED = "flagged", _("mis à vérifier")
        REWARDED = "rewarded", _("récompensé")
        REFUSED = "refused", _("refusé")

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(_("événement"), max_length=10, choices=Kind)
    order_reference = models.CharField(_("commande"), max_length=20, blank=True, default="")
    signals = ArrayField(models.CharField(max_length=20), verbose_name=_("signaux"), default=list)
    reason = models.CharField(_("motif"), max_length=10, choices=Referral.Reason, blank=True, default="")
    at = models.DateTimeField(_("le"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("par")
    )

    class Meta:
        verbose_name = _("événement d’un parrainage")
        verbose_name_plural = _("historique")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["referral", "kind"], condition=Q(kind__in=["accepted", "rewarded"]),
                name="one_referral_reward",
            ),
        ]  # fmt: skip
        triggers = [pgtrigger.Protect(name="referral_entry_append_only", operation=_FINAL)]

    def __str__(self) -> str:
        return f"{self.referral_id} {self.kind}"


class Device(models.Model):
    """That a customer invited, or accepted an invitation, with this browser."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    seen_at = models.DateTimeField()

    class Meta:
        verbose_name = _("appareil")
        verbose_name_plural = _("appareils")
        constraints = [models.UniqueConstraint(fields=["customer", "digest"], name="one_device_per_customer")]
        indexes = [
            models.Index(fields=["digest"], name="device_by_digest"),
            models.Index(fields=["seen_at"], name="device_to_forget"),
        ]

    def __str__(self) -> str:
        return f"appareil {self.pk}"
