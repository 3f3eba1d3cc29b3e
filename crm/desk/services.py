"""Publishing texts, receiving and answering requests."""

from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from crm.desk.models import ContactRequest, HelpEntry, LegalPage, LegalPageVersion
from crm.desk.rules import next_version
from crm.outbox.services import queue_message
from shop.customers.queries import is_proven_email

DEFAULTS = Path(__file__).parent / "defaults"
HELP_SECTION = "## Questions fréquentes"


class RequestAlreadyHandled(Exception):
    """A request was answered or closed before, by somebody else or in another tab."""


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


@transaction.atomic
def receive_contact_request(
    *,
    name: str,
    email: str,
    subject: str,
    message: str,
    order_reference: str = "",
    customer_id: int | None = None,
) -> ContactRequest:
    """Keep what somebody wrote and queue its acknowledgement, both or neither. Two inserts, one query.

    The letter repeats the words only to an address its customer has proven: anybody may type anybody's
    address, and must not have the shop carry a message there.
    """
    request = ContactRequest.objects.create(
        name=name,
        email=email,
        subject=subject,
        message=message,
        order_reference=order_reference,
        customer_id=customer_id,
    )
    queue_message(
        purpose="contact_acknowledged",
        occasion=f"contact-{request.pk}",
        recipient=email,
        customer_id=customer_id,
        template="contact_acknowledged",
        context=_letter_context(request) | {"is_proven": is_proven_email(customer_id, email)},
    )
    return request


@transaction.atomic
def answer_contact_request(*, request_id: int, answer: str, user_id: int) -> ContactRequest:
    """Answer once: keep the words, stamp the moment, queue the letter.

    Locks the request; raises RequestAlreadyHandled. Three statements.
    """
    request = _take(request_id, to=ContactRequest.State.ANSWERED)
    request.answer, request.answered_by_id = answer, user_id
    request.answered_at = timezone.now()
    request.save()
    queue_message(
        purpose="contact_answered",
        occasion=f"contact-{request.pk}",
        recipient=request.email,
        customer_id=request.customer_id,
        template="contact_answered",
        context={**_letter_context(request), "answer": answer},
    )
    return request


@transaction.atomic
def close_contact_request(*, request_id: int) -> ContactRequest:
    """File a request that calls for no answer. Locks it; raises RequestAlreadyHandled. Two statements."""
    request = _take(request_id, to=ContactRequest.State.CLOSED)
    request.save(update_fields=["state"])
    return request


def _take(request_id: int, *, to: ContactRequest.State) -> ContactRequest:
    request = ContactRequest.objects.select_for_update(no_key=True).get(pk=request_id)
    if to not in ContactRequest.MOVES[request.state]:
        raise RequestAlreadyHandled
    request.state = to
    return request


def _letter_context(request: ContactRequest) -> dict[str, str]:
    return {
        "name": request.name,
        "number": str(request.pk),
        "subject": str(ContactRequest.Subject(request.subject).label),
        "order_reference": request.order_reference,
        "message": request.message,
        "help_phone": settings.HELP_PHONE,
    }


# --- what the shop ships with ---------------------------------------------------------------------


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
