from config.apps import RoomConfig


class DocumentsConfig(RoomConfig):
    default = True
    name = "shop.documents"
    label = "documents"
    verbose_name = "Factures et avoirs"
