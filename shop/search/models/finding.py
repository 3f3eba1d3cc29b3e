"""What finds products: an index of its own, the words it knows, and what staff teach it."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Left, Length
from django.utils.translation import gettext_lazy as _

from shop.catalogue.models import Product
from shop.search.words import TOKEN_MAX_LENGTH

TEXT_MAX_LENGTH = 120


class SearchEntry(models.Model):
    """One product on sale as search sees it. Rows are narrow: a common word reads thousands of them.

    ``popularity``, ``brand_id`` and ``smallest`` (the least one can buy) are copies; ``index.index_products``
    makes them anew with everything else, ``services.rank_by_sales`` popularity alone.
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
