"""Points of the demonstration's households go with them."""

from config.demonstration import load
from loyalty.points.models import PointAccount, PointEntry, PointLot, PointOrder, PointUse
from loyalty.points.services import spend
from loyalty.rewards.models import Present
from loyalty.rewards.queries import wrong_items
from shop.customers.models import Customer
from tests.config.living_shop import SMALL, small_shop, starter  # noqa: F401
from tests.loyalty.points.earning import customer, figures, programme, usable
from tests.loyalty.rewards.giving import item, promised


def test_another_load_leaves_none_of_their_points_and_all_of_the_others(small_shop):  # noqa: F811
    load(SMALL)
    programme()
    other = customer()
    household = Customer.objects.exclude(pk=other).latest("pk").pk
    for owner in (household, other):
        usable(owner, 200, reference=f"CB-{owner}")
        spend(customer_id=owner, points=100, source="reward-1")
        promised(owner, f"due-{owner}", item_id=item(f"Miel {owner}").pk)

    load(SMALL)

    for model in (PointAccount, PointOrder, PointEntry, PointLot):
        assert model.objects.exists()
    assert not PointAccount.objects.exclude(pk=other).exists() and PointUse.objects.count() == 1
    assert figures(other) == (100, 100, 0)
    assert Present.objects.get().customer_id == other and wrong_items() == []
