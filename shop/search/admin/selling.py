"""What sells in each zone, as home, shelves and search put it first."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from config.admin import ReadOnly
from shop.search.models import ZonePopularity


@admin.register(ZonePopularity)
class ZonePopularityAdmin(ReadOnly, ModelAdmin):
    list_display = ("product", "zone", "popularity")
    list_filter = (("zone", admin.RelatedOnlyFieldListFilter),)
    list_select_related = ("product", "zone")
    search_fields = ("product__name__unaccent", "product__ean")
    search_help_text = _("nom ou code-barres du produit")
    ordering = ("-popularity", "product")
    show_full_result_count = False
