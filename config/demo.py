"""The people of the demonstration."""

from dataclasses import dataclass

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
