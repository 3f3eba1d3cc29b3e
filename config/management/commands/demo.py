from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from config.demonstration import Plan, Refused, load
from config.demonstration.accounts import ACCOUNTS, make_account
from config.demonstration.couriers import make_courier
from config.demonstration.day.checking import check, told
from config.demonstration.day.orders import NothingToSimulate
from config.demonstration.day.running import run_day
from config.demonstration.gifts import stock_gifts
from config.demonstration.plan import DAYS, SEED
from config.demonstration.promotions import make_promotions
from config.demonstration.reviews import make_reviews
from config.demonstration.stages import said
from config.demonstration.vouchers import make_vouchers
from delivery.slots.services import generate_slots
from delivery.zones.seed import seed_demo_points
from shop.catalogue.models import Product
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
            "--day",
            action="store_true",
            help="vit une journée de livraisons (300 commandes, 12 camionnettes) et la compare à ce que la boutique en dit",
        )
        parser.add_argument(
            "--seed", type=int, metavar="N", help="numéro de tirage\u202f: le même, la même boutique (1)"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if not settings.DEMONSTRATION:
            raise CommandError(
                "DEMONSTRATION n’est pas activé : cette boutique est réelle, rien n’a été ajouté."
            )
        if options["day"]:
            self._live_a_day(options)
            return
        plan = _plan(options)
        if not Product.objects.exists():
            load_starter()
        if seed_demo_points():
            generate_slots()
        made = sum(make_account(account) for account in ACCOUNTS)
        make_courier()
        promoted = make_promotions()
        make_vouchers()
        stock_gifts()
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

    def _live_a_day(self, options: dict[str, Any]) -> None:
        """Two days ago, so that all of it is over and judged."""
        if any(options[name] is not None for name in ("products", "customers", "days")):
            raise CommandError("--day se combine avec --seed seulement.")
        on = timezone.localdate() - timedelta(days=2)
        try:
            day = run_day(seed=options["seed"] or SEED, on=on, say=lambda words: self.stderr.write(words))
        except NothingToSimulate as nothing:
            raise CommandError(
                "Il faut des zones livrées et des produits\u202f: lancez d’abord seed_defaults, puis demo."
            ) from nothing
        self.stdout.write("\n".join(told(day)))
        if wrong := check(day):
            raise CommandError("La boutique dit autre chose que ce qui fut\u202f:\n" + "\n".join(wrong))
        self.stdout.write("Compensations et chiffres publics\u202f: identiques à ce qui fut.")

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
