"""What the shop sells. Price and published state change through services only."""

from decimal import Decimal
from typing import ClassVar

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shop.catalogue import packshots

VAT_RATES = [(Decimal("5.5"), "5,5 %"), (Decimal("10.0"), "10 %"), (Decimal("20.0"), "20 %")]
DUE_BY_SHELF = [
    ("ingredients", _("ingrédients")),
    ("allergens", _("allergènes")),
    ("nutrition", _("déclaration nutritionnelle")),
    ("origin", _("origine")),
    ("storage", _("conservation")),
    ("operator", _("exploitant responsable")),
    ("alcohol_degree", _("degré d’alcool")),
    ("minimum_age", _("âge minimal")),
]


def due_for_food() -> list[str]:
    """The safe default of a new shelf: what any packaged food must state."""
    return ["ingredients", "allergens", "nutrition"]


class Temperature(models.TextChoices):
    AMBIENT = "ambient", _("sec")
    CHILLED = "chilled", _("frais")
    FROZEN = "frozen", _("surgelé")


class Aisle(models.Model):
    """A node of the aisle tree: an aisle (no parent) or a shelf under one."""

    class Tint(models.TextChoices):
        """The palettes of ``static/css/tokens.css``."""

        NEUTRAL = "neutral", _("neutre")
        FRUIT = "fruits-legumes", _("fruits et légumes")
        BAKERY = "boulangerie", _("boulangerie")
        DAIRY = "cremerie", _("crèmerie")
        CHEESE = "fromages", _("fromages")
        MEAT = "boucherie", _("boucherie")
        FISH = "poissonnerie", _("poissonnerie")
        SAVOURY = "epicerie-salee", _("épicerie salée")
        SWEET = "epicerie-sucree", _("épicerie sucrée")
        DRINKS = "boissons", _("boissons")
        WINES = "vins", _("vins")
        FROZEN = "surgeles", _("surgelés")
        BABY = "bebe", _("bébé")
        HYGIENE = "hygiene", _("hygiène")
        CLEANING = "entretien", _("entretien")
        FLOWERS = "fleurs", _("fleurs")

    slug = models.SlugField(
        _("adresse"), max_length=80, unique=True,
        help_text=_("La fin de l’adresse de sa page ; elle ne change plus ensuite."),
    )  # fmt: skip
    name = models.CharField(_("nom"), max_length=80)
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="shelves",
        verbose_name=_("rayon principal"),
        help_text=_("Vide pour un rayon principal."),
    )
    position = models.PositiveIntegerField(
        _("ordre"), default=100, help_text=_("Les plus petits nombres d’abord.")
    )
    tint = models.SlugField(
        _("teinte"), max_length=30, choices=Tint, default=Tint.NEUTRAL,
        help_text=_("La couleur derrière les dessins de ses produits."),
    )  # fmt: skip
    default_vat_rate = models.DecimalField(
        _("TVA habituelle (%)"), max_digits=4, decimal_places=1, default=Decimal("5.5"),
        choices=VAT_RATES, help_text=_("Pour les articles importés sans taux."),
    )  # fmt: skip
    # How cold the depot keeps it, and in which crate it travels.
    temperature = models.CharField(
        _("température"), max_length=7, choices=Temperature, default=Temperature.AMBIENT, db_default="ambient"
    )
    minimum_life_days = models.PositiveSmallIntegerField(
        _("conservation garantie (jours)"), null=True, blank=True,
        help_text=_("Après la livraison, pour les articles qui ne disent rien d’autre. Vide : rien n’est promis."),
    )  # fmt: skip
    # Whether the right of withdrawal holds: not for what spoils soon (C. conso. L221-28, 4°).
    may_be_returned = models.BooleanField(
        _("se rend sous 14 jours"), default=False, db_default=False,
        help_text=_("Droit de rétractation\u202f: oui pour ce qui ne se périme pas vite et reste fermé (C. conso. L221-28)."),
    )  # fmt: skip
    # What the law makes due on this shelf beyond price, VAT and net quantity (regulation 1169/2011).
    requires = ArrayField(
        models.CharField(max_length=20, choices=DUE_BY_SHELF),
        verbose_name=_("mentions obligatoires"), default=due_for_food, blank=True,
    )  # fmt: skip

    class Meta:
        verbose_name = _("rayon")
        verbose_name_plural = _("rayons")
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name


class Brand(models.Model):
    slug = models.SlugField(
        _("repère"), max_length=120, unique=True, help_text=_("Pour les imports ; ne change plus ensuite.")
    )
    name = models.CharField(_("nom"), max_length=120)

    class Meta:
        verbose_name = _("marque")
        verbose_name_plural = _("marques")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Source(models.TextChoices):
    """Who collected a product's facts, when it was not its producer."""

    OPEN_FOOD_FACTS = "off", "Open Food Facts"


class ProductQuerySet(models.QuerySet["Product"]):
    def published(self) -> "ProductQuerySet":
        return self.filter(is_published=True)


class Product(models.Model):
    """One article. By piece: quantities are pieces. By weight: quantities are grams, the price is per kg."""

    class SoldBy(models.TextChoices):
        PIECE = "piece", _("à la pièce")
        WEIGHT = "weight", _("au poids")

    class NetUnit(models.TextChoices):
        GRAM = "g", _("grammes")
        MILLILITRE = "ml", _("millilitres")
        PIECE = "piece", _("pièces")

    Packshot = packshots.Packshot

    ean = models.CharField(_("code-barres"), max_length=14, unique=True)
    slug = models.SlugField(max_length=160, unique=True)
    name = models.CharField(_("nom"), max_length=200)
    # Lower case without accents: the embedded server has no French collation to sort by.
    sort_name = models.CharField(max_length=200, editable=False, default="")
    brand = models.ForeignKey(
        Brand,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="products",
        verbose_name=_("marque"),
    )
    shelf = models.ForeignKey(
        Aisle,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="products",
        verbose_name=_("rayon"),
    )
    description = models.TextField(_("description"), blank=True)
    packaging = models.CharField(_("conditionnement"), max_length=80, blank=True)
    packshot = models.CharField(
        _("dessin"), max_length=20, choices=Packshot, default=Packshot.BOX,
        help_text=_("Montré tant que l’article n’a pas de photo."),
    )  # fmt: skip

    sold_by = models.CharField(_("vendu"), max_length=6, choices=SoldBy, default=SoldBy.PIECE)
    weight_step_g = models.PositiveIntegerField(
        _("pas de poids (g)"), null=True, blank=True,
        help_text=_("Ce qu’un clic ajoute au panier, pour un article vendu au poids."),
    )  # fmt: skip
    net_quantity = models.DecimalField(
        _("quantité nette"), max_digits=9, decimal_places=2, null=True, blank=True,
        validators=[MinValueValidator(Decimal("0.01"))],
    )  # fmt: skip
    net_unit = models.CharField(_("unité"), max_length=5, choices=NetUnit, default=NetUnit.GRAM)
    price = models.DecimalField(
        _("prix TTC"), max_digits=8, decimal_places=2, null=True, blank=True, editable=False
    )
    vat_rate = models.DecimalField(
        _("TVA (%)"), max_digits=4, decimal_places=1, null=True, blank=True,
        choices=VAT_RATES,
    )  # fmt: skip
    deposit = models.DecimalField(
        _("consigne"),
        max_digits=5,
        decimal_places=2,
        default=Decimal(0),
        validators=[MinValueValidator(Decimal(0))],
    )

    is_food = models.BooleanField(_("denrée alimentaire"), default=True)
    # Regulation 1169/2011, art. 9 (1) a, h and j; empty where the name is the legal one, or nothing is to be said.
    legal_name = models.CharField(_("dénomination légale"), max_length=200, blank=True, db_default="")
    operator = models.CharField(_("exploitant responsable"), max_length=200, blank=True, db_default="")
    instructions = models.CharField(_("mode d’emploi"), max_length=500, blank=True, db_default="")
    ingredients = models.TextField(_("ingrédients"), blank=True)
    # Only what the producer states. Never guessed from keywords: null is "not stated", [] is "none stated".
    allergens = ArrayField(
        models.CharField(max_length=30), verbose_name=_("allergènes"), null=True, blank=True
    )
    # What may slip in unasked (« peut contenir »), as the packaging says.
    traces = ArrayField(
        models.CharField(max_length=30), verbose_name=_("traces possibles"), default=list, blank=True
    )
    # Ingredients, allergens and traces compared with the packaging by the team. A change of one undoes it.
    allergens_checked_on = models.DateField(
        _("étiquette vérifiée le"), null=True, blank=True,
        help_text=_("Ingrédients, allergènes et traces relus sur l’emballage ; s’efface s’ils changent."),
    )  # fmt: skip
    nutrition = models.JSONField(_("valeurs nutritionnelles pour 100 g ou 100 ml"), default=dict, blank=True)
    stated_nutriscore = models.CharField(_("Nutri-Score annoncé"), max_length=1, blank=True)
    labels = ArrayField(models.CharField(max_length=60), verbose_name=_("labels"), default=list, blank=True)
    origin = models.CharField(_("origine"), max_length=120, blank=True)
    storage = models.CharField(_("conservation"), max_length=200, blank=True)
    minimum_life_days = models.PositiveSmallIntegerField(
        _("conservation garantie (jours)"), null=True, blank=True,
        help_text=_("Après la livraison. Vide : ce que dit son rayon."),
    )  # fmt: skip
    alcohol_degree = models.DecimalField(
        _("degré d’alcool"), max_digits=4, decimal_places=1, null=True, blank=True,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(96))],
    )  # fmt: skip
    minimum_age = models.PositiveSmallIntegerField(_("âge minimal"), null=True, blank=True)
    is_first_age_milk = models.BooleanField(_("lait premier âge"), default=False)

    # Named on the page, as its licence asks; empty when the facts come from the producer.
    source = models.CharField(_("source"), max_length=20, blank=True, choices=Source, editable=False)
    # What the demonstration completed; each such fact is shown as an illustration.
    invented = ArrayField(models.CharField(max_length=20), default=list, blank=True, editable=False)
    is_published = models.BooleanField(_("publié"), default=False, editable=False)
    # Taken off sale by staff: an import never puts it back.
    withdrawn_at = models.DateTimeField(_("retiré de la vente le"), null=True, blank=True, editable=False)
    # Recalled by its producer: neither published nor picked until `services.lift_recall`.
    recalled_at = models.DateTimeField(_("rappelé le"), null=True, blank=True, editable=False)
    # The checklist as last evaluated, for filters; publishing evaluates it again.
    missing = ArrayField(models.CharField(max_length=20), default=list, blank=True, editable=False)
    popularity = models.PositiveIntegerField(default=0, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[models.Manager["Product"]] = ProductQuerySet.as_manager()

    class Meta:
        verbose_name = _("produit")
        verbose_name_plural = _("produits")
        ordering = ["sort_name", "id"]
        indexes = [
            models.Index(
                fields=["shelf", "sort_name"], condition=Q(is_published=True), name="product_on_shelf"
            ),
            models.Index(
                fields=["-popularity", "id"], condition=Q(is_published=True), name="product_popular"
            ),
        ]
        triggers = [
            # Whichever way a recipe changes, it is no longer the one that was checked.
            pgtrigger.Trigger(
                name="allergen_check_lapses", when=pgtrigger.Before, operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__allergens_checked_on__ndf=pgtrigger.F("new__allergens_checked_on"))
                & (
                    pgtrigger.Q(old__ingredients__df=pgtrigger.F("new__ingredients"))
                    | pgtrigger.Q(old__allergens__df=pgtrigger.F("new__allergens"))
                    | pgtrigger.Q(old__traces__df=pgtrigger.F("new__traces"))
                ),
                func="NEW.allergens_checked_on = NULL; RETURN NEW;",
            ),
        ]  # fmt: skip
        constraints = [
            models.CheckConstraint(
                condition=Q(allergens_checked_on__isnull=True) | Q(allergens__isnull=False),
                name="only_stated_allergens_are_checked",
            ),
            models.CheckConstraint(
                condition=Q(price__isnull=True) | Q(price__gt=0), name="product_price_positive"
            ),
            models.CheckConstraint(
                condition=Q(is_published=False)
                | Q(price__isnull=False, vat_rate__isnull=False, shelf__isnull=False),
                name="published_product_has_price_vat_and_shelf",
            ),
            models.CheckConstraint(
                condition=~Q(sold_by="weight") | Q(weight_step_g__gt=0), name="weighed_product_has_a_step"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def sold_by_weight(self) -> bool:
        return self.sold_by == self.SoldBy.WEIGHT

    @property
    def promised_life_days(self) -> int | None:
        """Days it keeps at least after delivery, as it or its shelf promises. Needs its shelf."""
        if self.minimum_life_days is not None or self.shelf is None:
            return self.minimum_life_days
        return self.shelf.minimum_life_days

    @property
    def is_returnable(self) -> bool:
        """Whether whoever bought it may withdraw, as its shelf says; never what is kept cold. Needs its shelf."""
        shelf = self.shelf
        return shelf is not None and shelf.may_be_returned and shelf.temperature == Temperature.AMBIENT

    @property
    def step(self) -> int:
        """The smallest quantity a basket moves by: one piece, or grams."""
        return self.weight_step_g or 100 if self.sold_by_weight else 1

    @property
    def is_alcohol(self) -> bool:
        return bool(self.alcohol_degree and self.alcohol_degree > Decimal("1.2"))


class ProductPicture(models.Model):
    """A photograph uploaded by staff, decoded and re-encoded; it replaces the drawing."""

    product = models.ForeignKey(
        Product, on_delete=models.CASCADE, related_name="pictures", verbose_name=_("produit")
    )
    image = models.ImageField(
        _("image"), upload_to="produits/%Y/%m/", width_field="width", height_field="height"
    )
    width = models.PositiveIntegerField(editable=False, default=0)
    height = models.PositiveIntegerField(editable=False, default=0)
    # Sides of its square WebP files; none yet, or none that could be made: the original is shown.
    variants = ArrayField(models.PositiveIntegerField(), editable=False, default=list, db_default=[])
    alt = models.CharField(
        _("description de l’image"), max_length=160, blank=True,
        help_text=_("Lue à qui ne voit pas la photo : ce qu’elle montre, sans le nom du produit."),
    )  # fmt: skip
    position = models.PositiveIntegerField(
        _("ordre"), default=1, help_text=_("La première est celle des listes.")
    )

    class Meta:
        verbose_name = _("image")
        verbose_name_plural = _("images")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return f"image {self.pk}"
