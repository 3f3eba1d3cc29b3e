from config.apps import RoomConfig


class AudienceConfig(RoomConfig):
    default = True
    name = "crm.audience"
    label = "audience"
    verbose_name = "Clients et préférences"
