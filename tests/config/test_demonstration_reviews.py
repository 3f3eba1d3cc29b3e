"""What households of the demonstration said comes and goes with them."""

from config.demonstration import load
from config.demonstration.reviews import make_reviews
from shop.reviews.models import ProductRating, ProductReview, ServiceReview
from tests.config.living_shop import SMALL, small_shop, starter  # noqa: F401
from tests.shop.reviews.support import rating_of


def test_another_load_leaves_no_review_and_no_star_behind(small_shop):  # noqa: F811
    load(SMALL)
    first = make_reviews()
    load(SMALL)
    left = (ProductReview.objects.count(), ServiceReview.objects.count(), ProductRating.objects.count())

    second = make_reviews()

    assert left == (0, 0, 0)
    assert first == second > 20
    for product in ProductReview.objects.values_list("product", flat=True):
        shown = ProductReview.objects.filter(product=product, status="published")
        assert rating_of(product).count == shown.count()
