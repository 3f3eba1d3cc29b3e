from config.apps import RoomConfig


class PromiseConfig(RoomConfig):
    default = True
    name = "delivery.promise"
    label = "promise"
    verbose_name = "Promesses"
