"""The money of closed crates asked for by hand: by whom, why, once, and told where it cannot be."""

from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from config.staff import StaffGroup
from shop.orders import services
from shop.payments.models import PaymentOperation
from tests.factories import ProductFactory
from tests.shop.checkout.conftest import terms, zone  # noqa: F401
from tests.shop.orders.depot import packed, pick, place, settled, started
from tests.shop.orders.test_refund_staff import ALLOWED, NARROW, read, staff_of

pytestmark = pytest.mark.django_db
WHY = {"why": "provider_back"}


@pytest.fixture
def uncharged(zone):  # noqa: F811
    """Its crates were closed while no authorisation stood; then one does again."""
    order = started(place(zone, {ProductFactory(name="Comté", price=Decimal("4.00"), stock=500): 12}))
    pick(order)
    held = PaymentOperation.objects.filter(account_id=order.reference, kind="authorise")
    held.update(state="released")
    services.pack_order(reference=order.reference)
    assert not PaymentOperation.objects.filter(kind="capture").exists()
    held.update(state="succeeded")
    order.refresh_from_db()
    return order


@pytest.fixture
def staff():
    return staff_of(StaffGroup.CUSTOMER_SERVICE)


def page(order):
    return reverse("admin:orders_order_charge", args=[order.pk])


def asked(order):
    return list(order.events.filter(kind="charge_asked").values_list("data", flat=True))


def test_staff_ask_for_the_money_and_say_why(staff, uncharged):
    assert "Encaisser" in read(staff.get(reverse("admin:orders_order_change", args=[uncharged.pk])))
    assert "encore autorisés" in read(staff.get(page(uncharged)))

    first, again = (read(staff.post(page(uncharged), WHY, follow=True)) for _press in range(2))

    total = uncharged.bill.total
    assert f"demandé{NARROW}: le prestataire répond à nouveau" in first
    assert "rien à encaisser" in again
    assert asked(uncharged) == [
        {"total_cents": int(total * 100), "why": "provider_back", "by": staff.user.pk}
    ]
    assert settled(uncharged).captured == total
    assert "répond à nouveau" in LogEntry.objects.filter(user=staff.user).get().change_message
    shown = read(staff_of(StaffGroup.MANAGER).get(reverse("tracking", args=[uncharged.tracking_token])))
    assert "Débit demandé à nouveau" in shown and "Montant débité" in shown


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "Choisissez une raison."),
        ({"why": "humeur"}, "Choisissez une raison de la liste."),
        ({"why": "x" * 5000}, "Choisissez une raison de la liste."),
    ],
)
def test_without_a_reason_nothing_is_asked(staff, uncharged, sent, said):
    answer = staff.post(page(uncharged), sent)

    assert said in read(answer)
    assert not asked(uncharged) and not PaymentOperation.objects.filter(kind="capture").exists()


@pytest.mark.parametrize(
    ("state", "said"), [("released", "Aucune autorisation ne couvre"), ("expired", "Aucune autorisation")]
)
def test_where_nothing_is_authorised_staff_are_told_and_nothing_is_written(staff, uncharged, state, said):
    PaymentOperation.objects.filter(kind="authorise").update(state=state)

    answer = staff.post(page(uncharged), WHY)

    assert answer.status_code == 409 and said in read(answer)
    assert not asked(uncharged)


def test_what_is_given_back_cannot_be_taken(staff, uncharged):
    PaymentOperation.objects.create(account_id=uncharged.reference, kind="release", amount=1)

    assert "a été rendue au client" in read(staff.post(page(uncharged), WHY))


def test_before_the_crates_are_closed_and_after_the_money_came_there_is_nothing_to_take(staff, zone):  # noqa: F811
    order = place(zone, {ProductFactory(price=Decimal("4.00"), stock=500): 12})
    assert "rien à encaisser" in read(staff.get(page(order)))
    settled(packed(order))

    assert "rien à encaisser" in read(staff.get(page(order)))
    assert "rien à encaisser" in read(staff.post(page(order), WHY))
    assert not asked(order)
    with pytest.raises(services.NothingToCharge):
        services.charge_by_hand(reference=order.reference, why="customer", by_id=None)
    with pytest.raises(ValueError, match="humeur"):
        services.charge_by_hand(reference=order.reference, why="humeur", by_id=None)


@pytest.mark.parametrize("group", list(StaffGroup))
def test_only_who_moves_money_may(uncharged, group):
    staff_of(group).post(page(uncharged), WHY)

    assert bool(asked(uncharged)) == (group in ALLOWED)
