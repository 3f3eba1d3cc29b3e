from config.apps import RoomConfig


class VouchersConfig(RoomConfig):
    default = True
    name = "loyalty.vouchers"
    label = "vouchers"
    verbose_name = "Bons"
