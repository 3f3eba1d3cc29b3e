from config.apps import RoomConfig


class RoundsConfig(RoomConfig):
    default = True
    name = "delivery.rounds"
    label = "rounds"
    verbose_name = "Tournées"
