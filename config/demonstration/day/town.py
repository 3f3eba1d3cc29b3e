"""Where three hundred households live and when they are delivered, for plans and benches. Plain values."""

from dataclasses import dataclass
from random import Random

from delivery.rounds.problem import Call, Load, Point, Problem, Vehicle
from delivery.rounds.rules import service_seconds
from delivery.rounds.travel import Travel

DEPOT = Point(48.926, 2.300)
CENTRE, SPREAD = Point(48.866, 2.345), Point(0.060, 0.075)
HOUR = 3600
# Slots by the hour they begin: mornings and evenings are asked for.
ASKED = {8: 4, 9: 7, 10: 8, 11: 7, 12: 4, 14: 3, 15: 3, 16: 5, 17: 8, 18: 11, 19: 11, 20: 6}
MORNING, AFTERNOON = (6 * HOUR + 1800, 14 * HOUR), (13 * HOUR, 22 * HOUR)


@dataclass(frozen=True, slots=True)
class Household:
    key: int
    home: Point
    hour: int
    load: Load
    is_newcomer: bool


def households(number: int, *, seed: int) -> list[Household]:
    dice = Random(f"{seed}-town")
    hours = dice.choices(list(ASKED), weights=list(ASKED.values()), k=number)
    return [
        Household(
            key=key,
            home=Point(
                CENTRE.latitude + dice.uniform(-SPREAD.latitude, SPREAD.latitude),
                CENTRE.longitude + dice.uniform(-SPREAD.longitude, SPREAD.longitude),
            ),
            hour=hour,
            load=Load(dice.randrange(2, 7), dice.randrange(2), dice.randrange(12_000, 52_000)),
            is_newcomer=dice.random() < 0.15,
        )
        for key, hour in enumerate(hours)
    ]


def half_day(found: list[Household], *, vans: int, is_morning: bool, travel: Travel) -> Problem:
    """The problem of one half-day: its households and so many vans."""
    here = [one for one in found if (one.hour < 14) == is_morning]
    starts, ends = MORNING if is_morning else AFTERNOON
    return Problem(
        calls=[
            Call(
                one.key, one.home, one.hour * HOUR, (one.hour + 1) * HOUR,
                service_seconds(crates=one.load.crates, age_check=False, is_newcomer=one.is_newcomer),
                one.load, one.is_newcomer,
            )
            for one in here
        ],
        vehicles=[Vehicle(key, Load(90, 20, 1_200_000), starts, ends) for key in range(vans)],
        legs=travel.legs([DEPOT, *(one.home for one in here)], [here[0].hour if here else 8, *(one.hour for one in here)]),
    )  # fmt: skip
