"""What a shop begins with: rewards from 3 € to 300 €, and articles to give, of which staff say how many there are."""

from decimal import Decimal

from django.utils import timezone

from loyalty.rewards.models import Item, Reward

# Points → euros: a hundred are worth 3 €.
_VOUCHERS = {100: "3.00", 300: "9.00", 500: "15.00", 1000: "30.00", 5000: "150.00", 10_000: "300.00"}
# Points → deliveries.
_DELIVERIES = {180: 1, 800: 5}
_ITEMS = {
    "Torchon en coton tissé": ("70\u00a0×\u00a050\u00a0cm, bio, lavé avant usage", "3.20", 150),
    "Sac cabas en toile": ("Vingt litres, anses longues", "4.50", 200),
    "Planche à découper en hêtre": ("Forêts françaises, 30\u00a0×\u00a020\u00a0cm", "11.00", 600),
    "Cocotte en fonte": ("24\u00a0cm, quatre à six couverts", "62.00", 3500),
    "Pot de miel de châtaignier": ("250\u00a0g, récolté en Corrèze", "3.90", None),
    "Tablier de cuisine": ("Coton épais, deux poches", "7.80", None),
    "Carte écrite à la main": ("Un mot de qui a préparé votre commande", "0.60", None),
    "Carnet de recettes de saison": ("Quarante recettes, un mois par chapitre", "2.40", None),
}


def seed_rewards() -> None:
    """Where there is none yet. Three queries."""
    if Item.objects.exists() or Reward.objects.exists():
        return
    now = timezone.now()
    items = Item.objects.bulk_create(
        Item(name=name, description=about, cost=Decimal(cost))
        for name, (about, cost, _points) in _ITEMS.items()
    )
    rewards = [
        Reward(points=points, kind="voucher", amount=Decimal(euros), starts_at=now)
        for points, euros in _VOUCHERS.items()
    ]
    rewards += [
        Reward(points=points, kind="deliveries", deliveries=number, starts_at=now)
        for points, number in _DELIVERIES.items()
    ]
    asked_for = {name: points for name, (_about, _cost, points) in _ITEMS.items() if points}
    rewards += [
        Reward(points=asked_for[item.name], kind="goods", item=item, starts_at=now)
        for item in items
        if item.name in asked_for
    ]
    Reward.objects.bulk_create(rewards)
