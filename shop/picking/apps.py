from config.apps import RoomConfig


class PickingConfig(RoomConfig):
    default = True
    name = "shop.picking"
    label = "picking"
    verbose_name = "Préparation"
