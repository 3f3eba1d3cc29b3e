"""Somebody to be called within the hour, and every time it was tried."""

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.desk.models.assigned import Assigned
from crm.desk.models.conversations import Conversation
from shop.customers.models import Customer


class State(models.TextChoices):
    DUE = "due", _("à rappeler")
    NOT_REACHED = "not_reached", _("pas joint, à rappeler")
    CALLED = "called", _("rappelé")
    CLOSED = "closed", _("classé")


MOVES: dict[str, set[str]] = {
    State.DUE: {State.CALLED, State.NOT_REACHED, State.CLOSED},
    State.NOT_REACHED: {State.CALLED, State.NOT_REACHED, State.CLOSED},
    State.CALLED: set(),
    State.CLOSED: set(),
}


class Callback(Assigned):
    """A call that is owed. The number is read from the order or the customer when it is shown, unless one was given."""

    State, MOVES = State, MOVES

    class Reason(models.TextChoices):
        DAMAGED = "damaged", _("article abîmé")
        MISSING = "missing", _("article manquant")
        LATE = "late", _("livraison en retard")
        ASKED = "asked", _("a demandé à être rappelé")
        OTHER = "other", _("autre raison")

    OPEN: ClassVar[tuple[str, ...]] = (State.DUE, State.NOT_REACHED)

    # A report, a form: with it the call is owed once, however often it is asked for.
    occasion = models.CharField(_("occasion"), max_length=120, unique=True)
    # What asked for a call about the same order while this one was owed: nobody is called twice.
    also = ArrayField(models.CharField(max_length=120), default=list, editable=False)
    reason = models.CharField(_("raison"), max_length=20, choices=Reason)
    order_reference = models.CharField(_("numéro de commande"), max_length=20, blank=True)
    customer = models.ForeignKey(
        Customer, on_delete=models.SET_NULL, null=True, blank=True, related_name="callbacks",
        verbose_name=_("client"),
    )  # fmt: skip
    conversation = models.ForeignKey(
        Conversation, on_delete=models.PROTECT, null=True, blank=True, related_name="callbacks",
        verbose_name=_("demande"),
    )  # fmt: skip
    name = models.CharField(_("nom"), max_length=80, blank=True)
    phone = models.CharField(_("téléphone"), max_length=20, blank=True)
    state = models.CharField(_("état"), max_length=12, choices=State, default=State.DUE)
    asked_at = models.DateTimeField(_("demandé le"), default=timezone.now)
    # What was promised, which never changes; and when to try next.
    promised_at = models.DateTimeField(_("promis avant"))
    next_at = models.DateTimeField(_("à appeler avant"))
    ended_at = models.DateTimeField(_("terminé le"), null=True, blank=True)
    erased_at = models.DateTimeField(_("effacé le"), null=True, blank=True)

    class Meta:
        verbose_name = _("rappel téléphonique")
        verbose_name_plural = _("rappels téléphoniques")
        ordering = ["-asked_at"]
        constraints = [
            models.CheckConstraint(condition=~Q(occasion=""), name="callback_has_an_occasion"),
            models.UniqueConstraint(
                fields=["order_reference"],
                condition=~Q(order_reference="") & Q(state__in=["due", "not_reached"]),
                name="one_open_call_per_order",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["due", "not_reached"], ended_at__isnull=True)
                | Q(state__in=["called", "closed"], ended_at__isnull=False),
                name="callback_ends_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_at"], condition=Q(state__in=["due", "not_reached"]), name="callback_waiting"
            ),
            models.Index(
                fields=["order_reference"], condition=~Q(order_reference=""), name="callback_of_order"
            ),
        ]
        triggers = [
            pgtrigger.FSM(
                name="callback_moves",
                field="state",
                transitions=[(str(a), str(b)) for a, after in MOVES.items() for b in sorted(after)],
            )
        ]

    def __str__(self) -> str:
        return f"rappel {self.pk}"


class CallAttempt(models.Model):
    """One call, as whoever made it noted it. Only ever added; erasing blanks the note."""

    class Result(models.TextChoices):
        REACHED = "reached", _("joint")
        NO_ANSWER = "no_answer", _("pas de réponse")
        VOICEMAIL = "voicemail", _("message laissé sur le répondeur")
        WRONG_NUMBER = "wrong_number", _("numéro faux")

    callback = models.ForeignKey(Callback, on_delete=models.PROTECT, related_name="attempts")
    at = models.DateTimeField(_("le"), default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("par")
    )
    result = models.CharField(_("résultat"), max_length=12, choices=Result)
    note = models.TextField(_("note"), blank=True)
    key = models.CharField(max_length=40, unique=True, editable=False)
    erased_at = models.DateTimeField(_("effacé le"), null=True, blank=True)

    class Meta:
        verbose_name = _("appel")
        verbose_name_plural = _("appels")
        ordering = ["id"]
        triggers = [
            pgtrigger.Protect(name="call_attempt_undeletable", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="call_attempt_append_only",
                operation=pgtrigger.Update,
                condition=~(pgtrigger.Q(new__erased_at__isnull=False) & pgtrigger.Q(new__note="")),
            ),
        ]

    def __str__(self) -> str:
        return f"appel {self.pk}"
