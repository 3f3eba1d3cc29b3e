"""How the roads of one day truly are, and how long each leg and door truly take. Plain arithmetic on a seed.

Nothing here knows what the shop plans with: it takes planned seconds and answers true ones.
"""

from dataclasses import dataclass, field
from math import exp
from random import Random

HOUR = 3600
# How much legs and doors differ from one another (log-normal), and rounds of one day.
LEG_SIGMA, DOOR_SIGMA, ROUND_SIGMA = 0.22, 0.38, 0.12
# A door in so many where one waits: a lift out of order, a receptionist, a neighbour who takes it.
LONG_STOP, LONG_STOP_SECONDS = 0.03, (480, 900)
# Days in ten that have a jam, how long it lasts, and how much slower everything is in it.
JAMS_OF_TEN, JAM_SECONDS, JAM_SLOWER = 4, (4_500, 9_000), (1.4, 2.1)


@dataclass(frozen=True, slots=True)
class Jam:
    begins: int
    ends: int
    slower: float


@dataclass(slots=True)
class Traffic:
    """The roads of one day; instants are seconds from local midnight."""

    seed: int
    jams: list[Jam] = field(default_factory=list)

    @classmethod
    def of_day(cls, seed: int) -> "Traffic":
        dice = Random(f"{seed}-jams")
        jams: list[Jam] = []
        while dice.randrange(10) < JAMS_OF_TEN and len(jams) < 3:
            begins = dice.randrange(9 * HOUR, 19 * HOUR)
            jams.append(Jam(begins, begins + dice.randrange(*JAM_SECONDS), dice.uniform(*JAM_SLOWER)))
        return cls(seed, jams)

    def slower_at(self, at: int) -> float:
        return max((jam.slower for jam in self.jams if jam.begins <= at < jam.ends), default=1.0)


@dataclass(frozen=True, slots=True)
class Door:
    """A stop as planned: seconds on the road and at the door, and its slot."""

    key: int
    drive: int
    service: int
    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class Passed:
    """When a courier truly came to a door, and went on."""

    key: int
    arrived: int
    done: int


def driven(doors: list[Door], *, leaves: int, traffic: Traffic, name: str) -> list[Passed]:
    """What truly happens to a round that leaves the depot then. A round is its name's: the same each time."""
    dice = Random(f"{traffic.seed}-{name}")
    pace = exp(dice.gauss(0, ROUND_SIGMA))
    passed, clock = [], leaves
    for door in doors:
        took = door.drive * pace * exp(dice.gauss(0, LEG_SIGMA)) * traffic.slower_at(clock)
        arrived = clock + max(60, round(took))
        stays = door.service * exp(dice.gauss(-(DOOR_SIGMA**2) / 2, DOOR_SIGMA))
        if dice.random() < LONG_STOP:
            stays += dice.randrange(*LONG_STOP_SECONDS)
        clock = max(arrived, door.opens) + max(45, round(stays))
        passed.append(Passed(door.key, arrived, clock))
    return passed
