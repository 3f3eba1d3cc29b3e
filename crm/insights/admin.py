from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from config.admin import ReadOnly
from crm.insights import queries
from crm.insights.models import FunnelCount, Metric, Step, VitalCount
from crm.insights.rules import TARGET_MS

PERIODS = (7, 14, 28)


class ReadOnlyReport(ReadOnly, ModelAdmin):
    """A table instead of a list of rows: counts are read together or not at all."""

    report_template = ""

    def report(self, days: list[Any]) -> dict[str, Any]:
        raise NotImplementedError

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        asked = request.GET.get("jours", "")
        period = int(asked) if asked in map(str, PERIODS) else PERIODS[0]
        context = {
            **self.admin_site.each_context(request),
            "title": self.model._meta.verbose_name_plural,
            "period": period,
            "periods": PERIODS,
            **self.report(queries.last_days(period)),
        }
        return TemplateResponse(request, self.report_template, context)


@admin.register(FunnelCount)
class FunnelAdmin(ReadOnlyReport):
    report_template = "insights/admin_funnel.html"

    def report(self, days: list[Any]) -> dict[str, Any]:
        rows, total = queries.funnel(days)
        return {"steps": [step.label for step in Step], "rows": rows, "total": total}


@admin.register(VitalCount)
class VitalsAdmin(ReadOnlyReport):
    report_template = "insights/admin_vitals.html"

    def report(self, days: list[Any]) -> dict[str, Any]:
        rows = queries.vitals(days)
        tables = [
            {
                "label": metric.label,
                "target_ms": TARGET_MS[metric],
                "rows": [row for row in rows if row.metric == metric],
            }
            for metric in Metric
        ]
        return {"days": days, "tables": tables, "note": _("75e centile, en millisecondes")}
