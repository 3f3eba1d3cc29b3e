from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from config.demo import ACCOUNTS, PASSWORD, DemoAccount
from config.demo_reviews import make_reviews
from shop.catalogue.models import Product
from shop.customers.models import User
from shop.customers.services import customer_for_user
from shop.stock.importing import load_starter


class Command(BaseCommand):
    help = (
        "Remplit une boutique de démonstration : catalogue de départ et comptes. Sans effet s’ils existent."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        if not settings.DEMONSTRATION:
            raise CommandError(
                "DEMONSTRATION n’est pas activé : cette boutique est réelle, rien n’a été ajouté."
            )
        if not Product.objects.exists():
            load_starter()
        made = sum(make_account(account) for account in ACCOUNTS)
        self.stdout.write(f"{Product.objects.published().count()} produits publiés, {made} comptes créés.")
        said = make_reviews()
        self.stdout.write(
            f"{said} avis ajoutés."
            if said
            else "Aucun avis ajouté : il y en a déjà, ou aucune commande reçue."
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
