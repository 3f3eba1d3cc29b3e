"""One file, one transaction: stage, validate, apply, publish what is complete, count."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from django.db import connection, transaction
from django.utils.translation import gettext as _

from shop.catalogue.services import publish_complete, refresh_search
from shop.stock.importing import apply
from shop.stock.importing.aisles import (
    drop_empty_others,
    ensure_aisles,
    ensure_other_shelves,
    known_shelves,
    top_by_name,
)
from shop.stock.importing.completion import complete
from shop.stock.importing.draft import Cells, Draft
from shop.stock.importing.native import draft_of as native_draft
from shop.stock.importing.off import draft_of as off_draft
from shop.stock.importing.rejects import write_rejects
from shop.stock.importing.report import FileRefused, ImportReport, Reject, RowRefused
from shop.stock.importing.sources import Source, open_source
from shop.stock.queries import depots
from shop.stock.services import tell_restocked

Progress = Callable[[str], None]
_LOCK = 20_261_122_05
_EVERY = 1000


class ImportBusy(Exception):
    """Another import is running."""


def run_import(
    path: Path, *, demonstration: bool = False, depot_codes: Sequence[str] | None = None,
    every_depot: bool = False, only_new: bool = False, preview: bool = False,
    progress: Progress = lambda _words: None,
) -> ImportReport:  # fmt: skip
    """Import the sound rows of a CSV or XLSX file of products, all of them or none; about 25 queries whatever its length.

    Faulty rows are left out and named in the report.     ``demonstration`` completes what is missing and marks it; ``only_new`` leaves known products alone;
    ``preview`` rolls everything back and still counts. Stock and costs go to ``depot_codes``, else to
    every depot (``every_depot``), else to the default one.
    Raises FileRefused, ImportBusy, queries.UnknownDepot: nothing was written then.
    Locks known products, then stock items, in order of id.
    """
    source = open_source(path)
    report = ImportReport(notes=source.notes, is_preview=preview)
    with transaction.atomic():
        _claim()
        depot_ids = list(depots(depot_codes, every=every_depot).values())
        _stage(source, report, demonstration, progress)
        if not report.rows:
            raise FileRefused(_("Le fichier ne contient aucun article sous son en-tête."))
        _apply(source, report, depot_ids, demonstration, only_new, progress)
        if preview:
            transaction.set_rollback(True)
    if report.rejects and not preview:
        report.reject_path = write_rejects(path, report.rejects)
    return report


def _claim() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            raise ImportBusy


def _stage(source: Source, report: ImportReport, demonstration: bool, progress: Progress) -> None:
    draft_of = _reader(source)
    by_id = {shelf.id: shelf for shelf in known_shelves().values()}

    def drafts() -> Iterator[Draft]:
        seen: set[str] = set()
        for line, row in source.rows:
            report.rows += 1
            if report.rows % _EVERY == 0:
                progress(_("%(n)s lignes lues") % {"n": report.rows})
            try:
                draft = _checked(draft_of, line, row, seen)
            except RowRefused as refused:
                ean = row.get("ean", "") if isinstance(row, dict) else ""
                report.rejects.append(Reject(line, ean[:20], refused.reason, refused.words))
                continue
            if demonstration:
                complete(draft, by_id.get(draft.shelf_id or 0))
            yield draft

    apply.stage(drafts())


def _reader(source: Source) -> Callable[[int, Cells], Draft]:
    if not source.is_open_food_facts:
        shelves = known_shelves()
        return lambda line, cells: native_draft(line, cells, shelves)
    ensure_aisles()
    ensure_other_shelves()
    shelves, tops = known_shelves(), top_by_name()
    return lambda line, cells: off_draft(line, cells, shelves, tops)


def _checked(
    draft_of: Callable[[int, Cells], Draft], line: int, row: Cells | RowRefused, seen: set[str]
) -> Draft:
    if isinstance(row, RowRefused):
        raise row
    draft = draft_of(line, row)
    if draft.ean in seen:
        raise RowRefused("duplicate")
    seen.add(draft.ean)
    return draft


def _apply(
    source: Source, report: ImportReport, depot_ids: list[int], demonstration: bool, only_new: bool,
    progress: Progress,
) -> None:  # fmt: skip
    for line, ean in apply.drop_nameless_newcomers():
        refused = RowRefused("unknown_product")
        report.rejects.append(Reject(line, ean, refused.reason, refused.words))
    progress(_("Application…"))
    left_alone = apply.drop_known() if only_new else 0
    known = apply.resolve()
    plan = apply.Plan(source.columns, empty_keeps=source.is_open_food_facts, invents=demonstration)
    report.moved = apply.moved_from_shelf(plan)
    updated = apply.update_known(plan)
    created = apply.insert_new()
    stocked = apply.apply_stock(depot_ids)
    drop_empty_others()
    progress(_("Index de recherche et publication…"))
    apply.refresh_statistics()
    refresh_search(product_ids=[*updated, *created])
    staged = apply.staged_products()
    moved = _publish(report, staged)
    tell_restocked(product_ids=staged)
    report.created = len(created)
    report.updated = len((updated | stocked | moved) - created)
    report.unchanged = known - report.updated + left_alone


def _publish(report: ImportReport, product_ids: Collection[int]) -> set[int]:
    outcome = publish_complete(product_ids=product_ids)
    report.published = len(outcome.published)
    report.unpublished = len(product_ids) - report.published
    report.not_published = Counter(code for codes in outcome.missing.values() for code in codes)
    return outcome.moved
