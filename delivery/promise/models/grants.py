"""What was decided of an order, why, and what is given for it."""

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from delivery.promise import rules
from delivery.promise.models.outcomes import Outcome
from delivery.promise.models.rulebook import Rule, RuleVersion
from shop.customers.models import Customer


class Decision(models.Model):
    """One rule and one order: what was known, what came of it, in a sentence. Only ever added."""

    class Verdict(models.TextChoices):
        GRANTED = rules.GRANTED, _("accordée")
        STAFF = rules.STAFF, _("à décider par l’équipe")
        CUMULATED = rules.CUMULATED, _("non cumulée")
        NOT_DUE = rules.NOT_DUE, _("rien n’est dû")
        STANDS = rules.STANDS, _("acquise malgré la correction")
        REFUSED = "refused", _("refusée par l’équipe")

    class Why(models.TextChoices):
        """Why it goes to staff, and why staff grant or refuse."""

        ORDER = rules.ORDER_CEILING, _("plafond de la commande")
        CUSTOMER = rules.CUSTOMER_CEILING, _("plafond du client")
        WEEK = rules.WEEK_CEILING, _("plafond de la semaine")
        BETTER = rules.BETTER, _("mieux que ce qui fut accordé")
        OUR_FAULT = "our_fault", _("la promesse n’a pas été tenue")
        GOODWILL = "goodwill", _("geste commercial")
        THEIR_DOING = "their_doing", _("le client était absent ou l’a demandé")
        WRONG_DATA = "wrong_data", _("les faits notés sont faux")
        DONE_OTHERWISE = "done", _("déjà compensé autrement")

    outcome = models.ForeignKey(Outcome, on_delete=models.PROTECT, related_name="decisions")
    order_reference = models.CharField(_("commande"), max_length=20)
    rule = models.ForeignKey(
        Rule, on_delete=models.PROTECT, related_name="decisions", verbose_name=_("règle")
    )
    version = models.ForeignKey(
        RuleVersion, on_delete=models.PROTECT, related_name="decisions", verbose_name=_("version")
    )
    verdict = models.CharField(_("décision"), max_length=12, choices=Verdict)
    why = models.CharField(_("raison"), max_length=12, choices=Why, blank=True, default="")
    # Figures and instants only.
    facts = models.JSONField(_("faits"), encoder=DjangoJSONEncoder)
    remedy = models.CharField(_("compensation"), max_length=16, choices=RuleVersion.Remedy, blank=True)
    amount_cents = models.PositiveIntegerField(_("montant (centimes)"), default=0)
    sentence = models.CharField(_("calcul"), max_length=400)
    at = models.DateTimeField(_("le"), auto_now_add=True)
    # Nobody: by rule.
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("par")
    )

    class Meta:
        verbose_name = _("décision")
        verbose_name_plural = _("décisions")
        ordering = ["-id"]
        indexes = [models.Index(fields=["order_reference", "rule"], name="decision_of_order")]
        triggers = [
            pgtrigger.Protect(name="decision_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.order_reference} {self.verdict}"


class Compensation(models.Model):
    """What is given for one broken promise of one order, exactly once."""

    class State(models.TextChoices):
        TO_DECIDE = "to_decide", _("à décider par l’équipe")
        REFUSED = "refused", _("refusée")
        GRANTED = "granted", _("accordée, en cours")
        CARRIED_OUT = "carried_out", _("faite")
        FAILED = "failed", _("à reprendre par l’équipe")

    # This table is the only place that says what may follow.
    MOVES: ClassVar[dict[str, set[str]]] = {
        State.TO_DECIDE: {State.GRANTED, State.REFUSED},
        State.GRANTED: {State.CARRIED_OUT, State.FAILED},
        State.FAILED: {State.CARRIED_OUT, State.GRANTED, State.REFUSED},
        State.CARRIED_OUT: set(),
        State.REFUSED: set(),
    }
    # What its customer may still hear of.
    OPEN: ClassVar[tuple[str, ...]] = (State.TO_DECIDE, State.GRANTED, State.FAILED)
    GIVEN: ClassVar[tuple[str, ...]] = (State.GRANTED, State.CARRIED_OUT, State.FAILED)

    outcome = models.ForeignKey(Outcome, on_delete=models.PROTECT, related_name="compensations")
    order_reference = models.CharField(_("commande"), max_length=20)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="compensations", verbose_name=_("client")
    )
    rule = models.ForeignKey(
        Rule, on_delete=models.PROTECT, related_name="compensations", verbose_name=_("règle")
    )
    version = models.ForeignKey(RuleVersion, on_delete=models.PROTECT, related_name="+")
    # What made it, and says why.
    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, related_name="compensation")
    remedy = models.CharField(_("compensation"), max_length=16, choices=RuleVersion.Remedy)
    amount_cents = models.PositiveIntegerField(_("montant (centimes)"))
    state = models.CharField(_("état"), max_length=12, choices=State)
    # Why it could not be carried out: a word of whoever tried.
    failed_because = models.CharField(_("ce qui l’empêche"), max_length=40, blank=True, default="")
    made_at = models.DateTimeField(_("née le"), auto_now_add=True)
    granted_at = models.DateTimeField(_("accordée le"), null=True, blank=True)
    ended_at = models.DateTimeField(_("faite ou refusée le"), null=True, blank=True)

    class Meta:
        verbose_name = _("compensation")
        verbose_name_plural = _("compensations")
        ordering = ["-id"]
        permissions = [("decide_compensation", "Peut accorder ou refuser une compensation")]
        constraints = [
            models.UniqueConstraint(
                fields=["order_reference", "rule"], name="one_compensation_per_order_and_rule"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["to_decide", "refused"])
                | Q(state__in=["granted", "carried_out", "failed"], granted_at__isnull=False),
                name="compensation_granted_before_all_else",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) ^ Q(state__in=["carried_out", "refused"]),
                name="compensation_ends_once",
            ),
            models.CheckConstraint(
                condition=Q(failed_because="") | Q(state="failed"), name="compensation_failed_for_a_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-made_at"], name="compensation_of_customer"),
            models.Index(
                fields=["granted_at"],
                condition=Q(state__in=["to_decide", "granted", "failed"]),
                name="compensation_open",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="compensation_stays", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="compensation_as_decided",
                fields=["outcome", "order_reference", "customer", "rule", "version", "decision", "remedy",
                        "amount_cents", "made_at"],
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.order_reference} {self.remedy}"

    @property
    def occasion(self) -> str:
        """What whoever carries it out does it for: once."""
        return f"compensation-{self.pk}"


class RuleWeek(models.Model):
    """What a rule gave for the slots of one week, in cents: its ceiling is held by a condition on this row."""

    rule = models.ForeignKey(Rule, on_delete=models.PROTECT, related_name="weeks")
    monday_on = models.DateField()
    spent_cents = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = _("semaine d’une règle")
        verbose_name_plural = _("semaines des règles")
        constraints = [
            models.UniqueConstraint(fields=["rule", "monday_on"], name="one_week_per_rule"),
            models.CheckConstraint(condition=Q(spent_cents__gte=0), name="rule_week_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.rule_id} {self.monday_on}"
