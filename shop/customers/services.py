"""Every write about who buys. Services raise; views word."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.utils import timezone

from config.facts import publish
from shop.customers import queries
from shop.customers.events import GuestsMerged
from shop.customers.models import Address, Consent, Customer, User
from shop.customers.rules import check_birth, clean_line, normalise_phone

MOST_ADDRESSES = 20
# Filled from a guest only where the customer left a blank: what the customer wrote wins. Never a date of birth,
# by which somebody declares to be of age: only its owner does.
_INHERITED = ("first_name", "last_name", "phone")


class TooManyAddresses(Exception):
    """A customer keeps at most MOST_ADDRESSES."""


class AddressUnknown(LookupError):
    """No such address of this customer; another customer's counts as none."""


class EmailTaken(Exception):
    """Another login has this address."""


def customer_for_user(user: User) -> Customer:
    """The party behind a login, created at its first need. Two requests at once get the same one.

    One query when it exists, four otherwise.
    """
    found = Customer.objects.filter(user=user).first()
    if found is None:
        found, _created = Customer.objects.get_or_create(user=user, defaults={"email": user.email})
    return found


def lock_login(user_id: int) -> None:
    """Let one request at a time do something for a login, in the caller's transaction. One query."""
    User.objects.select_for_update(no_key=True).only("pk").get(pk=user_id)


@transaction.atomic
def create_guest(*, email: str, first_name: str = "", last_name: str = "", phone: str = "") -> Customer:
    """A buyer without a login; always a new one, since nothing proves whose address it is. One INSERT.

    Raises PhoneInvalid.
    """
    return Customer.objects.create(
        email=email.strip().lower(),
        first_name=clean_line(first_name)[:80],
        last_name=clean_line(last_name)[:80],
        phone=normalise_phone(phone),
    )


@transaction.atomic
def update_details(
    *, customer_id: int, first_name: str, last_name: str, phone: str, birth_on: date | None
) -> Customer:
    """Change who the customer says they are. Locks the customer; two queries.

    Raises PhoneInvalid, BirthDateImplausible.
    """
    if birth_on is not None:
        check_birth(birth_on, today=timezone.localdate())
    customer = Customer.objects.select_for_update().get(pk=customer_id)
    customer.first_name = clean_line(first_name)[:80]
    customer.last_name = clean_line(last_name)[:80]
    customer.phone = normalise_phone(phone)
    customer.birth_on = birth_on
    customer.save(update_fields=["first_name", "last_name", "phone", "birth_on"])
    return customer


def note_shortage_choice(*, customer_id: int, choice: str) -> None:
    """What this customer wants when an article is missing, until they say otherwise. One UPDATE."""
    Customer.objects.filter(pk=customer_id).exclude(shortage_choice=choice).update(shortage_choice=choice)


@transaction.atomic
def attach_verified_guests(user: User) -> int:
    """Merge the guests who ordered with an address this login has proven; how many.

    Their orders stay where they are and are found through `queries.customer_ids`. Without a verified
    address nothing happens. Locks the customer, then the guests by id. Two queries when there is nothing.
    """
    emails = queries.verified_emails(user)
    waiting = Customer.objects.filter(user=None, merged_into=None, email__in=emails)
    if not emails or not waiting.exists():
        return 0
    customer = Customer.objects.select_for_update().get(pk=customer_for_user(user).pk)
    guests = list(waiting.select_for_update().order_by("pk"))
    _inherit(customer, guests)
    ids = [guest.pk for guest in guests]
    Address.objects.filter(customer__in=ids).update(customer=customer, is_default=False)
    publish(GuestsMerged(customer.pk, tuple(ids)))
    return Customer.objects.filter(pk__in=ids).update(merged_into=customer)


def _inherit(customer: Customer, guests: list[Customer]) -> None:
    """Fill the customer's blanks from the most recent guest that has an answer."""
    filled = []
    for name in _INHERITED:
        answers = [getattr(guest, name) for guest in reversed(guests) if getattr(guest, name)]
        if answers and not getattr(customer, name):
            setattr(customer, name, answers[0])
            filled.append(name)
    if filled:
        customer.save(update_fields=filled)


@transaction.atomic
def confirm_email(user: User, *, password_is_unproven: bool) -> None:
    """The login has just proven an address: its customer takes it over, its guests are found again.

    `password_is_unproven`: the proof came by a sign-in code, so whoever chose the password at sign-up has
    proven nothing. It is dropped, else a stranger could sign up with your address, wait, and come in.
    """
    if password_is_unproven and user.has_usable_password():
        user.set_unusable_password()
        user.save(update_fields=["password"])
    follow_email(user)
    attach_verified_guests(user)


@transaction.atomic
def follow_email(user: User) -> None:
    """Write the login's address to its customer, so that letters go where the customer signs in. One UPDATE."""
    customer = customer_for_user(user)
    if customer.email != user.email:
        Customer.objects.filter(pk=customer.pk).update(email=user.email)


@transaction.atomic
def create_login(*, email: str, is_staff: bool = False, **extra: Any) -> User:
    """A login without a password: its owner signs in by a code, which also proves the address.

    Raises EmailTaken.
    """
    try:
        with transaction.atomic():
            user = User.objects.create_user(email, None, is_staff=is_staff, **extra)
    except IntegrityError as taken:
        raise EmailTaken from taken
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=False)
    return user


@transaction.atomic
def trust_email(user: User) -> None:
    """Count a login's address as verified without a letter: demo accounts, imports, the first superuser."""
    EmailAddress.objects.update_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )


@transaction.atomic
def record_consent(*, customer_id: int, purpose: str, is_granted: bool, wording: str, source: str) -> Consent:
    """Keep one answer with its proof: what was shown, where, when (CPCE L34-5, GDPR art. 7). One INSERT."""
    return Consent.objects.create(
        customer_id=customer_id, purpose=purpose, is_granted=is_granted, wording=wording, source=source
    )


@transaction.atomic
def declare_allergies(*, customer_id: int, allergens: Sequence[str], wording: str, source: str) -> None:
    """Keep what a customer must not eat, with the proof of their consent; nothing declared withdraws it.

    An allergy is health data (GDPR art. 9): ``wording`` is what the customer ticked. Locks the customer; at most three
    queries.
    """
    customer = Customer.objects.select_for_update().get(pk=customer_id)
    if customer.avoided_allergens == sorted(allergens):
        return
    if bool(customer.avoided_allergens) != bool(allergens):
        record_consent(
            customer_id=customer_id, purpose=Consent.Purpose.ALLERGIES, is_granted=bool(allergens),
            wording=wording, source=source,
        )  # fmt: skip
    customer.avoided_allergens = sorted(allergens)
    customer.save(update_fields=["avoided_allergens"])


@transaction.atomic
def save_address(*, customer_id: int, address_id: int | None = None, **fields: Any) -> Address:
    """Write an address of a customer; the first one, and one marked so, becomes the usual one.

    Fields: label, line1, line2, floor, door_code, instructions, postcode, city, is_default. Locks the
    customer, so that two tabs never make two usual addresses. At most six queries.
    Raises AddressUnknown, TooManyAddresses.
    """
    Customer.objects.select_for_update().only("pk").get(pk=customer_id)
    own = Address.objects.filter(customer_id=customer_id)
    address = _own_address(customer_id, address_id) if address_id else Address(customer_id=customer_id)
    others = own.exclude(pk=address.pk)
    if address_id is None and own.count() >= MOST_ADDRESSES:
        raise TooManyAddresses
    wants_default = fields.pop("is_default", False)
    for name, text in fields.items():
        setattr(address, name, clean_line(text))
    address.is_default = wants_default or not others.filter(is_default=True).exists()
    if address.is_default:
        others.filter(is_default=True).update(is_default=False)
    address.save()
    return address


@transaction.atomic
def remove_address(*, customer_id: int, address_id: int) -> None:
    """Forget an address; the oldest left becomes the usual one. Orders keep their own copy.

    Locks the customer. At most five queries. Raises AddressUnknown.
    """
    Customer.objects.select_for_update().only("pk").get(pk=customer_id)
    address = _own_address(customer_id, address_id)
    address.delete()
    left = Address.objects.filter(customer_id=customer_id).order_by("pk").first()
    if address.is_default and left:
        Address.objects.filter(pk=left.pk).update(is_default=True)


def _own_address(customer_id: int, address_id: int) -> Address:
    try:
        return Address.objects.get(pk=address_id, customer_id=customer_id)
    except Address.DoesNotExist as unknown:
        raise AddressUnknown from unknown
