from config.apps import RoomConfig


class CustomersConfig(RoomConfig):
    default = True
    name = "shop.customers"
    label = "customers"
    verbose_name = "Clients"
