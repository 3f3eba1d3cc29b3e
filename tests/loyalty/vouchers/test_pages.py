"""« Mes bons », and the help desk's forms: who may grant, the code shown once, taken back with a reason."""

import re
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils import timezone

from config.staff import StaffGroup, seed_groups
from loyalty.vouchers import services
from loyalty.vouchers.models import Voucher, VoucherEntry
from loyalty.vouchers.queries import by_code
from tests.factories import CustomerFactory, UserFactory
from tests.loyalty.vouchers.granting import granted, off_delivery, reserve

pytestmark = pytest.mark.django_db
CODE = re.compile(r"<code>([A-Z2-9]{5}(?:-[A-Z2-9]{5}){3})</code>")


@pytest.fixture
def customer(client):
    found = CustomerFactory()
    client.force_login(found.user)
    return found


@pytest.fixture
def desk(client):
    """Somebody of customer service, signed in."""
    seed_groups()
    user = UserFactory(staff=True)
    user.groups.add(Group.objects.get(name=StaffGroup.CUSTOMER_SERVICE.value))
    client.force_login(user)
    return user


def asked(client, **changes):
    """Send the form as the page holds it."""
    page = client.get(reverse("admin:vouchers_grant")).content.decode()
    token = re.search(r'name="token" value="([^"]+)"', page).group(1)
    last = timezone.localdate() + timedelta(days=30)
    return {
        "token": token,
        "kind": "amount",
        "value": "5,00",
        "until": f"{last:%d/%m/%Y}",
        "origin": "gift",
    } | changes


def grant(client, **changes):
    return client.post(reverse("admin:vouchers_grant"), asked(client, **changes))


# --- the customer's page --------------------------------------------------------------------------


def test_each_voucher_stands_under_its_state(client, customer):
    granted("5.00", owner_id=customer.pk, minimum_goods=Decimal(30))
    off_delivery(owner_id=customer.pk, valid_from=timezone.now() + timedelta(days=1))
    held, _code = granted("6.00", owner_id=customer.pk)
    reserve(held, "CB-HELD")
    used, _code = granted("7.00", owner_id=customer.pk)
    reserve(used, "CB-USED", amount=Decimal("7.00"))
    services.use(order_reference="CB-USED", amount=Decimal("6.50"))
    granted(
        "8.00", owner_id=customer.pk,
        valid_from=timezone.now() - timedelta(days=9), valid_until=timezone.now() - timedelta(days=1),
    )  # fmt: skip
    granted("9.00", owner_id=CustomerFactory().pk)

    page = unescape(client.get(reverse("my_loyalty")).content.decode())

    sections = re.findall(r'<section[^>]*"bons-.*?</section>', page, flags=re.S)
    assert [re.search(r"<h3[^>]*>(.*?)</h3>", one).group(1) for one in sections] == [
        "À utiliser", "Pris par une commande", "Utilisés", "Trop tard, ou annulés",
    ]  # fmt: skip
    assert "Dès 30,00\u00a0€ d’articles, jusqu’au" in sections[0] and "livraison offerte" in sections[0]
    assert "CB-HELD" in sections[1] and "6,50\u00a0€" in sections[2] and "8,00\u00a0€" in sections[3]
    assert "9,00" not in page


def test_the_last_day_is_said_not_the_day_after(client, customer):
    midnight = timezone.localtime().replace(
        year=2030, month=1, day=1, hour=0, minute=0, second=0, microsecond=0
    )
    granted(owner_id=customer.pk, valid_until=midnight)

    assert "31 décembre 2029" in client.get(reverse("my_loyalty")).content.decode()


def test_without_any_the_page_says_where_they_come_from(client, customer):
    assert "Pas encore de bon" in client.get(reverse("my_loyalty")).content.decode()


# --- granting -------------------------------------------------------------------------------------


def test_the_code_is_shown_once_and_the_grant_is_on_record(client, desk):
    sent = asked(client)
    first = client.post(reverse("admin:vouchers_grant"), sent)
    again = client.post(reverse("admin:vouchers_grant"), sent).content.decode()

    code = CODE.search(first.content.decode()).group(1)
    voucher = by_code(code)
    assert voucher.value == Decimal("5.00") and voucher.owner is None
    assert voucher.entries.get().by == desk
    assert "déjà accordé" in again and code not in again
    assert Voucher.objects.count() == LogEntry.objects.count() == 1
    assert "no-store" in first.headers["Cache-Control"]
    for page in ("changelist", "change"):
        args = [voucher.pk] if page == "change" else []
        shown = client.get(reverse(f"admin:vouchers_voucher_{page}", args=args)).content.decode()
        assert code not in shown and voucher.code_digest not in shown


def test_a_customers_voucher_is_theirs(client, desk):
    owner = CustomerFactory()

    grant(client, email=owner.user.email, kind="percentage", value="10", ceiling="8,5", minimum_goods="40")

    voucher = Voucher.objects.get()
    assert (voucher.owner, voucher.kind, voucher.value, voucher.ceiling, voucher.minimum_goods) == (
        owner, "percentage", Decimal(10), Decimal("8.5"), Decimal(40),
    )  # fmt: skip
    assert owner.email not in voucher.source
    assert timezone.localtime(voucher.valid_until).hour == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"value": ""}, {"value": "-5"}, {"value": "0"}, {"value": "51"}, {"value": "1e9"}, {"value": "NaN"},
        {"kind": "percentage", "value": "51"}, {"kind": "?"}, {"origin": "compensation"}, {"ceiling": "5"},
        {"email": "personne@exemple.fr"}, {"email": "?"}, {"until": "hier"}, {"until": "01/01/2020"},
        {"until": "01/01/2999"}, {"token": "x"}, {"token": ""}, {"minimum_goods": "-1"},
    ],
)  # fmt: skip
def test_what_cannot_be_granted_is_told_and_nothing_is(client, desk, wrong):
    answer = grant(client, **wrong)

    assert answer.status_code == 200 and not Voucher.objects.exists()


def test_a_delivery_needs_no_value(client, desk):
    grant(client, kind="delivery", value="")

    assert Voucher.objects.get().kind == "delivery"


@pytest.mark.parametrize("group", [one for one in StaffGroup if one not in {StaffGroup.CUSTOMER_SERVICE, StaffGroup.MANAGER}])  # fmt: skip
def test_other_groups_neither_grant_nor_cancel(client, group):
    seed_groups()
    voucher, _code = granted()
    user = UserFactory(staff=True)
    user.groups.add(Group.objects.get(name=group.value))
    client.force_login(user)

    for address in ("/admin/vouchers/voucher/accorder/", f"/admin/vouchers/voucher/{voucher.pk}/annuler/"):
        assert client.get(address).status_code == 403, address
        assert client.post(address, {"reason": "mistake", "kind": "amount"}).status_code == 403, address

    voucher.refresh_from_db()
    assert voucher.state == "live" and Voucher.objects.count() == 1


# --- taking back ----------------------------------------------------------------------------------


def test_an_unused_voucher_is_taken_back_with_a_reason(client, desk):
    voucher, _code = granted()
    page = f"/admin/vouchers/voucher/{voucher.pk}/annuler/"

    assert client.post(page, {"reason": "?"}).status_code == 200
    answer = client.post(page, {"reason": "mistake"}, follow=True)

    entry = VoucherEntry.objects.get(kind="cancelled")
    assert (entry.voucher, entry.reason, entry.by) == (voucher, "mistake", desk)
    assert "Le bon est annulé." in answer.content.decode()


def test_one_that_an_order_holds_stays(client, desk):
    voucher, _code = granted()
    reserve(voucher)

    answer = client.post(f"/admin/vouchers/voucher/{voucher.pk}/annuler/", {"reason": "mistake"}, follow=True)

    assert "pris par une autre commande" in answer.content.decode()
    voucher.refresh_from_db()
    assert voucher.cancelled_at is None


@pytest.mark.parametrize("pk", ["0", "999999999999999999999", "abc"])
def test_a_voucher_that_is_not_there_is_not_found(client, desk, pk):
    assert client.get(f"/admin/vouchers/voucher/{pk}/annuler/").status_code in {302, 404}


@pytest.mark.parametrize("state", ["live", "held", "used", "expired", "cancelled"])
def test_the_list_is_narrowed_by_state(client, desk, state):
    granted("11.00")
    held, _code = granted("12.00")
    reserve(held, "CB-1")
    used, _code = granted("13.00")
    reserve(used, "CB-2")
    services.use(order_reference="CB-2", amount=Decimal(5))
    past = timezone.now() - timedelta(days=5)
    granted("14.00", valid_from=past, valid_until=past + timedelta(days=1))
    gone, _code = granted("15.00")
    services.cancel(voucher_id=gone.pk, reason="asked", by_id=desk.pk)

    page = client.get(reverse("admin:vouchers_voucher_changelist"), {"etat": state}).content.decode()

    values = {"live": 11, "held": 12, "used": 13, "expired": 14, "cancelled": 15}
    assert {name for name, value in values.items() if f"Bon de {value},00" in page} == {state}
    assert client.get(reverse("admin:vouchers_voucher_changelist"), {"code_digest": "x"}).status_code in {
        302,
        400,
    }


def test_a_vouchers_page_tells_its_life(client, desk):
    voucher, _code = granted(by_id=desk.pk)
    reserve(voucher)

    page = client.get(reverse("admin:vouchers_voucher_change", args=[voucher.pk])).content.decode()

    assert "('held" not in unescape(page) and page.count("pris par une commande") >= 2
    assert "accordé" in page and "CB-1" in page and desk.email in page
