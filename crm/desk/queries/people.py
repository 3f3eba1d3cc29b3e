"""Who calls: found by whatever they say, and all that is known of them on one page."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Case, Q, Value, When
from django.db.models.functions import Coalesce

from crm.desk.models import Callback, Conversation, Entry, PhoneOrder
from crm.desk.queries.promises import Compensation, Incident, compensations_of, incidents_of
from loyalty.vouchers.models import Voucher
from loyalty.vouchers.queries import vouchers_of
from shop.customers.models import Address, Customer
from shop.customers.queries import addresses_of, customer_ids
from shop.customers.rules import PhoneInvalid, normalise_phone
from shop.orders.models import Order
from shop.orders.queries import orders_of
from shop.orders.rules import spoken_reference

MOST_FOUND = 20
SHOWN = 20
_LONGEST_NUMBER = 9
_BEFORE_A_NAME = (" ", "-", "’", "'")


@dataclass(frozen=True, slots=True)
class Found:
    """Who and what answers to some words."""

    customers: list[Customer] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    conversations: list[Conversation] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.customers or self.orders or self.conversations)

    @property
    def only_customer(self) -> Customer | None:
        """The one person it can only be: nobody needs a list of one."""
        return self.customers[0] if len(self.customers) == 1 and not self.conversations else None


def find(words: str) -> Found:
    """By an order's reference, a telephone number however written, an e-mail, a conversation's number, or a name.

    Customers who are merged guests are shown as whom they became. Three queries at most.
    """
    words = " ".join(words.replace("\x00", "").split())
    if not words:
        return Found()
    if reference := spoken_reference(words):
        return _by_reference(reference, words)
    if "@" in words:
        return _by_email(words.lower())
    digits = words.removeprefix("n°").strip()
    if digits.isdecimal() and digits.isascii() and len(digits) <= _LONGEST_NUMBER:
        return Found(conversations=list(Conversation.objects.filter(pk=int(digits))))
    try:
        phone = normalise_phone(words)
    except PhoneInvalid:
        return Found(customers=_owners(_named(words)))
    return Found(
        customers=_owners(Q(phone=phone)),
        conversations=list(Conversation.objects.filter(phone=phone, customer=None)[:MOST_FOUND]),
    )


def _by_reference(reference: str, words: str) -> Found:
    """Eight letters may be a name as well: « Martinez » is asked both ways."""
    orders = list(Order.objects.filter(reference=reference).select_related("slot", "customer__merged_into"))
    if orders:
        customer = orders[0].customer
        return Found(
            customers=[customer.merged_into or customer],
            orders=orders,
            conversations=list(
                Conversation.objects.filter(order_reference=reference, customer=None)[:MOST_FOUND]
            ),
        )
    return Found(customers=_owners(_named(words)))


def _by_email(email: str) -> Found:
    return Found(
        customers=_owners(Q(email=email)),
        conversations=list(Conversation.objects.filter(email=email, customer=None)[:MOST_FOUND]),
    )


def _named(words: str) -> Q:
    """Each word begins one of the names, accents and capitals aside: « goff » finds Le Goff."""
    wanted = Q()
    for word in words.split()[:4]:
        begins = Q()
        for name in ("first_name__unaccent", "last_name__unaccent"):
            begins |= Q((f"{name}__istartswith", word))
            for before in _BEFORE_A_NAME:
                begins |= Q((f"{name}__icontains", f"{before}{word}"))
        wanted &= begins
    return wanted


def _owners(wanted: Q) -> list[Customer]:
    """Those with a login first. Two queries."""
    ids = (
        Customer.objects.filter(wanted)
        .annotate(owner=Coalesce("merged_into", "pk"))
        .order_by("-pk")
        .values_list("owner", flat=True)[: MOST_FOUND * 3]
    )
    found = Customer.objects.filter(pk__in=list(ids)).select_related("user")
    return list(found.order_by(Case(When(user=None, then=Value(1)), default=Value(0)), "-pk")[:MOST_FOUND])


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """All that is known of a customer and of the guests merged into them."""

    customer: Customer
    guests: int
    addresses: list[Address]
    orders: list[Order]
    incidents: Sequence[Incident]
    compensations: Sequence[Compensation]
    vouchers: list[Voucher]
    conversations: list[Conversation]
    calls: list[Callback]
    notes: list[Entry]
    phone_orders: list[PhoneOrder]

    @property
    def unproven(self) -> list[Conversation]:
        """Written from the customer's address, which anybody may type."""
        return [one for one in self.conversations if one.customer_id is None]


def customer_page(customer: Customer) -> CustomerPage:
    """Eleven queries, however much there is. Needs the customer's own row, not a guest's."""
    ids = customer_ids(customer)
    orders = list(orders_of(ids).order_by("-created_at")[:SHOWN])
    references = [order.reference for order in orders]
    theirs = Q(customer__in=ids)
    conversations = list(
        Conversation.objects.filter(theirs | Q(customer=None, email=customer.email) & ~Q(email=""))
        .select_related("assigned_to")
        .order_by("-last_at")[:SHOWN]
    )
    return CustomerPage(
        customer=customer,
        guests=len(ids) - 1,
        addresses=list(addresses_of(customer)),
        orders=orders,
        incidents=incidents_of(ids),
        compensations=compensations_of(ids),
        vouchers=list(vouchers_of(ids)),
        conversations=conversations,
        calls=list(
            Callback.objects.filter(theirs | Q(order_reference__in=references))
            .select_related("assigned_to")
            .order_by("-asked_at")[:SHOWN]
        ),
        notes=list(
            Entry.objects.filter(
                conversation__in=[one.pk for one in conversations],
                kind__in=[Entry.Kind.NOTE, Entry.Kind.PHONE, Entry.Kind.CHAT],
            )
            .select_related("written_by")
            .order_by("-pk")[:SHOWN]
        ),
        phone_orders=list(PhoneOrder.objects.filter(theirs).select_related("agent")[:SHOWN]),
    )
