from config.apps import RoomConfig


class ReviewsConfig(RoomConfig):
    default = True
    name = "shop.reviews"
    label = "reviews"
    verbose_name = "Avis"
