"""Publishing texts, and those the shop ships with."""

from pathlib import Path

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from crm.desk.models import HelpEntry, LegalPage, LegalPageVersion, ReplyText
from crm.desk.rules import next_version

DEFAULTS = Path(__file__).parents[1] / "defaults"
HELP_SECTION = "## Questions fréquentes"


@transaction.atomic
def publish_page(*, slug: str, title: str, body: str, user_id: int | None = None) -> LegalPage:
    """Make a text the one in force and keep it for good; the same words again publish nothing.

    Locks the page. Four statements at most.
    """
    now = timezone.now()
    page, is_new = LegalPage.objects.select_for_update().get_or_create(
        slug=slug, defaults={"title": title, "body": body, "version": "", "updated_at": now}
    )
    if not is_new and (page.title, page.body) == (title, body):
        return page
    taken = set(page.versions.values_list("version", flat=True))
    page.title, page.body, page.updated_at = title, body, now
    page.version = next_version(timezone.localdate(now), taken)
    page.save()
    LegalPageVersion.objects.create(
        page=page, version=page.version, title=title, body=body, published_at=now, published_by_id=user_id
    )
    return page


def seed_pages() -> int:
    """Publish the shipped texts that do not exist yet; texts that staff changed are left alone."""
    known = set(LegalPage.objects.values_list("slug", flat=True))
    created = 0
    for path in sorted((DEFAULTS / "legal").glob("*.md")):
        if path.stem in known:
            continue
        heading, _, body = path.read_text(encoding="utf-8").partition("\n")
        publish_page(slug=path.stem, title=heading.removeprefix("# ").strip(), body=body.strip() + "\n")
        created += 1
    return created


def seed_help() -> int:
    """Add the shipped questions that do not exist yet, by key; edited or hidden ones are left alone."""
    created = 0
    for rank, (question, answer) in enumerate(shipped_questions(), start=1):
        _entry, is_new = HelpEntry.objects.get_or_create(
            key=slugify(question)[:80],
            defaults={"question": question, "answer": answer, "position": rank * 10},
        )
        created += is_new
    return created


def shipped_questions() -> list[tuple[str, str]]:
    """The questions and answers of ``defaults/aide.md``: the h3 under « Questions fréquentes »."""
    text = (DEFAULTS / "aide.md").read_text(encoding="utf-8")
    section = text.split(HELP_SECTION, 1)[1].split("\n## ", 1)[0]
    entries = [part.partition("\n") for part in section.split("\n### ")[1:]]
    return [(question.strip(), answer.strip()) for question, _, answer in entries]


def seed_reply_texts() -> int:
    """Add the shipped reply texts that do not exist yet, by key; edited or hidden ones are left alone."""
    created = 0
    for rank, (title, body) in enumerate(shipped_reply_texts(), start=1):
        _text, is_new = ReplyText.objects.get_or_create(
            key=slugify(title)[:60], defaults={"title": title, "body": body, "position": rank * 10}
        )
        created += is_new
    return created


def shipped_reply_texts() -> list[tuple[str, str]]:
    """Titles and bodies of ``defaults/reponses.md``."""
    text = (DEFAULTS / "reponses.md").read_text(encoding="utf-8")
    entries = [part.partition("\n") for part in text.split("\n## ")[1:]]
    return [(title.strip(), body.strip()) for title, _, body in entries]
