from config.apps import RoomConfig


class StockConfig(RoomConfig):
    default = True
    name = "shop.stock"
    label = "stock"
    verbose_name = "Stock"
