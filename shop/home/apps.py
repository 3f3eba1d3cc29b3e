from config.apps import RoomConfig


class HomeConfig(RoomConfig):
    default = True
    name = "shop.home"
    label = "home"
    verbose_name = "Accueil"
