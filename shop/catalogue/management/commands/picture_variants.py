"""``manage.py picture_variants``: the smaller files of pictures that have none, or of all of them anew."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from shop.catalogue.models import ProductPicture
from shop.catalogue.services import make_variants

EVERY = 100


class Command(BaseCommand):
    help = "Produit les petites images WebP des photos qui n’en ont pas ; relancée, elle reprend où elle en était."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--toutes", action="store_true", help="refaire aussi celles qui en ont")

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = ProductPicture.objects.order_by("pk")
        if not options["toutes"]:
            chosen = chosen.filter(variants=[])
        failed = []
        ids = list(chosen.values_list("pk", flat=True))
        for number, pk in enumerate(ids, start=1):
            if not make_variants(picture_id=pk):
                failed.append(pk)
            if number % EVERY == 0:
                self.stderr.write(f"{number} photos sur {len(ids)}")
        self.stdout.write(f"{len(ids) - len(failed)} photos préparées, {len(failed)} gardées telles quelles.")
        if failed:
            self.stdout.write("Numéros : " + ", ".join(map(str, failed)))
