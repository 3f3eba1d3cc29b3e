"""A town of customers whose truth is planted: what an incident does to the chance of coming back is known."""

from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from math import exp
from random import Random

from crm.insights.recovery.episodes import Episode, own_rhythm

DAYS = 240
ZONES = ("Centre", "Coteaux", "Plaine")
NEVER = 10**6
LATE, INCOMPLETE = "En retard", "Incomplète"
FEE, NONE = "Livraison remboursée", ""


@dataclass(frozen=True)
class Town:
    """``effects``: remedy → what is added to the share that returns within the horizon.

    ``confounding`` 0: incidents strike at random; 1: zone, rank, basket and rhythm decide how often. ``moods``: how much
    a customer's own attachment, which no book tells, adds to or takes from the chance to order again.
    """

    effects: dict
    customers: int = 1_200
    confounding: float = 1.0
    horizon_days: int = 30
    incident_share: float = 0.07
    moods: float = 0.0


@dataclass
class Order:
    """One order as it happened, before anybody reads it."""

    day: int
    basket: Decimal
    causes: tuple = ()
    remedies: tuple = ()


def soon(mean, horizon):
    """How many gaps of mean ``mean`` days (Erlang, shape 2) end within the horizon."""
    x = 2 * (horizon + 0.5) / mean
    return 1 - exp(-x) * (1 + x)


def stays(zone, rank, basket):
    """The chance to order again at all: newcomers and the hills leave more often."""
    kept = {"Centre": 0.88, "Coteaux": 0.74, "Plaine": 0.81}[zone]
    return kept - {1: 0.2, 2: 0.1, 3: 0.05}.get(rank, 0) + (0.03 if basket >= 100 else 0)


def incident_chance(town, zone, rank, basket, mean):
    """Vans are late in the hills, large baskets miss something, newcomers get the difficult addresses."""
    factor = {"Centre": 0.5, "Coteaux": 2.2, "Plaine": 0.9}[zone]
    factor *= {1: 1.8, 2: 1.3}.get(rank, 0.8) * (1.5 if basket >= 100 else 0.8) * (1.2 if mean > 20 else 0.9)
    return min(0.6, town.incident_share * factor**town.confounding)


def next_gap(chance, town, mean, kept, effect):
    """Days to the next order; the share within the horizon is the undisturbed one plus the planted effect."""
    undisturbed = kept * soon(mean, town.horizon_days)
    if chance.random() < undisturbed + effect:
        while (gap := round(chance.gammavariate(2, mean / 2))) > town.horizon_days:
            pass
        return max(0, gap)
    if chance.random() < (1 - kept) / (1 - undisturbed):
        return NEVER
    while (gap := round(chance.gammavariate(2, mean / 2))) <= town.horizon_days:
        pass
    return gap


def life(chance, town, zone):
    """One customer's orders, from a first one on any day of the period or long before it."""
    mean = {"Centre": 9, "Coteaux": 16, "Plaine": 13}[zone] * chance.gammavariate(8, 1 / 8) + 3
    size = chance.uniform(45, 125)
    mood = chance.choice((-town.moods, town.moods))
    day, orders = chance.randint(-120, DAYS), []
    while day < DAYS:
        basket = Decimal(round(max(20.0, chance.gauss(size, 15))))
        rank = len(orders) + 1
        order = Order(day, basket)
        if chance.random() < incident_chance(town, zone, rank, basket, mean):
            remedy = chance.choice(sorted(town.effects))
            order.causes = (chance.choice((LATE, INCOMPLETE)),)
            order.remedies = (remedy,) if remedy else ()
        orders.append(order)
        effect = town.effects[order.remedies[0] if order.remedies else NONE] if order.causes else 0.0
        day += next_gap(chance, town, mean, min(0.98, stays(zone, rank, basket) + mood), effect)
    return orders


def read(customer_id, zone, orders):
    """A life as the shop's books would tell it, from day 0 to DAYS."""
    episodes = []
    for at, order in enumerate(orders):
        earlier = [one.day for one in orders[:at] if one.causes]
        later = [one.day for one in orders[at + 1 :] if one.causes]
        gaps = [after.day - before.day for before, after in pairwise(orders[: at + 1])]
        if order.day < 0:
            continue
        episodes.append(
            Episode(
                customer_id=customer_id,
                orders_so_far=at + 1,
                rhythm_days=own_rhythm(gaps),
                zone=zone,
                basket=order.basket,
                observed_days=DAYS - order.day,
                returned_after_days=orders[at + 1].day - order.day if at + 1 < len(orders) else None,
                causes=order.causes,
                remedies=order.remedies,
                usual_margin=order.basket / 5,
                days_since_incident=order.day - earlier[-1] if earlier else None,
                next_incident_after_days=later[0] - order.day if later else None,
            )
        )
    return episodes


def simulate(town, seed):
    """All episodes of a town, the same for the same seed."""
    chance = Random(seed)
    episodes = []
    for customer_id in range(town.customers):
        zone = chance.choices(ZONES, (5, 3, 4))[0]
        episodes += read(customer_id, zone, life(chance, town, zone))
    return episodes
