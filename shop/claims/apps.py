from config.apps import RoomConfig


class ClaimsConfig(RoomConfig):
    default = True
    name = "shop.claims"
    label = "claims"
    verbose_name = "Signalements"
