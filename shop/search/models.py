"""What finds products, the words it knows, what staff teach it; and what shoppers tell us about a page."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Left, Length
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shop.catalogue.models import Product
from shop.search.words import TOKEN_MAX_LENGTH


class ProductReportQuerySet(models.QuerySet["ProductReport"]):
    def open(self) -> "ProductReportQuerySet":
        return self.filter(state=ProductReport.State.OPEN)

    def overdue(self) -> "ProductReportQuerySet":
        return self.open().filter(due_at__lt=timezone.now())


class ProductReport(models.Model):
    """« Signaler une erreur »: something a page says that is wrong. The words stay as they came."""

    class Kind(models.TextChoices):
        """In the order in which they are looked at: an allergen left out may harm somebody."""

        ALLERGENS = "allergens", _("les ingrédients ou les allergènes")
        PRICE = "price", _("le prix")
        QUANTITY = "quantity", _("la quantité ou le poids")
        PICTURE = "picture", _("la photo ou le dessin")
        OTHER = "other", _("autre chose")

    class State(models.TextChoices):
        OPEN = "open", _("à vérifier")
        CORRECTED = "corrected", _("corrigée")
        UNFOUNDED = "unfounded", _("sans objet")

    MOVES: ClassVar[dict[str, set[str]]] = {
        State.OPEN: {State.CORRECTED, State.UNFOUNDED},
        State.CORRECTED: set(),
        State.UNFOUNDED: set(),
    }

    product = models.ForeignKey(
        Product, on_delete=models.CASCADE, related_name="reports", verbose_name=_("produit")
    )
    kind = models.CharField(_("ce qui ne va pas"), max_length=10, choices=Kind)
    words = models.CharField(_("message"), max_length=500, blank=True)
    # To ask for a detail; blanked once handled.
    email = models.EmailField(_("adresse e-mail"), blank=True)
    received_at = models.DateTimeField(_("reçue le"), default=timezone.now)
    due_at = models.DateTimeField(_("à vérifier avant le"))
    state = models.CharField(_("état"), max_length=10, choices=State, default=State.OPEN)
    handled_at = models.DateTimeField(_("traitée le"), null=True, blank=True)
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("par")
    )

    objects = ProductReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("erreur signalée")
        verbose_name_plural = _("erreurs signalées")
        ordering = ["-received_at"]
        indexes = [models.Index(fields=["due_at"], condition=Q(state="open"), name="product_report_waiting")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open") | Q(handled_at__isnull=False, email=""),
                name="handled_report_is_dated_and_nameless",
            )
        ]

    def __str__(self) -> str:
        return f"signalement {self.pk}"


TEXT_MAX_LENGTH = 120


class SearchEntry(models.Model):
    """One product on sale as search sees it. Rows are narrow: a common word reads thousands of them.

    ``popularity``, ``brand_id`` and ``smallest`` (the least one can buy) are copies; ``services.index_products``
    makes them anew with everything else.
    """

    product = models.OneToOneField(
        Product, on_delete=models.CASCADE, primary_key=True, related_name="search_entry"
    )
    popularity = models.PositiveIntegerField(default=0)
    smallest = models.PositiveIntegerField(default=1)
    brand_id = models.BigIntegerField(null=True)
    vector = SearchVectorField()
    # Every word once, as the dictionary counted them: what to take back when the product changes.
    words = models.TextField(default="")

    class Meta:
        indexes = [
            GinIndex(fields=["vector"], name="search_entry_vector"),
            models.Index(fields=["brand_id"], name="search_entry_brand"),
            models.Index(fields=["-popularity", "product"], name="search_entry_bought"),
        ]


class KnownWord(models.Model):
    """A word that some product on sale, or a synonym, is found by. Typing mistakes are corrected to these."""

    word = models.CharField(max_length=TOKEN_MAX_LENGTH, primary_key=True, db_collation="C")
    # As some product writes it, accents and all: what a correction is shown as.
    written = models.CharField(max_length=TOKEN_MAX_LENGTH)
    stem = models.CharField(max_length=TOKEN_MAX_LENGTH, db_collation="C")
    sound = models.CharField(max_length=TOKEN_MAX_LENGTH, db_collation="C")
    letters = models.CharField(max_length=TOKEN_MAX_LENGTH, db_collation="C")
    products = models.IntegerField(default=0)
    in_synonym = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["stem"], name="known_word_stem"),
            models.Index(fields=["sound"], name="known_word_sound", condition=~Q(sound="")),
            models.Index(fields=["letters"], name="known_word_letters", condition=~Q(sound="")),
            models.Index(Left("word", 1), Length("word"), name="known_word_short", condition=~Q(sound="")),
            GinIndex(
                fields=["word"],
                name="known_word_trigrams",
                opclasses=["gin_trgm_ops"],
                condition=~Q(sound=""),
            ),
        ]

    def __str__(self) -> str:
        return self.word


class Synonym(models.Model):
    """Words the shop does not use, and what it understands by them. Applied once: a chain is refused."""

    class Direction(models.TextChoices):
        ONE_WAY = "one_way", _("à sens unique")
        TWO_WAY = "two_way", _("équivalents")

    typed = models.CharField(
        _("mots tapés"), max_length=200,
        help_text=_("Ce que tapent les clients\u202f; plusieurs expressions séparées par des virgules\u202f: « coca, coca cola »."),
    )  # fmt: skip
    direction = models.CharField(
        _("sens"), max_length=8, choices=Direction, default=Direction.ONE_WAY,
        help_text=_("À sens unique\u202f: les mots tapés cherchent aussi les mots compris. Équivalents\u202f: chacun cherche tous les autres."),
    )  # fmt: skip
    meant = models.CharField(
        _("mots compris"), max_length=200,
        help_text=_("Les mots de nos rayons\u202f; plusieurs expressions séparées par des virgules."),
    )  # fmt: skip
    is_active = models.BooleanField(_("appliqué"), default=True)
    updated_at = models.DateTimeField(_("modifié le"), auto_now=True)

    class Meta:
        verbose_name = _("synonyme")
        verbose_name_plural = _("synonymes")
        ordering = ["typed"]

    def __str__(self) -> str:
        return f"{self.typed} → {self.meant}"


class SynonymPhrase(models.Model):
    """An expression of an active synonym, by its stems, and the text query that widens it."""

    synonym = models.ForeignKey(Synonym, on_delete=models.CASCADE, related_name="phrases")
    stems = models.CharField(max_length=200, unique=True, db_collation="C")
    query = models.TextField()

    @property
    def meanings(self) -> list[str]:
        """The expressions it is widened by, as stems."""
        return [" ".join(one.strip("()").replace("'", "").split(" & ")) for one in self.query.split(" | ")]


class MissedSearch(models.Model):
    """How often, in a week, something was looked for in vain or asked for. No row knows by whom."""

    class Kind(models.TextChoices):
        SEARCH = "search", _("recherche sans résultat")
        REQUEST = "request", _("produit demandé")

    # The Monday, in Paris.
    week = models.DateField(_("semaine du"))
    kind = models.CharField(_("origine"), max_length=8, choices=Kind)
    words = models.CharField(_("mots"), max_length=TEXT_MAX_LENGTH)
    count = models.PositiveIntegerField(_("nombre"), default=0)

    class Meta:
        verbose_name = _("recherche sans résultat")
        verbose_name_plural = _("recherches sans résultat")
        constraints = [
            models.UniqueConstraint(fields=["week", "kind", "words"], name="one_count_per_week_and_words")
        ]
        indexes = [models.Index(fields=["words"], name="missed_search_words")]

    def __str__(self) -> str:
        return f"{self.week} {self.words}"
