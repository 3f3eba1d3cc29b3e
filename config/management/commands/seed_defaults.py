from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand

from config.staff import seed_groups
from crm.desk.services import seed_help, seed_pages
from delivery.slots.services import generate_slots
from delivery.zones.seed import seed_zones

# In this order: slots need zones.
STEPS: list[tuple[str, Callable[[], Any]]] = [
    ("droits des équipes", seed_groups),
    ("zones", seed_zones),
    ("pages", seed_pages),
    ("questions fréquentes", seed_help),
    ("créneaux", generate_slots),
]


class Command(BaseCommand):
    help = "Installe ce que la boutique livre d’origine. Peut être relancée : n’écrase rien."

    def handle(self, *args: Any, **options: Any) -> None:
        for name, seed in STEPS:
            self.stdout.write(f"{name} : {seed()} ajoutés")
