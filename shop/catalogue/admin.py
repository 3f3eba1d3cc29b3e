"""Products, aisles and brands for staff. Price and publication only move through actions and services."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, F, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display

from config.admin import Undeletable, found
from config.exports import FrenchExport
from config.templatetags.cabas import euros, grams
from shop.catalogue.forms import AisleForm, PictureForm, PriceForm, ProductForm
from shop.catalogue.models import Aisle, Brand, Product, ProductPicture
from shop.catalogue.queries import missing_of
from shop.catalogue.resources import ProductResource
from shop.catalogue.rules import unit_price_label
from shop.catalogue.services import (
    change_prices,
    delete_aisle,
    publish_many,
    remove_picture,
    save_aisle,
    save_brand,
    save_picture,
    save_product,
    unpublish_many,
)
from shop.catalogue.wording import INVENTED, MISSING, missing_words

SHOWN_REFUSALS = 10


class MissingFilter(admin.SimpleListFilter):
    """Products that lack a particular, by the stored checklist."""

    title = _("mention manquante")
    parameter_name = "manque"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return [
            ("complet", _("rien ne manque")),
            *((code, words) for code, words in MISSING.items() if code != "withdrawn"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        if self.value() == "complet":
            return queryset.filter(missing=[])
        return queryset.filter(missing__contains=[self.value()]) if self.value() in MISSING else queryset


class ShelfFilter(admin.SimpleListFilter):
    """An aisle with its shelves, or one shelf. One query."""

    title = _("rayon")
    parameter_name = "rayon"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        rows: list[Any] = list(Aisle.objects.values_list("pk", "name", "parent_id"))
        for top, name, parent in rows:
            if parent is None:
                yield str(top), name
                yield from ((str(pk), f"\u2003{shelf}") for pk, shelf, above in rows if above == top)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        value = self.value() or ""
        if not value.isdigit():
            return queryset
        return queryset.filter(shelf_id=int(value)) | queryset.filter(shelf__parent_id=int(value))


class PictureInline(TabularInline):
    model = ProductPicture
    form = PictureForm
    extra = 0
    max_num = 8


@admin.register(Product)
class ProductAdmin(FrenchExport, Undeletable, ModelAdmin):
    form = ProductForm
    resource_classes = [ProductResource]
    inlines = [PictureInline]
    list_display = ("name", "brand", "shelf", "price_shown", "is_on_sale", "missing_count")
    list_select_related = ("brand", "shelf")
    list_filter = ("is_published", ShelfFilter, "sold_by", MissingFilter)
    list_per_page = 50
    show_full_result_count = False
    search_fields = ("name__unaccent", "ean", "brand__name__unaccent")
    search_help_text = _("nom, code-barres ou marque")
    ordering = ("sort_name", "pk")
    autocomplete_fields = ("brand", "shelf")
    actions = ("publish_chosen", "unpublish_chosen", "change_chosen_prices", "change_chosen_stock")
    actions_list = ("open_import",)
    actions_detail = ("change_this_price",)
    readonly_fields = ("checklist", "price_shown", "is_on_sale", "stock_shown", "invented_shown")
    fieldsets = (
        (_("En vente"), {"fields": ("is_on_sale", "checklist", "price_shown", "stock_shown", "invented_shown")}),
        (_("Article"), {"fields": ("ean", "name", "brand", "shelf", "description", "packaging", "packshot", "labels")}),
        (_("Quantité et TVA"), {"fields": ("sold_by", "weight_step_g", "net_quantity", "net_unit", "vat_rate", "deposit")}),
        (
            _("Mentions obligatoires"),
            {
                "fields": (
                    "is_food", "legal_name", "ingredients", "allergens", "traces", "allergens_checked_on", "nutrition",
                    "stated_nutriscore", "origin", "storage", "minimum_life_days", "instructions", "operator", "alcohol_degree",
                    "minimum_age", "is_first_age_milk",
                )
            },
        ),
    )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Product | None = None) -> tuple[str, ...]:
        # The code is the article's identity for imports, orders and its address.
        return (*self.readonly_fields, "ean") if obj else self.readonly_fields

    @display(description=_("prix TTC"), ordering="price")
    def price_shown(self, product: Product) -> str:
        if product.price is None:
            return "–"
        per_unit = unit_price_label(product.price, product.net_quantity, product.net_unit, product.sold_by)
        return f"{euros(product.price)} ({per_unit})" if per_unit else str(euros(product.price))

    @display(description=_("en vente"), boolean=True, ordering="is_published")
    def is_on_sale(self, product: Product) -> bool:
        return product.is_published

    @display(description=_("manques"))
    def missing_count(self, product: Product) -> str:
        return str(len(product.missing) or "")

    @display(description=_("à compléter avant publication"))
    def checklist(self, product: Product) -> str | SafeString:
        if product._state.adding:
            return str(_("Enregistrez d’abord le produit."))
        reasons = missing_words(missing_of(product))
        if not reasons:
            return str(_("Rien\u202f: le produit peut être publié."))
        return format_html(
            "<ul>{}</ul>", format_html_join("", "<li>{}</li>", ((words,) for words in reasons))
        )

    @display(description=_("stock par dépôt"))
    def stock_shown(self, product: Product) -> str:
        if product._state.adding:
            return "–"
        said = grams if product.sold_by_weight else str
        rows = product.stock_items.values_list("depot__name", "available")
        return " · ".join(f"{depot}\u202f: {said(available)}" for depot, available in rows) or "–"

    @display(description=_("données d’illustration"))
    def invented_shown(self, product: Product) -> str:
        return ", ".join(str(INVENTED.get(code, code)) for code in product.invented) or "–"

    def save_model(self, request: HttpRequest, obj: Product, form: Any, change: bool) -> None:
        save_product(product=obj, changed=form.changed_data)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        pictures = formset.save(commit=False)
        for picture in formset.deleted_objects:
            remove_picture(picture_id=picture.pk)
        for picture in pictures:
            save_picture(picture=picture)

    @admin.action(description=_("Publier"), permissions=["change"])
    def publish_chosen(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        names = dict(queryset.values_list("pk", "name"))
        refused = publish_many(product_ids=names)
        self._say_count(request, len(names) - len(refused))
        for pk, reasons in list(refused.items())[:SHOWN_REFUSALS]:
            words = ", ".join(missing_words(reasons))
            messages.warning(request, f"{names[pk]}\u202f: {words}.")
        if len(refused) > SHOWN_REFUSALS:
            more = len(refused) - SHOWN_REFUSALS
            messages.warning(request, _("… et %(n)s autres produits incomplets.") % {"n": more})

    @admin.action(description=_("Retirer de la vente"), permissions=["change"])
    def unpublish_chosen(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        self._say_count(request, unpublish_many(product_ids=list(queryset.values_list("pk", flat=True))))

    @admin.action(description=_("Changer les prix…"), permissions=["change"])
    def change_chosen_prices(self, request: HttpRequest, queryset: QuerySet[Product]) -> HttpResponse | None:
        form = PriceForm(request.POST if "confirm" in request.POST else None)
        if not form.is_valid():
            return self._ask_price(request, form, queryset)
        self._change_prices(request, form, queryset)
        return None

    @action(description=_("Changer le prix"), url_path="prix", permissions=["change"])
    def change_this_price(self, request: HttpRequest, object_id: str) -> HttpResponse:
        product = found(self, request, object_id)
        page = reverse("admin:catalogue_product_change", args=[product.pk])
        chosen = self.get_queryset(request).filter(pk=product.pk)
        form = PriceForm(request.POST if "confirm" in request.POST else None)
        if not form.is_valid():
            return self._ask_price(request, form, chosen, back=page)
        self._change_prices(request, form, chosen)
        return HttpResponseRedirect(page)

    def _ask_price(
        self, request: HttpRequest, form: PriceForm, chosen: QuerySet[Product], back: str = ""
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request), "title": _("Changer les prix"), "form": form,
            "opts": self.model._meta, "count": chosen.count(),
            "sample": [f"{product}, {self.price_shown(product)}" for product in chosen[:20]],
            "action": request.POST.get("action"), "across": request.POST.get("select_across") == "1",
            "selected": request.POST.getlist("_selected_action"),
            "back": back or reverse("admin:catalogue_product_changelist"),
        }  # fmt: skip
        return TemplateResponse(request, "catalogue/admin/bulk_change.html", context)

    def _change_prices(self, request: HttpRequest, form: PriceForm, chosen: QuerySet[Product]) -> None:
        prices = {pk: form.new_price(price) for pk, price in chosen.values_list("pk", "price")}
        self._say_count(request, change_prices(prices={pk: price for pk, price in prices.items() if price}))

    @admin.action(description=_("Changer le stock…"), permissions=["change"])
    def change_chosen_stock(self, request: HttpRequest, queryset: QuerySet[Product]) -> HttpResponse:
        # Stock belongs to a depot: its own list, narrowed to these products, offers the change.
        ids = ",".join(str(pk) for pk in queryset.values_list("pk", flat=True)[:200])
        return HttpResponseRedirect(f"{reverse('admin:stock_stockitem_changelist')}?product__in={ids}")

    @action(description=_("Importer un fichier"), url_path="importer", permissions=["change"])
    def open_import(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:stock_import"))

    def _say_count(self, request: HttpRequest, count: int) -> None:
        text = ngettext("%(n)s produit modifié.", "%(n)s produits modifiés.", count) % {"n": count}
        self.message_user(request, text, messages.SUCCESS if count else messages.INFO)


@admin.register(Aisle)
class AisleAdmin(ModelAdmin):
    form = AisleForm
    list_display = ("tree_name", "slug", "position", "default_vat_rate", "product_count")
    list_select_related = ("parent",)
    list_filter = (("parent", admin.RelatedOnlyFieldListFilter),)
    search_fields = ("name__unaccent",)
    # Each aisle, then its shelves.
    ordering = (
        Coalesce("parent__position", "position"), Coalesce("parent_id", "pk"), F("parent").asc(nulls_first=True),
        "position", "name",
    )  # fmt: skip
    fields = (
        "name",
        "slug",
        "parent",
        "position",
        "tint",
        "default_vat_rate",
        "temperature",
        "minimum_life_days",
        "may_be_returned",
        "requires",
    )
    autocomplete_fields = ("parent",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Aisle]:
        shelves: QuerySet[Aisle] = super().get_queryset(request)
        return shelves.annotate(n=Count("products"))

    def get_readonly_fields(self, request: HttpRequest, obj: Aisle | None = None) -> tuple[str, ...]:
        # Addresses of aisles are public and stable.
        return ("slug",) if obj else ()

    def get_prepopulated_fields(
        self, request: HttpRequest, obj: Aisle | None = None
    ) -> dict[str, tuple[str, ...]]:
        return {} if obj else {"slug": ("name",)}

    @display(description=_("rayon"), ordering="name")
    def tree_name(self, aisle: Aisle) -> str:
        return f"{aisle.parent.name} › {aisle.name}" if aisle.parent else aisle.name

    @display(description=_("produits"), ordering="n")
    def product_count(self, aisle: Any) -> int:
        return int(aisle.n)

    def has_delete_permission(self, request: HttpRequest, obj: Aisle | None = None) -> bool:
        if obj and (obj.products.exists() or obj.shelves.exists()):
            return False
        return bool(super().has_delete_permission(request, obj))

    def save_model(self, request: HttpRequest, obj: Aisle, form: Any, change: bool) -> None:
        save_aisle(aisle=obj)

    def delete_model(self, request: HttpRequest, obj: Aisle) -> None:
        delete_aisle(aisle=obj)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        # One by one: the bulk deletion of Django would go past the service.
        return {}


@admin.register(Brand)
class BrandAdmin(ModelAdmin):
    list_display = ("name", "product_count")
    search_fields = ("name__unaccent",)
    fields = ("name", "slug")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Brand]:
        brands: QuerySet[Brand] = super().get_queryset(request)
        return brands.annotate(n=Count("products"))

    @display(description=_("produits"), ordering="n")
    def product_count(self, brand: Any) -> int:
        return int(brand.n)

    def get_readonly_fields(self, request: HttpRequest, obj: Brand | None = None) -> tuple[str, ...]:
        return ("slug",) if obj else ()

    def get_prepopulated_fields(
        self, request: HttpRequest, obj: Brand | None = None
    ) -> dict[str, tuple[str, ...]]:
        return {} if obj else {"slug": ("name",)}

    def save_model(self, request: HttpRequest, obj: Brand, form: Any, change: bool) -> None:
        save_brand(brand=obj)
