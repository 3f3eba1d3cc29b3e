"""Staff answer what no limit answered, with what is known of whoever reported; figures decide nothing."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.contrib.admin import site
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from config.dashboard import claims_waiting
from config.facts import deliver_all
from config.staff import StaffGroup
from crm.outbox.models import Message
from delivery.promise.models import Outcome
from shop.claims import queries, services
from shop.claims.models import Claim, ClaimLimits
from shop.claims.rates import rate_of, signal
from shop.orders import services as orders
from shop.orders.models import Order, Refund
from shop.orders.services import Returned
from tests.factories import CustomerFactory, UserFactory
from tests.shop.claims.reporting import delivered_order, photo, report
from tests.shop.orders.depot import lines_of, new_slot
from tests.shop.orders.returning import read
from tests.shop.orders.test_orders import member

pytestmark = pytest.mark.django_db


@pytest.fixture
def claim(zone, soap):
    """Beyond the limit: somebody calls."""
    return report(
        delivered_order(zone, {soap: 6}, starts_in=timedelta(hours=5)), {"Lessive": 4}, photo=photo()
    )


@pytest.fixture
def service():
    client = Client()
    client.force_login(member(StaffGroup.CUSTOMER_SERVICE))
    return client


def answering(claim):
    return reverse("admin:claims_claim_answer", args=[claim.pk])


def page_of(claim):
    return reverse("admin:claims_claim_change", args=[claim.pk])


# --- services -------------------------------------------------------------------------------------


def test_staff_give_back_what_was_reported_and_it_counts(claim):
    by = UserFactory(staff=True)

    services.answer_with_refund(claim_id=claim.pk, by_id=by.pk, said="Avec nos excuses.")
    deliver_all()

    claim.refresh_from_db()
    assert (claim.state, claim.answer, claim.by) == ("answered", "refund", by)
    assert claim.refund.amount == Decimal("36.00")
    assert Outcome.objects.get(order_reference=claim.order.reference).units_missing == 4
    assert Message.objects.filter(purpose="claim_answered").last().text.count("Avec nos excuses.") == 1


def test_staff_deliver_again(claim, zone):
    slot = new_slot(zone, starts_in=timedelta(hours=30))

    services.answer_with_replacement(claim_id=claim.pk, slot_id=slot.pk, by_id=UserFactory().pk)

    claim.refresh_from_db()
    assert claim.replacement == Order.objects.get(makes_good=claim.order)
    assert not Refund.objects.exists()


def test_staff_refuse_in_words_and_never_without(claim):
    by = UserFactory()
    with pytest.raises(ValueError, match="refused"):
        services.close_claim(claim_id=claim.pk, answer="refused", by_id=by.pk, said=" ")

    services.close_claim(claim_id=claim.pk, answer="refused", by_id=by.pk, said="Les photos le montrent.")

    claim.refresh_from_db()
    assert (claim.state, claim.answer) == ("closed", "refused") and not Refund.objects.exists()
    assert Outcome.objects.get(order_reference=claim.order.reference).units_missing == 0


def test_an_answer_is_given_once(claim):
    by = UserFactory().pk
    services.answer_with_refund(claim_id=claim.pk, by_id=by)

    for again in (
        lambda: services.answer_with_refund(claim_id=claim.pk, by_id=by),
        lambda: services.close_claim(claim_id=claim.pk, answer="called", by_id=by, said="Vu."),
    ):
        with pytest.raises(services.ClaimMoved):
            again()

    assert Refund.objects.count() == 1


def test_what_was_given_back_meanwhile_is_not_given_again(claim):
    line = lines_of(claim.order)["Lessive"].pk
    orders.give_back(
        order_reference=claim.order.reference, reason="mistake", occasion="staff", lines=[Returned(line, 4)]
    )

    with pytest.raises(services.NotGivenBack):
        services.answer_with_refund(claim_id=claim.pk, by_id=UserFactory().pk)

    claim.refresh_from_db()
    assert claim.state == "to_call" and Refund.objects.count() == 1
    assert Outcome.objects.get(order_reference=claim.order.reference).units_missing == 0


def test_a_replacement_that_cannot_be_leaves_nothing(claim, zone):
    with pytest.raises(services.NoReplacement):
        services.answer_with_replacement(claim_id=claim.pk, slot_id=999_999, by_id=UserFactory().pk)

    claim.refresh_from_db()
    assert claim.state == "to_call" and not Order.objects.filter(makes_good=claim.order).exists()


def test_photographs_go_after_half_a_year_and_are_known_again_all_the_same(
    claim, private_files, time_machine
):
    services.answer_with_refund(claim_id=claim.pk, by_id=UserFactory().pk)
    claim.refresh_from_db()
    kept = private_files / claim.photo.name
    assert services.forget_photos() == 0 and kept.exists()

    time_machine.move_to(claim.created_at + timedelta(days=181))
    assert services.forget_photos() == 1

    claim.refresh_from_db()
    assert not claim.photo and claim.photo_hash and not kept.exists()


# --- pages ----------------------------------------------------------------------------------------


def test_whom_to_call_comes_first(claim, order, service):
    report(order, {"Comté": 1})

    page = read(service.get(reverse("admin:claims_claim_changelist"), {"suite": "a-traiter"}))

    assert claim.order.reference in page and order.reference not in page


def test_the_page_shows_photograph_figures_and_telephone(claim, service):
    page = read(service.get(page_of(claim)))
    shown = service.get(reverse("admin:claims_photo", args=[claim.pk]))

    assert "À appeler avant" in page and "06\u00a012\u00a034\u00a056\u00a078" in page
    assert "1 signalement en 90 jours" in page and "ne décident de rien" in page
    assert shown["Content-Type"] == "image/jpeg" and "no-store" in shown["Cache-Control"]
    assert b"".join(shown.streaming_content)


def test_an_answer_from_the_page(claim, service):
    answer = service.post(answering(claim), {"answer": "refund", "said": "", "slot": ""}, follow=True)

    assert "le client est prévenu" in read(answer)
    claim.refresh_from_db()
    assert claim.answer == "refund" and claim.by is not None


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({}, "Ce champ est obligatoire"),
        ({"answer": "refused"}, "Écrivez au client pourquoi"),
        ({"answer": "called", "said": "  "}, "Écrivez au client pourquoi"),
        ({"answer": "replacement"}, "Choisissez un créneau"),
        ({"answer": "replacement", "slot": "999999"}, "plus libre"),
        ({"answer": "gold"}, "Sélectionnez un choix valide"),
    ],
)
def test_an_answer_that_lacks_something_is_refused(claim, service, form, words):
    answer = service.post(answering(claim), {"answer": "", "said": "", "slot": ""} | form)

    claim.refresh_from_db()
    assert words in read(answer) and claim.state == "to_call"


@pytest.mark.parametrize("group", [StaffGroup.CATALOGUE, StaffGroup.PICKING, StaffGroup.MARKETING])
def test_others_neither_answer_nor_see_photographs(claim, group):
    client = Client()
    client.force_login(member(group))

    for path in (answering(claim), reverse("admin:claims_photo", args=[claim.pk]), page_of(claim)):
        assert client.get(path).status_code == 403
    posted = client.post(answering(claim), {"answer": "refund", "said": "", "slot": ""})

    claim.refresh_from_db()
    assert posted.status_code == 403 and claim.state == "to_call"


def test_staff_find_whose_it_was(claim, order, service):
    told = services.report_not_mine(
        order_reference=order.reference, key=uuid4(), received=services.Received("lessive en poudre")
    )
    Order.objects.filter(pk=order.pk).update(slot=claim.order.slot)
    services.find_robbed(claim_id=told.pk)

    page = read(service.get(page_of(told)))
    assert "À qui était-ce" in page
    closed = service.post(reverse("admin:claims_give_up", args=[told.pk]), follow=True)

    told.refresh_from_db()
    assert "C’est noté" in read(closed) and told.search == "nobody"
    assert service.get(reverse("admin:claims_give_up", args=[told.pk])).status_code == 404


def test_the_admins_home_counts_whose_hour_has_passed(claim, rf, time_machine, django_assert_num_queries):
    with django_assert_num_queries(1):
        now = claims_waiting(rf.get("/"))
    time_machine.move_to(claim.call_by + timedelta(minutes=1))
    later = claims_waiting(rf.get("/"))

    assert (now.figure, now.is_alert, now.lines) == ("1", False, [])
    assert later.is_alert and [(line.label, line.value) for line in later.lines] == [
        ("l’heure est passée", "1")
    ]
    assert [one.pk for one in queries.late_claims(timezone.now())] == [claim.pk]


def test_the_manager_writes_new_limits_and_types_none_over():
    manager, clerk = Client(), Client()
    manager.force_login(member(StaffGroup.MANAGER))
    clerk.force_login(member(StaffGroup.CUSTOMER_SERVICE))
    form = {
        "amount": "20,50", "number": "3", "days": "60", "newcomer_amount": "40", "newcomer_number": "5",
        "photo_from": "10",
    }  # fmt: skip
    add = reverse("admin:claims_claimlimits_add")

    assert clerk.post(add, form).status_code == 403
    manager.post(add, form)

    assert queries.limits_in_force().amount == Decimal("20.50")
    first = ClaimLimits.objects.last()
    manager.post(reverse("admin:claims_claimlimits_change", args=[first.pk]), form)
    first.refresh_from_db()
    assert first.amount == 30 and ClaimLimits.objects.first().made_by is not None


@pytest.mark.parametrize(
    "wrong", [{"amount": "-1"}, {"amount": "1e3"}, {"days": "0"}, {"number": "51"}, {"photo_from": ""}]
)
def test_limits_that_are_none_are_refused(rf, wrong):
    request = rf.post("/")
    request.user = UserFactory(is_superuser=True, is_staff=True)
    right = {
        "amount": "20,50", "number": "3", "days": "60", "newcomer_amount": "40", "newcomer_number": "5",
        "photo_from": "10",
    }  # fmt: skip

    form = site.get_model_admin(ClaimLimits).get_form(request)(right | wrong)

    assert list(form.errors) == list(wrong)


# --- how often ------------------------------------------------------------------------------------


def customers(number, order):
    """As many others, each with one order like this one, taken as it stands."""
    for _n in range(number):
        Order.objects.filter(pk=order.pk).update(customer=order.customer)
        copy = Order.objects.get(pk=order.pk)
        copy.pk, copy.reference, copy.tracking_token = None, f"CB-{uuid4().hex[:10]}", uuid4().hex
        copy.basket_key, copy.customer = uuid4(), CustomerFactory()
        copy.save()


def test_a_customer_is_compared_with_those_who_order_as_often(order):
    customers(3, order)
    one = Order.objects.exclude(pk=order.pk).first()
    Claim.objects.create(
        order=one,
        customer=one.customer,
        kind="missing",
        amount=3,
        why="free",
        state="to_call",
        call_by=timezone.now(),
    )
    for _n in range(2):
        claim = report(order, {"Comté": 1})

    rate = rate_of(claim.customer_id, timezone.now() - timedelta(days=90))

    assert (rate.orders, rate.claims, rate.amount, rate.others) == (1, 2, Decimal("8.00"), 3)
    assert rate.others_claims == pytest.approx(Decimal(1) / 3) and rate.others_amount == Decimal(1)
    assert signal(claim)[0] == (
        "2 signalements en 90 jours, contre 0,3 pour des clients comparables (une commande au plus)"
    )
    assert signal(claim)[1] == "8,00\u00a0€ signalés, contre 1,00\u00a0€"


def test_claims_right_at_the_limit_and_photographs_seen_before_are_told(zone, soap, order):
    near = delivered_order(zone, {soap: 6}, starts_in=timedelta(hours=5))
    ClaimLimits.objects.create(
        amount=18,
        number=9,
        days=90,
        newcomer_amount=18,
        newcomer_number=9,
        photo_from=50,
        made_by=UserFactory(),
    )
    first = report(order, {"Lessive": 1}, "damaged", photo=photo("olive"))

    claim = report(near, {"Lessive": 2}, "damaged", photo=photo("olive"))

    told = signal(queries.told(claim.pk))
    assert "1 juste sous la limite de réponse immédiate" in told
    assert any("la même photo a déjà servi 1 fois" in one for one in told)
    # Nothing is decided by it.
    assert claim.answer == first.answer == "refund"


def test_a_customer_alone_is_compared_with_nobody(order):
    claim = report(order, {"Comté": 1})

    assert "personne à qui comparer" in signal(claim)[0]
