"""``manage.py import_products FILE``: products of Open Food Facts' extracts or of our own CSV or XLSX."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from shop.stock.importing import FileRefused, ImportBusy, run_import
from shop.stock.queries import UnknownDepot


class Command(BaseCommand):
    help = (
        "Importe des produits (CSV d’Open Food Facts, CSV ou XLSX de la boutique), en entier ou pas du tout."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FICHIER")
        parser.add_argument(
            "--demonstration", action="store_true",
            help="compléter prix, quantité, stock… de façon plausible, et les marquer comme illustrations",
        )  # fmt: skip
        parser.add_argument(
            "--depot",
            action="append",
            metavar="CODE",
            help="dépôt du stock (répétable ; sinon celui par défaut)",
        )
        parser.add_argument("--essai", action="store_true", help="tout vérifier et compter sans rien écrire")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["demonstration"] and not settings.DEMONSTRATION:
            raise CommandError(
                "--demonstration invente des prix : réservé à une boutique de démonstration (DEMONSTRATION=1)."
            )
        report = self._import(options)
        for line in report.lines():
            self.stdout.write(line)
        if report.reject_path:
            self.stdout.write(f"Rejets : {report.reject_path}")
        if report.is_preview:
            self.stdout.write("Essai : rien n’a été écrit.")

    def _import(self, options: dict[str, Any]) -> Any:
        try:
            return run_import(
                options["file"],
                demonstration=options["demonstration"],
                depot_codes=options["depot"],
                every_depot=options["demonstration"],
                preview=options["essai"],
                progress=lambda words: self.stderr.write(words),
            )
        except FileRefused as refused:
            raise CommandError(str(refused)) from refused
        except ImportBusy as busy:
            raise CommandError("Un autre import est en cours : attendez qu’il finisse.") from busy
        except UnknownDepot as unknown:
            raise CommandError(
                f"Dépôt inconnu : {unknown}"
                if str(unknown)
                else "Aucun dépôt par défaut : créez-le, ou donnez --depot."
            ) from unknown
