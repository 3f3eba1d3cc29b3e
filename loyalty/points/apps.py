from config.apps import RoomConfig


class PointsConfig(RoomConfig):
    default = True
    name = "loyalty.points"
    label = "points"
    verbose_name = "Points de fidélité"
