from config.apps import RoomConfig


class OutboxConfig(RoomConfig):
    default = True
    name = "crm.outbox"
    label = "outbox"
    verbose_name = "Messages"

    def ready(self) -> None:
        super().ready()
        from crm.outbox.limits import count_in_database

        count_in_database()
