"""Texts as pages show them."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString

from crm.desk.markdown import to_html
from crm.desk.models import HelpEntry, LegalPage, LegalPageVersion
from crm.desk.rules import OpeningHours, say

TERMS = "cgv"


class TermsMissing(Exception):
    """No terms of sale are published: nothing may be sold. ``seed_defaults`` publishes the shipped ones."""


@dataclass(frozen=True, slots=True)
class PageView:
    """A text to show, in force or replaced since."""

    slug: str
    title: str
    html: SafeString
    version: str
    published_at: datetime
    is_current: bool


@dataclass(frozen=True, slots=True)
class Answer:
    key: str
    question: str
    html: SafeString


def current_terms_version() -> str:
    """The version of the terms of sale an order accepts. One query; raises TermsMissing."""
    version = LegalPage.objects.filter(slug=TERMS).values_list("version", flat=True).first()
    if not version:
        raise TermsMissing
    return version


def has_terms() -> bool:
    """Are there terms of sale in force? Without them no order can be made. One query."""
    try:
        return bool(current_terms_version())
    except TermsMissing:
        return False


def page_in_force(slug: str) -> PageView | None:
    """One query."""
    page = LegalPage.objects.filter(slug=slug).first()
    if page is None:
        return None
    return PageView(page.slug, page.title, to_html(page.body), page.version, page.updated_at, is_current=True)


def page_as_of(slug: str, version: str) -> PageView | None:
    """A text as it read under a version, say the one an order accepted. One query."""
    found = LegalPageVersion.objects.filter(page__slug=slug, version=version).select_related("page").first()
    if found is None:
        return None
    return PageView(
        slug, found.title, to_html(found.body), found.version, found.published_at,
        is_current=found.page.version == version,
    )  # fmt: skip


def help_answers() -> list[Answer]:
    """The visible questions in their order. One query."""
    entries = HelpEntry.objects.filter(is_published=True)
    return [Answer(entry.key, entry.question, to_html(entry.answer)) for entry in entries]


def opening_hours() -> OpeningHours:
    """When the help line answers, from the settings."""
    return OpeningHours.parse(settings.HELP_HOURS)


def closed_until() -> str:
    """« lundi 23 novembre à 8 h » while nobody answers, else nothing."""
    hours, now = opening_hours(), timezone.localtime()
    if hours.is_open(now):
        return ""
    day, opens = hours.next_opening(now)
    when = "aujourd’hui" if day == now.date() else date_format(day, "l j F").lower()
    return f"{when} à {say(opens)}"
