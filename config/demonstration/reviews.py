"""What customers of the demonstration say: good and bad, some of it answered, a little still to be read."""

import csv
from collections import defaultdict
from itertools import cycle
from typing import Any

from django.db import transaction
from django.utils import timezone

from shop.orders.models import Order, OrderLine
from shop.reviews import services
from shop.reviews.models import ProductReview, Review, ServiceReview
from shop.reviews.rules import ServiceWords, Words
from shop.stock.importing.starter import starter_files

PRODUCTS, EACH, ORDERS = 8, 4, 8
# Orders are numbered as they come; a demonstration may hold millions of them.
ORDERS_LOOKED_AT = 1000
# One in so many is left for staff to read.
WAITING_EVERY = 10

PRODUCT_WORDS = (
    (5, "", "Je le reprends à chaque commande, la qualité ne bouge pas."),
    (4, "Bien", "Conforme à la fiche, arrivé en bon état. Un peu cher pour la quantité."),
    (2, "Déçue", "La description faisait envie, mais je n’ai pas retrouvé ce qu’elle promettait."),
    (5, "Adopté", "Toute la famille l’a aimé, même les petits qui n’aiment rien."),
    (3, "", "Correct, sans plus. J’ai déjà eu mieux pour ce prix."),
    (1, "Emballage abîmé", "Reçu avec l’emballage enfoncé, j’ai dû en jeter la moitié."),
    (4, "", "Bonne surprise, je ne connaissais pas. Je recommanderai."),
    (5, "Rien à redire", ""),
    (5, "", "Meilleur que celui que je prenais au supermarché, et moins cher."),
    (2, "Trop petit", "Je m’attendais à plus grand : regardez bien la quantité nette avant de commander."),
    (4, "Fidèle à la fiche", "Ingrédients courts et bien indiqués, c’est ce que je cherchais."),
    (5, "", "Date longue, bien emballé, parfait pour faire des réserves."),
    (3, "Ça dépend des fois", "Très bien la première fois, moins bien la deuxième."),
    (4, "", "Bon produit. Une étoile de moins pour l’emballage, qui pourrait se recycler."),
    (1, "Plus jamais", "Pas à mon goût du tout, fini à la poubelle."),
    (5, "Un classique", "On sait ce qu’on achète et on n’est pas trompé."),
)
SERVICE_WORDS: tuple[tuple[int, dict[str, int | None], str], ...] = (
    (5, {"punctuality": 5, "courier": 5}, "Livreur à l’heure et souriant, monté au quatrième sans ascenseur."),
    (4, {"punctuality": 4, "completeness": 5}, "Tout y était. Dix minutes après le début du créneau, sans gravité."),
    (2, {"punctuality": 1, "courier": 4}, "Plus de quarante minutes de retard, et personne pour prévenir."),
    (5, {"completeness": 5, "freshness": 5}, "Les fruits et les légumes étaient plus beaux qu’au marché."),
    (3, {"completeness": 2}, "Deux articles manquaient. Ils n’ont pas été débités, mais j’en avais besoin."),
    (5, {}, ""),
    (1, {"freshness": 1, "completeness": 3}, "La salade était flétrie et le sac de surgelés déjà mou."),
    (4, {"courier": 5}, "Pratique et bien organisé, je recommence la semaine prochaine."),
)  # fmt: skip
PRODUCT_ANSWER = (
    "Merci de nous l’avoir dit. Nous l’avons signalé au fournisseur, et le service client vous rembourse "
    "l’article."
)
SERVICE_ANSWER = (
    "Vous avez raison, ce n’est pas ce que nous avions promis. Nous avons revu la tournée de votre quartier."
)


@transaction.atomic
def make_reviews() -> int:
    """About forty reviews of starter products and of orders that came; none when there are any, or no orders."""
    if ProductReview.objects.exists() or ServiceReview.objects.exists():
        return 0
    return _of_products() + _of_service()


def _received() -> dict[str, Any]:
    return {"status": Order.Status.PLACED, "slot__ends_at__lte": timezone.now()}


def _of_products() -> int:
    words, made = cycle(PRODUCT_WORDS), 0
    for product_id, buyers in _most_bought():
        for customer_id, reference in buyers:
            rating, title, text = next(words)
            said = {product_id: Words(rating, title, text)}
            services.hand_in_reviews(customer_id=customer_id, order_reference=reference, of_products=said)
            made += 1
            _settle(
                ProductReview.objects.get(customer=customer_id, product=product_id),
                made,
                "buyer",
                PRODUCT_ANSWER,
            )
    return made


def _most_bought() -> list[tuple[int, list[tuple[int, str]]]]:
    """Starter products with a few of their buyers and the order of each, the most bought first."""
    latest = list(
        Order.objects.filter(**_received()).order_by("-id").values_list("id", flat=True)[:ORDERS_LOOKED_AT]
    )
    lines = OrderLine.objects.filter(order__in=latest, ean__in=_starter_codes()).exclude(product=None)
    buyers: dict[int, dict[int, str]] = defaultdict(dict)
    rows = lines.order_by("-order_id", "id").values_list(
        "product_id", "order__customer_id", "order__reference"
    )
    for product_id, customer_id, reference in rows:
        buyers[product_id or 0].setdefault(customer_id, reference)
    most = sorted(buyers.items(), key=lambda found: (-len(found[1]), found[0]))[:PRODUCTS]
    return [(product_id, list(found.items())[:EACH]) for product_id, found in most]


def _starter_codes() -> set[str]:
    found: set[str] = set()
    for path in starter_files():
        with path.open(encoding="utf-8", newline="") as lines:
            found |= {row["ean"] for row in csv.DictReader(lines)}
    return found


def _of_service() -> int:
    orders = list(Order.objects.filter(**_received()).order_by("-id")[: ORDERS * EACH : EACH])
    for number, (order, (rating, details, text)) in enumerate(zip(orders, SERVICE_WORDS, strict=False), 1):
        said = ServiceWords(Words(rating, text=text), details)
        services.hand_in_reviews(
            customer_id=order.customer_id, order_reference=order.reference, of_products={}, of_service=said
        )
        _settle(
            ServiceReview.objects.get(order_reference=order.reference), number, "delivery", SERVICE_ANSWER
        )
    return len(orders)


def _settle(review: Review, number: int, role: str, answer: str) -> None:
    """Publish it, and answer half of the bad ones; one in WAITING_EVERY stays for staff."""
    if number % WAITING_EVERY == 0:
        return
    which: dict[str, Any] = {"kind": review.kind, "review_id": review.pk, "user_id": None}
    services.publish_review(**which, seen_at=review.written_at)
    if review.rating <= 2 and number % 2:
        services.answer_review(**which, role=role, answer=answer)
