"""Exports of the catalogue, in the columns that the import reads. There is no import here: see shop.stock."""

import json

from import_export import fields, resources

from shop.catalogue.models import Product

_COLUMNS = (
    "ean", "name", "brand", "aisle", "packaging", "packshot", "net_quantity", "net_unit", "sold_by",
    "weight_step_g", "price", "vat_rate", "ingredients", "allergens", "nutrition", "labels", "origin", "storage",
    "alcohol_degree", "minimum_age", "deposit", "description", "stated_nutriscore", "traces",
    "allergens_checked_on", "legal_name", "operator", "instructions",
)  # fmt: skip


class ProductResource(resources.ModelResource):
    """Everything a file may state of a product but its stock, which belongs to a depot."""

    brand = fields.Field(attribute="brand__name")
    aisle = fields.Field(attribute="shelf__slug")
    allergens = fields.Field()
    nutrition = fields.Field()
    traces = fields.Field()
    labels = fields.Field()

    class Meta:
        model = Product
        fields = _COLUMNS
        export_order = _COLUMNS

    def get_queryset(self):  # type: ignore[no-untyped-def]
        return Product.objects.select_related("brand", "shelf").order_by("pk")

    def dehydrate_allergens(self, product: Product) -> str:
        if product.allergens is None:
            return ""
        return "|".join(product.allergens) or "aucun"

    def dehydrate_traces(self, product: Product) -> str:
        return "|".join(product.traces)

    def dehydrate_nutrition(self, product: Product) -> str:
        return json.dumps(product.nutrition, separators=(",", ":")) if product.nutrition else ""

    def dehydrate_labels(self, product: Product) -> str:
        return "|".join(product.labels)
