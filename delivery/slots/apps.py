from config.apps import RoomConfig


class SlotsConfig(RoomConfig):
    default = True
    name = "delivery.slots"
    label = "slots"
    verbose_name = "Créneaux"
