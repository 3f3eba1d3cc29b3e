from config.apps import RoomConfig


class BasketConfig(RoomConfig):
    default = True
    name = "shop.basket"
    label = "basket"
    verbose_name = "Paniers"
