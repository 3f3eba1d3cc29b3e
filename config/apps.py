from importlib import import_module
from importlib.util import find_spec

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class RoomConfig(AppConfig):
    """A room of the house. Loads what only acts by being imported: its facts and its reactions."""

    default = False

    def ready(self) -> None:
        for module in ("events", "handlers", "receivers", "checks"):
            if find_spec(f"{self.name}.{module}"):
                import_module(f"{self.name}.{module}")


class ConfigApp(RoomConfig):
    default = True
    name = "config"
    label = "config"
    verbose_name = "Exploitation"

    def ready(self) -> None:
        super().ready()
        # Whoever queues a task, web processes included, must know the broker.
        import_module("config.celery")
        autodiscover_modules("wiring")
        # Tasks sent by a web process go to the app of the process: without ours, to a broker nobody runs.
        import_module("config.celery")
