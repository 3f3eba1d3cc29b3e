from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from config.demo import ACCOUNTS, PASSWORD, PAST_PRICES, PROMOTIONS, DemoAccount, DemoPromotion
from config.demo_reviews import make_reviews
from config.demonstration import Plan, Refused, load
from config.demonstration.plan import DAYS, SEED
from config.demonstration.stages import said
from shop.catalogue.models import Aisle, Product
from shop.catalogue.rules import to_cents
from shop.customers.models import User
from shop.customers.services import customer_for_user
from shop.pricing.models import PriceChange, Promotion
from shop.pricing.queries import Scope
from shop.pricing.services import PromotionRefused, save_promotion
from shop.stock.importing import load_starter


class Command(BaseCommand):
    help = (
        "Remplit une boutique de démonstration : catalogue de départ et comptes, sans effet s’ils existent ; "
        "avec un nombre de produits ou de clients, une boutique vivante de cette taille, à la place de la précédente."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--products", type=int, metavar="N", help="produits en tout")
        parser.add_argument("--customers", type=int, metavar="N", help="foyers qui commandent")
        parser.add_argument(
            "--days", type=int, metavar="N", help="jours de commandes jusqu’à maintenant (180)"
        )
        parser.add_argument(
            "--seed", type=int, metavar="N", help="numéro de tirage\u202f: le même, la même boutique (1)"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if not settings.DEMONSTRATION:
            raise CommandError(
                "DEMONSTRATION n’est pas activé : cette boutique est réelle, rien n’a été ajouté."
            )
        plan = _plan(options)
        if not Product.objects.exists():
            load_starter()
        made = sum(make_account(account) for account in ACCOUNTS)
        promoted = make_promotions()
        self.stdout.write(
            f"{Product.objects.published().count()} produits publiés, {made} comptes et {promoted} promotions créés."
        )
        if plan:
            self._load(plan)
        spoken = make_reviews()
        self.stdout.write(
            f"{spoken} avis ajoutés."
            if spoken
            else "Aucun avis ajouté : il y en a déjà, ou aucune commande reçue."
        )

    def _load(self, plan: Plan) -> None:
        try:
            counted = load(plan, say=lambda words: self.stderr.write(words))
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(said(counted))


def _plan(options: dict[str, Any]) -> Plan | None:
    """What was asked for; None for the plain command. Raises CommandError."""
    given = {name: options[name] for name in ("products", "customers", "days", "seed")}
    if all(value is None for value in given.values()):
        return None
    if given["products"] is None and given["customers"] is None:
        raise CommandError("Dites combien de produits (--products) ou de clients (--customers).")
    plan = Plan(
        products=given["products"] or 0,
        customers=given["customers"] or 0,
        days=DAYS if given["days"] is None else given["days"],
        seed=SEED if given["seed"] is None else given["seed"],
    )
    try:
        plan.check()
    except Refused as refused:
        raise CommandError(str(refused)) from refused
    return plan


@transaction.atomic
def make_promotions() -> int:
    """The demonstration's promotions, and a past for the prices they reduce; how many. None where there are some.

    On a catalogue of the shop's own, those that find nothing on their shelves are left out.
    """
    if Promotion.objects.exists():
        return 0
    invent_past_prices()
    return sum(make_promotion(one) for one in PROMOTIONS)


def invent_past_prices() -> None:
    """Prices are invented anyway: without a past no reduction could be announced from them."""
    if PriceChange.objects.filter(since__lt=timezone.now() - timedelta(days=1)).exists():
        return
    now = timezone.now()
    PriceChange.objects.bulk_create(
        PriceChange(product_id=pk, price=to_cents((price or 0) * share), since=now - timedelta(days=days))
        for days, share in PAST_PRICES
        for pk, price in Product.objects.filter(price__isnull=False).values_list("pk", "price")
    )


def make_promotion(one: DemoPromotion) -> bool:
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    figures = {
        name: getattr(one, name) for name in ("percent", "amount", "take", "pay", "free_from", "budget")
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


@transaction.atomic
def make_account(account: DemoAccount) -> bool:
    """Create one demonstration account; False when it exists."""
    if User.objects.filter(email=account.email).exists():
        return False
    user = User.objects.create_user(account.email, PASSWORD, is_staff=account.is_staff)
    EmailAddress.objects.create(user=user, email=account.email, verified=True, primary=True)
    if account.group:
        user.groups.add(Group.objects.get(name=account.group))
    else:
        customer = customer_for_user(user)
        customer.first_name, customer.last_name = account.first_name, "Durand"
        customer.save(update_fields=["first_name", "last_name"])
    return True
