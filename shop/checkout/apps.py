from config.apps import RoomConfig


class CheckoutConfig(RoomConfig):
    default = True
    name = "shop.checkout"
    label = "checkout"
    verbose_name = "Passage de commande"
