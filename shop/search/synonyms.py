"""What staff teach the search. Every write of synonyms, compiled so that a query finds them in the statement it is anyway."""

import csv
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.db import connection, transaction

from config import kept
from shop.search.models import Synonym, SynonymPhrase
from shop.search.words import letters, root, sound, telling

SHIPPED = Path(__file__).parent / "synonyms.csv"
SHORTEST = 2
# The statement looks for expressions of four words at most.
LONGEST_WORDS = 4


@dataclass
class SynonymRefused(Exception):
    """``reason``: "empty", "short", "long", "itself", "taken", "loop" or "chain"; ``phrase`` is the expression at fault."""

    reason: str
    phrase: str


@transaction.atomic
def save_synonym(*, synonym: Synonym) -> Synonym:
    """Save and compile: the next search applies it. Raises SynonymRefused, and changes nothing.

    Locks the synonyms' table against other writers. 8 queries.
    """
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE search_synonym IN SHARE ROW EXCLUSIVE MODE")
    synonym.save()
    SynonymPhrase.objects.filter(synonym=synonym).delete()
    if synonym.is_active:
        SynonymPhrase.objects.bulk_create(_compiled(synonym))
    teach_words()
    kept.changed("synonyms")
    return synonym


@transaction.atomic
def delete_synonym(*, synonym: Synonym) -> None:
    """Forget a synonym with its expressions. 4 queries."""
    synonym.delete()
    teach_words()
    kept.changed("synonyms")


def check_synonym(*, synonym: Synonym) -> None:
    """Whether it could be saved as it is. Raises SynonymRefused. Two or three queries."""
    _compiled(synonym)


def expressions(text: str) -> list[str]:
    """« coca, Coca Cola » as two plain expressions."""
    plain = (" ".join(telling(part)) for part in text.split(","))
    return list(dict.fromkeys(part for part in plain if part))


def _compiled(synonym: Synonym) -> list[SynonymPhrase]:
    """The rows of a synonym, checked against the others. Two queries."""
    typed, meant = expressions(synonym.typed), expressions(synonym.meant)
    if not typed or not meant:
        raise SynonymRefused("empty", (synonym.meant if typed else synonym.typed).strip())
    stems = stems_of([*typed, *meant])
    _check_each(typed, meant, stems)
    sides = _sides(synonym.direction, [stems[p] for p in typed], [stems[p] for p in meant])
    _check(synonym, sides, {stems[p]: p for p in [*meant, *typed]})
    return [
        SynonymPhrase(synonym=synonym, stems=left, query=text_query(right)) for left, right in sides.items()
    ]


def _check_each(typed: list[str], meant: list[str], stems: dict[str, str]) -> None:
    for phrase in [*typed, *meant]:
        if not stems[phrase]:
            raise SynonymRefused("empty", phrase)
        if len(stems[phrase].replace(" ", "")) < SHORTEST:
            raise SynonymRefused("short", phrase)
        if len(stems[phrase].split()) > LONGEST_WORDS:
            raise SynonymRefused("long", phrase)


def _sides(direction: str, typed: list[str], meant: list[str]) -> dict[str, list[str]]:
    """What each expression, by its stems, is widened by."""
    if direction == Synonym.Direction.ONE_WAY:
        return {left: [right for right in meant if right != left] for left in typed}
    every = list(dict.fromkeys([*typed, *meant]))
    return {one: [other for other in every if other != one] for one in every}


def _check(synonym: Synonym, sides: dict[str, list[str]], words: dict[str, str]) -> None:
    one_way = synonym.direction == Synonym.Direction.ONE_WAY
    targets = {right for rights in sides.values() for right in rights}
    for left, right in sides.items():
        if not right or (one_way and left in targets):
            raise SynonymRefused("itself", words[left])
    if not synonym.is_active:
        return
    others = SynonymPhrase.objects.exclude(synonym_id=synonym.pk)
    if taken := others.filter(stems__in=sides).values_list("stems", flat=True).first():
        raise SynonymRefused("taken", words[taken])
    for phrase in others.filter(stems__in=targets) if one_way else ():
        back = any(left in phrase.meanings for left in sides)
        raise SynonymRefused("loop" if back else "chain", words[phrase.stems])


def text_query(alternatives: list[str]) -> str:
    """« epong » or « papi toilet », by stems, in PostgreSQL's syntax: any of them, whole."""
    return " | ".join("(" + " & ".join(f"'{stem}'" for stem in one.split()) + ")" for one in alternatives)


def stems_of(phrases: list[str]) -> dict[str, str]:
    """Each plain expression's stems, in order. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_STEMS, [phrases, [" ".join(map(root, phrase.split())) for phrase in phrases]])
        return dict(cursor.fetchall())


_STEMS = """
SELECT phrase, coalesce(string_agg(stem, ' ' ORDER BY place), '')
  FROM unnest(%s::text[], %s::text[]) AS asked (phrase, roots)
  LEFT JOIN LATERAL (
      SELECT lexeme AS stem, unnest(positions) AS place FROM unnest(to_tsvector('cabas_words', roots))
  ) AS words ON true
 GROUP BY phrase
"""


def teach_words() -> None:
    """Let the dictionary know the words of synonyms, and those only that are still in one. 3 queries."""
    rows = Synonym.objects.filter(is_active=True).values_list("typed", "meant")
    heard = sorted(
        {word for row in rows for text in row for one in expressions(text) for word in one.split()}
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE search_knownword SET in_synonym = false WHERE in_synonym AND NOT word = ANY (%s)", [heard]
        )
        keys = [[key(word) for word in heard] for key in (root, sound, letters)]
        cursor.execute(_TEACH, [heard, *keys])
        cursor.execute("DELETE FROM search_knownword WHERE products <= 0 AND NOT in_synonym")


_TEACH = """
INSERT INTO search_knownword (word, written, stem, sound, letters, products, in_synonym)
SELECT word, word, coalesce((tsvector_to_array(to_tsvector('cabas_words', root)))[1], word), sound, letters, 0, true
  FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[]) AS heard (word, root, sound, letters)
 ORDER BY word
ON CONFLICT (word) DO UPDATE SET in_synonym = true
"""


def seed_synonyms() -> None:
    """Teach the shipped synonyms of which nobody has taught, changed or refused any expression yet."""
    taken = {one for text in Synonym.objects.values_list("typed", flat=True) for one in expressions(text)}
    with_file = csv.DictReader(SHIPPED.read_text(encoding="utf-8").splitlines())
    for row in with_file:
        if taken.isdisjoint(expressions(row["typed"])):
            with suppress(SynonymRefused), transaction.atomic():
                save_synonym(synonym=Synonym(**row))
