"""Objects for tests, with traits. A published product has a price, a shelf and stock in the default depot."""

from datetime import timedelta
from decimal import Decimal

import factory
from django.utils import timezone

from delivery.slots.models import Slot
from delivery.zones.models import Depot, PickupPoint, Zone, ZoneArea
from shop.catalogue.models import Aisle, Brand, Product
from shop.catalogue.rules import with_check_digit
from shop.customers.models import Address, Customer, User
from shop.stock.models import StockItem


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"client{n}@exemple.fr")
    password = factory.django.Password("mot-de-passe-solide")

    class Params:
        staff = factory.Trait(is_staff=True)


class CustomerFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Customer

    user = factory.SubFactory(UserFactory)
    email = factory.LazyAttribute(lambda o: o.user.email if o.user else "invitee@exemple.fr")
    first_name = "Élodie"
    last_name = "Martin"
    phone = "0612345678"

    class Params:
        guest = factory.Trait(user=None, email=factory.Sequence(lambda n: f"invite{n}@exemple.fr"))


class AddressFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Address

    customer = factory.SubFactory(CustomerFactory)
    line1 = "12 rue des Lilas"
    postcode = "75011"
    city = "Paris"


class DepotFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Depot
        django_get_or_create = ("code",)

    code = "paris"
    name = "Dépôt de Paris"
    latitude = 48.926
    longitude = 2.300
    is_default = factory.LazyAttribute(lambda o: o.code == "paris")


class ZoneFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Zone
        django_get_or_create = ("slug",)
        skip_postgeneration_save = True

    slug = "paris"
    name = "Paris"
    depot = factory.SubFactory(DepotFactory)

    @factory.post_generation
    def prefixes(self, create, extracted, **_kwargs):
        for prefix in extracted or (["75"] if self.slug == "paris" else []):
            ZoneArea.objects.get_or_create(prefix=prefix, defaults={"zone": self})


class PickupPointFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = PickupPoint
        django_get_or_create = ("slug",)

    slug = "bastille"
    name = "Cabas Bastille"
    depot = factory.SubFactory(DepotFactory)
    line1 = "14 rue de la Roquette"
    postcode = "75011"
    city = "Paris"
    directions = "Entrée par la cour."
    slot_price = Decimal(0)
    peak_price = Decimal(0)
    minimum_order = Decimal(15)
    free_delivery_from = Decimal(15)
    open_weekdays = "1234567"


class SlotFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Slot

    zone = factory.SubFactory(ZoneFactory)
    starts_at = factory.Sequence(
        lambda n: timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=1, hours=n % 200)
    )
    ends_at = factory.LazyAttribute(lambda o: o.starts_at + timedelta(hours=1))
    cutoff_at = factory.LazyAttribute(lambda o: o.starts_at - timedelta(hours=4))
    capacity = 20


class AisleFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Aisle
        django_get_or_create = ("slug",)

    slug = factory.Sequence(lambda n: f"rayon-{n}")
    name = factory.LazyAttribute(lambda o: o.slug.replace("-", " ").capitalize())
    tint = "cremerie"


class BrandFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Brand
        django_get_or_create = ("slug",)

    slug = "cabas"
    name = "Cabas"


def ean13(number: int) -> str:
    """An in-store EAN-13 with its check digit."""
    return with_check_digit(f"20{number:010d}")


class ProductFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Product
        skip_postgeneration_save = True

    ean = factory.Sequence(ean13)
    name = factory.Sequence(lambda n: f"Yaourt nature {n}")
    slug = factory.Sequence(lambda n: f"yaourt-nature-{n}")
    sort_name = factory.LazyAttribute(lambda o: o.name.lower())
    brand = factory.SubFactory(BrandFactory)
    shelf = factory.SubFactory(
        AisleFactory, slug="yaourts", parent=factory.SubFactory(AisleFactory, slug="cremerie")
    )
    net_quantity = Decimal(500)
    net_unit = "g"
    price = Decimal("2.50")
    vat_rate = Decimal("5.5")
    ingredients = "LAIT entier, ferments lactiques."
    allergens = ["lait"]
    is_published = True

    class Params:
        weighed = factory.Trait(sold_by="weight", weight_step_g=100, net_quantity=None, price=Decimal("3.20"))
        alcohol = factory.Trait(alcohol_degree=Decimal("12.5"), minimum_age=18, vat_rate=Decimal("20.0"))
        draft = factory.Trait(is_published=False, price=None)

    @factory.post_generation
    def stock(self, create, extracted, **_kwargs):
        """Units in the default depot: plenty unless a number is given."""
        plenty = 100_000 if self.sold_by == "weight" else 100
        StockItem.objects.create(
            product=self,
            depot=DepotFactory(),
            on_hand=plenty if extracted is None else extracted,
            unit_cost=Decimal("1.50"),
        )
