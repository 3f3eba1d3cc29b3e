"""What an import says: counts by reason, and the words of the reasons."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, ngettext

from shop.catalogue.queries import missing_words


class FileRefused(Exception):
    """The whole file is unusable; its message is one French line with the cure. Nothing was written."""


class RowRefused(Exception):
    """One row is unusable. ``reason`` is a key of REFUSALS, ``detail`` the column or value at fault."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail

    @property
    def words(self) -> str:
        words = str(REFUSALS[self.reason])
        return f"{words} ({self.detail})" if self.detail else words


REFUSALS: dict[str, str | Promise] = {
    "ean": gettext_lazy("code-barres absent, de mauvaise longueur ou de clé fausse"),
    "duplicate": gettext_lazy("code-barres déjà présent plus haut dans le fichier"),
    "columns": gettext_lazy("nombre de colonnes différent de l’en-tête"),
    "formula": gettext_lazy("cellule qui commence comme une formule (=, +, -, @)"),
    "control": gettext_lazy("caractère de contrôle"),
    "name": gettext_lazy("nom absent"),
    "unknown_product": gettext_lazy("article inconnu, et le fichier n’a pas de nom pour le créer"),
    "too_long": gettext_lazy("texte trop long"),
    "number": gettext_lazy("nombre illisible"),
    "range": gettext_lazy("nombre hors limites"),
    "choice": gettext_lazy("valeur inconnue"),
    "shelf": gettext_lazy("rayon inconnu, un import n’en crée ni n’en renomme aucun"),
    "allergen": gettext_lazy("allergène inconnu"),
    "nutrition": gettext_lazy("valeurs nutritionnelles illisibles ou impossibles"),
    "weight_step": gettext_lazy("pas de poids absent d’un article vendu au poids"),
    "deposit": gettext_lazy("consigne illisible"),
}


@dataclass(slots=True)
class Reject:
    line: int
    ean: str
    reason: str
    words: str


@dataclass
class ImportReport:
    """The outcome of one file. ``not_published`` counts reasons: an article may have several."""

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    published: int = 0
    unpublished: int = 0
    # Known articles that the file puts on another shelf; those it does not name stay where they are.
    moved: int = 0
    not_published: Counter[str] = field(default_factory=Counter)
    rejects: list[Reject] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    reject_path: Path | None = None
    is_preview: bool = False

    @property
    def refused(self) -> Counter[str]:
        return Counter(reject.reason for reject in self.rejects)

    def absorb(self, other: "ImportReport") -> None:
        """Add what another file of the same delivery counted."""
        for name in ("rows", "created", "updated", "unchanged", "published", "unpublished", "moved"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.not_published += other.not_published
        self.rejects += other.rejects
        self.notes += other.notes

    def lines(self) -> Iterator[str]:
        """The report in French, one figure a line."""
        yield ngettext("%(n)s ligne lue", "%(n)s lignes lues", self.rows) % {"n": self.rows}
        yield from self._counts()
        for code, count in self.not_published.most_common():
            yield f"    {missing_words([code])[0]}\u202f: {count}"
        if self.moved:
            yield ngettext(
                "%(n)s article change de rayon, ceux que le fichier ne nomme pas restent où ils sont",
                "%(n)s articles changent de rayon, ceux que le fichier ne nomme pas restent où ils sont",
                self.moved,
            ) % {"n": self.moved}
        refused = len(self.rejects)
        yield ngettext("%(n)s ligne refusée", "%(n)s lignes refusées", refused) % {"n": refused}
        for reason, count in self.refused.most_common():
            yield f"    {REFUSALS[reason]}\u202f: {count}"
        yield from self.notes

    def _counts(self) -> Iterator[str]:
        for count, words in (
            (self.created, ngettext("article créé", "articles créés", self.created)),
            (self.updated, ngettext("article modifié", "articles modifiés", self.updated)),
            (self.unchanged, ngettext("article inchangé", "articles inchangés", self.unchanged)),
            (self.published, ngettext("article publié", "articles publiés", self.published)),
            (self.unpublished, ngettext("article non publié", "articles non publiés", self.unpublished)),
        ):
            yield f"{count} {words}"
