"""What staff read of the programme, and the budget they write."""

from datetime import datetime, timedelta
from decimal import Decimal
from html import unescape

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from config.dashboard import discount_budget
from config.staff import StaffGroup, seed_groups
from crm.insights.forms import DiscountBudgetForm
from crm.insights.models import DiscountBudget
from crm.insights.programme import page as pages
from crm.insights.queries.programme import programme_report, recent_sales
from tests.config.test_staff import blocks_of
from tests.crm.insights.programme.selling import line, paid_with, sold
from tests.factories import CustomerFactory, UserFactory
from tests.loyalty.points.earning import customer, programme, usable

pytestmark = pytest.mark.django_db
PAGE, FILE = reverse("admin:insights_programme"), reverse("admin:insights_programme_file")
ADD = reverse("admin:insights_discountbudget_add")


@pytest.fixture(autouse=True)
def nothing_known():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def chief(client):
    client.force_login(UserFactory(staff=True, is_superuser=True))
    return client


def shown(client):
    answer = client.get(PAGE)
    assert answer.status_code == 200
    page = unescape(answer.content.decode())
    own = page[page.index("<section") :]
    assert "variable indéfinie" not in own
    return own


def many(number=30, *, discount="2.00"):
    for _n in range(number):
        line(sold("100.00"), discount=discount)


def budget(share="1.0", *, starts_on=None, warn_at=80):
    return DiscountBudget.objects.create(
        starts_on=starts_on or timezone.localdate(), share=Decimal(share), warn_at=warn_at
    )


# --- the page ---------------------------------------------------------------------------------------------------------


def test_before_anything_happened_the_page_says_so(chief):
    page = shown(chief)

    assert "Aucune commande ces douze derniers mois." in page
    assert "Aucun programme de points n’est en vigueur." in page
    assert "Pas assez pour comparer\u202f: 0 client" in page
    assert "Aucun budget n’est en vigueur" in page


def test_the_page_tells_months_in_euros_and_points_and_what_is_owed(chief):
    programme()
    usable(customer(), 2000)
    many()
    paid_with(sold("100.00"), "30.00")

    page = shown(chief)

    assert "les points ont coûté 30,00\u00a0€, soit 1,0\u202f% du chiffre d’affaires" in page
    assert "90,00\u00a0€, soit 2,9\u202f%" in page
    assert "La boutique doit 2\u202f000 points, soit 60,00\u00a0€ au plus." in page
    assert "Bons contre des points" in page and "Promotions" in page and "Campagnes" not in page
    assert "0,0\u202f%" in page


def test_the_budget_is_held_against_the_month_and_the_last_28_days(chief):
    budget("1.0")
    many()

    page = shown(chief)

    assert "Budget dépassé de 30,00\u00a0€." in page
    assert (
        "60,00\u00a0€ de réductions pour 3\u202f000,00\u00a0€ de chiffre d’affaires\u202f: 2,0\u202f%, pour 1,0\u202f% prévus."
        in page
    )
    assert "Ce qui pèse le plus\u202f: promotions, 60,00\u00a0€." in page


def test_looking_again_asks_no_more_of_the_database(chief, django_assert_max_num_queries):
    budget()
    many(3)
    shown(chief)

    with django_assert_max_num_queries(5):
        shown(chief)


def test_more_orders_and_accounts_take_as_many_queries(chief):
    programme()
    budget()
    shown(chief)
    counted = []
    for number in (2, 8):
        many(number)
        for n in range(number):
            usable(customer(), 100, reference=f"CB-{number}-{n}")
            paid_with(sold("100.00"), "3.00")
        cache.clear()
        with CaptureQueriesContext(connection) as asked:
            shown(chief)
        counted.append(len(asked))

    assert counted[0] == counted[1] <= 28


def test_the_file_opens_in_a_french_spreadsheet_and_runs_nothing(chief, monkeypatch):
    many(2)
    monkeypatch.setitem(pages.wording.DISCOUNTS, "voucher-gift", "=HYPERLINK(1)")

    answer = chief.get(FILE)

    assert answer["Content-Type"].startswith("text/csv") and "attachment" in answer["Content-Disposition"]
    rows = answer.content.decode("utf-8").removeprefix("\ufeff").splitlines()
    assert answer.content.decode("utf-8").startswith("\ufeffMois;Gagnés;")
    assert ";'=HYPERLINK(1);" in rows[0]
    assert len(rows) == 13
    assert ";2;200,00;4,00;" in rows[1]


@pytest.mark.parametrize("group", list(StaffGroup))
def test_who_sees_visits_sees_it_and_managers_alone_write_budgets(client, group):
    seed_groups()
    user = UserFactory(staff=True)
    user.groups.add(Group.objects.get(name=group))
    client.force_login(user)
    may = group in {StaffGroup.MARKETING, StaffGroup.MANAGER}

    assert client.get(PAGE).status_code == (200 if may else 403)
    assert client.get(FILE).status_code == (200 if may else 403)
    assert client.get(ADD).status_code == (200 if group == StaffGroup.MANAGER else 403)
    assert (PAGE in client.get(reverse("admin:index")).content.decode()) == may
    if group == StaffGroup.MARKETING:
        assert ADD not in client.get(PAGE).content.decode()


def test_strangers_and_customers_are_sent_away(client):
    assert client.get(PAGE).status_code == client.get(FILE).status_code == 302
    client.force_login(CustomerFactory().user)
    assert client.get(PAGE).status_code == client.get(FILE).status_code == 302


# --- the budget -------------------------------------------------------------------------------------------------------


def wrote(client, **changes):
    return client.post(ADD, typed(**changes))


def typed(**changes):
    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()
    return {"starts_on": tomorrow, "share": "2,5", "warn_at": "80"} | changes


def refused(**changes):
    """What the form says of these, as one text."""
    form = DiscountBudgetForm(typed(**changes))
    assert not form.is_valid()
    return " ".join(message for messages in form.errors.values() for message in messages)


def test_a_budget_begins_on_a_day_to_come_and_is_written_once(chief):
    assert wrote(chief).status_code == 302

    made = DiscountBudget.objects.get()
    assert (made.share, made.warn_at) == (Decimal("2.5"), 80)
    assert made.written_by is not None
    with pytest.raises(DatabaseError), transaction.atomic():
        DiscountBudget.objects.update(share=9)
    assert "existe déjà" in refused()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"share": "0"}, "Le plus petit nombre possible est 0,1."),
        ({"share": "-2"}, "Saisissez un nombre"),
        ({"share": "200"}, "Le plus grand nombre possible est 100."),
        ({"share": "deux"}, "Saisissez un nombre"),
        ({"share": "1e1"}, "Saisissez un nombre"),
        ({"share": "2,55"}, "après la virgule"),
        ({"starts_on": "2020-01-01"}, "ne vaut pas pour le passé"),
        ({"starts_on": "demain"}, "date valide"),
        ({"warn_at": "0"}, "supérieure ou égale à 1"),
        ({"warn_at": "101"}, "inférieure ou égale à 100"),
    ],
)
def test_a_budget_that_cannot_be_is_refused(changes, words):
    assert words in refused(**changes)


def test_a_budget_of_today_came_too_late():
    assert "ne vaut pas pour le passé" in refused(starts_on=timezone.localdate().isoformat())


@pytest.mark.parametrize("fields", [{"share": Decimal(0)}, {"share": Decimal("100.1")}, {"warn_at": 0}])
def test_the_database_keeps_no_budget_that_is_no_share(fields):
    with pytest.raises(DatabaseError), transaction.atomic():
        DiscountBudget.objects.create(**({"starts_on": timezone.localdate(), "share": Decimal(2)} | fields))


# --- the alarm --------------------------------------------------------------------------------------------------------


def test_home_warns_before_the_budget_is_spent_and_says_what_weighs_most(chief):
    budget("2.4")
    many(discount="2.00")

    block = blocks_of(chief)["Budget des réductions"]

    assert block.is_alert
    assert block.figure == "2,0\u202f%"
    assert block.note == (
        "Budget presque atteint\u202f: il reste 12,00\u00a0€. Ce qui pèse le plus\u202f: promotions, 60,00\u00a0€."
    )
    assert block.link == PAGE
    assert [line.label for line in block.lines] == ["ce mois-ci", "28 derniers jours"]


def test_home_is_quiet_within_the_budget_and_without_one(chief):
    many(discount="0.50")
    assert not blocks_of(chief)["Budget des réductions"].is_alert

    budget("2.0")

    block = blocks_of(chief)["Budget des réductions"]
    assert not block.is_alert and block.note.startswith("Dans le budget\u202f: il reste")


def test_a_budget_to_come_holds_from_its_day_on(rf):
    many()
    budget("1.0", starts_on=timezone.localdate() + timedelta(days=1))

    assert not discount_budget(rf.get("/")).is_alert


@time_machine.travel(datetime(2026, 12, 1, 12), tick=False)
def test_on_the_first_of_a_month_the_last_28_days_still_warn(rf):
    budget("1.0")
    for _n in range(30):
        line(sold("100.00", placed_at=timezone.now() - timedelta(days=10)), discount="2.00")

    block = discount_budget(rf.get("/"))

    assert block.is_alert
    assert [line.value for line in block.lines] == ["pas assez", "2,0\u202f%"]


@time_machine.travel(datetime(2026, 12, 1, 12), tick=False)
def test_a_month_of_a_few_orders_does_not_hide_28_sound_days(rf):
    budget("10.0")
    for _n in range(30):
        line(sold("100.00", placed_at=timezone.now() - timedelta(days=10)), discount="2.00")
    many(5, discount="9.00")

    block = discount_budget(rf.get("/"))

    assert block.figure == "3,0\u202f%" and "Dans le budget" in block.note and not block.is_alert


def test_figures_are_read_with_the_queries_they_say(django_assert_num_queries):
    programme()
    many(1)

    with django_assert_num_queries(6):
        recent_sales()
    with django_assert_num_queries(18):
        programme_report()
    with django_assert_num_queries(0):
        recent_sales(), programme_report()
