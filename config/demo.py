"""The people of the demonstration."""

from dataclasses import dataclass

PASSWORD = "un-cabas-bien-plein"  # noqa: S105 - of the demonstration alone; production settings never load it


@dataclass(frozen=True, slots=True)
class DemoAccount:
    email: str
    first_name: str
    what: str
    group: str = ""

    @property
    def is_staff(self) -> bool:
        return bool(self.group)


ACCOUNTS = (
    DemoAccount("camille@cabas.example", "Camille", "cliente"),
    DemoAccount("direction@cabas.example", "Dominique", "équipe : direction", "manager"),
    DemoAccount("catalogue@cabas.example", "Nour", "équipe : catalogue", "catalogue"),
    DemoAccount("marketing@cabas.example", "Alix", "équipe : marketing", "marketing"),
    DemoAccount("aide@cabas.example", "Sacha", "équipe : service client", "customer_service"),
    DemoAccount("livreur@cabas.example", "Yanis", "équipe : livraison", "courier"),
    DemoAccount("preparation@cabas.example", "Lou", "équipe : préparation", "picking"),
)
