"""Sign-up, sign-in, reset: what a person meets, what a stranger cannot learn."""

import re

import html5lib
import pytest
from allauth.account.models import EmailAddress
from django.urls import reverse

from crm.outbox import secrets
from crm.outbox.models import Message
from shop.customers.models import Customer, User
from shop.customers.services import trust_email
from tests.factories import CustomerFactory, UserFactory

pytestmark = pytest.mark.django_db

PASSWORD = "carotte-poireau-42"


def last_letter(purpose):
    return secrets.unseal(Message.objects.filter(purpose=purpose).latest("pk").text)


def code_in(purpose):
    return re.search(r"^ {4}(\S+)$", last_letter(purpose), re.M).group(1)


def body_of(response):
    body = response.content.decode()
    assert "variable indéfinie" not in body
    assert html5lib.parse(body) is not None
    assert "style=" not in body
    return body


def is_signed_in(client):
    return "_auth_user_id" in client.session


@pytest.fixture
def known():
    customer = CustomerFactory(user__password=PASSWORD)
    trust_email(customer.user)
    return customer


# --- the road ------------------------------------------------------------------------------------


def sign_up(client, email="lou@exemple.fr", **changes):
    return client.post(
        reverse("account_signup"),
        {"email": email, "password1": PASSWORD, "first_name": "Lou"} | changes,
        follow=True,
    )


def test_sign_up_then_a_code_then_signed_in(client):
    response = sign_up(client)

    assert response.redirect_chain[-1][0] == "/accounts/confirm-email/"
    assert "lou@exemple.fr" in body_of(response)
    assert not is_signed_in(client)
    message = Message.objects.get()
    assert message.is_secret
    assert message.expires_at

    response = client.post(
        "/accounts/confirm-email/", {"code": code_in("email_verification_code")}, follow=True
    )

    assert response.redirect_chain[-1][0] == "/compte/"
    assert "Bonjour Lou" in body_of(response)
    assert EmailAddress.objects.get(email="lou@exemple.fr").verified
    assert Customer.objects.get(user__email="lou@exemple.fr").first_name == "Lou"
    assert User.objects.get().has_usable_password()


def test_sign_in_by_password(client, known):
    response = client.post(
        reverse("account_login"), {"login": known.email.upper(), "password": PASSWORD}, follow=True
    )

    assert response.redirect_chain[-1][0] == "/compte/"
    body_of(response)


def test_sign_in_by_code(client, known):
    response = client.post(reverse("account_request_login_code"), {"email": known.email}, follow=True)
    assert response.redirect_chain[-1][0] == "/accounts/login/code/confirm/"
    body_of(response)

    response = client.post(
        reverse("account_confirm_login_code"), {"code": code_in("sign_in_code")}, follow=True
    )

    assert response.redirect_chain[-1][0] == "/compte/"
    assert is_signed_in(client)
    known.user.refresh_from_db()
    assert known.user.has_usable_password()


def test_three_wrong_codes_end_the_try(client, known):
    client.post(reverse("account_request_login_code"), {"email": known.email})
    code = code_in("sign_in_code")

    for _ in range(3):
        client.post(reverse("account_confirm_login_code"), {"code": "0000-0000"})
    client.post(reverse("account_confirm_login_code"), {"code": code})

    assert not is_signed_in(client)


def test_a_password_is_replaced_through_the_letter(client, known):
    response = client.post(reverse("account_reset_password"), {"email": known.email}, follow=True)
    assert response.redirect_chain[-1][0] == "/accounts/password/reset/done/"
    link = re.search(
        r"http://127\.0\.0\.1:8000(/accounts/password/reset/key/\S+)", last_letter("password_reset")
    ).group(1)

    response = client.get(link, follow=True)
    assert "Choisissez un nouveau mot de passe" in body_of(response)
    form = response.redirect_chain[-1][0]
    response = client.post(
        form, {"password1": "poireau-navet-43", "password2": "poireau-navet-43"}, follow=True
    )

    assert "Votre mot de passe est changé" in body_of(response)
    known.user.refresh_from_db()
    assert known.user.check_password("poireau-navet-43")
    assert "Ce lien ne sert plus" in body_of(client.get(link, follow=True))
    assert "Votre mot de passe a été remplacé." in Message.objects.get(purpose="security_notice").text


def test_a_reset_link_leads_to_the_shop_whatever_host_was_claimed(client, known, settings):
    settings.ALLOWED_HOSTS = ["*"]

    client.post(reverse("account_reset_password"), {"email": known.email}, headers={"host": "voleur.example"})

    assert "voleur" not in last_letter("password_reset")


def test_staff_land_on_their_screens(client):
    staff = UserFactory(staff=True, password=PASSWORD)
    trust_email(staff)

    response = client.post(reverse("account_login"), {"login": staff.email, "password": PASSWORD})

    assert response["Location"] == "/admin/"


def test_the_page_asked_for_opens_after_sign_in_but_never_another_site(client, known):
    given = {"login": known.email, "password": PASSWORD}

    assert (
        client.post(reverse("account_login"), given | {"next": "/compte/adresses/"})["Location"]
        == "/compte/adresses/"
    )
    client.logout()
    assert (
        client.post(reverse("account_login"), given | {"next": "https://voleur.example/"})["Location"]
        == "/compte/"
    )


def test_signing_out_needs_a_post(client, known):
    client.force_login(known.user)

    body_of(client.get(reverse("account_logout")))
    assert is_signed_in(client)
    client.post(reverse("account_logout"))

    assert not is_signed_in(client)


def test_a_new_address_replaces_the_old_once_its_code_was_typed(client, known):
    old = known.user.email
    client.force_login(known.user)
    response = client.post(
        reverse("account_email"), {"email": "neuve@exemple.fr", "action_add": ""}, follow=True
    )
    response = client.post(response.redirect_chain[-1][0], {"password": PASSWORD}, follow=True)
    known.user.refresh_from_db()
    assert known.user.email == old
    body_of(response)

    client.post("/accounts/confirm-email/", {"code": code_in("email_verification_code")})

    known.refresh_from_db()
    known.user.refresh_from_db()
    assert known.user.email == "neuve@exemple.fr"
    assert known.email == "neuve@exemple.fr"
    assert known.user.has_usable_password()
    assert Message.objects.get(purpose="security_notice").recipient == old


# --- guests --------------------------------------------------------------------------------------


def test_a_guests_orders_are_found_only_after_the_address_is_proven(client):
    guest = CustomerFactory(guest=True, email="lou@exemple.fr")

    sign_up(client)
    guest.refresh_from_db()
    assert guest.merged_into is None

    client.post("/accounts/confirm-email/", {"code": code_in("email_verification_code")})
    guest.refresh_from_db()
    assert guest.merged_into == Customer.objects.get(user__email="lou@exemple.fr")


def test_an_order_as_a_guest_since_is_found_at_the_next_sign_in(client, known):
    guest = CustomerFactory(guest=True, email=known.email)

    client.post(reverse("account_login"), {"login": known.email, "password": PASSWORD})

    guest.refresh_from_db()
    assert guest.merged_into == known


def test_a_stranger_who_signed_up_first_does_not_come_in_behind_the_owner(client, django_user_model):
    """Pre-hijacking: the password was chosen by somebody who never proved the address."""
    sign_up(client, "victime@exemple.fr")
    owner = type(client)()
    owner.post(reverse("account_request_login_code"), {"email": "victime@exemple.fr"})

    owner.post(reverse("account_confirm_login_code"), {"code": code_in("sign_in_code")})

    assert is_signed_in(owner)
    thief = type(client)()
    thief.post(reverse("account_login"), {"login": "victime@exemple.fr", "password": PASSWORD})
    assert not is_signed_in(thief)


# --- what a stranger cannot learn ----------------------------------------------------------------


def without_tokens(response):
    body = body_of(response)
    body = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", body)
    return re.sub(r"(connu|inconnu)@exemple\.fr", "…", body)


@pytest.fixture
def two():
    CustomerFactory(user__email="connu@exemple.fr", user__password=PASSWORD)
    trust_email(User.objects.get())
    return ["connu@exemple.fr", "inconnu@exemple.fr"]


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("account_login", {"login": "@", "password": "une-erreur-42"}),
        ("account_request_login_code", {"email": "@"}),
        ("account_reset_password", {"email": "@"}),
        ("account_signup", {"email": "@", "password1": PASSWORD, "first_name": ""}),
    ],
)
def test_known_and_unknown_addresses_get_the_same_answer(client, two, name, fields):
    answers = []
    for email in two:
        visitor = type(client)()
        visitor.get(reverse(name))
        given = {key: email if text == "@" else text for key, text in fields.items()}
        response = visitor.post(reverse(name), given, follow=True)
        answers.append((response.status_code, response.redirect_chain, without_tokens(response)))

    assert answers[0] == answers[1]


def test_both_get_exactly_one_letter(client, two):
    for email in two:
        type(client)().post(reverse("account_request_login_code"), {"email": email})

    assert sorted(Message.objects.values_list("purpose", "recipient")) == [
        ("sign_in_code", "connu@exemple.fr"),
        ("unknown_account", "inconnu@exemple.fr"),
    ]


def test_a_wrong_code_and_a_new_one_are_answered_alike(client, two):
    answers = []
    for email in two:
        visitor = type(client)()
        visitor.post(reverse("account_request_login_code"), {"email": email})
        wrong = visitor.post(reverse("account_confirm_login_code"), {"code": "0000-0000"})
        again = visitor.post(reverse("account_confirm_login_code"), {"action": "resend"}, follow=True)
        answers.append(
            (wrong.status_code, without_tokens(wrong), again.redirect_chain, without_tokens(again))
        )

    assert answers[0] == answers[1]


def test_nobodys_box_is_filled_for_sport(client):
    for _ in range(4):
        type(client)().post(reverse("account_request_login_code"), {"email": "inconnu@exemple.fr"})

    assert Message.objects.count() == 1


# --- bad input -----------------------------------------------------------------------------------

BAD_EMAILS = [
    "",
    "x" * 10_000 + "@exemple.fr",
    "a@b.fr\nBcc: x@y.fr",
    "a@b.fr\r\nBcc:x@y.fr",
    "a@b.fr\x00",
    "a@b.fr,c@d.fr",
    "<script>@b.fr",
    "🥕@exemple.fr",
]


@pytest.mark.parametrize("email", BAD_EMAILS)
@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("account_login", "login"),
        ("account_request_login_code", "email"),
        ("account_reset_password", "email"),
        ("account_signup", "email"),
    ],
)
def test_a_bad_address_is_told_and_nothing_is_sent(client, name, field, email):
    response = client.post(reverse(name), {field: email, "password": PASSWORD, "password1": PASSWORD})

    assert response.status_code == 200
    assert "data-error-summary" in body_of(response)
    assert not Message.objects.exists()
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "first_name", ["🥕", "<script>alert(1)</script>", "O’Brien & fils", "‮inversé", "x" * 80]
)
def test_any_name_signs_up_and_is_only_text(client, first_name):
    sign_up(client, first_name=first_name)
    response = client.post(
        "/accounts/confirm-email/", {"code": code_in("email_verification_code")}, follow=True
    )

    assert is_signed_in(client)
    assert "<script>alert" not in body_of(response)


@pytest.mark.parametrize("password", ["court", "0123456789012", "motdepasse", "lou@exemple.fr"])
def test_a_weak_password_is_refused(client, password):
    response = client.post(reverse("account_signup"), {"email": "lou@exemple.fr", "password1": password})

    assert "data-error-summary" in body_of(response)
    assert not User.objects.exists()


def test_fields_carry_the_standard_tokens(client):
    sign_up_page = body_of(client.get(reverse("account_signup")))
    sign_in_page = body_of(client.get(reverse("account_login")))

    assert 'autocomplete="email"' in sign_up_page
    assert 'autocomplete="new-password"' in sign_up_page
    assert 'autocomplete="given-name"' in sign_up_page
    assert 'autocomplete="current-password"' in sign_in_page


@pytest.mark.parametrize(
    "name",
    [
        "account_login",
        "account_signup",
        "account_request_login_code",
        "account_reset_password",
        "account_reset_password_done",
        "account_logout",
        "account_inactive",
    ],
)
def test_no_page_speaks_english(client, known, name):
    if name == "account_logout":
        client.force_login(known.user)
    body = body_of(client.get(reverse(name)))

    for word in ("Password", "Sign in", "Sign Up", "Email", "your "):
        assert word not in body


@pytest.mark.parametrize(
    "name", ["account_email", "account_change_password", "mfa_index", "mfa_activate_totp"]
)
def test_security_pages_open_for_their_owner(client, known, name):
    client.post(reverse("account_login"), {"login": known.email, "password": PASSWORD})

    response = client.get(reverse(name), follow=True)

    assert response.status_code == 200
    body_of(response)
