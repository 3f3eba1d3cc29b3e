"""What a customer reads of their points and makes of them; what staff may decide."""

from datetime import timedelta
from decimal import Decimal
from html import unescape
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from config.staff import StaffGroup, seed_groups
from loyalty.points import queries
from loyalty.points.forms import TermsForm
from loyalty.points.models import PointEntry, PointTerms
from loyalty.points.ports import too_generous
from loyalty.points.queries import standing
from loyalty.points.rules import Terms
from loyalty.points.services import expire, give, spend
from shop.stock.models import StockItem
from tests.factories import CustomerFactory, ProductFactory, UserFactory
from tests.loyalty.points.earning import DAY, counts, figures, programme, usable
from tests.loyalty.rewards.giving import reward
from tests.shop.orders.test_orders import member
from tests.shop.pricing.promoting import promote

pytestmark = pytest.mark.django_db
PAGE = reverse("my_loyalty")
ADD = reverse("admin:points_pointterms_add")


@pytest.fixture
def me(client):
    programme()
    owner = CustomerFactory()
    client.force_login(owner.user)
    return owner.pk


def shown(client):
    return unescape(client.get(PAGE).content.decode())


# --- the page ---------------------------------------------------------------------------------------------------------


def test_whoever_is_new_reads_how_points_come(client, me):
    page = shown(client)

    assert "0 point" in page and "Encore 15,00\u00a0€ d’articles pour 10 points de plus." in page
    assert "10 points par tranche de 15,00\u00a0€" in page
    assert "ni les consignes, ni l’alcool, ni le lait premier âge" in page

    programme(starts_at=timezone.now(), counts_alcohol=True)
    assert "ni l’alcool" not in shown(client)


def test_whoever_has_many_reads_what_they_are_worth_wait_for_and_when_they_end(client, me):
    usable(me, 1030)
    counts(me, "CB-1", 7612, delivered_at=timezone.now())
    counts(me, "CB-2", 400)

    page = shown(client)

    assert "1\u202f030 points" in page and "soit 30,90\u00a0€" in page
    assert "50 points en attente\u202f: à dépenser dès le" in page
    assert "1\u202f030 points à dépenser jusqu’au" in page
    assert "76,12\u00a0€ d’articles" in page and "+50" in page
    assert "4,00\u00a0€ d’articles, reportés sur votre prochaine commande" in page
    assert "Encore 9,88\u00a0€ d’articles" in page


def test_what_ended_was_given_and_is_owed_is_told(client, me):
    usable(me, 100)
    spend(customer_id=me, points=100, source="reward-1")
    counts(me, "CB-0", 3000)
    give(customer_id=me, points=20, source="gift-1")
    page = shown(client)
    assert "60 points à rattraper" in page and "120,00\u00a0€ d’articles remboursés" in page and "−80" in page

    usable(me, 200, reference="CB-1")
    expire(now=timezone.now() + 500 * DAY)

    assert "Arrivés à leur terme" in shown(client)


def test_without_a_programme_the_page_tells_of_vouchers_alone(client):
    client.force_login(UserFactory())

    page = shown(client)

    assert "Mes points" not in page and "Pas encore de bon" in page


def test_nobody_reads_the_points_of_another(client, me):
    usable(CustomerFactory().pk, 500)

    assert "0 point" in shown(client)


def test_a_longer_book_costs_no_more_queries(client, me):
    usable(me, 10, reference="CB-A")
    client.get(PAGE)
    with CaptureQueriesContext(connection) as few:
        client.get(PAGE)
    for n in range(60):
        usable(me, 10, reference=f"CB-{n}")
    with CaptureQueriesContext(connection) as many:
        assert "Les plus anciens ne sont plus montrés" in shown(client)

    assert len(many) == len(few)


# --- staff --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def manager(client):
    seed_groups()
    client.force_login(member(StaffGroup.MANAGER))
    return client


def terms(**changes):
    day = timezone.localdate() + timedelta(days=7)
    return {
        "starts_at_0": day.isoformat(), "starts_at_1": "00:00", "step": "15", "points": "10", "hundred_worth": "3",
        "pending_days": "14", "lasts_months": "12",
    } | changes  # fmt: skip


def test_a_manager_writes_new_rules_from_a_day_to_come_on(manager):
    programme()

    answer = manager.post(ADD, terms(points="12"))

    assert answer.status_code == 302, answer.context["errors"]
    written = PointTerms.objects.first()
    assert written.points == 12 and written.written_by.email
    assert PointTerms.objects.count() == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"starts_at_0": "2020-01-01"}, "ne valent pas pour le passé"),
        ({"points": "0"}, "supérieure ou égale à 1"),
        ({"points": "-5"}, "supérieure ou égale à"),
        ({"step": "0"}, "1"),
        ({"hundred_worth": "-3"}, "nombre"),
        ({"pending_days": "400"}, "90"),
        ({"lasts_months": "0"}, "1"),
    ],
)
def test_rules_that_cannot_be_are_refused(db, changes, words):
    assert words in refused(changes)


def refused(changes):
    """What the form says of these, as one text."""
    typed = terms(**changes)
    typed["starts_at"] = f"{typed['starts_at_0']} {typed['starts_at_1']}"
    form = TermsForm(typed)
    assert not form.is_valid()
    return " ".join(message for messages in form.errors.values() for message in messages)


def test_points_that_would_end_before_the_median_customer_has_a_reward_are_refused_with_that_figure(manager):
    programme()
    reward(points=100)
    assert manager.post(ADD, terms(lasts_months="1", points="9")).status_code == 302
    for n in range(20):
        # 30 € a month: 150 € take five.
        counts(CustomerFactory().pk, f"CB-{n}", 36_000, delivered_at=timezone.now() - 30 * DAY)

    assert "Le client médian met 5\u00a0mois à réunir les 100\u00a0points" in refused({"lasts_months": "4"})
    later = (timezone.localdate() + timedelta(days=9)).isoformat()
    assert manager.post(ADD, terms(lasts_months="5", starts_at_0=later)).status_code == 302


def test_rules_under_which_a_multiplier_would_pass_the_legal_cap_are_refused_with_its_name(manager):
    programme()
    butter = ProductFactory(name="Beurre doux", price=Decimal("10.00"))
    promote("points", products=[butter], name="Semaine du beurre", ends=20, points_factor=10)
    assert manager.post(ADD, terms(hundred_worth="5,5")).status_code == 302

    told = refused(
        {"hundred_worth": "6", "starts_at_0": (timezone.localdate() + timedelta(days=8)).isoformat()}
    )

    assert "Semaine du beurre" in told and "Beurre doux" in told
    assert "vaudraient 36\u202f% de son prix\u202f: la loi permet 34\u202f% au plus" in told
    assert PointTerms.objects.count() == 2


def test_a_reduction_on_the_same_article_counts_with_them(manager):
    programme()
    butter = ProductFactory(name="Beurre doux", price=Decimal("10.00"))
    StockItem.objects.update(unit_cost=Decimal("1.00"))
    promote("points", products=[butter], name="Semaine du beurre", points_factor=3)
    promote("percent", products=[butter], name="Beurre en fête", percent=Decimal(30))

    told = refused({"hundred_worth": "5"})

    # 2 × 10 points of 5 cents for 15 €, of the 70 % that are paid.
    assert "vaudraient 4,67\u202f% de son prix, en plus des 30\u202f% dont il est réduit" in told


def test_a_multiplier_that_ended_long_before_holds_no_rules_up(manager):
    programme()
    promote("points", products=[ProductFactory(price=Decimal("10.00"))], points_factor=10, ends=2)
    later = (timezone.localdate() + timedelta(days=40)).isoformat()

    assert manager.post(ADD, terms(hundred_worth="50", starts_at_0=later)).status_code == 302


def test_however_many_multipliers_run_new_rules_cost_as_many_queries(manager):
    programme()
    begins, rich = timezone.now() + DAY, Terms(1500, 10, Decimal(6), 14, 12)
    promote("points", products=[ProductFactory(price=Decimal("10.00"))], points_factor=10)
    with CaptureQueriesContext(connection) as few:
        assert too_generous(begins, rich)
    for n in range(4):
        promote(
            "points",
            products=ProductFactory.create_batch(3, price=Decimal("10.00")),
            points_factor=10,
            name=f"P{n}",
        )
    with CaptureQueriesContext(connection) as many:
        assert too_generous(begins, rich)

    assert len(few) == len(many)


def test_new_rules_reach_kept_pages_once_they_are_written(manager, django_capture_on_commit_callbacks):
    assert queries.programme().stages == ()

    with django_capture_on_commit_callbacks(execute=True):
        assert manager.post(ADD, terms()).status_code == 302

    assert len(queries.programme().stages) == 1


def test_rules_under_which_a_reward_would_be_worth_more_than_its_points_are_refused(db):
    programme()
    reward(points=100)

    assert "Une récompense en vigueur donne 3\u00a0€ pour 100\u00a0points" in refused(
        {"hundred_worth": "2,99"}
    )


@pytest.mark.parametrize("group", [StaffGroup.MARKETING, StaffGroup.CUSTOMER_SERVICE])
def test_others_read_rules_and_accounts_and_write_none(client, group):
    seed_groups()
    client.force_login(member(group))
    programme()
    owner = CustomerFactory().pk
    usable(owner, 100)

    assert client.get(reverse("admin:points_pointterms_changelist")).status_code == 200
    assert client.post(ADD, terms()).status_code == 403
    page = unescape(client.get(reverse("admin:points_pointaccount_change", args=[owner])).content.decode())
    assert "150,00\u00a0€ d’articles" in page and "+100" in page
    assert standing([owner], timezone.now()).usable == 100


# --- gestures -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def account():
    programme()
    owner = CustomerFactory().pk
    usable(owner, 100)
    return owner


def give_page(owner):
    return reverse("admin:points_pointaccount_give", args=[owner])


def giving(client, owner, points, *, reason="thanks", key=None):
    sent = {"points": points, "reason": reason, "key": key or uuid4()}
    return unescape(client.post(give_page(owner), sent, follow=True).content.decode())


def agent_of(client, group):
    seed_groups()
    client.force_login(member(group))
    return client


def test_customer_service_gives_points_with_a_reason_once_for_a_form(client, account):
    agent = agent_of(client, StaffGroup.CUSTOMER_SERVICE)
    assert "jusqu’à 300 points en trente jours" in unescape(agent.get(give_page(account)).content.decode())
    key = uuid4()

    for _twice in range(2):
        page = giving(agent, account, 50, key=key)

    assert "Offerts par notre équipe, pour remercier" in page and "+50" in page
    assert figures(account) == (150, 150, 0)
    assert PointEntry.objects.get(kind="gift").by.email


@pytest.mark.parametrize(
    ("group", "first", "second", "said"),
    [
        (StaffGroup.CUSTOMER_SERVICE, 301, None, "300\u00a0points au plus"),
        (StaffGroup.CUSTOMER_SERVICE, 200, 101, "encore 100\u00a0points au plus"),
        (StaffGroup.MANAGER, 3001, None, "3000\u00a0points au plus"),
    ],
)
def test_nobody_gives_beyond_their_ceiling_at_once_or_in_parts(client, account, group, first, second, said):
    agent = agent_of(client, group)

    page = giving(agent, account, first)
    if second:
        page = giving(agent, account, second)

    assert said in page
    assert figures(account)[0] == 100 + (first if second else 0)


@pytest.mark.parametrize(
    ("points", "reason"),
    [(-5, "thanks"), (0, "thanks"), ("cent", "thanks"), (5, ""), (5, "autre"), (10**20, "thanks")],
)
def test_a_gesture_that_cannot_be_is_refused(client, account, points, reason):
    agent = agent_of(client, StaffGroup.CUSTOMER_SERVICE)

    giving(agent, account, points, reason=reason)

    assert figures(account) == (100, 100, 0)


@pytest.mark.parametrize("group", [StaffGroup.MARKETING, StaffGroup.PICKING])
def test_others_give_none(client, account, group):
    agent = agent_of(client, group)

    assert (
        agent.post(give_page(account), {"points": 5, "reason": "thanks", "key": uuid4()}).status_code == 403
    )
    assert figures(account) == (100, 100, 0)


def test_what_the_shop_owes_stands_above_the_accounts(manager):
    page = reverse("admin:points_pointaccount_changelist")
    assert "La boutique doit" not in unescape(manager.get(page).content.decode())
    programme()
    usable(CustomerFactory().pk, 1200)

    text = unescape(manager.get(page).content.decode())

    assert (
        "La boutique doit <strong>1\u202f200</strong> points à ses clients, soit <strong>36,00\u00a0€</strong>"
        in text
    )
