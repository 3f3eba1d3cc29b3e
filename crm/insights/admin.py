from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from config.admin import ReadOnly
from crm.insights import queries
from crm.insights.models import FunnelCount, Metric, Step, VitalCount
from crm.insights.queries.abuse import watch
from crm.insights.queries.sources import brought_in
from crm.insights.recovery.estimate import HORIZONS
from crm.insights.recovery.page import page_of
from crm.insights.rules import TARGET_MS
from crm.insights.sources import HORIZONS as SOURCE_HORIZONS
from crm.insights.sources import LEAST_RECRUITS

PERIODS = (7, 14, 28)
WATCH = "referrals.watch_abuse"


def _asked(request: HttpRequest, periods: Sequence[int]) -> int:
    """The number of days in the address, or the first that is offered."""
    asked = request.GET.get("jours", "")
    return int(asked) if asked in map(str, periods) else periods[0]


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
        period = _asked(request, PERIODS)
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
        pages = [
            ("clients-decus/", self.recovery, "insights_recovery"),
            ("marge-par-source/", self.sources, "insights_sources"),
            ("veille-des-abus/", self.abuse, "insights_abuse"),
        ]
        own = [path(at, self.admin_site.admin_view(page), name=name) for at, page, name in pages]
        return [*own, *super().get_urls()]

    def sources(self, request: HttpRequest) -> HttpResponse:
        """What customers brought in, by how they came. Two queries of its own."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        horizon_days = _asked(request, SOURCE_HORIZONS)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Ce que rapportent les nouveaux clients"),
            "period": horizon_days,
            "periods": SOURCE_HORIZONS,
            "rows": brought_in(horizon_days),
            "least": LEAST_RECRUITS,
        }
        return TemplateResponse(request, "insights/admin_sources.html", context)

    def abuse(self, request: HttpRequest) -> HttpResponse:
        """Signals of abuse, for a person to look at. Ten queries of its own."""
        if not request.user.has_perm(WATCH):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": _("Veille des abus"),
            "sections": watch(timezone.now()),
            "may_open": request.user.has_perm("customers.view_customer"),
        }
        return TemplateResponse(request, "insights/admin_abuse.html", context)

    def recovery(self, request: HttpRequest) -> HttpResponse:
        """Whether disappointed customers came back. No query of its own once the figures are known."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        horizon_days = _asked(request, HORIZONS)
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
