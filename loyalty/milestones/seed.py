"""What a shop begins with: a welcome, two attentions, gifts at the 5th and 10th orders, a first anniversary."""

from decimal import Decimal

from django.utils import timezone

from loyalty.milestones.models import Milestone
from loyalty.milestones.services import Terms, write
from loyalty.rewards.queries import givable_items

_TOWEL, _BAG, _HONEY = "Torchon en coton tissé", "Sac cabas en toile", "Pot de miel de châtaignier"
_APRON, _CARD, _BOOK = "Tablier de cuisine", "Carte écrite à la main", "Carnet de recettes de saison"
_BOARD = "Planche à découper en hêtre"
_VOUCHERS = (("delivery", Decimal(0), Decimal(50), 60), ("amount", Decimal(5), Decimal(50), 60))


def seed_milestones() -> None:
    """Where none is written yet; what nobody keeps in stock is left out as it is reached. Some 25 queries."""
    if Milestone.objects.exists():
        return
    known = dict(givable_items().values_list("name", "pk"))
    now = timezone.now()

    def terms(
        name: str, kind: str, threshold: int, *items: str, trigger: str = "orders", **more: object
    ) -> Terms:
        ids = [known[item] for item in items if item in known]
        return Terms(name, kind, trigger, threshold, now, ids, **more)  # type: ignore[arg-type]

    for one in (
        terms("Bienvenue", "welcome", 1, _BOOK, has_letter=True, vouchers=_VOUCHERS),
        terms("Merci d’être revenu", "attention", 2, _CARD),
        terms("Vous êtes des nôtres", "attention", 3, _TOWEL),
        terms("Votre 5e commande", "gift", 5, _HONEY, _TOWEL, _BAG),
        terms("Votre 10e commande", "gift", 10, _APRON, _BOARD, _BAG),
        terms("Un an ensemble", "gift", 1, _HONEY, _APRON, trigger="anniversary"),
    ):
        write(terms=one, by_id=None)
