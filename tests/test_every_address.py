"""Every address of the shop, walked as a stranger, another customer and each staff group."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from config.staff import StaffGroup, rights_of, seed_groups
from crm.desk.models import HelpEntry, ReplyText
from crm.desk.services import ask_callback, receive_contact_request
from crm.desk.services.phone_orders import start_phone_order
from crm.insights.models import DiscountBudget, FunnelCount, VitalCount
from crm.outbox.models import Message, Suppression
from delivery.tracking.models import Card, Incident
from delivery.tracking.services import log_question
from delivery.zones.models import CoverageRequest, Depot, Zone
from shop.claims.models import Claim
from shop.claims.seed import seed_limits
from shop.orders.models import Order, Withdrawal
from shop.payments.models import ProviderEvent
from shop.picking.models import PickTask, Wave
from shop.pricing.services import plan_price
from shop.recalls.models import Recall
from shop.reviews.models import ProductReview, ServiceReview
from shop.search.models import MissedSearch, Synonym, ZonePopularity
from shop.search.services import report_product
from shop.stock.services import Receipt, receive_goods
from tests.addresses import (
    CHANGES_ON_GET,
    CLERK,
    DOORS,
    NO,
    OURS,
    OWNER,
    PUBLIC,
    SIGNED_IN,
    TOKEN,
    Owned,
    names_in,
)
from tests.delivery.promise.promising import arrived, decided, opened, rule
from tests.delivery.tracking.road import START, out, say
from tests.factories import CustomerFactory, SlotFactory, UserFactory, ZoneFactory
from tests.loyalty.milestones.reaching import milestone
from tests.loyalty.points.earning import programme, usable
from tests.loyalty.referrals.inviting import comes, invited
from tests.loyalty.rewards.giving import item, promised, reward
from tests.loyalty.vouchers.coding import shared
from tests.loyalty.vouchers.granting import granted
from tests.shop.pricing.promoting import promote

pytestmark = pytest.mark.django_db
STRANGER, OTHER = "stranger", "another customer"
LOGIN = "/accounts/login/"
# Everything a form of the shop may ask for, so that a POST that is let in would do something.
HOSTILE = {
    "name": "Volée", "email": "voleuse@exemple.fr", "first_name": "Vera", "last_name": "Larcin", "phone": "",
    "birth_on": "", "line1": "1 rue du Vol", "postcode": "75012", "city": "Paris", "code_postal": "13001",
    "quantity": "3", "letters": "on", "card": "accepte", "terms": "on", "seen_total": "1.00",
}  # fmt: skip


@pytest.fixture
def owned():
    cache.clear()
    zone = ZoneFactory()
    starts = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=2)
    slots = [SlotFactory(zone=zone, starts_at=starts + timedelta(hours=n)) for n in range(2)]
    return Owned(Client(), *slots)


def member_of(group):
    user = UserFactory(staff=True)
    user.groups.add(Group.objects.get(name=group))
    return user


def user_for(role):
    if role == STRANGER:
        return None
    return CustomerFactory().user if role == OTHER else member_of(role)


def browser(user):
    client = Client()
    if user:
        client.force_login(user)
    return client


def body_of(answer):
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return body.decode(errors="replace")


# --- the table is complete ------------------------------------------------------------------------


def test_every_address_says_whose_it_is():
    assert names_in(*OURS) == set(DOORS)


# --- the shop's pages -----------------------------------------------------------------------------


def expected_of(door, method, signed_in):
    """The one right status for somebody who is not the owner."""
    entitled = door.post if method == "post" else door.get
    if door.who in {SIGNED_IN, OWNER, CLERK} and not signed_in:
        # Which of the two guards speaks first tells nobody anything.
        return {302, NO} if entitled == NO else {302}
    if door.who == OWNER and entitled != NO:
        return {404}
    return {entitled}


def wrong_answers(owned, client, user, name, method, *, guessed=False):
    """What is wrong with one answer, in words; nothing when all is well."""
    door = DOORS[name]
    address = owned.url(name, guessed=guessed)
    sent = HOSTILE | {"product": owned.product.pk, "address": owned.address.pk}
    answer = client.post(address, sent) if method == "post" else getattr(client, method)(address)
    expected = expected_of(door, method, user is not None)
    if guessed and NO not in expected:
        expected = {door.guessed}
    told = f"{method.upper()} {name}{' guessed' if guessed else ''}"
    if answer.status_code not in expected:
        yield f"{told}: {answer.status_code}, not {expected}"
    sent_to = answer.headers.get("Location", "")
    if door.who in {SIGNED_IN, OWNER} and user is None and sent_to and not sent_to.startswith(LOGIN):
        yield f"{told}: sent to {sent_to}"
    # A token is the key of its page, but never tells how to reach the person.
    secrets = owned.contact() if door.who == TOKEN and not guessed else owned.secrets()
    body = body_of(answer)
    yield from (f"{told}: shows {secret}" for secret in secrets if secret in body)


@pytest.mark.parametrize("role", [STRANGER, OTHER, *StaffGroup])
def test_nobody_but_the_owner_sees_or_changes_anything(owned, role):
    seed_groups()
    user = user_for(role)
    before = owned.belongings()

    # A group gives nothing in the shop: of its pages, staff walk those that are somebody's.
    is_staff = role not in {STRANGER, OTHER}
    is_clerk = is_staff and "orders.hand_over_order" in rights_of(role)
    wrong = []
    for name, door in DOORS.items():
        if (is_staff and door.who == PUBLIC) or (door.who == CLERK and is_clerk):
            continue
        client = browser(user)
        for method in ("get", "post") if is_staff else ("get", "head", "post"):
            wrong += wrong_answers(owned, client, user, name, method)
            if door.who == TOKEN and not is_staff:
                wrong += wrong_answers(owned, client, user, name, method, guessed=True)
        if name in CHANGES_ON_GET:
            before = owned.belongings()
        if owned.belongings() != before:
            wrong.append(f"{name}: changed what belongs to somebody else")
            before = owned.belongings()

    assert not wrong, "\n".join(wrong)
    assert Order.objects.get().status == Order.Status.PLACED


def test_the_page_of_the_demonstration_is_gone_with_a_real_provider(owned, settings):
    settings.PAYMENT_GATEWAY = "stripe"

    answer = Client().get(owned.url("demo_payment"))

    assert answer.status_code == 404


def test_every_form_refuses_a_missing_token(owned):
    client = Client(enforce_csrf_checks=True)
    client.force_login(owned.customer.user)
    before = owned.belongings()
    # Machines speak to these two; each has its own proof, or nothing to protect.
    without = {"stripe_webhook", "vitals"}

    answers = {name: client.post(owned.url(name), HOSTILE).status_code for name in DOORS}

    assert {name for name, status in answers.items() if status != 403} == without
    assert owned.belongings() == before


@pytest.mark.parametrize(
    "name", ["account_login", "account_signup", "account_logout", "account_reset_password"]
)
def test_sign_in_forms_refuse_a_missing_token(name):
    answer = Client(enforce_csrf_checks=True).post(reverse(name), {"login": "a@exemple.fr", "password": "x"})

    assert answer.status_code == 403


# --- no cache keeps what is somebody's -------------------------------------------------------------


def test_every_personal_page_is_kept_out_of_caches(owned):
    client = browser(owned.customer.user)

    uncovered = {
        name: answer.headers.get("Cache-Control")
        for name, door in DOORS.items()
        if door.is_personal
        for answer in [client.get(owned.url(name))]
        if not {"no-store", "private"} & set(answer.headers.get("Cache-Control", "").split(", "))
    }

    assert uncovered == {}


# --- reading never writes -------------------------------------------------------------------------


def written():
    """Rows added, changed or removed in this transaction, by table. A session is not the shop's data."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables"
            " WHERE n_tup_ins + n_tup_upd + n_tup_del > 0 AND relname <> 'customers_session'"
        )
        return dict(cursor.fetchall())


def test_the_counter_of_writes_sees_a_write():
    before = written()

    UserFactory()

    assert written() != before


@pytest.mark.parametrize("method", ["get", "head"])
def test_no_address_changes_anything_when_read(owned, method):
    client = browser(owned.customer.user)
    wrong = []

    for name, door in DOORS.items():
        before = written()
        answer = getattr(client, method)(owned.url(name))
        if answer.status_code != (door.ready or door.get):
            wrong.append(f"{name}: {answer.status_code}, not {door.ready or door.get}")
        if "variable indéfinie" in body_of(answer):
            wrong.append(f"{name}: a variable is undefined")
        if written() != before and name not in CHANGES_ON_GET:
            wrong.append(f"{name}: wrote to {set(written().items()) ^ set(before.items())}")

    assert not wrong, "\n".join(wrong)


def test_no_public_address_changes_anything_when_a_stranger_reads(owned):
    client, before = Client(), written()

    for name, door in DOORS.items():
        if door.who == PUBLIC:
            client.get(owned.url(name))

    assert written() == before


# --- the staff's pages ----------------------------------------------------------------------------


def on_the_road():
    """A round on its way, what its courier asked, and what delays it."""
    run = out(15)
    say(run, "back", START + timedelta(minutes=30))
    log_question(courier_id=run.courier_id, key=uuid4(), at=START, words="Où vont les sacs ?")
    Card.objects.create(question="Puis-je refuser ?", answer="Oui.")
    Incident.objects.create(
        kind="snow", starts_at=START, ends_at=START + timedelta(hours=2), delay_minutes=30
    )


@pytest.fixture
def rows(owned):
    """One row behind every page of the admin."""
    seed_groups()
    today = timezone.localdate()
    Message.objects.create(
        purpose="order_confirmation", occasion="essai", recipient=owned.email, subject="Votre commande",
        html="<p>Bonjour</p>", text="Bonjour",
    )  # fmt: skip
    Suppression.objects.create(address=owned.email, reason=Suppression.Reason.BOUNCED)
    receive_contact_request(
        customer_id=owned.customer.pk,
        name=owned.last_name,
        email=owned.email,
        subject="other",
        message="Où est-ce ?",
    )
    ask_callback(occasion="essai", reason="damaged", order_reference="", customer_id=owned.customer.pk)
    ReplyText.objects.create(key="essai", title="Essai", body="{prenom}, c’est fait.")
    start_phone_order(agent_id=UserFactory(staff=True).pk, customer_id=owned.customer.pk)
    HelpEntry.objects.get_or_create(key="essai", defaults={"question": "Quand ?", "answer": "Demain."})
    CoverageRequest.objects.create(email=owned.email, postcode="29200")
    FunnelCount.objects.create(day=today, step="visit", count=1)
    DiscountBudget.objects.create(starts_on=today, share=Decimal("2.5"))
    VitalCount.objects.create(day=today, page="home", metric="lcp", bucket=2500, count=1)
    report_product(product_id=owned.product.pk, kind="price", words="Trop cher.", email="a@exemple.fr")
    receive_goods(depot_id=Depot.objects.first().pk, receipts=[Receipt(owned.product.pk, 5)])
    MissedSearch.objects.create(week=today, kind="search", words="kombucha", count=1)
    Synonym.objects.create(typed="coca", meant="cola")
    ZonePopularity.objects.create(zone=Zone.objects.first(), product=owned.product, popularity=1)
    ProviderEvent.objects.create(event_id="evt_1", type="checkout.session.completed")
    granted(owner_id=owned.customer.pk)
    shared()
    reward()
    promised(owned.customer.pk, item_id=item().pk)
    milestone(5, item("Miel"))
    programme()
    usable(owned.customer.pk)
    comes(invited(owned.customer.pk), address="door-sponsor")
    wave = Wave.objects.create(depot=owned.order.depot, cutoff_at=owned.order.slot.cutoff_at)
    PickTask.objects.create(wave=wave, order=owned.order, place=1)
    promote(products=[owned.product])
    plan_price(
        product_id=owned.product.pk, price=Decimal("1.99"), starts_at=timezone.now() + timedelta(days=1)
    )
    Recall.objects.create(
        product=owned.product, ean=owned.product.ean, name=owned.product.name, hazard="listeria",
        sentence="Un contrôle en a trouvé.", advice="destroy", decided_by=UserFactory(staff=True),
    )  # fmt: skip
    on_the_road()
    rule()
    decided(arrived(opened("CB-PROMISE", customer=owned.customer), minutes=45))
    said = {"customer": owned.customer, "order_reference": owned.order.reference, "rating": 2}
    dated = {"experienced_on": today, "written_at": timezone.now()}
    ProductReview.objects.create(product=owned.product, text="Sec.", **said, **dated)
    ServiceReview.objects.create(**said, **dated)
    Claim.objects.create(
        order=owned.order, customer=owned.customer, kind="missing", state="to_call", why="amount",
        call_by=timezone.now(),
    )  # fmt: skip
    seed_limits()
    Withdrawal.objects.create(order=owned.order, name="Zoé", email=owned.email, refund_due_on=today)
    return owned


def may(rights, model, *actions):
    meta = model._meta
    return any(f"{meta.app_label}.{action}_{meta.model_name}" in rights for action in actions)


def row_of(model):
    """The row whose page is asked for: never a superuser, never the person who asks."""
    found = model.objects.order_by("pk")
    return found.filter(email__startswith="zebulon").first() if model.__name__ == "User" else found.first()


def admin_pages(model, options, rights, superuser):
    """(address, whether this group may open it): the table of rights, less what nobody may ever do."""
    request = RequestFactory().get("/")
    request.user = superuser
    name, row = f"{model._meta.app_label}_{model._meta.model_name}", row_of(model)
    reads = may(rights, model, "view", "change") and options.has_view_or_change_permission(request)
    yield reverse(f"admin:{name}_changelist"), reads
    yield (
        reverse(f"admin:{name}_add"),
        may(rights, model, "add") and options.has_add_permission(request),
    )
    if row:
        yield reverse(f"admin:{name}_change", args=[row.pk]), reads
        if reads:
            yield reverse(f"admin:{name}_history", args=[row.pk]), reads
        yield (
            reverse(f"admin:{name}_delete", args=[row.pk]),
            may(rights, model, "delete") and options.has_delete_permission(request, row),
        )


# Groups are the superusers' alone; the second factor and verified addresses have no page for staff.
NOBODYS = {"Group", "Authenticator", "EmailAddress", "EmailConfirmation"}


def test_every_model_of_the_admin_has_a_row_to_walk(rows):
    missing = [m.__name__ for m in admin.site._registry if m.__name__ not in NOBODYS and row_of(m) is None]

    assert missing in ([], ["ProductPicture"])


@pytest.mark.parametrize("group", list(StaffGroup))
def test_the_admin_opens_to_each_group_what_its_table_says(rows, group):
    user, superuser = member_of(group), UserFactory(staff=True, is_superuser=True)
    client, rights, wrong = browser(user), rights_of(group), []

    for model, options in admin.site._registry.items():
        for page, allowed in admin_pages(model, options, rights, superuser):
            allowed = allowed and model.__name__ not in NOBODYS
            answer = client.get(page)
            if answer.status_code != (200 if allowed else 403):
                wrong.append(f"{page}: {answer.status_code}, allowed: {bool(allowed)}")
            if not allowed:
                wrong += [f"{page}: shows {secret}" for secret in rows.secrets() if secret in body_of(answer)]

    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("group", list(StaffGroup))
def test_no_form_of_the_admin_obeys_a_group_without_the_right(rows, group):
    client, rights, wrong = browser(member_of(group)), rights_of(group), []
    before = written()

    for model in admin.site._registry:
        name, row = f"{model._meta.app_label}_{model._meta.model_name}", row_of(model)
        pages = [("add", "add", [])]
        pages += [("change", "change", [row.pk]), ("delete", "delete", [row.pk])] if row else []
        for action, page, arguments in pages:
            if may(rights, model, action):
                continue
            answer = client.post(reverse(f"admin:{name}_{page}", args=arguments), {"post": "yes"})
            if answer.status_code != 403:
                wrong.append(f"POST {name} {page}: {answer.status_code}")

    assert not wrong, "\n".join(wrong)
    assert written() == before


def test_the_admin_is_shut_to_customers(client, owned):
    client.force_login(CustomerFactory().user)

    for model in admin.site._registry:
        page = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")

        assert client.get(page).status_code == 302, page
