"""What the shop does when it breaks a promise: rules, and every version of each. Versions are only ever added."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from delivery.promise import rules
from delivery.promise.rules import Terms


class Rule(models.Model):
    """A promise under a stable key. What it is worth, its versions say."""

    key = models.SlugField(_("clé"), max_length=40, unique=True)
    name = models.CharField(_("nom"), max_length=120)
    # Of two rules that give as much for one order, the first is kept.
    position = models.PositiveSmallIntegerField(_("ordre"), unique=True)

    class Meta:
        verbose_name = _("règle de compensation")
        verbose_name_plural = _("règles de compensation")
        ordering = ["position"]
        permissions = [("write_rule", "Peut changer les règles de compensation")]

    def __str__(self) -> str:
        return self.name


class RuleVersion(models.Model):
    """A rule as it holds for what was promised from ``starts_at`` on, until its next version does."""

    class Trigger(models.TextChoices):
        LATE = rules.LATE, _("livraison en retard")
        INCOMPLETE = rules.INCOMPLETE, _("articles absents")
        DAMAGED = rules.DAMAGED, _("articles abîmés")
        NOT_READY = rules.NOT_READY, _("retrait pas prêt à l’heure")
        LIFE = rules.LIFE, _("conservation trop courte")

    class Audience(models.TextChoices):
        EVERYBODY = rules.EVERYBODY, _("toutes les commandes")
        FIRST_THREE = rules.FIRST_THREE, _("les trois premières commandes d’un client")
        DELIVERED = rules.DELIVERED, _("les commandes livrées")
        COLLECTED = rules.COLLECTED, _("les commandes à retirer")

    class Remedy(models.TextChoices):
        DELIVERY_REFUND = rules.DELIVERY_REFUND, _("livraison remboursée")
        NEXT_DELIVERY = rules.NEXT_DELIVERY, _("prochaine livraison offerte")
        VOUCHER = rules.VOUCHER, _("bon d’achat")
        POINTS = rules.POINTS, _("points de fidélité")
        GIFT = rules.GIFT, _("cadeau")
        REPLACEMENT = rules.REPLACEMENT, _("nouvelle livraison des articles")
        CALL = rules.CALL, _("appel dans l’heure")
        ARTICLES_REFUND = rules.ARTICLES_REFUND, _("remboursement des articles")

    rule = models.ForeignKey(Rule, on_delete=models.PROTECT, related_name="versions", verbose_name=_("règle"))
    number = models.PositiveIntegerField(_("version"))
    # A rule ends by a version that is off.
    is_on = models.BooleanField(_("en service"), default=True)
    trigger = models.CharField(_("quand"), max_length=12, choices=Trigger)
    late_minutes = models.PositiveSmallIntegerField(_("plus de … minutes"), null=True, blank=True)
    least_units = models.PositiveSmallIntegerField(_("à partir de … articles"), null=True, blank=True)
    audience = models.CharField(_("pour"), max_length=12, choices=Audience, default=Audience.EVERYBODY)
    remedy = models.CharField(_("compensation"), max_length=16, choices=Remedy)
    # In place of a delivery that cost nothing; empty, nothing is given then.
    if_free = models.CharField(
        _("si la livraison était offerte"), max_length=16, choices=Remedy, blank=True, default=""
    )
    amount_cents = models.PositiveIntegerField(_("montant (centimes)"), null=True, blank=True)
    # Of one group an order is given the best alone; empty, it adds to everything.
    group = models.SlugField(_("groupe de cumul"), max_length=20, blank=True, default="")
    most_per_order_cents = models.PositiveIntegerField(
        _("au plus par commande (centimes)"), null=True, blank=True
    )
    most_per_customer = models.PositiveSmallIntegerField(
        _("au plus … fois par client"), null=True, blank=True
    )
    customer_days = models.PositiveSmallIntegerField(_("sur … jours"), null=True, blank=True)
    most_per_week_cents = models.PositiveIntegerField(
        _("au plus par semaine (centimes)"), null=True, blank=True
    )
    starts_at = models.DateTimeField(_("en vigueur à partir du"))
    made_at = models.DateTimeField(_("écrite le"), auto_now_add=True)
    # Nobody: shipped with the shop.
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("par")
    )
    # What it would have given on the past, as whoever wrote it saw.
    simulated_number = models.PositiveIntegerField(_("compensations sur le passé"), null=True)
    simulated_cents = models.PositiveBigIntegerField(_("coût sur le passé (centimes)"), null=True)

    class Meta:
        verbose_name = _("version de règle")
        verbose_name_plural = _("versions de règles")
        ordering = ["rule", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["rule", "number"], name="one_rule_version_per_number"),
            models.UniqueConstraint(fields=["rule", "starts_at"], name="one_rule_version_per_start"),
            models.CheckConstraint(
                condition=Q(trigger="late", late_minutes__isnull=False, least_units=None)
                | Q(trigger="not_ready", late_minutes=None, least_units=None)
                | (
                    ~Q(trigger__in=["late", "not_ready"])
                    & Q(late_minutes=None, least_units__isnull=False, least_units__gt=0)
                ),
                name="rule_version_has_its_threshold",
            ),
            models.CheckConstraint(
                condition=Q(remedy__in=["voucher", "points", "gift"], amount_cents__isnull=False, amount_cents__gt=0)
                | (~Q(remedy__in=["voucher", "points", "gift"]) & Q(amount_cents=None)),
                name="rule_version_has_its_amount",
            ),
            models.CheckConstraint(
                condition=Q(if_free="") | Q(remedy="delivery_refund", if_free="next_delivery"),
                name="rule_version_in_place_of_a_free_delivery",
            ),
            models.CheckConstraint(
                condition=Q(most_per_customer=None, customer_days=None)
                | Q(
                    most_per_customer__isnull=False, most_per_customer__gt=0, customer_days__isnull=False,
                    customer_days__gt=0,
                ),
                name="rule_version_ceiling_has_its_days",
            ),
        ]  # fmt: skip
        triggers = [
            pgtrigger.Protect(
                name="rule_version_append_only", operation=pgtrigger.Update | pgtrigger.Delete
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.rule_id} v{self.number}"

    @property
    def terms(self) -> Terms:
        """Needs its rule."""
        return Terms(
            rule=self.rule.key,
            position=self.rule.position,
            trigger=self.trigger,
            audience=self.audience,
            remedy=self.remedy,
            if_free=self.if_free,
            late_minutes=self.late_minutes or 0,
            least_units=self.least_units or 0,
            amount_cents=self.amount_cents or 0,
            group=self.group,
            most_per_order_cents=self.most_per_order_cents,
            most_per_customer=self.most_per_customer,
            customer_days=self.customer_days or 0,
            most_per_week_cents=self.most_per_week_cents,
        )
