from config.apps import RoomConfig


class RewardsConfig(RoomConfig):
    default = True
    name = "loyalty.rewards"
    label = "rewards"
    verbose_name = "Récompenses et cadeaux"
