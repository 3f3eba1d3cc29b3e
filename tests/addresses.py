"""Every named address of our own rooms: who may see it, and what it answers them.

A page that is missing here fails `tests/test_every_address.py`: nobody adds a door without saying whose it is.
"""

from typing import NamedTuple

from django.core import signing
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from crm.desk.services import publish_page
from crm.desk.views import RECEIPT_SALT
from delivery.slots.models import WaitlistEntry
from loyalty.referrals.services import make_invitation
from shop.customers.models import Consent, Customer
from shop.lists.models import ListItem, ShoppingList
from shop.orders.models import Order
from shop.orders.services import tell_delay, tell_shortage
from shop.payments.models import DemoSession, PaymentOperation
from tests.factories import AddressFactory, CustomerFactory, PickupPointFactory, ProductFactory
from tests.loyalty.referrals.inviting import rules as referral_rules
from tests.shop.checkout.conftest import RECIPIENT, Walk
from tests.shop.documents.selling import invoice

OURS = ("shop.", "crm.", "delivery.", "loyalty.", "config.")
PUBLIC, SIGNED_IN, OWNER, TOKEN, CLERK = "public", "signed in", "owner", "token", "clerk"
NO = 405


class Door(NamedTuple):
    """``get`` and ``post`` are answered to whoever may come in but has no basket; ``ready`` to the owner
    with a full basket, a slot and a recipient; ``guessed`` to whoever makes up a token. A ``shared`` page is
    everybody's but for its head: the other pages hold what is one person's, and no cache may keep them."""

    who: str
    get: int = 200
    post: int = NO
    ready: int = 0
    args: tuple = ()
    guessed: int = 404
    shared: bool = False

    @property
    def is_personal(self):
        return not self.shared and self.get not in {NO, 403, 404}


# An argument starting with "@" names something of the owner.
DOORS = {
    "health": Door(PUBLIC, shared=True),
    "robots": Door(PUBLIC, shared=True),
    "sitemap": Door(PUBLIC, shared=True),
    "sitemap_section": Door(PUBLIC, args=("produits",), shared=True),
    "favicon": Door(PUBLIC, get=302, shared=True),
    "home": Door(PUBLIC),
    "aisle": Door(PUBLIC, args=("@aisle",), shared=True),
    "product": Door(PUBLIC, args=("@product_slug",), shared=True),
    "price_history": Door(PUBLIC, args=("@product_slug",), shared=True),
    "ask_restock": Door(PUBLIC, get=NO, post=302, args=("@product_slug",)),
    "report_product": Door(PUBLIC, get=NO, post=422, args=("@product_slug",)),
    "product_reviews": Door(PUBLIC, args=("@product_slug",), shared=True),
    "service_reviews": Door(PUBLIC, shared=True),
    "review_policy": Door(PUBLIC, shared=True),
    "search": Door(PUBLIC, shared=True),
    "search_suggestions": Door(PUBLIC, shared=True),
    "request_product": Door(PUBLIC, get=NO, post=302),
    "legal_page": Door(PUBLIC, args=("cgv",), shared=True),
    "service_quality": Door(PUBLIC, shared=True),
    "service_record_file": Door(PUBLIC, shared=True),
    "recalls": Door(PUBLIC),
    "help": Door(PUBLIC, post=422),
    "help_received": Door(TOKEN, args=("@receipt",), guessed=302),
    "vitals": Door(PUBLIC, get=NO, post=400),
    # The basket belongs to the session: everybody has one of their own.
    "basket": Door(PUBLIC),
    "set_basket_line": Door(PUBLIC, get=NO, post=302),
    "acknowledge_prices": Door(PUBLIC, get=NO, post=302),
    "adjust_basket": Door(PUBLIC, get=NO, post=302),
    "empty_basket": Door(PUBLIC, get=NO, post=302),
    "slots": Door(PUBLIC, shared=True),
    "pickup_points": Door(PUBLIC, shared=True),
    "pickup_point": Door(PUBLIC, args=("@point",), shared=True),
    "set_postcode": Door(PUBLIC, get=NO, post=302),
    "ask_for_coverage": Door(PUBLIC, get=NO, post=302),
    # Of a slot with a free place it says so, and leads back.
    "wait_for_slot": Door(PUBLIC, post=302, args=("@slot",)),
    # What was offered is over by now: the page says so, and so does its button.
    "slot_offer": Door(TOKEN, post=410, args=("@wait",)),
    "leave_waitlist": Door(TOKEN, get=NO, post=302, args=("@wait",)),
    "hold_slot": Door(PUBLIC, get=NO, post=302, args=("@slot",)),
    # Without a basket each step leads back to it.
    "checkout": Door(PUBLIC, get=302, post=302, ready=200),
    "checkout_address": Door(PUBLIC, get=NO, post=302),
    "checkout_slot": Door(PUBLIC, get=302, ready=200),
    "checkout_recap": Door(PUBLIC, get=302, post=302, ready=200),
    "checkout_voucher": Door(PUBLIC, get=NO, post=302),
    "give_up_payment": Door(PUBLIC, get=NO, post=302),
    "pay_again": Door(TOKEN, get=302, post=302, args=("@token",), guessed=302),
    "checkout_return": Door(TOKEN, get=302, args=("@payment",)),
    "stripe_webhook": Door(PUBLIC, get=NO, post=400),
    "demo_payment": Door(TOKEN, get=410, post=410, args=("@demo",)),
    "tracking": Door(TOKEN, args=("@token",)),
    "cancel_as_guest": Door(TOKEN, get=NO, post=302, args=("@token",)),
    # A fresh order is on no road: the whole page is asked for.
    "tracking_live": Door(TOKEN, args=("@token",)),
    "delay": Door(TOKEN, post=422, args=("@delay",)),
    "answer_shortage": Door(TOKEN, post=422, args=("@answer",)),
    "withdrawal_start": Door(PUBLIC),
    # Step one sent back: nothing of a fresh order may be given back yet, and none of its lines is a replacement.
    "withdraw": Door(OWNER, post=422, args=("@order",)),
    "withdraw_as_guest": Door(TOKEN, post=422, args=("@token",)),
    "refuse_substitute": Door(OWNER, get=404, post=404, args=("@order", 1)),
    "refuse_as_guest": Door(TOKEN, get=404, post=404, args=("@token", 1)),
    # A fresh order has not come: the page says so, and takes no report of it.
    "claim": Door(OWNER, post=422, args=("@order", "manque")),
    "claim_as_guest": Door(TOKEN, post=422, args=("@token", "manque")),
    "claims": Door(OWNER, args=("@order",)),
    "claims_as_guest": Door(TOKEN, args=("@token",)),
    "claim_photo": Door(OWNER, get=404, args=("@order", 1)),
    "claim_photo_as_guest": Door(TOKEN, get=404, args=("@token", 1)),
    "orders": Door(SIGNED_IN),
    "order": Door(OWNER, args=("@order",)),
    "reorder": Door(OWNER, get=NO, post=302, args=("@order",)),
    "cancel_order": Door(OWNER, get=NO, post=302, args=("@order",)),
    "amend_order": Door(OWNER, post=422, args=("@order",)),
    # Without wishes it leads back to the form.
    "amend_recap": Door(OWNER, get=302, post=302, args=("@order",)),
    "amend_pay": Door(OWNER, get=NO, post=302, args=("@order",)),
    "amend_give_up": Door(OWNER, get=NO, post=302, args=("@order",)),
    "amend_return": Door(OWNER, get=302, args=("@order", "@payment")),
    "order_document": Door(OWNER, args=("@order", "@document")),
    "order_reviews": Door(OWNER, post=404, args=("@order",)),
    "withdraw_review": Door(OWNER, get=NO, post=404, args=("@order",)),
    # Refused to whoever is not a clerk; what it answers them is told in tests/shop/orders/test_pickups.py.
    "counter": Door(CLERK, get=403, post=403),
    "hand_over": Door(CLERK, get=403, post=403),
    # The depot's own pages: what they answer pickers is told in tests/shop/picking/test_pages.py.
    "picking": Door(CLERK, get=403, post=403),
    "picking_take": Door(CLERK, get=403, post=403),
    "picking_trolley": Door(CLERK, get=403, post=403),
    "picking_list": Door(CLERK, get=403, post=403),
    "picking_correct": Door(CLERK, get=403, post=403, args=(1,)),
    "picking_replace": Door(CLERK, get=403, post=403, args=(1,)),
    "picking_take_out": Door(CLERK, get=403, post=403, args=(1,)),
    "picking_close": Door(CLERK, get=403, post=403, args=(1,)),
    "picking_hand_back": Door(CLERK, get=403, post=403, args=(1,)),
    "picking_labels": Door(CLERK, get=403, post=403, args=(1,)),
    "picking_note": Door(CLERK, get=403, post=403, args=(1,)),
    "picking_wave_letters": Door(CLERK, get=403, post=403, args=(1,)),
    "picking_letter": Door(CLERK, get=403, post=403, args=(1,)),
    "picking_check": Door(CLERK, get=403, post=403, args=(1,)),
    # The courier's own pages: what they answer couriers is told in tests/delivery/tracking/test_pages.py.
    "courier": Door(CLERK, get=403, post=403),
    "courier_open": Door(CLERK, get=403, post=403),
    "courier_stop": Door(CLERK, get=403, post=403, args=(1,)),
    "courier_event": Door(CLERK, get=403, post=403),
    "courier_cards": Door(CLERK, get=403, post=403),
    "courier_question": Door(CLERK, get=403, post=403),
    "courier_worker": Door(PUBLIC, shared=True),
    "my_promises": Door(SIGNED_IN),
    "my_reviews": Door(SIGNED_IN),
    "my_loyalty": Door(SIGNED_IN),
    "redeem_points": Door(SIGNED_IN, get=NO, post=302),
    "choose_gift": Door(SIGNED_IN, get=NO, post=302, args=(1,)),
    "cancel_reward": Door(SIGNED_IN, get=NO, post=302, args=(1,)),
    "my_referrals": Door(SIGNED_IN, post=302),
    "invitation": Door(TOKEN, post=302, args=("@invitation",)),
    "lists": Door(SIGNED_IN),
    "create_list": Door(SIGNED_IN, get=NO, post=302),
    "list": Door(OWNER, args=("@list",)),
    "rename_list": Door(OWNER, get=NO, post=302, args=("@list",)),
    "delete_list": Door(OWNER, get=NO, post=302, args=("@list",)),
    "list_to_basket": Door(OWNER, get=NO, post=302, args=("@list",)),
    "remove_list_item": Door(OWNER, get=NO, post=302, args=("@list", "@product")),
    "account": Door(SIGNED_IN),
    "account_details": Door(SIGNED_IN, post=302),
    "account_addresses": Door(SIGNED_IN),
    "account_address_new": Door(SIGNED_IN, post=302),
    "account_address": Door(OWNER, post=302, args=("@address",)),
    "account_address_remove": Door(OWNER, get=NO, post=302, args=("@address",)),
    "account_shortages": Door(SIGNED_IN, post=302),
    "account_consents": Door(SIGNED_IN, post=302),
    "account_security": Door(SIGNED_IN),
}

# Coming back from the payment page asks the provider and places the order: by design, and told in its view.
CHANGES_ON_GET = {"checkout_return", "amend_return"}


def _patterns(node=None):
    for entry in (node or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            if entry.app_name != "admin":
                yield from _patterns(entry)
        elif isinstance(entry, URLPattern) and entry.name:
            yield entry


def names_in(*packages):
    return {p.name for p in _patterns() if p.callback.__module__.startswith(packages)}


class Owned:
    """A customer with something behind every door, a basket and a slot for the next order."""

    phone, line1, list_name = "0698765432", "77 impasse du Colibri", "Fête de Zébulon"
    last_name = "Quetzalcoatl"

    def __init__(self, client, slot, another_slot):
        publish_page(slug="cgv", title="CGV", body="Conditions de vente.")
        self.point = PickupPointFactory()
        self.customer = CustomerFactory(
            phone=self.phone, last_name=self.last_name, user__email="zebulon.prive@exemple.fr"
        )
        self.email = self.customer.email
        client.force_login(self.customer.user)
        self.product = ProductFactory(name="Brie")
        walk = Walk(client).fill(self.product).hold(slot)
        recipient = {"phone": self.phone, "line1": self.line1, "last_name": self.last_name}
        client.post("/commande/", RECIPIENT | recipient)
        paid = walk.pay(walk.order())
        walk.come_back(paid)
        self.order = Order.objects.get()
        self.question = tell_shortage(
            reference=self.order.reference, line_id=self.order.lines.get().pk, missing=1, cause="forecast"
        )
        self.delay = tell_delay(reference=self.order.reference, cause="forecast", expected_at=None)
        self.document = invoice(self.order)
        self.address = AddressFactory(customer=self.customer, line1=self.line1)
        Consent.objects.create(
            customer=self.customer, purpose="letters", is_granted=False, wording="?", source="compte"
        )
        self.list = ShoppingList.objects.create(customer=self.customer, name=self.list_name)
        ListItem.objects.create(shopping_list=self.list, product=self.product)
        referral_rules()
        self.invitation = make_invitation(customer_id=self.customer.pk)
        self.slot = another_slot
        self.wait = WaitlistEntry.objects.create(
            slot=another_slot, email=self.email, state="lapsed", offered_until=timezone.now()
        )
        walk.fill(self.product).hold(another_slot)
        client.post("/commande/", RECIPIENT | recipient)

    def arguments(self):
        return {
            "@aisle": self.product.shelf.slug,
            "@product_slug": self.product.slug,
            "@product": self.product.pk,
            "@slot": self.slot.pk,
            "@point": self.point.slug,
            "@wait": self.wait.token,
            "@order": self.order.reference,
            "@document": self.document.number,
            "@token": self.order.tracking_token,
            "@answer": self.question.token,
            "@delay": self.delay.token,
            "@payment": PaymentOperation.objects.get(account_id=self.order.reference).key,
            "@demo": DemoSession.objects.get().token,
            "@invitation": self.invitation.code,
            "@receipt": signing.dumps(1, salt=RECEIPT_SALT),
            "@list": self.list.pk,
            "@address": self.address.pk,
        }

    def url(self, name, *, guessed=False):
        known = self.arguments()
        found = [
            "invente:1abc"
            if guessed and DOORS[name].who == TOKEN and str(a).startswith("@")
            else known.get(a, a)
            for a in DOORS[name].args
        ]
        return reverse(name, args=found)

    def contact(self):
        return [self.email, self.phone, "06 98 76 54 32", RECIPIENT["email"]]

    def secrets(self):
        return [
            *self.contact(), self.order.reference, self.line1, self.list_name, self.last_name,
            self.order.tracking_token, self.document.number, self.wait.token,
        ]  # fmt: skip

    def belongings(self):
        """Every row of the owner's, for comparison."""
        mine = {"pk": self.customer.pk}
        rows = [Customer.objects.filter(**mine).values()]
        rows += [
            getattr(self.customer, name).order_by("pk").values()
            for name in ("addresses", "consents", "shopping_lists", "orders")
        ]
        rows += [ListItem.objects.filter(shopping_list=self.list).values()]
        rows += [basket.lines.order_by("pk").values() for basket in self.customer.baskets.order_by("pk")]
        rows += [WaitlistEntry.objects.values()]
        rows += [self.order.questions.values(), self.order.lines.order_by("pk").values()]
        rows += [self.order.events.values(), PaymentOperation.objects.values(), DemoSession.objects.values()]
        return [list(found) for found in rows]
