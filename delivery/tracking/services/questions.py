"""What couriers could not answer, and the cards that come of it."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from delivery.tracking.errors import CardWithoutAnswer, NotYourRound
from delivery.tracking.models import Card, Question


@transaction.atomic
def log_question(*, courier_id: int, key: UUID, at: datetime, words: str = "") -> Question:
    """One tap: somebody asked what the courier could not answer. Sent again it is the same; the few words may come later,
    once. Raises NotYourRound for a key that another courier has used. Three queries.
    """
    words = words.strip()[:300]
    question, is_new = Question.objects.get_or_create(
        key=key, defaults={"courier_id": courier_id, "at": at, "words": words}
    )
    if question.courier_id != courier_id:
        raise NotYourRound(key)
    if words and not is_new and Question.objects.filter(pk=question.pk, words="").update(words=words):
        question.words = words
    return question


@transaction.atomic
def make_card(*, question_id: int, question: str, answer: str, now: datetime) -> Card:
    """An unanswered question becomes a card for all couriers. Twice is once. Raises CardWithoutAnswer. Four queries."""
    if not answer.strip() or not question.strip():
        raise CardWithoutAnswer
    asked = Question.objects.select_for_update(of=("self",)).select_related("card").get(pk=question_id)
    if asked.card:
        return asked.card
    card, _new = Card.objects.get_or_create(
        question=question.strip()[:160], defaults={"answer": answer.strip()}
    )
    asked.card, asked.closed_at = card, now
    asked.save(update_fields=["card", "closed_at"])
    return card
