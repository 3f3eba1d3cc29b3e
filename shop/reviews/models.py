"""What customers say of products and of the service, each tied to an order they received.

A row is one version: words under review replace one another in place, since nobody has read them; once a
person has decided, later words are a new row, and the decided ones stay as history.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shop.catalogue.models import Product
from shop.customers.models import Customer
from shop.reviews.rules import BEST, TITLE_LENGTH, RatingSummary, author_name


class Status(models.TextChoices):
    WAITING = "waiting", _("à relire")
    PUBLISHED = "published", _("publié")
    REFUSED = "refused", _("refusé")
    REPLACED = "replaced", _("remplacé par son auteur")


# The only place that says what may follow. A published review may still turn out to be unlawful.
MOVES: dict[str, set[str]] = {
    Status.WAITING: {Status.PUBLISHED, Status.REFUSED},
    Status.PUBLISHED: {Status.REFUSED, Status.REPLACED},
    Status.REFUSED: set(),
    Status.REPLACED: set(),
}


class RefusalReason(models.TextChoices):
    """Why a review may be refused (C. conso. D111-18): its content, never its opinion."""

    PERSONAL_DATA = "personal_data", _("données personnelles")
    INSULT = "insult", _("injure, diffamation ou propos haineux")
    ILLEGAL = "illegal", _("contenu illicite ou mise en danger d’autrui")
    OFF_TOPIC = "off_topic", _("sans rapport avec le produit ou le service reçu")
    ADVERTISING = "advertising", _("publicité")
    CONFLICT = "conflict", _("conflit d’intérêts")
    UNREADABLE = "unreadable", _("texte incompréhensible")


class AnswerRole(models.TextChoices):
    """For whom an answer speaks: readers are told a function, never a name."""

    CUSTOMER_SERVICE = "customer_service", _("Service client")
    BUYER = "buyer", _("Responsable des achats")
    DELIVERY = "delivery", _("Responsable des livraisons")
    MANAGEMENT = "management", _("Direction")


STARS = [(n, f"{n} / {BEST}") for n in range(1, BEST + 1)]


class Review(models.Model):
    """What both kinds share: words, their way to publication, the shop's answer."""

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", verbose_name=_("client")
    )
    order_reference = models.CharField(_("commande"), max_length=20)
    rating = models.PositiveSmallIntegerField(_("note"), choices=STARS)
    text = models.TextField(_("texte"), blank=True)
    # The day the order came: told by the order, never typed.
    experienced_on = models.DateField(_("reçu le"))
    created_at = models.DateTimeField(_("déposé le"), auto_now_add=True)
    # When these very words were sent: a decision is about what was read, not about what came meanwhile.
    written_at = models.DateTimeField(_("écrit le"))

    status = models.CharField(_("état"), max_length=10, choices=Status, default=Status.WAITING)
    published_at = models.DateTimeField(_("publié le"), null=True, blank=True)
    refusal_reason = models.CharField(_("motif du refus"), max_length=20, choices=RefusalReason, blank=True)
    refusal_words = models.TextField(_("refus expliqué à l’auteur"), blank=True)
    moderated_at = models.DateTimeField(_("décidé le"), null=True, blank=True)
    moderated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("décidé par"),
    )
    answer = models.TextField(_("réponse de la boutique"), blank=True)
    answer_role = models.CharField(_("au nom de"), max_length=20, choices=AnswerRole, blank=True)
    answered_at = models.DateTimeField(_("répondu le"), null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("répondu par"),
    )

    kind: ClassVar[str] = ""

    class Meta:
        abstract = True
        ordering = ["-written_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(rating__gte=1, rating__lte=BEST), name="%(class)s_has_one_to_five_stars"
            ),
            # Refusing without telling why is against the law (C. conso. L111-7-2).
            models.CheckConstraint(
                condition=~Q(status="refused")
                | (~Q(refusal_reason="") & ~Q(refusal_words="") & Q(moderated_at__isnull=False)),
                name="%(class)s_refused_with_a_reason",
            ),
            models.CheckConstraint(
                condition=~Q(status="published") | Q(published_at__isnull=False),
                name="%(class)s_published_on_a_date",
            ),
            models.CheckConstraint(
                condition=Q(answer="") | (~Q(answer_role="") & Q(answered_at__isnull=False)),
                name="%(class)s_answered_by_a_function",
            ),
        ]

    def __str__(self) -> str:
        return f"avis {self.pk}"

    @property
    def author(self) -> str:
        """First name and initial of whoever the customer is today; empty once erased."""
        owner = self.customer.merged_into or self.customer
        return author_name(owner.first_name, owner.last_name)

    @property
    def answer_by(self) -> str:
        """The function that the answer is signed with."""
        return str(self.get_answer_role_display())


class ProductReview(Review):
    """One customer's opinion of one product they received."""

    product = models.ForeignKey(
        Product, on_delete=models.CASCADE, related_name="reviews", verbose_name=_("produit")
    )
    title = models.CharField(_("titre"), max_length=TITLE_LENGTH, blank=True)

    kind = "product"

    class Meta(Review.Meta):
        verbose_name = _("avis sur un produit")
        verbose_name_plural = _("avis sur les produits")
        constraints = [
            *Review.Meta.constraints,
            models.UniqueConstraint(
                fields=["customer", "product"],
                condition=Q(status="waiting"),
                name="one_waiting_product_review",
            ),
            models.UniqueConstraint(
                fields=["customer", "product"],
                condition=Q(status="published"),
                name="one_shown_product_review",
            ),
        ]
        indexes = [
            models.Index(
                fields=["product", "-published_at", "-id"],
                condition=Q(status="published"),
                name="product_reviews_shown",
            ),
            models.Index(
                fields=["written_at"], condition=Q(status="waiting"), name="product_reviews_waiting"
            ),
        ]


class ServiceReview(Review):
    """What a customer says of one order: the rating is of the whole, the details as they like."""

    punctuality = models.PositiveSmallIntegerField(_("ponctualité"), choices=STARS, null=True, blank=True)
    completeness = models.PositiveSmallIntegerField(
        _("commande complète"), choices=STARS, null=True, blank=True
    )
    courier = models.PositiveSmallIntegerField(_("livreur"), choices=STARS, null=True, blank=True)
    freshness = models.PositiveSmallIntegerField(_("fraîcheur"), choices=STARS, null=True, blank=True)

    kind = "service"
    DETAILS: ClassVar[tuple[str, ...]] = ("punctuality", "completeness", "courier", "freshness")

    class Meta(Review.Meta):
        verbose_name = _("avis sur le service")
        verbose_name_plural = _("avis sur le service")
        constraints = [
            *Review.Meta.constraints,
            models.UniqueConstraint(
                fields=["order_reference"], condition=Q(status="waiting"), name="one_waiting_service_review"
            ),
            models.UniqueConstraint(
                fields=["order_reference"], condition=Q(status="published"), name="one_shown_service_review"
            ),
            *(
                models.CheckConstraint(
                    condition=Q(**{f"{name}__isnull": True}) | Q(**{f"{name}__gte": 1, f"{name}__lte": BEST}),
                    name=f"service_{name}_one_to_five",
                )
                for name in ("punctuality", "completeness", "courier", "freshness")
            ),
        ]
        indexes = [
            models.Index(
                fields=["-published_at", "-id"], condition=Q(status="published"), name="service_reviews_shown"
            ),
            models.Index(
                fields=["written_at"], condition=Q(status="waiting"), name="service_reviews_waiting"
            ),
        ]


class ProductRating(models.Model):
    """How many published reviews of a product gave each number of stars; written with them, by services only."""

    product = models.OneToOneField(
        Product, on_delete=models.CASCADE, primary_key=True, related_name="rating", verbose_name=_("produit")
    )
    one = models.PositiveIntegerField(default=0)
    two = models.PositiveIntegerField(default=0)
    three = models.PositiveIntegerField(default=0)
    four = models.PositiveIntegerField(default=0)
    five = models.PositiveIntegerField(default=0)

    COLUMNS: ClassVar[tuple[str, ...]] = ("one", "two", "three", "four", "five")

    class Meta:
        verbose_name = _("notes d’un produit")
        verbose_name_plural = _("notes des produits")

    def __str__(self) -> str:
        return f"notes du produit {self.product_id}"

    @property
    def summary(self) -> RatingSummary:
        return RatingSummary(tuple(getattr(self, name) for name in self.COLUMNS))


REVIEWS: dict[str, type[ProductReview] | type[ServiceReview]] = {
    ProductReview.kind: ProductReview,
    ServiceReview.kind: ServiceReview,
}
