from config.apps import RoomConfig


class ListsConfig(RoomConfig):
    default = True
    name = "shop.lists"
    label = "lists"
    verbose_name = "Listes"
