from config.apps import RoomConfig


class InsightsConfig(RoomConfig):
    default = True
    name = "crm.insights"
    label = "insights"
    verbose_name = "Mesures"
