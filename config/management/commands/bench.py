"""``manage.py bench pages|search``: figures of speed, pages beside a baseline of the same run."""

from argparse import ArgumentParser
from resource import RUSAGE_SELF, getrusage
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.bench import pages, search
from config.bench.table import markdown
from shop.catalogue.models import Product


class Command(BaseCommand):
    help = "Mesure la boutique ; les pages, à côté d’un point de comparaison dans la même exécution."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=["pages", "search"])
        parser.add_argument("--rounds", type=int, default=15, metavar="N", help="tours mesurés (pages)")
        parser.add_argument("--calls", type=int, default=40, metavar="N", help="appels par tour (pages)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["rounds"] < 1 or options["calls"] < 1:
            raise CommandError("--rounds et --calls : au moins 1.")
        if settings.DEBUG:
            raise CommandError("DEBUG est activé : les mesures ne vaudraient rien.")
        self.stdout.write(f"{Product.objects.published().count()} produits publiés")
        self.stdout.write(self._pages(options) if options["what"] == "pages" else self._search())

    def _pages(self, options: dict[str, Any]) -> str:
        try:
            rows = pages.measure(rounds=options["rounds"], calls=options["calls"])
        except pages.NothingToMeasure as nothing:
            raise CommandError(
                "Il faut une zone livrée et des produits publiés (manage.py demo)."
            ) from nothing
        table = markdown(pages.HEADING, [row.cells() for row in rows])
        return f"{table}\n\nMémoire du processus, au plus : {_most_memory_mb()} Mo"

    def _search(self) -> str:
        rows = [(figure, f"{half:.1f}", f"{most:.1f}") for figure, half, most in search.rows()]
        return markdown(search.HEADING, rows)


def _most_memory_mb() -> int:
    """What this process has taken at most, in MB: a worker's, and the bench's own few."""
    return getrusage(RUSAGE_SELF).ru_maxrss * 1024 // 1_000_000
