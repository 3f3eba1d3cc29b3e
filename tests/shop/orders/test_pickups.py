"""Orders fetched at a pickup point: chosen, coded, reminded of, handed over."""

import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from config import kept
from config.facts import deliver_all
from config.staff import StaffGroup, seed_groups
from crm.outbox.models import Message
from delivery.slots.models import Slot
from delivery.zones.services import zones_changed
from shop.orders import services
from shop.orders.models import Order, OrderEvent, Pickup
from shop.orders.pickups import due_for_reminder
from shop.orders.queries import is_received, last_delivery
from shop.orders.services import pickup_codes
from shop.orders.tasks import remind_pickups
from tests.factories import (
    AddressFactory,
    CustomerFactory,
    PickupPointFactory,
    ProductFactory,
    SlotFactory,
    UserFactory,
)
from tests.shop.checkout.conftest import Walk, slot, terms, walk, zone  # noqa: F401
from tests.shop.orders.depot import pick

pytestmark = pytest.mark.django_db
WHO = {"email": "lea@exemple.fr", "first_name": "Léa", "last_name": "Martin", "phone": "06 12 34 56 78"}
CODE = re.compile(r"(\d{3})(?:&nbsp;|&#160;|\xa0)(\d{3})")


@pytest.fixture
def point(zone):  # noqa: F811
    made = PickupPointFactory()
    zones_changed()
    return made


@pytest.fixture
def window(point):
    starts = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=2)
    return SlotFactory(zone=point, starts_at=starts, price=0)


@pytest.fixture
def at_recap(walk, window):  # noqa: F811
    walk.fill(ProductFactory(name="Comté")).hold(window)
    walk.client.post(reverse("checkout"), WHO)
    return walk


@pytest.fixture
def collected(at_recap):
    """A placed order, to be fetched."""
    at_recap.come_back(at_recap.pay(at_recap.order()))
    return Order.objects.get()


@pytest.fixture
def packed(collected):
    Order.objects.update(status=Order.Status.PACKED, packed_at=timezone.now())
    collected.refresh_from_db()
    return collected


@pytest.fixture
def clerk():
    user = UserFactory(staff=True)
    user.user_permissions.add(Permission.objects.get(codename="hand_over_order"))
    return user


@pytest.fixture
def counter(clerk):
    client = Client()
    client.force_login(clerk)
    return client


def look_up(counter, point, code):
    return counter.post(reverse("counter"), {"point": point.slug, "code": code})


def give(counter, point, code, **more):
    return counter.post(reverse("hand_over"), {"point": point.slug, "code": code} | more, follow=True)


def another_code(code):
    return f"{(int(code) + 1) % 1_000_000:06d}"


# --- choosing and ordering ------------------------------------------------------------------------


def test_who_fetches_it_is_asked_who_and_not_where(at_recap, point):
    form = at_recap.client.get(reverse("checkout")).content.decode()

    assert 'name="phone"' in form and 'name="line1"' not in form and 'name="postcode"' not in form
    assert point.name in form


def test_the_recap_says_where_when_and_what_to_bring(at_recap, point, window):
    page = unescape(at_recap.recap().content.decode())

    assert point.name in page and point.line1 in page and point.directions in page
    assert "Prête dès le début du créneau" in page and "des sacs" in page and "pièce d’identité" not in page
    assert "<dt>Retrait</dt><dd>gratuit</dd>" in page


def test_alcohol_asks_for_an_identity_card(walk, window):  # noqa: F811
    walk.fill(ProductFactory(alcohol=True)).hold(window)
    walk.client.post(reverse("checkout"), WHO)

    assert "Une pièce d’identité aussi" in walk.recap().content.decode()


@pytest.mark.parametrize("missing", list(WHO))
def test_each_of_them_is_needed(walk, window, missing):  # noqa: F811
    walk.fill(ProductFactory()).hold(window)

    sent = walk.client.post(reverse("checkout"), WHO | {missing: ""})

    assert "Indiquez" in walk.told(sent)
    assert walk.client.get(reverse("checkout_recap")).status_code == 302


def test_the_order_goes_to_the_point_and_freezes_its_address(collected, point):
    point.line1 = "99 rue Neuve"
    point.save()

    assert (collected.zone_id, collected.depot_id) == (point.pk, point.depot_id)
    assert (collected.line1, collected.postcode, collected.city) == (
        "14 rue de la Roquette",
        "75011",
        "Paris",
    )
    assert collected.delivery_fee == 0 and collected.door_code == ""


def test_its_place_is_booked_like_any_other(collected, window):
    assert Slot.objects.get(pk=window.pk).booked == 1


def test_the_basket_has_the_minimum_of_the_point(walk, window):  # noqa: F811
    walk.fill(ProductFactory(), quantity=4).hold(window)  # 10 €, below both minimums

    assert "15,00" in unescape(walk.client.get(reverse("basket")).content.decode())


def test_a_postcode_typed_later_brings_delivery_back(walk, window):  # noqa: F811
    walk.fill(ProductFactory()).hold(window)

    walk.client.post(reverse("set_postcode"), {"code_postal": "75011"})

    assert 'name="line1"' in walk.client.get(reverse("checkout")).content.decode()
    assert Slot.objects.get(pk=window.pk).booked == 0


def test_a_delivered_slot_brings_delivery_back(walk, window, slot):  # noqa: F811
    walk.fill(ProductFactory()).hold(window).hold(slot)

    assert 'name="line1"' in walk.client.get(reverse("checkout")).content.decode()


def test_a_closed_point_leaves_nobody_stranded(walk, window, point):  # noqa: F811
    walk.fill(ProductFactory()).hold(window)
    point.is_active = False
    point.save()
    kept.forget_everything()

    assert 'name="line1"' in walk.client.get(reverse("checkout")).content.decode()
    assert walk.client.get(reverse("slots")).status_code == 200


def test_signing_in_elsewhere_keeps_the_point(client, window, point):
    customer = CustomerFactory()
    AddressFactory(customer=customer)
    client.force_login(customer.user)
    Walk(client).fill(ProductFactory()).hold(window)

    phone = Client()
    phone.force_login(customer.user)
    page = phone.get(reverse("checkout")).content.decode()

    assert point.name in page and 'name="line1"' not in page


def test_a_point_s_address_is_not_remembered_as_the_customer_s(client, window):
    customer = CustomerFactory()
    client.force_login(customer.user)
    steps = Walk(client).fill(ProductFactory()).hold(window)
    client.post(reverse("checkout"), WHO)
    steps.come_back(steps.pay(steps.order()))

    assert not customer.addresses.exists()
    assert last_delivery([customer.pk]) is None


# --- the code -------------------------------------------------------------------------------------


def test_a_placed_order_has_a_code_and_a_delivery_none(collected, walk, slot):  # noqa: F811
    pickup = Pickup.objects.get()

    assert pickup.order == collected and re.fullmatch(r"\d{6}", pickup.code) and pickup.is_open


def test_a_delivery_has_no_code(ready_delivery):
    assert not Pickup.objects.exists()
    assert "Code de retrait" not in ready_delivery


@pytest.fixture
def ready_delivery(walk, slot):  # noqa: F811
    walk.fill(ProductFactory()).hold(slot).say_who()
    return walk.come_back(walk.pay(walk.order())).content.decode()


def test_two_open_orders_of_a_point_never_share_a_code(collected, window, monkeypatch):
    taken = Pickup.objects.get().code
    drawn = iter([taken, taken, "424242"])
    monkeypatch.setattr(pickup_codes, "new_code", lambda: next(drawn))
    second = Walk(Client()).fill(ProductFactory()).hold(window)
    second.client.post(reverse("checkout"), WHO)

    second.come_back(second.pay(second.order()))

    assert set(Pickup.objects.values_list("code", flat=True)) == {taken, "424242"}


def test_the_database_refuses_the_same_open_code_twice(collected):
    pickup = Pickup.objects.get()
    twin = Order.objects.get()
    twin.pk, twin.reference, twin.tracking_token, twin.basket_key = (
        None,
        "CB-TWIN",
        "twin",
        twin.tracking_token[:0] or "00000000-0000-0000-0000-000000000001",
    )
    twin.save()

    with pytest.raises(IntegrityError), transaction.atomic():
        Pickup.objects.create(order=twin, zone_id=pickup.zone_id, code=pickup.code)
    Pickup.objects.update(is_open=False)
    Pickup.objects.create(order=twin, zone_id=pickup.zone_id, code=pickup.code)


def test_its_buyer_reads_the_code_and_whoever_found_the_link_does_not(collected, walk):  # noqa: F811
    address = reverse("tracking", args=[collected.tracking_token])
    code = Pickup.objects.get().code

    mine, found = (browser.get(address).content.decode() for browser in (walk.client, Client()))

    assert "".join(CODE.search(mine).groups()) == code
    assert CODE.search(found) is None and "dans votre e-mail de confirmation" in found
    assert collected.zone.name in found


@pytest.mark.parametrize(("status", "told"), [
    (Order.Status.PICKING, "Nous la préparons"), (Order.Status.PACKED, "Elle est prête et vous attend"),
    (Order.Status.DELIVERED, "vous a été remise"), (Order.Status.CANCELLED, "est annulée"),
])  # fmt: skip
def test_the_tracking_page_says_where_it_stands(collected, status, told):
    Order.objects.update(status=status)

    page = unescape(Client().get(reverse("tracking", args=[collected.tracking_token])).content.decode())

    assert told in page and "Nous arrivons" not in page and "attendons votre paiement" not in page


def test_the_confirmation_says_the_code_and_the_place(collected):
    deliver_all()
    letter = Message.objects.get(purpose="order_confirmation")
    code = Pickup.objects.get().code

    assert f"{code[:3]} {code[3:]}" in letter.text and "14 rue de la Roquette" in letter.text
    assert "".join(CODE.search(letter.html).groups()) == code
    assert "Nous livrons" not in letter.text + letter.html and code not in letter.subject


def test_a_cancelled_order_gives_its_code_back(collected):
    services.cancel_order(reference=collected.reference)

    assert not Pickup.objects.get().is_open


# --- the reminder ---------------------------------------------------------------------------------


def test_the_reminder_leaves_on_the_morning_once(collected, window):
    eve = timezone.localtime(window.starts_at - timedelta(days=1)).replace(hour=9)
    morning = timezone.localtime(window.starts_at).replace(hour=0, minute=1)
    for instant in (eve, window.starts_at - timedelta(minutes=50), window.starts_at - timedelta(minutes=40)):
        with time_machine.travel(instant, tick=False):
            remind_pickups()
            deliver_all()

    letters = Message.objects.filter(purpose="pickup_reminder")
    assert letters.count() == 1 and morning <= Pickup.objects.get().reminded_at < window.starts_at
    assert "14 rue de la Roquette" in letters.get().text


@pytest.mark.parametrize(("hour", "local_now", "due"), [
    (18, "07:59", False), (18, "08:00", True), (8, "06:59", False), (8, "07:01", True), (18, "18:01", False),
])  # fmt: skip
def test_a_reminder_s_hour(collected, window, hour, local_now, due):
    day = timezone.localtime(window.starts_at) + timedelta(days=1)
    starts = day.replace(hour=hour, minute=0)
    Slot.objects.filter(pk=window.pk).update(starts_at=starts, ends_at=starts + timedelta(hours=1))
    at, minute = map(int, local_now.split(":"))

    assert bool(due_for_reminder(day.replace(hour=at, minute=minute))) is due


def test_nobody_is_reminded_right_after_ordering(collected, window):
    soon = window.starts_at - timedelta(minutes=30)
    Order.objects.update(placed_at=soon - timedelta(hours=1))

    assert due_for_reminder(soon) == []


@pytest.mark.parametrize("ended", ["cancelled", "handed over"])
def test_nobody_is_reminded_of_an_order_that_ended(packed, point, clerk, window, ended):
    code = Pickup.objects.get().code
    if ended == "cancelled":
        Pickup.objects.update(is_open=False)
    else:
        services.hand_over_at_point(point_id=point.pk, code=code, by_id=clerk.pk)

    assert not services.remind(reference=packed.reference)
    assert due_for_reminder(window.starts_at - timedelta(minutes=30)) == []


def test_a_packed_order_is_said_to_wait(collected):
    services.start_picking(references=[collected.reference])
    pick(collected)
    services.pack_order(reference=collected.reference)
    deliver_all()

    assert "est prête" in Message.objects.get(purpose="pickup_reminder").text


# --- the counter ----------------------------------------------------------------------------------


def test_the_right_code_shows_the_order_with_little_of_its_owner(counter, packed, point):
    page = look_up(counter, point, Pickup.objects.get().code).content.decode()

    assert "Léa M." in page and packed.reference in page
    assert "Martin" not in page and packed.email not in page and packed.phone not in page


@pytest.mark.parametrize("spaced", ["{0}{1}", "{0} {1}", " {0}-{1} ", "{0}\u202f{1}"])
def test_a_code_may_be_typed_as_it_is_read(counter, packed, point, spaced):
    code = Pickup.objects.get().code

    assert look_up(counter, point, spaced.format(code[:3], code[3:])).status_code == 200


def test_handing_over_delivers_the_order_and_says_who_did(counter, packed, point, clerk):
    code = Pickup.objects.get().code

    page = give(counter, point, code).content.decode()

    packed.refresh_from_db()
    pickup = Pickup.objects.get()
    assert f"Commande {packed.reference} remise" in page
    assert packed.status == Order.Status.DELIVERED and packed.delivered_at and is_received(packed)
    assert (pickup.is_open, pickup.handed_by_id) == (False, clerk.pk) and pickup.handed_at
    assert packed.events.filter(kind=OrderEvent.Kind.DELIVERED).count() == 1


@pytest.mark.parametrize("wrong", ["", "12", "abcdef", "1234567", "٠١٢٣٤٥", "<b>1</b>", "9" * 400])
def test_what_is_no_code_is_told(counter, packed, point, wrong):
    answer = look_up(counter, point, wrong)

    assert answer.status_code == 422 and "field__error" in answer.content.decode()


def test_a_wrong_code_tells_nothing_but_that_it_is_wrong(counter, packed, point):
    code = Pickup.objects.get().code
    nearly, far = another_code(code), f"{(int(code) + 500_000) % 1_000_000:06d}"

    pages = [look_up(counter, point, typed) for typed in (nearly, far)]

    told = [re.sub(r'value="[^"]*"', "", unescape(page.content.decode())) for page in pages]
    assert [page.status_code for page in pages] == [422, 422]
    assert told[0] == told[1] and "n’a ce code" in told[0] and packed.reference not in told[0]


def test_a_wrong_code_hands_nothing_over(counter, packed, point):
    page = give(counter, point, another_code(Pickup.objects.get().code)).content.decode()

    packed.refresh_from_db()
    assert "n’a ce code" in unescape(page) and packed.status == Order.Status.PACKED


def test_an_order_of_another_point_is_refused(counter, packed):
    other = PickupPointFactory(slug="lyon", name="Cabas Lyon", postcode="69003", city="Lyon")
    code = Pickup.objects.get().code

    shown, given = look_up(counter, other, code), give(counter, other, code)

    packed.refresh_from_db()
    assert shown.status_code == 422 and "le lieu du retrait" in unescape(shown.content.decode())
    assert "le lieu du retrait" in unescape(given.content.decode()) and packed.status == Order.Status.PACKED


@pytest.mark.parametrize("status", [Order.Status.PLACED, Order.Status.PICKING])
def test_an_order_that_is_not_ready_is_refused(counter, collected, point, status):
    Order.objects.update(status=status)
    code = Pickup.objects.get().code

    shown, given = look_up(counter, point, code), give(counter, point, code)

    collected.refresh_from_db()
    assert "pas encore prête" in unescape(shown.content.decode())
    assert "pas encore prête" in unescape(given.content.decode()) and collected.status == status


def test_a_cancelled_order_is_refused(counter, collected, point):
    services.cancel_order(reference=collected.reference)
    code = Pickup.objects.get().code

    assert "est annulée" in unescape(look_up(counter, point, code).content.decode())
    assert "est annulée" in unescape(give(counter, point, code).content.decode())


def test_an_order_is_handed_over_once(counter, packed, point):
    code = Pickup.objects.get().code
    give(counter, point, code)
    first = Pickup.objects.get().handed_at

    again, shown = give(counter, point, code), look_up(counter, point, code)

    assert "déjà été remise" in unescape(again.content.decode())
    assert "déjà été remise" in unescape(shown.content.decode())
    assert Pickup.objects.get().handed_at == first
    assert packed.events.filter(kind=OrderEvent.Kind.DELIVERED).count() == 1


def test_alcohol_is_handed_over_once_the_age_was_checked(counter, packed, point):
    Order.objects.update(requires_age_check=True)
    code = Pickup.objects.get().code

    asked = look_up(counter, point, code).content.decode()
    refused = give(counter, point, code)
    packed.refresh_from_db()

    assert "demandez une pièce d’identité" in unescape(asked)
    assert refused.status_code == 422 and "cochez la case" in unescape(refused.content.decode())
    assert packed.status == Order.Status.PACKED
    assert "remise" in give(counter, point, code, is_of_age="on").content.decode()


def test_guessing_ends_and_right_codes_never_count(counter, packed, point, monkeypatch):
    code = Pickup.objects.get().code
    for _right in range(35):
        assert look_up(counter, point, code).status_code == 200
    for guess in range(30):
        assert (
            look_up(counter, point, f"{guess:06d}" if f"{guess:06d}" != code else "999999").status_code == 422
        )

    assert look_up(counter, point, "888888").status_code == 429
    assert look_up(counter, point, code).status_code == 429
    assert give(counter, point, code).status_code == 429


def test_only_clerks_may(packed, point):
    stranger, customer, other_staff = Client(), Client(), Client()
    customer.force_login(CustomerFactory().user)
    other_staff.force_login(UserFactory(staff=True))

    assert stranger.get(reverse("counter")).status_code == 302
    for browser in (customer, other_staff):
        assert browser.get(reverse("counter")).status_code == 403
        assert give(browser, point, Pickup.objects.get().code).status_code == 403
    packed.refresh_from_db()
    assert packed.status == Order.Status.PACKED


def test_no_cache_keeps_a_clerk_s_page(counter, packed, point):
    assert "no-store" in look_up(counter, point, Pickup.objects.get().code).headers["Cache-Control"]


def test_pickers_and_managers_are_clerks():
    seed_groups()

    may = set(Permission.objects.get(codename="hand_over_order").group_set.values_list("name", flat=True))
    assert may == {StaffGroup.PICKING.value, StaffGroup.MANAGER.value}


def test_a_clerk_chooses_the_point_once(counter, packed, point):
    PickupPointFactory(slug="lyon", name="Cabas Lyon", postcode="69003", city="Lyon")

    asked = counter.get(reverse("counter")).content.decode()
    chosen = counter.get(reverse("counter"), {"point": point.slug}).content.decode()
    kept = counter.get(reverse("counter")).content.decode()
    changed = counter.get(reverse("counter"), {"point": ""}).content.decode()

    assert "À quel point" in asked and "Quel est le code" in chosen and "Quel est le code" in kept
    assert "À quel point" in changed


def test_the_counter_costs_the_same_however_many_wait(counter, packed, point):
    def cost():
        with CaptureQueriesContext(connection) as captured:
            look_up(counter, point, Pickup.objects.get(order=packed).code)
        return len(captured)

    cost()
    before = cost()
    for n in range(5):
        order = Order.objects.get(pk=packed.pk)
        order.pk, order.reference, order.tracking_token = None, f"CB-{n}", f"token-{n}"
        order.basket_key = f"00000000-0000-0000-0000-00000000000{n}"
        order.save()
        pickup_codes.open_pickup(order=order)

    assert cost() == before


# --- staff lists ----------------------------------------------------------------------------------


def test_staff_list_what_was_not_fetched(client, packed, window):
    client.force_login(UserFactory(staff=True, is_superuser=True))
    address = reverse("admin:orders_order_changelist")

    def listed(which):
        return packed.reference in client.get(address, {"retrait": which}).content.decode()

    assert listed("attendues") and not listed("non-retirees")
    with time_machine.travel(window.starts_at + timedelta(hours=2)):
        client.force_login(UserFactory(staff=True, is_superuser=True))
        assert listed("non-retirees") and not listed("attendues")
        assert not is_received(packed)


def test_staff_read_the_code_to_whoever_lost_it(client, packed):
    client.force_login(UserFactory(staff=True, is_superuser=True))

    page = client.get(reverse("admin:orders_order_change", args=[packed.pk])).content.decode()

    assert Pickup.objects.get().code in page


def test_the_customer_s_pages_say_where(client, window, point):
    customer = CustomerFactory()
    client.force_login(customer.user)
    steps = Walk(client).fill(ProductFactory()).hold(window)
    client.post(reverse("checkout"), WHO)
    steps.come_back(steps.pay(steps.order()))
    order = Order.objects.get()

    listed = client.get(reverse("orders")).content.decode()
    shown = client.get(reverse("order", args=[order.reference])).content.decode()

    assert f"Retrait à {point.name}" in listed
    assert f"Retrait à {point.name}" in shown and "".join(CODE.search(shown).groups()) == order.pickup.code


def test_the_home_page_says_what_comes_next(client, window, point):
    customer = CustomerFactory()
    client.force_login(customer.user)
    steps = Walk(client).fill(ProductFactory()).hold(window)
    client.post(reverse("checkout"), WHO)
    steps.come_back(steps.pay(steps.order()))

    with time_machine.travel(window.starts_at + timedelta(minutes=10)):
        client.force_login(customer.user)
        home = unescape(client.get("/").content.decode())

    assert "à retirer maintenant" in home.lower() and "point de retrait" in home
