from config.apps import RoomConfig


class DeskConfig(RoomConfig):
    default = True
    name = "crm.desk"
    label = "desk"
    verbose_name = "Aide et pages"
