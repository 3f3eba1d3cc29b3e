"""Amending an order over plain HTTP, without JavaScript."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from config.facts import deliver_all
from crm.outbox.models import Message
from shop.basket.models import BasketLine
from shop.catalogue.models import Product
from shop.orders import services
from shop.orders.models import Amendment, Order
from tests.factories import CustomerFactory, ProductFactory, SlotFactory, ZoneFactory
from tests.shop.checkout.conftest import RECIPIENT, Walk, slot, terms, walk, zone  # noqa: F401
from tests.shop.orders.changes import check, fresh, kept_of, settle
from tests.shop.orders.depot import close, new_slot, packed

pytestmark = pytest.mark.django_db
CONFIRM = 43


@pytest.fixture
def goods(zone):  # noqa: F811
    type(zone).objects.update(minimum_order=15, free_delivery_from=60)
    return [ProductFactory(name=name, price=Decimal("2.00")) for name in ("Comté", "Lait", "Pain")]


@pytest.fixture
def buyer(client, zone):  # noqa: F811
    customer = CustomerFactory(user__email="lea@exemple.fr")
    client.force_login(customer.user)
    return Walk(client)


@pytest.fixture
def order(buyer, zone, goods):  # noqa: F811
    buyer.fill(*goods[:2], quantity=10).hold(new_slot(zone, starts_in=timedelta(days=2))).say_who()
    buyer.come_back(buyer.pay(buyer.order()))
    deliver_all()
    return Order.objects.get()


class Change:
    """The amending pages of one order."""

    def __init__(self, client, order):
        self.client, self.order = client, order

    def url(self, name="amend_order"):
        return reverse(name, args=[self.order.reference])

    def form(self, quantities=None, **changes):
        order = fresh(self.order)
        typed = {f"ligne-{line.pk}": line.quantity for line in order.lines.all()}
        typed |= {f"ligne-{order.lines.get(product=p).pk}": q for p, q in (quantities or {}).items()}
        place = {name: getattr(order, name) for name in services.CHANGEABLE}
        return {"slot": order.slot_id, **place, **typed, **changes}

    def ask(self, quantities=None, **changes):
        return self.client.post(self.url(), self.form(quantities, **changes))

    def recap(self):
        return self.client.get(self.url("amend_recap")).content.decode()

    def confirm(self, page=None, **changes):
        hidden = dict(re.findall(r'name="(seen_\w+|stands_on)" value="([^"]*)"', page or self.recap()))
        return self.client.post(self.url("amend_recap"), hidden | changes)

    def told(self, answer):
        assert answer.status_code == 302
        return self.client.get(answer.headers["Location"], follow=True).content.decode()


@pytest.fixture
def change(client, order):
    return Change(client, order)


def test_the_order_page_leads_there_until_the_cut_off(client, order):
    page = client.get(reverse("order", args=[order.reference])).content.decode()
    assert reverse("amend_order", args=[order.reference]) in page

    close(order)

    page = client.get(reverse("order", args=[order.reference])).content.decode()
    assert reverse("amend_order", args=[order.reference]) not in page
    told = Change(client, order).told(client.get(reverse("amend_order", args=[order.reference])))
    assert "trop tard" in told


def test_less_is_seen_then_done(change, order, goods):
    assert change.ask({goods[0]: 7, goods[1]: 9}).status_code == 302
    page = change.recap()
    assert "10\u00a0× → 7\u00a0×" in page and "Confirmer les modifications</button>" in page

    told = change.told(change.confirm(page))

    assert "Votre commande est modifiée" in told
    assert fresh(order).goods_total == Decimal("32.00")
    assert Message.objects.filter(purpose="order_amended").count() == 0
    deliver_all()
    letter = Message.objects.get(purpose="order_amended")
    assert order.reference in letter.subject
    check(order)


def test_more_is_paid_on_a_page_of_its_own(change, order, goods, buyer):
    change.ask({goods[0]: 15})
    page = change.recap()
    assert "avec obligation de paiement" in page and "de plus sont à autoriser" in page

    answer = change.confirm(page)
    assert "/paiement" in answer.headers["Location"]
    paid = buyer.pay(answer)
    told = change.told(paid)

    assert "votre commande est modifiée" in told
    settle(order)
    assert fresh(order).lines.get(product=goods[0]).quantity == 15
    assert Message.objects.filter(purpose="order_amended").count() == 1
    check(order)


def test_a_payment_left_is_taken_up_again_or_given_up(change, order, goods, client):
    before = kept_of(order)
    change.ask({goods[0]: 15})
    first = change.confirm().headers["Location"]
    page = client.get(reverse("order", args=[order.reference])).content.decode()
    assert "Une modification attend son paiement" in page
    assert client.post(change.url("amend_pay")).headers["Location"] == first

    told = change.told(client.post(change.url("amend_give_up")))

    assert "votre commande reste telle quelle" in told
    assert Amendment.objects.get().why == "given_up"
    assert kept_of(order) == before
    assert client.post(change.url("amend_pay")).status_code == 302
    assert client.post(change.url("amend_give_up")).status_code == 302


def test_other_wishes_take_the_place_of_the_first_ones(change, order, goods):
    change.ask({goods[0]: 15})
    change.confirm()
    change.ask({goods[0]: 18})
    change.confirm()

    assert list(Amendment.objects.order_by("id").values_list("state", "why")) == [
        ("dropped", "replaced"),
        ("prepared", ""),
    ]
    settle(order)
    assert not Message.objects.filter(purpose="amendment_refused").exists()


def test_the_basket_joins_the_order(change, order, goods, buyer):
    buyer.fill(goods[2], quantity=3).fill(goods[0], quantity=2)

    change.ask(with_basket="on")
    page = change.recap()
    assert "ajouté\u202f: 3" in page and "10\u00a0× → 12\u00a0×" in page
    buyer.come_back(buyer.pay(change.confirm(page)))
    settle(order)

    assert {line.name: line.quantity for line in fresh(order).lines.all()} == {
        "Comté": 12,
        "Lait": 10,
        "Pain": 3,
    }
    assert not BasketLine.objects.filter(basket__is_open=True).exists()
    check(order)


def test_steppers_work_without_javascript(change, order, goods):
    line = order.lines.get(product=goods[0])

    answer = change.ask(plus=line.pk)
    page = change.told(answer)
    assert f'name="ligne-{line.pk}" value="11"' in page
    page = change.told(change.client.post(change.url(), change.form({goods[0]: 0}, moins=line.pk)))
    assert f'name="ligne-{line.pk}" value="0"' in page


def test_slot_and_address(change, order):
    new = SlotFactory(zone=order.zone, starts_at=order.slot.starts_at + timedelta(hours=2))

    change.ask(slot=new.pk, line1="3 rue Neuve", postcode="75 012")
    page = change.recap()
    assert "3 rue Neuve" in page and "75012" in page
    change.confirm(page)

    order = fresh(order)
    assert (order.slot_id, order.line1, order.postcode) == (new.pk, "3 rue Neuve", "75012")
    assert "3 rue Neuve" not in str(Amendment.objects.get().proposal)


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("ligne", "-3", "jamais négative"),
        ("ligne", "9" * 6, "cette quantité ne peut pas être commandée"),
        ("ligne", "9" * 30, "plus qu’une commande"),
        ("ligne", "deux", "en chiffres"),
        ("ligne", "", "0 pour retirer"),
        ("slot", "", "Choisissez un créneau"),
        ("slot", "987654", "n’est plus libre"),
        ("slot", "9" * 30, ""),
        ("postcode", "69001", "autre dépôt"),
        ("postcode", "pasun", "cinq chiffres"),
        ("phone", "12", "pas complet"),
        ("line1", "", "numéro et la rue"),
        ("line1", "x" * 121, "120"),
    ],
)
def test_bad_input_says_what_to_do_and_changes_nothing(change, order, field, typed, words):
    ZoneFactory(slug="lyon", name="Lyon", prefixes=["69"])
    before = kept_of(order)
    name = f"ligne-{order.lines.first().pk}" if field == "ligne" else field

    answer = change.ask(**{name: typed})
    page = change.told(answer) if answer.status_code == 302 else answer.content.decode()

    assert words in page
    assert answer.status_code in {302, 422}
    assert kept_of(order) == before and not Amendment.objects.exists()


def test_below_the_minimum_offers_to_cancel(change, goods):
    told = change.told(change.ask({goods[0]: 1, goods[1]: 1}))
    assert "annulez toute la commande" in told.replace("\u202f", " ")
    told = change.told(change.ask({goods[0]: 0, goods[1]: 0}))
    assert "Il ne resterait aucun article" in told


def test_nothing_changed_is_said(change):
    assert "rien changé" in change.told(change.ask())
    assert change.client.get(change.url("amend_recap")).status_code == 302


def test_a_stale_recap_is_shown_again(change, order, goods):
    change.ask({goods[0]: 15})
    page = change.recap()
    Product.objects.filter(pk=goods[0].pk).update(price=Decimal("2.20"))

    answer = change.confirm(page)

    assert answer.headers["Location"] == change.url("amend_recap")
    assert "Le total a changé" in change.told(answer)
    assert not Amendment.objects.exists()


def test_forged_sums_are_only_compared(change, goods):
    change.ask({goods[0]: 15})
    assert change.confirm(seen_total="0.01").headers["Location"] == change.url("amend_recap")
    assert change.confirm(seen_total="abc").headers["Location"] == change.url("amend_recap")
    assert not Amendment.objects.exists()


def test_a_second_press_finds_it_done(change, order, goods):
    change.ask({goods[0]: 8})
    page = change.recap()

    change.confirm(page)
    again = change.confirm(page)

    assert again.status_code == 302
    assert Amendment.objects.count() == 1
    assert fresh(order).lines.get(product=goods[0]).quantity == 8


def test_a_line_of_somebody_else_is_not_even_read(change, order, goods, zone):  # noqa: F811
    other = Walk(Client())
    other.fill(goods[0], quantity=30).hold(order.slot).say_who()
    other.come_back(other.pay(other.order()))
    foreign = Order.objects.exclude(pk=order.pk).get()

    change.ask({goods[0]: 8}, **{f"ligne-{foreign.lines.get().pk}": "1"})
    change.confirm()

    assert foreign.lines.get().quantity == 30


def test_another_customers_order_is_not_found(order, zone):  # noqa: F811
    stranger = Client()
    stranger.force_login(CustomerFactory().user)
    for name in ("amend_order", "amend_recap", "amend_pay", "amend_give_up"):
        url = reverse(name, args=[order.reference])
        assert stranger.post(url).status_code == 404
    assert stranger.get(reverse("amend_return", args=[order.reference, "x"])).status_code == 404


def test_what_ends_while_it_is_typed_is_told(change, order, goods):
    change.ask({goods[0]: 8})
    page = change.recap()
    close(order)

    assert "trop tard" in change.told(change.confirm(page))
    assert fresh(order).goods_total == Decimal("40.00")


def test_a_refused_difference_by_letter_where_its_customer_did_nothing(change, order, goods):
    change.ask({goods[0]: 15})
    change.confirm()
    Amendment.objects.update(expires_at=timezone.now())

    services.settle_overdue(reference=order.reference)
    settle(order)

    letter = Message.objects.get(purpose="amendment_refused")
    assert order.reference in letter.subject


def test_the_page_asks_no_more_for_more_lines(change, buyer, zone, client):  # noqa: F811
    def count():
        with CaptureQueriesContext(connection) as asked:
            assert client.get(change.url()).status_code == 200
        return [query["sql"][:90] for query in asked]

    count()
    few = count()
    buyer.fill(*[ProductFactory() for _ in range(12)], quantity=2)
    change.ask(with_basket="on")
    buyer.come_back(buyer.pay(change.confirm()))
    settle(change.order)
    assert change.order.lines.count() == 14
    count()

    many = count()
    assert len(many) <= len(few), many


def test_confirming_asks_few_queries(change, order, goods, buyer):
    new = SlotFactory(zone=order.zone, starts_at=order.slot.starts_at + timedelta(hours=2))
    change.ask({goods[0]: 8, goods[1]: 9}, slot=new.pk, line1="3 rue Neuve")
    page = change.recap()

    with CaptureQueriesContext(connection) as asked:
        change.confirm(page)

    assert Amendment.objects.get().state == "applied"
    told = [q["sql"] for q in asked if not q["sql"].startswith(("SAVEPOINT", "RELEASE SAVEPOINT"))]
    assert len(told) <= CONFIRM, "\n".join(told)


def test_the_depot_prepares_what_was_amended(change, order, goods):
    change.ask({goods[0]: 8, goods[1]: 0})
    change.confirm()

    order = packed(order)

    assert [line.name for line in order.lines.all()] == ["Comté"]
    assert order.bill.goods_total == Decimal("16.00")
