"""The promotions of the demonstration."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from config.demonstration.prices import invent_past_prices
from shop.catalogue.models import Aisle, Product
from shop.pricing.models import Promotion
from shop.pricing.queries import Scope
from shop.pricing.services import PromotionRefused, save_promotion


@dataclass(frozen=True, slots=True)
class DemoPromotion:
    """A promotion of the demonstration, lawful on the starter catalogue; ``days`` it still runs."""

    name: str
    kind: str
    days: int
    shelves: tuple[str, ...] = ()
    eans: tuple[str, ...] = ()
    percent: Decimal | None = None
    amount: Decimal | None = None
    take: int | None = None
    pay: int | None = None
    free_from: Decimal | None = None
    off_peak_only: bool = False
    budget: Decimal | None = None
    points_factor: int | None = None


PROMOTIONS = (
    DemoPromotion("Fruits de saison", "percent", 6, ("fruits",), percent=Decimal(20)),
    DemoPromotion("Miels du rucher", "amount", 12, ("miels",), amount=Decimal("1.00")),
    DemoPromotion("Grand ménage", "n_for_m", 13, ("lessive-et-vaisselle", "entretien-de-la-maison"), take=4, pay=3),
    DemoPromotion("Duo de savons", "second", 9, ("savons-et-soins",), percent=Decimal(60), budget=Decimal(500)),
    DemoPromotion("Apéritif", "lot", 6, eans=("2000007001909",), take=2, amount=Decimal("3.50")),
    DemoPromotion("Goûters qui comptent double", "points", 16, ("gouters-et-gateaux-moelleux",), points_factor=2),
    DemoPromotion("Livraison offerte aux heures creuses", "free_delivery", 20, free_from=Decimal(60), off_peak_only=True),
)  # fmt: skip


@transaction.atomic
def make_promotions() -> int:
    """The demonstration's promotions, and a past for the prices they reduce; how many. None where there are some.

    On a catalogue of the shop's own, those that find nothing on their shelves are left out.
    """
    if Promotion.objects.exists():
        return 0
    invent_past_prices()
    return sum(make_promotion(one) for one in PROMOTIONS)


def make_promotion(one: DemoPromotion) -> bool:
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    figures = {
        name: getattr(one, name)
        for name in ("percent", "amount", "take", "pay", "free_from", "budget", "points_factor")
    }
    promotion = Promotion(
        name=one.name, kind=one.kind, starts_at=today - timedelta(days=1), ends_at=today + timedelta(days=one.days),
        off_peak_only=one.off_peak_only, **figures,
    )  # fmt: skip
    scope = Scope(
        products=list(Product.objects.filter(ean__in=one.eans)),
        aisles=list(Aisle.objects.filter(slug__in=one.shelves)),
    )
    try:
        save_promotion(promotion=promotion, scope=scope)
    except PromotionRefused:
        return False
    return True
