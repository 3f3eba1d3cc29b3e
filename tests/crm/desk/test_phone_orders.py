"""An agent orders for a customer: traced, for an hour, never for a colleague; the customer alone agrees and pays."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import ProgrammingError, transaction
from django.urls import reverse
from django.utils import timezone

from config.facts import deliver_all
from crm.desk.models import PhoneOrder, PhoneOrderEvent
from crm.desk.services import phone_orders as services
from crm.outbox.models import Message
from delivery.slots.models import Hold
from shop.basket.models import Basket
from shop.customers.models import Address, Consent, Customer
from shop.orders.models import Order
from shop.orders.services import abandon_order
from tests.crm.desk.talking import agent, desk_of
from tests.factories import AddressFactory, CustomerFactory, ProductFactory, SlotFactory, UserFactory
from tests.shop.checkout.conftest import Walk

pytestmark = pytest.mark.django_db


@pytest.fixture
def me(client):
    user = agent()
    client.force_login(user)
    return user


@pytest.fixture
def elodie():
    customer = CustomerFactory(first_name="Élodie", last_name="Martin", user__email="elodie@exemple.fr")
    AddressFactory(customer=customer)
    return customer


@pytest.fixture
def brie():
    return ProductFactory(name="Brie de Meaux", price=Decimal("4.00"))


def start(me, customer):
    return services.start_phone_order(agent_id=me.pk, customer_id=customer.pk)


def filled(me, started, brie, slot, quantity=20):
    own = {"phone_order_id": started.pk, "agent_id": me.pk}
    services.set_phone_line(**own, product_id=brie.pk, quantity=quantity)
    services.hold_phone_slot(**own, slot_id=slot.pk)
    return own


def send(own, seen):
    return services.send_phone_order(**own, seen_total=seen)


def total(client, started):
    return page(client, started).context["recap"].totals.total


def page(client, started):
    answer = client.get(reverse("admin:desk_phone_order", args=[started.pk]))
    desk_of(answer)
    return answer


def act(client, started, what, **sent):
    return client.post(reverse("admin:desk_phone_act", args=[started.pk, what]), sent)


def belongings(customer):
    """What only its owner may change."""
    fresh = Customer.objects.get(pk=customer.pk)
    return (
        fresh.email, fresh.first_name, fresh.phone, fresh.birth_on, fresh.shortage_choice, fresh.user.password,
        Consent.objects.count(), Address.objects.filter(customer=customer).count(), fresh.user.last_login,
    )  # fmt: skip


def test_order_is_made_agreed_to_and_paid_by_its_customer_alone(client, me, elodie, brie, slot):
    before = belongings(elodie)
    started = start(me, elodie)
    own = filled(me, started, brie, slot)

    order = send(own, total(client, started))

    assert (order.customer, order.status, order.email) == (elodie, "awaiting_payment", elodie.email)
    assert belongings(elodie) == before
    letter = Message.objects.get(purpose="order_to_agree", occasion=order.reference)
    assert letter.recipient == elodie.email
    link = reverse("pay_again", args=[order.tracking_token])
    assert link in letter.text and "jamais de numéro de carte" in letter.text
    # The customer, in a browser that knows nothing of them.
    theirs = Walk(type(client)())
    shown = theirs.client.get(link)
    assert "Brie de Meaux" in shown.content.decode() and "obligation de paiement" in shown.content.decode()
    assert "variable indéfinie" not in shown.content.decode()
    theirs.come_back(theirs.pay(theirs.client.post(link, {"terms": "on"})))
    deliver_all()
    order.refresh_from_db()
    assert order.status == "placed"
    assert Message.objects.filter(purpose="order_confirmation", occasion=order.reference).exists()


def test_every_step_is_traced_with_who_for_whom_and_which_order(client, me, elodie, brie, slot):
    started = start(me, elodie)
    order = send(filled(me, started, brie, slot), total(client, started))

    started.refresh_from_db()
    assert (started.agent, started.customer, started.end, started.order_reference) == (
        me, elodie, "sent", order.reference
    )  # fmt: skip
    assert list(started.events.values_list("kind", "data")) == [
        ("started", {}),
        ("line", {"product": brie.pk, "quantity": 20}),
        ("slot", {"slot": slot.pk}),
        ("sent", {"order": order.reference}),
        ("ended", {"how": "sent"}),
    ]


def test_trace_is_never_changed_nor_deleted(me, elodie, zone):
    started = start(me, elodie)

    for change in (
        lambda: PhoneOrderEvent.objects.update(kind="sent"),
        lambda: PhoneOrderEvent.objects.all().delete(),
        lambda: PhoneOrder.objects.all().delete(),
        lambda: PhoneOrder.objects.update(agent=UserFactory(staff=True)),
        lambda: PhoneOrder.objects.update(started_at=timezone.now()),
    ):
        with pytest.raises((ProgrammingError, Exception)) as refusal, transaction.atomic():
            change()
        assert "pgtrigger" in str(refusal.value) or "protected" in str(refusal.value)

    assert PhoneOrder.objects.get() == started


def test_terms_are_the_customers_to_accept(client, me, elodie, brie, slot):
    started = start(me, elodie)
    order = send(filled(me, started, brie, slot), total(client, started))

    answer = type(client)().post(reverse("pay_again", args=[order.tracking_token]))

    assert answer.status_code == 422
    assert "Acceptez les conditions" in answer.content.decode()
    order.refresh_from_db()
    assert order.status == "awaiting_payment"


def test_who_turns_back_from_the_payment_finds_the_link_again(client, me, elodie, brie, slot):
    started = start(me, elodie)
    order = send(filled(me, started, brie, slot), total(client, started))
    link = reverse("pay_again", args=[order.tracking_token])
    theirs = type(client)()

    desk = theirs.get(theirs.post(link, {"terms": "on"}).headers["Location"].replace("http://testserver", ""))

    assert link in desk.content.decode()
    order.refresh_from_db()
    assert order.status == "awaiting_payment"


@pytest.mark.parametrize("kind", ["is_staff", "is_superuser"])
def test_nobody_orders_for_a_colleague(client, me, elodie, zone, kind):
    setattr(elodie.user, kind, True)
    elodie.user.save()

    with pytest.raises(services.StaffAccount):
        start(me, elodie)
    answer = client.post(reverse("admin:desk_phone_start", args=[elodie.pk]), follow=True)

    assert "membre de l’équipe" in answer.content.decode()
    assert not PhoneOrder.objects.exists()


def test_after_an_hour_nothing_more_can_be_done(client, me, elodie, brie, slot):
    started = start(me, elodie)
    own = filled(me, started, brie, slot)

    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        with pytest.raises(services.NotRunning):
            services.set_phone_line(**own, product_id=brie.pk, quantity=1)
        with pytest.raises(services.NotRunning):
            send(own, Decimal("80.00"))
        assert services.end_lapsed_phone_orders() == 1
        assert services.end_lapsed_phone_orders() == 0
        client.force_login(me)
        assert client.get(reverse("admin:desk_phone_order", args=[started.pk])).status_code == 404

    started.refresh_from_db()
    assert (started.end, started.order_reference) == ("lapsed", "")
    assert not Order.objects.exists()
    assert not Hold.objects.live().exists()


def test_ending_gives_the_place_back(client, me, elodie, brie, slot):
    started = start(me, elodie)
    filled(me, started, brie, slot)
    assert Hold.objects.live().count() == 1

    act(client, started, "arreter")

    started.refresh_from_db()
    assert started.end == "left"
    assert not Hold.objects.live().exists()


def test_colleague_has_no_hand_in_it(client, me, elodie, brie, slot):
    started = start(me, elodie)
    client.force_login(agent())

    with pytest.raises(services.NotRunning):
        services.set_phone_line(
            phone_order_id=started.pk, agent_id=UserFactory(staff=True).pk, product_id=brie.pk, quantity=1
        )
    assert client.get(reverse("admin:desk_phone_order", args=[started.pk])).status_code == 404
    act(client, started, "article", product=brie.pk, quantity=1)

    assert not Basket.objects.get(key=started.basket_key).lines.exists()


def test_own_baskets_of_both_are_left_alone(client, me, elodie, brie, zone):
    theirs = Basket.objects.create(customer=elodie)

    started = start(me, elodie)
    act(client, started, "article", product=brie.pk, quantity=3)

    assert not theirs.lines.exists()
    basket = Basket.objects.get(key=started.basket_key)
    assert basket.customer is None
    assert basket.lines.get().quantity == 3
    assert "basket" not in client.session


def test_for_the_same_customer_it_goes_on_and_for_another_it_ends(me, elodie, zone):
    first = start(me, elodie)

    assert start(me, elodie) == first
    second = start(me, CustomerFactory())

    first.refresh_from_db()
    assert (first.end, second.is_running) == ("left", True)


def test_what_nobody_agreed_to_in_time_is_there_again(client, me, elodie, brie, slot):
    started = start(me, elodie)
    order = send(filled(me, started, brie, slot), total(client, started))
    abandon_order(reference=order.reference)

    again = start(me, elodie)

    assert again.basket_key == started.basket_key
    assert Basket.objects.get(key=again.basket_key).lines.get().quantity == 20


def test_what_was_paid_is_not_begun_again(client, me, elodie, brie, slot):
    started = start(me, elodie)
    send(filled(me, started, brie, slot), total(client, started))

    assert start(me, elodie).basket_key != started.basket_key


def test_alcohol_is_its_buyers_own_to_order(client, me, elodie, zone):
    wine = ProductFactory(name="Chablis", alcohol=True)
    started = start(me, elodie)

    answer = client.post(
        reverse("admin:desk_phone_act", args=[started.pk, "article"]),
        {"product": wine.pk, "quantity": 1},
        follow=True,
    )

    assert "alcool" in answer.content.decode()
    assert not Basket.objects.get(key=started.basket_key).lines.exists()


@pytest.mark.parametrize(
    ("what", "sent", "said"),
    [
        ("article", {"product": "x", "quantity": "1"}, "quantité entière"),
        ("article", {"product": "1", "quantity": "-1"}, "quantité entière"),
        ("article", {"product": "987654", "quantity": "1"}, "ne peut pas être ajouté"),
        ("envoyer", {"seen": "abc"}, "manque un créneau"),
        ("creneau", {"slot": "987654"}, "manque une adresse"),
    ],
)
def test_bad_input_is_said_and_orders_nothing(client, me, elodie, zone, what, sent, said):
    started = start(me, elodie)

    answer = client.post(reverse("admin:desk_phone_act", args=[started.pk, what]), sent, follow=True)

    assert said in answer.content.decode()
    assert not Order.objects.exists()


@pytest.mark.parametrize("seen", ["0.01", "999999999999999", "NaN", ""])
def test_total_that_was_not_shown_agrees_to_nothing(client, me, elodie, brie, slot, seen):
    started = start(me, elodie)
    filled(me, started, brie, slot)

    act(client, started, "envoyer", seen=seen)

    assert not Order.objects.exists()
    assert not Message.objects.exists()


def test_address_is_kept_for_this_order_only_and_moves_the_slot(client, me, elodie, brie, slot):
    started = start(me, elodie)
    filled(me, started, brie, slot)
    before = belongings(elodie)
    typed = {
        "first_name": "Paul", "last_name": "Martin", "phone": "06 11 22 33 44", "line1": "9 rue Neuve", "line2": "",
        "floor": "", "door_code": "", "instructions": "", "postcode": "75012", "city": "Paris", "email": "volee@exemple.fr",
    }  # fmt: skip

    act(client, started, "adresse", **typed)
    bad = act(client, started, "adresse", **(typed | {"postcode": "29200", "phone": "12"}))
    order = send({"phone_order_id": started.pk, "agent_id": me.pk}, total(client, started))

    assert bad.status_code == 422
    assert (order.first_name, order.line1, order.phone) == ("Paul", "9 rue Neuve", "0611223344")
    assert order.email == elodie.email
    assert belongings(elodie) == before


def test_page_takes_an_order_from_end_to_end(client, me, elodie, brie, slot):
    answer = client.post(reverse("admin:desk_phone_start", args=[elodie.pk]))
    started = PhoneOrder.objects.get()
    assert answer.url == reverse("admin:desk_phone_order", args=[started.pk])

    empty = page(client, started).content.decode()
    act(client, started, "article", product=brie.pk, quantity=20)
    act(client, started, "creneau", slot=slot.pk)
    whole = page(client, started)
    seen = re.search(r'name="seen" value="([^"]+)"', whole.content.decode())[1]
    sent = act(client, started, "envoyer", seen=seen)

    assert "Vous commandez pour Élodie Martin" in empty
    assert "Brie de Meaux" in whole.content.decode()
    assert sent.url == reverse("admin:desk_customer", args=[elodie.pk])
    assert Order.objects.get().status == "awaiting_payment"
    assert me.email.partition("@")[0] in client.get(sent.url).content.decode()


def test_guest_may_be_ordered_for(client, me, brie, slot):
    guest = CustomerFactory(guest=True)
    AddressFactory(customer=guest)
    started = start(me, guest)

    order = send(filled(me, started, brie, slot), total(client, started))

    assert order.customer == guest


def test_whoever_has_not_the_right_starts_nothing(client, elodie, zone):
    from config.staff import StaffGroup

    for user in (agent(StaffGroup.MARKETING), agent(StaffGroup.CATALOGUE), UserFactory(staff=True)):
        client.force_login(user)
        assert client.post(reverse("admin:desk_phone_start", args=[elodie.pk])).status_code == 403

    assert not PhoneOrder.objects.exists()


def test_slot_of_another_zone_is_not_held(me, elodie, brie, zone):
    from tests.factories import ZoneFactory

    elsewhere = SlotFactory(zone=ZoneFactory(slug="lyon", name="Lyon", prefixes=["69"]))
    started = start(me, elodie)

    with pytest.raises(services.Incomplete):
        services.hold_phone_slot(phone_order_id=started.pk, agent_id=me.pk, slot_id=elsewhere.pk)

    assert not Hold.objects.live().exists()
