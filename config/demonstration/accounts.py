"""The people of the demonstration who sign in."""

from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.db import transaction

from config.staff import StaffGroup
from shop.customers.models import User
from shop.customers.services import customer_for_user

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
