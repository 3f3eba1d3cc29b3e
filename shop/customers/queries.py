"""Reads about customers. Others ask here instead of walking the tables."""

from allauth.account.models import EmailAddress
from django.db.models import Case, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce

from shop.customers.models import Address, Consent, Customer, User


def customer_ids(customer: Customer) -> list[int]:
    """The customer and the guests merged into them: what their orders may hang on. One query.

    Guests only ever merge into a customer with a login, which never merges: one level is all.
    """
    return [customer.pk, *Customer.objects.filter(merged_into=customer).values_list("pk", flat=True)]


def of_party(customer_id: int, prefix: str = "") -> Q:
    """Rows of a customer and of the guests merged into them; ``prefix`` leads to the row that names the customer."""
    own = f"{prefix}customer"
    return Q(**{own: customer_id}) | Q(**{f"{own}__merged_into": customer_id})


def addressee(customer_id: int) -> Customer | None:
    """A customer who can be written to. One query."""
    return Customer.objects.filter(pk=customer_id).exclude(email="").first()


def addresses_of(customer: Customer) -> QuerySet[Address]:
    """Where the customer is delivered, the usual one first. One query when read."""
    return Address.objects.filter(customer=customer)


def latest_consent(customer_id: int, purpose: str) -> Consent | None:
    """The customer's last own answer; without one, the last refusal of a guest merged into them. One query.

    A guest typed an address without proving it: never may a stranger who orders under yours subscribe you,
    nor undo what you said. A merged guest has no say of their own: asked about one, the owner's answer counts.
    """
    owner = Customer.objects.filter(pk=customer_id).values(owner=Coalesce("merged_into_id", "pk"))
    own = Q(customer_id=Subquery(owner))
    refused_as_guest = Q(customer__merged_into_id=Subquery(owner), is_granted=False)
    answers = Consent.objects.filter(own | refused_as_guest, purpose=purpose)
    return answers.order_by(Case(When(own, then=0), default=1), "-recorded_at", "-pk").first()


def has_consent(customer_id: int, purpose: str) -> bool:
    """Did the last answer say yes? Never asked is no (CPCE L34-5). One query."""
    answer = latest_consent(customer_id, purpose)
    return answer is not None and answer.is_granted


def excluded_allergens(customer_id: int) -> list[str]:
    """What a party declared it must not eat; for a merged guest, what its owner did. One query."""
    found = Customer.objects.filter(pk=customer_id).values_list(
        "avoided_allergens", "merged_into__avoided_allergens"
    )
    own, of_owner = found.first() or ([], None)
    return sorted({*own, *(of_owner or [])})


def customer_id_of_login(email: str) -> int | None:
    """The customer who signs in with this address, verified or not. One query."""
    return Customer.objects.filter(user__email=email.lower()).values_list("pk", flat=True).first()


def same_address(email: str) -> set[int]:
    """All parties with this e-mail address, proven or only typed. One query."""
    return set(Customer.objects.filter(email=email.lower()).values_list("pk", flat=True))


def is_proven_email(customer_id: int | None, email: str) -> bool:
    """Has this customer's login proven to own the address? At most one query."""
    proven = EmailAddress.objects.filter(
        user__customer=customer_id, email=email.strip().lower(), verified=True
    )
    return customer_id is not None and proven.exists()


def verified_emails(user: User) -> list[str]:
    """The addresses this login has proven to own, in lower case. One query."""
    found = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    return [email.lower() for email in found]
