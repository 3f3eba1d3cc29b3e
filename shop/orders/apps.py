from config.apps import RoomConfig


class OrdersConfig(RoomConfig):
    default = True
    name = "shop.orders"
    label = "orders"
    verbose_name = "Commandes"
