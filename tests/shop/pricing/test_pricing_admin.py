"""Staff plan prices and promotions in the admin: French figures, refusals beside their field, effects shown."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.template import engines
from django.urls import reverse
from django.utils import timezone

from config.staff import StaffGroup, seed_groups
from shop.pricing.models import PlannedPrice, Promotion
from shop.pricing.services import plan_price, spend
from shop.stock.models import StockItem
from tests.factories import ProductFactory, UserFactory, ZoneFactory
from tests.shop.pricing.promoting import promote

pytestmark = pytest.mark.django_db
D = Decimal
ADD = "admin:pricing_promotion_add"


@pytest.fixture(autouse=True)
def lenient(monkeypatch):
    """The admin's own templates leave variables undefined."""
    monkeypatch.setattr(engines["django"].engine, "string_if_invalid", "")


@pytest.fixture
def yoghurt():
    product = ProductFactory(name="Yaourt nature", price=D("2.50"))
    StockItem.objects.update(unit_cost=D("0.10"))
    return product


@pytest.fixture
def staff(client):
    seed_groups()
    user = UserFactory(staff=True)
    user.groups.add(Group.objects.get(name=StaffGroup.MARKETING))
    client.force_login(user)
    return client


@pytest.fixture
def buyers(client):
    seed_groups()
    user = UserFactory(staff=True)
    user.groups.add(Group.objects.get(name=StaffGroup.CATALOGUE))
    client.force_login(user)
    return client


def typed(**changes):
    start, end = (timezone.localtime(timezone.now() + timedelta(days=days)) for days in (1, 8))
    return {
        "name": "Fête du yaourt", "kind": "percent", "percent": "12,5", "slot_weekdays": "",
        "starts_at_0": f"{start:%d/%m/%Y}", "starts_at_1": "08:00", "ends_at_0": f"{end:%d/%m/%Y}", "ends_at_1": "22:00",
    } | changes  # fmt: skip


def read(answer):
    return answer.content.decode()


def test_a_promotion_is_typed_as_french_people_write(staff, yoghurt):
    zone = ZoneFactory()

    answer = staff.post(reverse(ADD), typed(products=[yoghurt.pk], zones=[zone.pk], budget="1 234,50"))

    assert answer.status_code == 302
    made = Promotion.objects.get()
    assert (made.percent, made.budget) == (D("12.5"), D("1234.50"))
    assert list(made.products.all()) == [yoghurt] and list(made.zones.all()) == [zone]
    assert timezone.localtime(made.starts_at).hour == 8


def test_the_law_is_told_beside_the_figure(staff, yoghurt):
    told = read(staff.post(reverse(ADD), typed(products=[yoghurt.pk], percent="50")))

    assert "Yaourt nature serait réduit de 50\u202f%" in told
    assert not Promotion.objects.exists()


def test_an_end_before_the_start_is_told(staff, yoghurt):
    before = timezone.localtime(timezone.now())

    told = read(staff.post(reverse(ADD), typed(products=[yoghurt.pk], ends_at_0=f"{before:%d/%m/%Y}")))

    assert "La fin vient après le début." in told
    assert not Promotion.objects.exists()


def test_figures_of_another_kind_are_left_aside(staff, yoghurt):
    staff.post(reverse(ADD), typed(products=[yoghurt.pk], take="3", pay="2", amount="5,00"))

    made = Promotion.objects.get()
    assert (made.take, made.pay, made.amount) == (None, None, None)


def test_the_list_says_state_budget_and_orders(staff, yoghurt):
    promotion = promote(products=[yoghurt], budget=D("100.00"))
    promote("n_for_m", products=[yoghurt], begins=1, name="Plus tard")
    spend(order_reference="CB-1", amounts={promotion.pk: D("12.50")})

    told = read(staff.get(reverse("admin:pricing_promotion_changelist")))

    assert "12,50\u00a0€ dépensés sur 100,00\u00a0€ (12\u202f%)" in told
    assert "en cours" in told and "prévue" in told and "3 pour 2" in told


@pytest.mark.parametrize(
    ("state", "number"), [("running", 1), ("planned", 1), ("ended", 0), ("spent", 0), ("stopped", 0)]
)
def test_the_list_is_filtered_by_state(staff, yoghurt, state, number):
    promote(products=[yoghurt])
    promote("n_for_m", products=[yoghurt], begins=1)

    answer = staff.get(reverse("admin:pricing_promotion_changelist"), {"etat": state})

    assert len(answer.context["cl"].result_list) == number


def test_the_page_previews_what_it_does(staff, yoghurt):
    ProductFactory(name="Fromage blanc", price=D("2.00"), brand=yoghurt.brand)
    StockItem.objects.filter(product__name="Fromage blanc").update(unit_cost=D("1.60"))
    promotion = promote(brands=[yoghurt.brand])

    told = read(staff.get(reverse("admin:pricing_promotion_change", args=[promotion.pk])))

    assert "Yaourt nature\u202f: 2,50\u00a0€ → 2,00\u00a0€ (−20\u202f%)" in told
    assert "Fromage blanc\u202f: 2,00\u00a0€ → 1,86\u00a0€ (−7\u202f%), limitée par le prix d’achat" in told


def test_a_used_promotion_is_read_copied_and_stopped_but_not_changed(staff, yoghurt):
    promotion = promote(products=[yoghurt])
    spend(order_reference="CB-1", amounts={promotion.pk: D("1.00")})
    address = reverse("admin:pricing_promotion_change", args=[promotion.pk])

    assert staff.post(address, typed(products=[yoghurt.pk], percent="5")).status_code == 403
    assert 'name="percent"' not in read(staff.get(address))

    copied = staff.get(reverse("admin:pricing_promotion_copy", args=[promotion.pk]))
    form = read(staff.get(copied.headers["Location"]))
    assert 'value="Fête du yaourt"' in form and "Yaourt nature" in form

    staff.get(reverse("admin:pricing_promotion_stop", args=[promotion.pk]))
    promotion.refresh_from_db()
    assert promotion.state == "running"
    staff.post(reverse("admin:pricing_promotion_stop", args=[promotion.pk]), {"confirm": "1"})
    promotion.refresh_from_db()
    assert (promotion.percent, promotion.state) == (D(20), "stopped")


def test_who_only_reads_products_stops_nothing(client, yoghurt):
    seed_groups()
    user = UserFactory(staff=True)
    user.groups.add(Group.objects.get(name=StaffGroup.CUSTOMER_SERVICE))
    client.force_login(user)
    promotion = promote(products=[yoghurt])

    answer = client.post(reverse("admin:pricing_promotion_stop", args=[promotion.pk]))

    promotion.refresh_from_db()
    assert answer.status_code == 403 and promotion.state == "running"


def test_a_price_is_planned_and_cancelled(buyers, yoghurt):
    soon = timezone.localtime(timezone.now() + timedelta(days=1))
    address = reverse("admin:pricing_plannedprice_add")
    form = {"product": yoghurt.pk, "price": "1,99", "starts_at_0": f"{soon:%d/%m/%Y}", "starts_at_1": "00:00"}

    assert buyers.post(address, form).status_code == 302
    again = read(buyers.post(address, form))
    plan = PlannedPrice.objects.get()
    buyers.post(
        reverse("admin:pricing_plannedprice_changelist"),
        {"action": "cancel_chosen", "_selected_action": [plan.pk]},
    )

    assert "Un prix est déjà prévu pour ce produit à cet instant" in again
    plan.refresh_from_db()
    assert (plan.price, plan.state) == (D("1.99"), PlannedPrice.State.CANCELLED)


def test_the_past_is_refused_in_french(buyers, yoghurt):
    past = timezone.localtime(timezone.now() - timedelta(days=1))
    form = {"product": yoghurt.pk, "price": "1,99", "starts_at_0": f"{past:%d/%m/%Y}", "starts_at_1": "00:00"}

    told = read(buyers.post(reverse("admin:pricing_plannedprice_add"), form))

    assert "Choisissez un instant à venir" in told
    assert not PlannedPrice.objects.exists()


def test_an_hour_that_no_clock_shows_is_refused(buyers, yoghurt):
    form = {"product": yoghurt.pk, "price": "1,99", "starts_at_0": "28/03/2027", "starts_at_1": "02:30"}

    assert buyers.post(reverse("admin:pricing_plannedprice_add"), form).status_code == 200
    assert not PlannedPrice.objects.exists()


def test_a_product_shows_the_prices_it_had_and_will_have(buyers, yoghurt):
    plan_price(product_id=yoghurt.pk, price=D("1.99"), starts_at=timezone.now() + timedelta(days=1))
    address = reverse("admin:catalogue_product_change", args=[yoghurt.pk])

    told = read(buyers.get(address))

    assert "historique des prix" in told.lower() and "2,50\u00a0€" in told
    assert "prix programmés" in told.lower() and "1,99\u00a0€" in told
