from config.apps import RoomConfig


class RecallsConfig(RoomConfig):
    default = True
    name = "shop.recalls"
    label = "recalls"
    verbose_name = "Rappels de produits"
