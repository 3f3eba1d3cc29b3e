from config.apps import RoomConfig


class CatalogueConfig(RoomConfig):
    default = True
    name = "shop.catalogue"
    label = "catalogue"
    verbose_name = "Catalogue"
