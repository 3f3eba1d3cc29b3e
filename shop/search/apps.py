from config.apps import RoomConfig


class SearchConfig(RoomConfig):
    default = True
    name = "shop.search"
    label = "search"
    verbose_name = "Recherche et rayons"
