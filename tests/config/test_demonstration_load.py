"""How a living shop is loaded: the same for one seed, whole or not at all, and never over somebody's orders."""

import io
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction

from config.demonstration import Plan, Refused, disk, load
from config.demonstration.apart import TABLES
from config.demonstration.households import CLASSES
from config.demonstration.marks import ean13
from config.demonstration.plan import DAYS_BETWEEN_ORDERS, MOST
from config.demonstration.stages import STAGES, Stage
from config.demonstration.taste import ALL_YEAR, months_of
from delivery.rounds.models import Courier, Shift
from delivery.slots.models import Slot
from delivery.zones.models import Zone
from shop.basket.models import Basket, BasketLine
from shop.catalogue.models import Product
from shop.catalogue.rules import normalised_ean, sort_name
from shop.customers.models import Consent, Customer, User
from shop.orders.models import Order, OrderEvent
from tests.config.living_shop import SMALL, checksums, one, rows, schema, small_shop, starter  # noqa: F401
from tests.factories import CustomerFactory

SAID = {"stdout": io.StringIO(), "stderr": io.StringIO()}


def test_same_seed_same_shop_and_another_seed_another_one(small_shop):  # noqa: F811
    load(SMALL)
    first = checksums()
    load(replace(SMALL, seed=8))
    other = checksums()
    load(SMALL)

    assert checksums() == first
    assert all(first[table] != other[table] for table in first)


def test_a_load_replaces_the_earlier_one_and_nothing_else(small_shop):  # noqa: F811
    own = Customer.objects.get(email="camille@cabas.example")
    before = set(Product.objects.values_list("pk", flat=True))
    load(SMALL)
    basket = Basket.objects.create(customer=own, key=uuid4())
    made = Product.objects.exclude(pk__in=before).first()
    BasketLine.objects.create(basket=basket, product=made, quantity=1, price_seen=made.price)
    BasketLine.objects.create(basket=basket, product_id=min(before), quantity=1, price_seen=1)

    load(replace(SMALL, customers=10, products=0))

    assert Customer.objects.filter(email__endswith="@foyer.cabas.example").count() == 10
    assert set(Product.objects.values_list("pk", flat=True)) == before
    assert Customer.objects.filter(pk=own.pk).exists()
    assert list(basket.lines.values_list("product_id", flat=True)) == [min(before)]


def test_without_customers_orders_go_and_products_stay_on_sale(small_shop):  # noqa: F811
    load(SMALL)

    load(Plan(products=750, until=SMALL.until))

    assert (Order.objects.count(), Product.objects.published().count()) == (0, 750)
    assert not Slot.objects.filter(booked__gt=0).exists()


def test_fewer_products_than_the_starter_catalogue_leave_it_whole(small_shop):  # noqa: F811
    before = Product.objects.count()

    load(Plan(products=3))

    assert Product.objects.count() == before


def test_constraints_indexes_and_triggers_are_as_before(small_shop):  # noqa: F811
    before = schema()

    load(SMALL)

    assert schema() == before


def test_tables_are_guarded_again_after_a_load(small_shop):  # noqa: F811
    load(SMALL)
    for refused in ("UPDATE orders_orderevent SET kind = 'placed'", "DELETE FROM customers_consent"):
        with pytest.raises(ProgrammingError), transaction.atomic():
            rows(refused)

    assert OrderEvent.objects.filter(kind="created").exists() and Consent.objects.exists()


def test_an_ordinary_owner_of_the_tables_may_load(small_shop):  # noqa: F811
    tables = [table for (table,) in rows("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")]
    with connection.cursor() as cursor:
        cursor.execute(
            "SET CONSTRAINTS ALL IMMEDIATE; CREATE ROLE cabas_owner NOSUPERUSER; GRANT CREATE, USAGE ON SCHEMA public TO cabas_owner"
        )
        for table in tables:
            cursor.execute(f'ALTER TABLE "{table}" OWNER TO cabas_owner')
        cursor.execute("SET LOCAL ROLE cabas_owner")

    load(SMALL)

    assert one("SELECT current_setting('is_superuser')") == "off"
    assert Order.objects.exists()


def test_a_load_that_fails_leaves_nothing_behind(small_shop, monkeypatch):  # noqa: F811
    def fail(_work):
        raise RuntimeError("power cut")

    guards, products = schema(), Product.objects.count()
    monkeypatch.setattr("config.demonstration.stages.STAGES", [*STAGES, Stage("panne", fail)])

    with pytest.raises(RuntimeError), transaction.atomic():
        load(SMALL)

    assert (Order.objects.count(), Product.objects.count(), schema()) == (0, products, guards)
    assert not Customer.objects.filter(email__endswith="@foyer.cabas.example").exists()
    monkeypatch.undo()
    load(SMALL)
    assert Order.objects.exists()


def test_a_room_adds_its_stage_by_its_name(small_shop, monkeypatch):  # noqa: F811
    seen = []
    stage = Stage("points", lambda work: seen.append(work.one("SELECT count(*) FROM demo_order")))
    monkeypatch.setattr("config.demonstration.stages.STAGES", [*STAGES, stage])
    said = []

    load(SMALL, say=said.append)

    assert seen == [Order.objects.count()] and "Points…" in said


def test_orders_of_others_are_never_taken_away(small_shop):  # noqa: F811
    load(SMALL)
    one(
        "UPDATE orders_order SET basket_key = gen_random_uuid() WHERE id = (SELECT min(id) FROM orders_order) RETURNING id"
    )
    before = checksums()

    with pytest.raises(CommandError, match="commandes qui ne viennent pas de la démonstration"):
        call_command("demo", customers=10, **SAID)

    assert checksums() == before


def test_a_real_shop_is_left_alone(small_shop, settings):  # noqa: F811
    before = (Product.objects.count(), Customer.objects.count())
    settings.DEMONSTRATION = False
    with pytest.raises(CommandError, match="boutique est réelle"):
        call_command("demo", customers=10, **SAID)
    with pytest.raises(Refused, match="boutique est réelle"):
        load(SMALL)

    assert (Product.objects.count(), Customer.objects.count()) == before


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--customers", "-5"], "Nombre de clients"),
        (["--products", "-1"], "Nombre de produits"),
        (["--customers", "5", "--days", "0"], "Nombre de jours"),
        (["--customers", "5", "--days", "-3"], "Nombre de jours"),
        (["--customers", "5", "--seed", "-1"], "Numéro de tirage"),
        (["--customers", "5", "--seed", str(2**63)], "Numéro de tirage"),
        (["--customers", "99999999999999999999"], "Nombre de clients"),
        (["--products", "1000001"], "Nombre de produits"),
        (["--customers", "2000000", "--days", "1500"], "commandes"),
        (["--customers", "beaucoup"], "beaucoup"),
        (["--seed", "x", "--customers", "1"], "x"),
        (["--days", "30"], "combien"),
        (["--seed", "3"], "combien"),
    ],
)
def test_absurd_figures_are_refused_and_change_nothing(small_shop, asked, said):  # noqa: F811
    before = (Product.objects.count(), Customer.objects.count())

    with pytest.raises(CommandError, match=said):
        call_command("demo", *asked, **SAID)

    assert (Product.objects.count(), Customer.objects.count()) == before and not Order.objects.exists()


def test_a_disk_too_small_is_one_line_with_what_is_missing(small_shop, monkeypatch):  # noqa: F811
    plan = Plan(products=100_000, customers=200_000, days=280)
    monkeypatch.setattr(disk, "free_bytes", lambda: disk.needed(plan) - 12 * 2**30 + 1)

    with pytest.raises(CommandError, match="Il manque 12\u00a0Gio") as said:
        call_command("demo", products=100_000, customers=200_000, days=280, **SAID)

    assert "\n" not in str(said.value) and not Order.objects.exists()


def test_a_server_whose_disk_is_hidden_is_trusted(small_shop, monkeypatch):  # noqa: F811
    monkeypatch.setattr(disk, "free_bytes", lambda: None)
    said = []

    load(replace(SMALL, customers=5), say=said.append)

    assert "n’a pas pu être vérifié" in said[0] and Customer.objects.count() > 5


def test_the_disk_of_another_machine_is_not_looked_at(monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "HOST", "db.cabas.example")

    assert disk.free_bytes() is None


def test_two_loads_at_once_are_refused(small_shop):  # noqa: F811
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(2026112206)")
            with pytest.raises(Refused, match="Une autre démonstration"):
                load(SMALL)
    finally:
        other.close()

    assert not Order.objects.exists()


def test_without_zones_the_cure_is_said(small_shop):  # noqa: F811
    Zone.objects.update(is_active=False)

    with pytest.raises(Refused, match="seed_defaults"):
        load(SMALL)

    assert not Order.objects.exists()


def test_a_shop_that_sells_almost_nothing_is_refused(small_shop):  # noqa: F811
    few = list(Product.objects.values_list("pk", flat=True)[:5])
    Product.objects.exclude(pk__in=few).update(is_published=False)

    with pytest.raises(Refused, match="ne vend que 5 produits"):
        load(replace(SMALL, products=0))

    assert not Order.objects.exists()


def test_a_zone_of_the_staffs_own_has_households_too(small_shop):  # noqa: F811
    paris = Zone.objects.get(slug="paris")
    Zone.objects.exclude(pk=paris.pk).update(is_active=False)
    zone = Zone.objects.create(slug="vierzon", name="Vierzon", depot=paris.depot, cutoff_minutes=2000)
    zone.areas.create(prefix="18")

    load(SMALL)

    assert set(Order.objects.filter(zone=zone).values_list("postcode", "city")) == {("18000", "Vierzon")}
    assert Order.objects.filter(zone=paris).exists()


@pytest.mark.parametrize(
    "until", [datetime(2026, 3, 29, 10, tzinfo=UTC), datetime(2025, 10, 26, 10, tzinfo=UTC)]
)
def test_the_days_clocks_change_have_their_orders(small_shop, until):  # noqa: F811
    load(replace(SMALL, until=until, days=5, products=0, customers=300))

    days = dict(
        rows("SELECT (created_at AT TIME ZONE 'Europe/Paris')::date, count(*) FROM orders_order GROUP BY 1")
    )
    assert len(days) == 5 and until.date() in days


def test_the_plain_command_stays_what_it_was(small_shop):  # noqa: F811
    Shift.objects.all().delete()
    Courier.objects.all().delete()
    User.objects.all().delete()
    products, out = Product.objects.count(), io.StringIO()

    call_command("demo", stdout=out)
    call_command("demo", stdout=out)

    counted = [line for line in out.getvalue().splitlines() if "comptes" in line]
    assert counted[0].startswith(f"{products} produits publiés, 7 comptes")
    assert counted[1].startswith(f"{products} produits publiés, 0 comptes")
    assert not Order.objects.exists()


def test_the_command_ends_with_counts(small_shop):  # noqa: F811
    out, err = io.StringIO(), io.StringIO()

    call_command("demo", "--customers", "20", "--days", "30", "--products", "750", stdout=out, stderr=err)

    assert f"750 produits publiés, 21 clients, {Order.objects.count()} commandes" in out.getvalue()
    assert "Commandes…" in err.getvalue() and "Index et contraintes…" in err.getvalue()


def test_customers_there_were_before_stay_as_they_are(small_shop):  # noqa: F811
    guest = CustomerFactory(guest=True)
    consent = Consent.objects.create(
        customer=guest, purpose="letters", is_granted=True, wording="Oui", source="essai"
    )

    load(SMALL)
    load(replace(SMALL, customers=0))

    assert Customer.objects.filter(pk=guest.pk, email=guest.email).exists()
    assert list(Consent.objects.values_list("pk", flat=True)) == [consent.pk]


def test_classes_come_to_one_order_every_28_days_at_107_euros():
    rates = {loyalty.name: loyalty.share / loyalty.interval_days for loyalty in CLASSES}
    # A lost household orders until it leaves, at 45 % of the time on average.
    rates["lost"] *= 0.45
    mean = sum(rates[loyalty.name] * loyalty.basket_euros for loyalty in CLASSES) / sum(rates.values())

    assert sum(loyalty.share for loyalty in CLASSES) == pytest.approx(1)
    assert 1 / sum(rates.values()) == pytest.approx(DAYS_BETWEEN_ORDERS, rel=0.02)
    assert mean * 1.04 == pytest.approx(107, rel=0.03)


@pytest.mark.parametrize("days", [1, 30, 180, 366, 1500])
def test_seasons_move_orders_without_changing_their_number(days):
    pace = Plan(customers=1, days=days, until=datetime(2026, 11, 22, 12, tzinfo=UTC)).pace()

    assert len(pace) == days + 1 and pace[0] == 0
    assert pace[-1] == pytest.approx(days)
    assert pace == sorted(pace)


def test_december_is_busier_than_august():
    plan = Plan(customers=1, days=365, until=datetime(2026, 12, 31, 12, tzinfo=UTC))
    pace = plan.pace()

    def length(day):
        place = (day - plan.first_day).days
        return pace[place + 1] - pace[place]

    assert length(date(2026, 12, 10)) > 1.4 * length(date(2026, 8, 10))


def test_codes_are_valid_and_apart_from_the_starters():
    codes = [ean13(number) for number in (0, 1, 9, 99_999, MOST["products"])]

    assert all(normalised_ean(code) == code and code.startswith("2980") and len(code) == 13 for code in codes)
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize(
    ("name", "shelf", "month", "sells"),
    [
        ("Crème glacée vanille", "glaces-et-sorbets", 7, True),
        ("Crème glacée vanille", "glaces-et-sorbets", 12, False),
        ("Oranges à jus", "fruits", 1, True),
        ("Oranges à jus", "fruits", 7, False),
        ("Fraises gariguettes", "fruits", 5, True),
        ("Fraises gariguettes", "fruits", 11, False),
        ("Confiture de fraises", "petit-dejeuner", 11, True),
    ],
)
def test_articles_have_their_season(name, shelf, month, sells):
    assert bool(months_of(sort_name(name), shelf) >> (month - 1) & 1) is sells


def test_most_articles_sell_all_year():
    assert months_of("riz basmati", "pates-riz-et-legumes-secs") == ALL_YEAR


def test_every_table_that_grows_with_orders_is_set_apart():
    growing = {model._meta.db_table for model in (Order, OrderEvent)} | {
        related.related_model._meta.db_table for related in Order._meta.related_objects
    }

    assert growing <= set(TABLES)


@pytest.mark.heavy
def test_twenty_thousand_orders_fit_a_minute_and_flat_memory(small_shop):  # noqa: F811
    import resource

    load(replace(SMALL, customers=20))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    load(Plan(products=3000, customers=3200, days=180, seed=3))

    assert 19_000 < Order.objects.count() < 26_000
    grown_mib = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown_mib < 150
    assert one("SELECT count(*) FROM slots_slot WHERE booked > capacity") == 0
    assert one(
        "SELECT count(*) FROM orders_order o WHERE goods_total <> (SELECT sum(total) FROM orders_orderline l WHERE l.order_id = o.id)"
    ) == 0  # fmt: skip
