"""Promotions that make no sense, by the form and past it: refused in words, never a fault, and nothing is saved."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from shop.pricing import services
from shop.pricing.models import PlannedPrice, Promotion
from shop.pricing.queries import Scope
from shop.pricing.wording import problem
from shop.stock.models import StockItem
from tests.factories import ProductFactory
from tests.shop.pricing.promoting import draft
from tests.shop.pricing.test_pricing_admin import ADD, buyers, lenient, read, staff, typed, yoghurt  # noqa: F401

pytestmark = pytest.mark.django_db
D = Decimal


def told(browser, product, **changes):
    """What the form answers; nothing is saved."""
    answer = browser.post(reverse(ADD), typed(products=[product.pk]) | changes)
    assert answer.status_code == 200
    assert not Promotion.objects.exists()
    return read(answer)


FRIDAY = f"{timezone.localtime(timezone.now()) + timedelta(days=1):%d/%m/%Y}"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"percent": "0"}, "Le plus petit nombre possible est 0,1."),
        ({"percent": "-5"}, "Saisissez un nombre"),
        ({"percent": "NaN"}, "Saisissez un nombre"),
        ({"percent": "1e1"}, "Saisissez un nombre"),
        ({"percent": "12,55"}, "chiffre"),
        ({"percent": "100"}, "la loi permet 34"),
        ({"percent": "101"}, "Le plus grand nombre possible est 100."),
        ({"percent": ""}, "Ce chiffre est nécessaire"),
        ({"kind": "amount", "amount": "2,00"}, "la loi permet 34"),
        ({"kind": "amount", "amount": "2,50"}, "ne coûte que 2,50 €"),
        ({"kind": "lot", "take": "2", "amount": "230"}, "n’est pas plus bas"),
        ({"kind": "amount", "amount": "0"}, "Le plus petit nombre possible est 0,01."),
        ({"kind": "n_for_m", "take": "2", "pay": "2"}, "On paie moins d’articles"),
        ({"kind": "n_for_m", "take": "2", "pay": "3"}, "On paie moins d’articles"),
        ({"kind": "n_for_m", "take": "3", "pay": "0"}, "supérieure ou égale à 1"),
        ({"kind": "n_for_m", "take": "25", "pay": "24"}, "inférieure ou égale à 24"),
        ({"kind": "n_for_m", "take": "-3", "pay": "2"}, "supérieure ou égale à"),
        ({"kind": "n_for_m", "take": "3"}, "Ce chiffre est nécessaire"),
        ({"kind": "gratuit"}, "choix valide"),
        ({"budget": "0"}, "Le plus petit nombre possible est 0,01."),
        ({"budget": "-1"}, "Saisissez un nombre"),
        ({"most_per_order": "0"}, "supérieure ou égale à 1"),
        ({"name": ""}, "obligatoire"),
        ({"ends_at_0": "", "ends_at_1": ""}, "obligatoire"),
        ({"ends_at_0": FRIDAY, "ends_at_1": ""}, "obligatoire"),
        ({"ends_at_0": FRIDAY, "ends_at_1": "08:00"}, "La fin vient après le début"),
        ({"ends_at_0": "01/01/2020"}, "La fin vient après le début"),
        ({"starts_at_0": "01/01/2020", "ends_at_0": "02/01/2020"}, "déjà finie"),
        ({"ends_at_0": "31/12/9999"}, "au plus tard dans deux ans"),
        ({"starts_at_0": "01/01/0001", "ends_at_0": "31/12/9999"}, "dans deux ans"),
        ({"starts_at_0": "31/02/2027"}, "valide"),
        ({"starts_at_0": "demain"}, "valide"),
        ({"starts_at_0": "28/03/2027", "starts_at_1": "02:30", "ends_at_0": "30/03/2027"}, "Europe/Paris"),
        ({"starts_at_0": "31/10/2027", "starts_at_1": "02:30", "ends_at_0": "02/11/2027"}, "Europe/Paris"),
        ({"slot_from_hour": "20", "slot_until_hour": "8"}, "La dernière heure vient après"),
        ({"slot_weekdays": "08"}, "Des chiffres de 1 à 7"),
        ({"products": "999999"}, "choix valide"),
    ],
)
def test_the_form_says_what_is_wrong(staff, yoghurt, changes, words):  # noqa: F811
    assert words in told(staff, yoghurt, **changes).replace("&#x27;", "’")


def test_below_the_purchase_price_is_told_with_the_floor(staff, yoghurt):  # noqa: F811
    StockItem.objects.filter(product=yoghurt).update(unit_cost=D("2.00"))

    assert "ne peut se vendre sous 2,32" in told(staff, yoghurt, percent="20")


def test_an_end_in_a_changed_hour_is_refused_and_the_hours_around_it_are_not(staff, yoghurt):  # noqa: F811
    around = {"starts_at_0": "27/03/2027", "ends_at_0": "28/03/2027"}

    assert "Europe/Paris" in told(staff, yoghurt, **around, ends_at_1="02:30")

    assert (
        staff.post(reverse(ADD), typed(products=[yoghurt.pk]) | around | {"ends_at_1": "03:00"}).status_code
        == 302
    )
    assert Promotion.objects.get().ends_at == datetime(2027, 3, 28, 1, tzinfo=UTC)


# --- past the form ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "fields", "code", "field"),
    [
        ("percent", {"percent": D(0)}, "out_of_range", "percent"),
        ("percent", {"percent": D(-5)}, "out_of_range", "percent"),
        ("percent", {"percent": D("NaN")}, "out_of_range", "percent"),
        ("percent", {"percent": D("Infinity")}, "out_of_range", "percent"),
        ("percent", {"percent": D(101)}, "out_of_range", "percent"),
        ("percent", {"percent": D(100)}, "beyond_food", "percent"),
        ("lot", {"take": 2, "amount": D(230)}, "no_gain", "amount"),
        ("lot", {"take": 2, "amount": D(5)}, "no_gain", "amount"),
        ("amount", {"amount": D(50)}, "beyond_price", "amount"),
        ("second", {"percent": D("NaN")}, "out_of_range", "percent"),
        ("amount", {"amount": D(0)}, "out_of_range", "amount"),
        ("amount", {"amount": D("NaN")}, "out_of_range", "amount"),
        ("amount", {"amount": D("2.50")}, "beyond_price", "amount"),
        ("amount", {"amount": D(2)}, "beyond_food", "amount"),
        ("lot", {"take": 1}, "out_of_range", "take"),
        ("lot", {"take": 2, "amount": D(-1)}, "out_of_range", "amount"),
        ("n_for_m", {"take": 3, "pay": 0}, "out_of_range", "pay"),
        ("n_for_m", {"take": 0, "pay": 0}, "out_of_range", "take"),
        ("n_for_m", {"take": 3, "pay": 3}, "pay_is_less", "pay"),
        ("n_for_m", {"take": 3, "pay": 4}, "pay_is_less", "pay"),
        ("free_delivery", {"free_from": D(-1)}, "out_of_range", "free_from"),
        ("percent", {"budget": D("NaN")}, "out_of_range", "budget"),
        ("percent", {"ends": -1, "begins": -1}, "end_before_start", "ends_at"),
        ("percent", {"starts_at": datetime.min.replace(tzinfo=UTC)}, "", ""),
        ("percent", {"ends_at": datetime.max.replace(tzinfo=UTC)}, "too_far", "ends_at"),
        ("percent", {"ends": 732}, "too_far", "ends_at"),
    ],
)
def test_the_service_refuses_what_the_form_would(yoghurt, kind, fields, code, field):  # noqa: F811
    scope = Scope() if kind == "free_delivery" else Scope([yoghurt])
    dates = {name: fields.pop(name) for name in ("starts_at", "ends_at") if name in fields}
    made = draft(kind, **fields)
    for name, at in dates.items():
        setattr(made, name, at)
    if not code:
        services.save_promotion(promotion=made, scope=scope)
        assert Promotion.objects.get().state == "running"
        return

    with pytest.raises(services.PromotionRefused) as refusal:
        services.save_promotion(promotion=made, scope=scope)

    first = refusal.value.problems[0]
    assert (first.code, first.field) == (code, field) and problem(first)
    assert not Promotion.objects.exists()


@pytest.mark.parametrize(
    ("day", "hour", "words"),
    [
        ("01/01/0001", "00:00", "à venir"),
        ("31/12/9999", "23:59", "deux ans"),
        ("31/10/2027", "02:30", "Europe/Paris"),
    ],
)
def test_a_planned_price_has_a_day_that_makes_sense(buyers, day, hour, words):  # noqa: F811
    form = {"product": ProductFactory().pk, "price": "1,99", "starts_at_0": day, "starts_at_1": hour}

    assert words in read(buyers.post(reverse("admin:pricing_plannedprice_add"), form))
    assert not PlannedPrice.objects.exists()
