from config.apps import RoomConfig


class ZonesConfig(RoomConfig):
    default = True
    name = "delivery.zones"
    label = "zones"
    verbose_name = "Zones et dépôts"
