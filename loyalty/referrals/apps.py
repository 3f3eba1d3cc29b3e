from config.apps import RoomConfig


class ReferralsConfig(RoomConfig):
    default = True
    name = "loyalty.referrals"
    label = "referrals"
    verbose_name = "Parrainage"
