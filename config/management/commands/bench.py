"""``manage.py bench pages|search|memory|picking|road|loyalty``: what the shop takes, pages beside a baseline of the same run."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.bench import loyalty, memory, pages, picking, road, search
from config.bench.table import markdown
from shop.catalogue.models import Product


class Command(BaseCommand):
    help = "Mesure la boutique ; les pages, à côté d’un point de comparaison dans la même exécution."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=["pages", "search", "memory", "picking", "road", "loyalty"])
        parser.add_argument("--rounds", type=int, default=15, metavar="N", help="tours mesurés (pages)")
        parser.add_argument("--calls", type=int, default=40, metavar="N", help="appels par tour (pages)")
        parser.add_argument(
            "--accounts", type=int, default=loyalty.ACCOUNTS, metavar="N", help="comptes de points (loyalty)"
        )
        parser.add_argument(
            "--entries", type=int, default=loyalty.ENTRIES, metavar="N", help="mouvements de points (loyalty)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["rounds"] < 1 or options["calls"] < 1:
            raise CommandError("--rounds et --calls : au moins 1.")
        if options["accounts"] < loyalty.LEAST_ACCOUNTS or options["entries"] < 10 * options["accounts"]:
            raise CommandError(
                f"--accounts : au moins {loyalty.LEAST_ACCOUNTS} ; --entries : au moins dix par compte."
            )
        if settings.DEBUG:
            raise CommandError("DEBUG est activé : les mesures ne vaudraient rien.")
        self.stdout.write(f"{Product.objects.published().count()} produits publiés")
        try:
            self.stdout.write(self._measured(options))
        except pages.NothingToMeasure as nothing:
            raise CommandError(
                "Il faut une zone livrée et des produits publiés (manage.py demo)."
            ) from nothing
        except memory.NotServed as silent:
            raise CommandError(f"Le serveur web n’a pas répondu : {silent}") from silent

    def _measured(self, options: dict[str, Any]) -> str:
        if options["what"] == "pages":
            rows = pages.measure(rounds=options["rounds"], calls=options["calls"])
            return markdown(pages.HEADING, [row.cells() for row in rows])
        if options["what"] == "search":
            found = [(figure, f"{half:.1f}", f"{most:.1f}") for figure, half, most in search.rows()]
            return markdown(search.HEADING, found)
        if options["what"] == "road":
            return markdown(road.HEADING, road.rows())
        if options["what"] == "loyalty":
            return self._loyalty(options["accounts"], options["entries"])
        if options["what"] == "picking":
            return markdown(picking.HEADING, picking.rows())
        return markdown(memory.HEADING, [process.cells() for process in memory.measure()])

    def _loyalty(self, accounts: int, entries: int) -> str:
        found = loyalty.rows(accounts=accounts, entries=entries, told=self.stderr.write)
        return markdown(loyalty.heading(accounts, entries), list(found))
