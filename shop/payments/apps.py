from config.apps import RoomConfig


class PaymentsConfig(RoomConfig):
    default = True
    name = "shop.payments"
    label = "payments"
    verbose_name = "Paiements"
