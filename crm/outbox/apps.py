from config.apps import RoomConfig


class OutboxConfig(RoomConfig):
    default = True
    name = "crm.outbox"
    label = "outbox"
    verbose_name = "Messages"
