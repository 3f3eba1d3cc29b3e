from config.apps import RoomConfig


class MilestonesConfig(RoomConfig):
    default = True
    name = "loyalty.milestones"
    label = "milestones"
    verbose_name = "Étapes et bienvenue"
