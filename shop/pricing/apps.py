from config.apps import RoomConfig


class PricingConfig(RoomConfig):
    default = True
    name = "shop.pricing"
    label = "pricing"
    verbose_name = "Prix"
