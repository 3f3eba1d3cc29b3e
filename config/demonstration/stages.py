"""The stages of a load, in their order, in one transaction."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction

from config.demonstration import (
    customers,
    history,
    households,
    orders,
    payments,
    popularity,
    products,
    promises,
    taste,
    visits,
)
from config.demonstration.apart import set_apart
from config.demonstration.clearing import clear, refuse_other_orders
from config.demonstration.disk import check_disk
from config.demonstration.marks import EAN_PREFIX
from config.demonstration.plan import Plan, Refused, grouped
from config.demonstration.work import Say, Work, dice, sweep
from shop.catalogue.models import Product
from shop.customers.models import Customer
from shop.orders.models import Order, OrderLine

_LOCK = 20_261_122_06


@dataclass(frozen=True, slots=True)
class Stage:
    """One part of the shop. ``needs_customers``: left out of a load without any."""

    name: str
    make: Callable[[Work], None]
    needs_customers: bool = True


# A room that adds something to a living shop adds its stage here; Work.values and the demo_… tables of the
# stages before tell it what there is.
STAGES: list[Stage] = [
    Stage("produits", products.make_products, needs_customers=False),
    Stage("rayons", taste.arrange_articles),
    Stage("foyers", households.make_households),
    Stage("visites", visits.plan_visits),
    Stage("clients", customers.make_customers),
    Stage("commandes", orders.make_orders),
    Stage("historique", history.make_history),
    Stage("créneaux", history.book_slots),
    Stage("stock réservé", history.reserve_stock),
    Stage("promesses", promises.make_promises),
    Stage("compensations", promises.make_good),
    Stage("paiements", payments.make_payments),
    Stage("meilleures ventes", popularity.count_popularity),
]


def load(plan: Plan, say: Say = lambda _words: None) -> dict[str, int]:
    """Make the shop that ``plan`` describes, in place of an earlier one; how many of what there is then.

    All or nothing. Raises Refused: nothing was changed then. Locks products, customers, orders and payments
    against everybody until it is done.
    """
    if not settings.DEMONSTRATION:
        raise Refused("DEMONSTRATION n’est pas activé\u202f: cette boutique est réelle, rien n’a été ajouté.")
    plan.check()
    plan = replace(plan, until=plan.now)
    if not check_disk(plan):
        say("L’espace libre du serveur de base de données n’a pas pu être vérifié.")
    with transaction.atomic(), connection.cursor() as cursor:
        work = Work(plan, cursor, say, _values(plan))
        _prepare(work)
        with set_apart(work) as keys:
            clear(work, keys)
            for stage in STAGES:
                if plan.customers or not stage.needs_customers:
                    _run(work, stage)
        sweep(work)
    # Pages forget what they knew of the former shop, now that the new one is firm.
    cache.clear()
    return counts()


def _values(plan: Plan) -> dict[str, object]:
    now = plan.now
    return {
        "seed": plan.seed, "now": now, "days": plan.days, "customers": plan.customers, "orders": 0,
        "since": now.replace(hour=0, minute=0), "generated": f"{EAN_PREFIX}%",
    }  # fmt: skip


def _prepare(work: Work) -> None:
    if not work.one("SELECT pg_try_advisory_xact_lock(%(lock)s)", lock=_LOCK):
        raise Refused("Une autre démonstration est en train d’être préparée\u202f: attendez qu’elle finisse.")
    refuse_other_orders(work)
    for setting, value in (
        ("work_mem", "256MB"), ("maintenance_work_mem", "512MB"), ("synchronous_commit", "off"), ("jit", "off"),
    ):  # fmt: skip
        work.run("SELECT set_config(%(setting)s, %(value)s, true)", setting=setting, value=value)
    dice(work)


def _run(work: Work, stage: Stage) -> None:
    started = time.monotonic()
    work.say(f"{stage.name.capitalize()}…")
    stage.make(work)
    work.say(f"  {time.monotonic() - started:.1f} s")


def counts() -> dict[str, int]:
    return {
        "produits publiés": Product.objects.published().count(),
        "clients": Customer.objects.count(),
        "commandes": Order.objects.count(),
        "lignes de commande": OrderLine.objects.count(),
    }


def said(counted: dict[str, int]) -> str:
    return ", ".join(f"{grouped(number)} {what}" for what, number in counted.items()) + "."
