from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from config.admin import ReadOnly
from crm.insights import queries
from crm.insights.models import FunnelCount, Metric, Step, VitalCount
from crm.insights.recovery.estimate import HORIZONS
from crm.insights.recovery.page import page_of
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

    def get_urls(self) -> list[URLPattern]:
        recovery = self.admin_site.admin_view(self.recovery)
        return [path("clients-decus/", recovery, name="insights_recovery"), *super().get_urls()]

    def recovery(self, request: HttpRequest) -> HttpResponse:
        """Whether disappointed customers came back. No query of its own once the figures are known."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        asked = request.GET.get("jours", "")
        horizon_days = int(asked) if asked in map(str, HORIZONS) else HORIZONS[0]
        report = queries.recovery_report(horizon_days)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Clients déçus : sont-ils revenus ?"),
            "period": horizon_days,
            "periods": HORIZONS,
            "page": page_of(report.recovery, report.costs) if report else None,
            "since": report.since if report else None,
        }
        return TemplateResponse(request, "insights/admin_recovery.html", context)


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
