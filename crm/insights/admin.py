import csv
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

from config.admin import ReadOnly, Undeletable, own_id
from crm.insights import queries
from crm.insights.forms import DiscountBudgetForm
from crm.insights.models import DiscountBudget, FunnelCount, Metric, Step, VitalCount
from crm.insights.programme.page import POINT_COLUMNS, budget_lines, file_rows
from crm.insights.programme.page import page_of as programme_page
from crm.insights.programme.sales import ENOUGH_ORDERS
from crm.insights.programme.wording import ENOUGH_CREDITED
from crm.insights.queries.abuse import watch
from crm.insights.queries.programme import budget_in_force, held_against, programme_report
from crm.insights.queries.samples import samples_report
from crm.insights.queries.sources import sources_report
from crm.insights.recovery.estimate import HORIZONS
from crm.insights.recovery.page import page_of
from crm.insights.rules import TARGET_MS
from crm.insights.sources import HORIZONS as SOURCE_HORIZONS
from crm.insights.sources import LEAST_RECRUITS
from loyalty.milestones.rules import CONVERTS_WITHIN

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
            ("echantillons/", self.samples, "insights_samples"),
        ]
        own = [path(at, self.admin_site.admin_view(page), name=name) for at, page, name in pages]
        return [*own, *super().get_urls()]

    def sources(self, request: HttpRequest) -> HttpResponse:
        """What customers brought in, by how they came. No query of its own once the figures are known."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        horizon_days = _asked(request, SOURCE_HORIZONS)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Ce que rapportent les nouveaux clients"),
            "period": horizon_days,
            "periods": SOURCE_HORIZONS,
            "rows": sources_report(horizon_days),
            "least": LEAST_RECRUITS,
        }
        return TemplateResponse(request, "insights/admin_sources.html", context)

    def samples(self, request: HttpRequest) -> HttpResponse:
        """Whether samples make people buy. No query of its own once the figures are known."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": _("Échantillons\u202f: font-ils acheter\u202f?"),
            "rows": samples_report(),
            "days": CONVERTS_WITHIN.days,
        }
        return TemplateResponse(request, "insights/admin_samples.html", context)

    def abuse(self, request: HttpRequest) -> HttpResponse:
        """Signals of abuse, for a person to look at. Five queries of its own once the figures are known."""
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


@admin.register(DiscountBudget)
class DiscountBudgetAdmin(Undeletable, ModelAdmin):
    form = DiscountBudgetForm
    list_display = ["starts_on", "share", "warn_at", "written_by"]
    list_select_related = ["written_by"]
    fields = ["starts_on", "share", "warn_at"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        last = DiscountBudget.objects.first()
        return {"share": last.share, "warn_at": last.warn_at} if last else {}

    def save_model(self, request: HttpRequest, obj: DiscountBudget, form: Any, change: bool) -> None:
        obj.written_by_id = own_id(request)
        super().save_model(request, obj, form, change)

    def get_urls(self) -> list[URLPattern]:
        page, file = map(self.admin_site.admin_view, (self.programme, self.programme_file))
        return [
            path("fidelite-en-euros/", page, name="insights_programme"),
            path("fidelite-en-euros/donnees.csv", file, name="insights_programme_file"),
            *super().get_urls(),
        ]

    def programme(self, request: HttpRequest) -> HttpResponse:
        """What loyalty costs, is owed and brings. One query of its own once the figures are known."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        budget = budget_in_force()
        context = {
            **self.admin_site.each_context(request),
            "title": _("Fidélité en euros"),
            "page": programme_page(programme_report()),
            "point_columns": POINT_COLUMNS,
            "budget": budget_lines(held_against(budget)) if budget else None,
            "may_write": self.has_add_permission(request),
            "enough_orders": ENOUGH_ORDERS,
            "enough_points": ENOUGH_CREDITED,
        }
        return TemplateResponse(request, "insights/admin_programme.html", context)

    def programme_file(self, request: HttpRequest) -> HttpResponse:
        """The months as a file that a French spreadsheet opens. No query of its own once the figures are known."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        answer = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="cabas-fidelite-en-euros.csv"'
        csv.writer(answer, delimiter=";").writerows(file_rows(programme_report()))
        return answer
