from config.apps import RoomConfig


class TrackingConfig(RoomConfig):
    default = True
    name = "delivery.tracking"
    label = "tracking"
    verbose_name = "Livraison en cours"
