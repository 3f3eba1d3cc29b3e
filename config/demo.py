"""The people and the promotions of the demonstration."""

from dataclasses import dataclass
from decimal import Decimal

from config.staff import StaffGroup

PASSWORD = "un-cabas-bien-plein"  # noqa: S105 - of the demonstration alone; production settings never load it


@dataclass(frozen=True, slots=True)
class DemoAccount:
    email: str
    first_name: str
    what: str
    group: StaffGroup | None = None

    @property
    def is_staff(self) -> bool:
        return self.group is not None


ACCOUNTS = (
    DemoAccount("camille@cabas.example", "Camille", "cliente"),
    DemoAccount("direction@cabas.example", "Dominique", "équipe : direction", StaffGroup.MANAGER),
    DemoAccount("catalogue@cabas.example", "Nour", "équipe : catalogue", StaffGroup.CATALOGUE),
    DemoAccount("marketing@cabas.example", "Alix", "équipe : marketing", StaffGroup.MARKETING),
    DemoAccount("aide@cabas.example", "Sacha", "équipe : service client", StaffGroup.CUSTOMER_SERVICE),
    DemoAccount("livreur@cabas.example", "Yanis", "équipe : livraison", StaffGroup.COURIER),
    DemoAccount("preparation@cabas.example", "Lou", "équipe : préparation", StaffGroup.PICKING),
)


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


PROMOTIONS = (
    DemoPromotion("Fruits de saison", "percent", 6, ("fruits",), percent=Decimal(20)),
    DemoPromotion("Miels du rucher", "amount", 12, ("miels",), amount=Decimal("1.00")),
    DemoPromotion("Grand ménage", "n_for_m", 13, ("lessive-et-vaisselle", "entretien-de-la-maison"), take=4, pay=3),
    DemoPromotion("Duo de savons", "second", 9, ("savons-et-soins",), percent=Decimal(60), budget=Decimal(500)),
    DemoPromotion("Apéritif", "lot", 6, eans=("2000007001909",), take=2, amount=Decimal("3.50")),
    DemoPromotion("Livraison offerte aux heures creuses", "free_delivery", 20, free_from=Decimal(60), off_peak_only=True),
)  # fmt: skip
# The prices of an invented past, as shares of today's, since so many days: a curve to look at, and thirty days of
# the same price before any promotion.
PAST_PRICES = ((240, Decimal("0.96")), (150, Decimal("1.04")), (80, Decimal("1.00")))
