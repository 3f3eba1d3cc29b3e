"""A filter typed into an address of the admin guesses no secret, letter by letter."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import RequestFactory
from django.urls import reverse

from crm.outbox.models import Message
from shop.customers.models import User
from shop.payments.models import PaymentOperation
from tests.crm.outbox.support import queue
from tests.factories import CustomerFactory, UserFactory

pytestmark = pytest.mark.django_db
# Whoever reads one of these comes in, pays, or reads what was sealed.
SECRETS = {
    "User": {"password"},
    "Authenticator": {"data"},
    "EmailConfirmation": {"key"},
    "Session": {"session_key", "session_data"},
    "Order": {"tracking_token", "basket_key"},
    "Basket": {"key"},
    "PaymentOperation": {"session_url", "return_url", "cancel_url"},
    "DemoSession": {"token", "return_url", "cancel_url"},
    "SavedCard": {"provider_customer_id", "payment_method_id"},
    "Message": {"html", "text", "recipient"},
}
DEEP = 4


def paths_to_secrets(model, prefix="", seen=()):
    """Every path the ORM knows from a model to a secret, over as many tables as anybody would type."""
    for field in model._meta.get_fields():
        if field.name in SECRETS.get(model.__name__, ()):
            yield prefix + field.name
        near = field.related_model if field.is_relation else None
        if near and near is not model and near not in seen and len(seen) < DEEP:
            names = {field.name, getattr(field, "attname", field.name)}
            for name in names:
                yield from paths_to_secrets(near, f"{prefix}{name}__", (*seen, model))


def asked_by(user):
    request = RequestFactory().get("/")
    request.user = user
    return request


def test_the_walk_finds_paths_near_and_far():
    assert "password" in set(paths_to_secrets(User))
    assert {"customer__user__password", "html"} <= set(paths_to_secrets(Message))


@pytest.mark.parametrize("is_superuser", [False, True])
def test_no_page_of_the_admin_filters_by_a_secret(is_superuser):
    request, allowed = asked_by(UserFactory(staff=True, is_superuser=is_superuser)), []

    for model, options in admin.site._registry.items():
        for path in set(paths_to_secrets(model)):
            for lookup in (path, f"{path}__startswith", f"{path}__regex"):
                if options.lookup_allowed(lookup, "x", request):
                    allowed.append(f"{model.__name__}: {lookup}")

    assert not allowed, "\n".join(sorted(allowed))


@pytest.fixture
def staff(client):
    def signed_in(*rights):
        user = UserFactory(staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=rights))
        client.force_login(user)
        return client

    return signed_in


@pytest.mark.parametrize(
    "lookup", ["password__startswith", "password", "customer__user__password__startswith"]
)
def test_the_list_of_logins_refuses_to_filter_by_password(staff, lookup):
    answer = staff("view_user").get(reverse("admin:customers_user_changelist"), {lookup: "argon2"})

    assert answer.status_code == 400


def test_the_list_of_logins_still_filters_by_what_it_shows(staff):
    hidden, shown = UserFactory(is_active=False), UserFactory()

    answer = staff("view_user").get(reverse("admin:customers_user_changelist"), {"is_active__exact": "1"})

    assert answer.status_code == 200
    assert shown.email in answer.content.decode() and hidden.email not in answer.content.decode()


@pytest.mark.parametrize(
    "field", ["html", "text", "subject", "occasion", "recipient", "customer", "customer_id"]
)
def test_who_may_not_read_letters_searches_none(staff, field):
    queue(1, customer_id=CustomerFactory().pk)

    answer = staff("view_message").get(reverse("admin:outbox_message_changelist"), {f"{field}__gte": "1"})

    assert answer.status_code == 400


def test_who_may_read_letters_filters_by_their_subject_and_never_by_body(staff):
    client, listed = staff("view_message", "read_letter"), reverse("admin:outbox_message_changelist")
    queue(1)

    answers = {
        field: client.get(listed, {f"{field}__contains": "a"}).status_code
        for field in ("subject", "occasion", "html", "text", "recipient")
    }

    assert answers == {"subject": 200, "occasion": 200, "html": 400, "text": 400, "recipient": 400}


@pytest.mark.parametrize("field", ["session_url", "return_url", "cancel_url"])
def test_the_list_of_payments_guesses_no_page(staff, field):
    client = staff("view_paymentoperation")
    listed = reverse("admin:payments_paymentoperation_changelist")

    assert client.get(listed, {f"{field}__startswith": "https"}).status_code == 400
    assert client.get(listed, {"state__exact": PaymentOperation.State.UNKNOWN}).status_code == 200


def test_nobody_reads_what_a_second_factor_is_made_of(client):
    colleague = UserFactory(staff=True)
    factor = colleague.authenticator_set.create(type="totp", data={"secret": "JBSWY3DPEHPK3PXP"})
    client.force_login(UserFactory(staff=True, is_superuser=True))

    found = client.get(reverse("admin:mfa_authenticator_changelist"), {"q": colleague.email})
    page = client.get(reverse("admin:mfa_authenticator_change", args=[factor.pk]))
    client.post(reverse("admin:mfa_authenticator_delete", args=[factor.pk]), {"post": "yes"})

    assert (found.status_code, found.context["cl"].result_count) == (200, 1)
    assert page.status_code == 200 and "JBSWY3DPEHPK3PXP" not in page.content.decode()
    assert not colleague.authenticator_set.exists()
