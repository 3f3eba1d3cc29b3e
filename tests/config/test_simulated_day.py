"""A day of deliveries lived through the shop's own services, held against the simulator's own truth."""

import ast
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from config.demonstration.day import truth
from config.demonstration.day.checking import check
from config.demonstration.day.orders import NothingToSimulate
from config.demonstration.day.running import Outcome, run_day
from config.demonstration.day.truth import Lived, Public
from crm.desk.services import publish_page
from delivery.promise.services import seed_rules
from delivery.rounds import solver
from delivery.rounds.models import Round
from delivery.rounds.seed import seed_places
from delivery.zones.models import Zone
from delivery.zones.seed import seed_zones
from tests.factories import ProductFactory

pytestmark = pytest.mark.django_db
SIMULATOR = Path(truth.__file__).parent
# The days that `make test-heavy` lives; `make test-soak` the others.
IN_HASTE = {1, 4, 9, 21}
AT = datetime(2026, 11, 26, 18, tzinfo=UTC)


@pytest.fixture
def shop(monkeypatch, settings):
    monkeypatch.setattr(solver, "ITERATIONS", 150)
    settings.DEMONSTRATION = True
    publish_page(slug="cgv", title="CGV", body="Conditions de vente.")
    seed_zones()
    seed_places()
    seed_rules()
    ProductFactory.create_batch(24, price=3)


def on():
    return timezone.localdate() - timedelta(days=2)


def lived(**fields):
    usual = {
        "reference": "CB-1", "zone": "Paris", "rank": 5, "slot_starts_at": AT, "slot_ends_at": AT + timedelta(hours=1),
        "absent": 0, "told": 0, "fee_cents": 590, "next_fee_cents": 790, "carrier": "cabas",
        "arrived_at": AT + timedelta(minutes=30),
    }  # fmt: skip
    return Lived(**(usual | fields))


def test_a_day_is_granted_and_published_as_it_truly_was(shop):
    day = run_day(seed=3, on=on(), orders=40, vans=3)

    assert len(day.lived) == 40
    assert check(day) == []
    assert Round.objects.filter(state=Round.State.STOPPED).count() == 1
    assert sum(figures.orders for figures in day.published.values()) == 40
    # What is compared is not nothing.
    assert any(not one.is_complete for one in day.lived)
    assert truth.compensations(day.lived)
    assert not Round.objects.filter(shift__courier__trained_on=None).exists()
    assert {one.starts_at.date() for one in Round.objects.all()} == {on()}


@pytest.mark.parametrize(
    ("seed", "orders", "vans"),
    [
        pytest.param(seed, *size, marks=pytest.mark.heavy if seed in IN_HASTE else pytest.mark.soak)
        for seed, *size in [*((seed, 60, 4) for seed in range(1, 21)), (21, 300, 12)]
    ],
)
def test_days_of_many_seeds_are_granted_and_published_as_they_truly_were(shop, seed, orders, vans):
    """Three hundred orders over twelve vans on twenty seeds take forty minutes: `manage.py demo --day --seed S` does one."""
    day = run_day(seed=seed, on=on(), orders=orders, vans=vans)

    assert check(day) == []
    words = truth.warned(day.lived)
    print(
        f"seed {seed}: {sum(not one.is_on_time for one in day.lived)} of {orders} late, told {words.right}, wrongly "
        f"{words.wrong}, missed {words.missed}, lead {words.lead_minutes}, {len(truth.compensations(day.lived))} made good"
    )


def test_a_truth_that_differs_is_told():
    true = lived(absent=2, arrived_at=AT + timedelta(hours=1, minutes=31))
    said = Outcome([true], {("Paris", "cabas"): Public(orders=1)}, {})

    assert check(said) == [
        "CB-1\u202f: attendu ('delivery_refund', 590), trouvé rien",
        "('Paris', 'cabas')\u202f: attendu orders 1, kept 0, on_time 0, within_5 0, within_30 0, complete 0, lacked 1, "
        "told_before 0, first_orders 0, first_kept 0, compensations 1, compensation_cents 590, trouvé orders 1, kept 0, "
        "on_time 0, within_5 0, within_30 0, complete 0, lacked 0, told_before 0, first_orders 0, first_kept 0, "
        "compensations 0, compensation_cents 0",
    ]


def test_the_command_tells_and_compares(shop, monkeypatch):
    real = run_day
    monkeypatch.setattr(
        "config.management.commands.demo.run_day", lambda **how: real(**(how | {"orders": 10, "vans": 2}))
    )
    out = StringIO()

    call_command("demo", "--day", "--seed", "5", stdout=out, stderr=StringIO())

    assert "10 commandes" in out.getvalue()
    assert "identiques à ce qui fut" in out.getvalue()


@pytest.mark.parametrize("more", [["--products", "5"], ["--days", "3"]])
def test_a_day_goes_with_a_seed_only(shop, more):
    with pytest.raises(CommandError, match="--seed seulement"):
        call_command("demo", "--day", *more, stderr=StringIO())


def test_a_real_shop_lives_no_invented_day(settings):
    settings.DEMONSTRATION = False

    with pytest.raises(CommandError, match="cette boutique est réelle"):
        call_command("demo", "--day", stderr=StringIO())


def test_without_zones_or_products_nothing_is_simulated(settings):
    with pytest.raises(NothingToSimulate):
        run_day(seed=1, on=on(), orders=5, vans=2)
    assert not Zone.objects.exists()


@pytest.mark.parametrize("module", ["truth", "traffic", "town", "orders"])
def test_the_truth_knows_nothing_of_the_room_of_promises(module):
    tree = ast.parse((SIMULATOR / f"{module}.py").read_text())

    imported = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert not [name for name in imported if "promise" in name and "promising" not in name]
    assert not [name for name in imported if module == "truth" and name.startswith(("delivery", "shop"))]


def test_the_truth_counts_seconds_and_units_as_they_are_promised():
    in_time = lived(arrived_at=AT + timedelta(hours=1))
    second_late = lived(arrived_at=AT + timedelta(hours=1, seconds=1))
    half_an_hour = lived(arrived_at=AT + timedelta(hours=1, minutes=30))
    beyond = lived(arrived_at=AT + timedelta(hours=1, minutes=30, seconds=1))

    assert [one.is_on_time for one in (in_time, second_late)] == [True, False]
    assert [one.due for one in (half_an_hour, beyond)] == [None, ("delivery_refund", 590)]
    assert lived(absent=2, fee_cents=0).due == ("next_delivery", 790)
    assert lived(absent=1, told=3).due is None
    assert truth.public([in_time, beyond, lived(told=1, rank=2)]) == {
        ("Paris", "cabas"): Public(3, 1, 2, 2, 2, 2, 1, 1, 1, 0, 1, 590)
    }
