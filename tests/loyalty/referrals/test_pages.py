"""What a sponsor and a friend read and press, and what whoever tries codes gets."""

from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from config.models import Tries
from loyalty.referrals import ports, services
from loyalty.referrals.devices import COOKIE
from loyalty.referrals.limits import ACCEPTS, WRONG_CODES
from loyalty.referrals.models import Device, Invitation, Referral, Sponsor
from loyalty.referrals.queries import device_digest
from loyalty.referrals.wording import state_said
from loyalty.vouchers.models import Voucher
from shop.customers.models import Customer
from tests.factories import CustomerFactory, UserFactory
from tests.loyalty.points.earning import programme
from tests.loyalty.referrals.inviting import DAY, comes, customer, invited, link, rules

pytestmark = pytest.mark.django_db
PAGE = reverse("my_referrals")


@pytest.fixture(autouse=True)
def _in_force():
    programme()
    rules()


@pytest.fixture
def sponsor():
    return CustomerFactory(first_name="Camille", last_name="Secret")


@pytest.fixture
def me(client, sponsor):
    client.force_login(sponsor.user)
    return sponsor.pk


@pytest.fixture
def friend():
    found = CustomerFactory(first_name="Lou")
    found.browser = Client()
    found.browser.force_login(found.user)
    return found


def read(client, address=PAGE, status=200):
    answer = client.get(address)
    assert answer.status_code == status
    return unescape(answer.content.decode())


def of(code):
    return reverse("invitation", args=[code])


# --- the sponsor ------------------------------------------------------------------------------------------------------


def test_a_link_is_had_by_one_press_and_shown_with_its_rules(client, me, settings):
    page = read(client)
    assert "Obtenir mon lien" in page and "300 points" in page and not Invitation.objects.exists()

    page = unescape(client.post(PAGE, follow=True).content.decode())

    code = Invitation.objects.get().code
    assert f"{settings.SITE_URL.rstrip('/')}{of(code)}" in page and f"{code[:5]}-{code[5:]}" in page
    assert "10 proches récompensés par an" in page


def test_friends_are_shown_by_an_initial_and_where_they_stand(client, me):
    def brought(name, **about):
        return comes(invited(me, customer(first_name=name, last_name="Dupont")), **about)

    brought("Zoé")
    brought("Yann", address="door-sponsor")
    xavier = brought("Xavier", placed_at=timezone.now() - 10 * DAY)
    brought("Willy", is_delivered=False)
    invited(me, customer(first_name=""))

    page = read(client)

    assert "<b>Z.</b>" in page and "Livré\u202f: 300 points pour vous" in page
    assert "<b>Y.</b>" in page and "en cours de vérification" in page
    assert "<b>X.</b>" in page and xavier.reason == "not_new" and "Non retenu. Une question" in page
    assert "<b>W.</b>" in page and "<b>Un proche</b>" in page
    assert page.count("votre récompense arrive avec la première livraison, commandée au plus tard le") == 2
    assert "Récompensés cette année\u202f: 1 sur 10." in page
    assert [word for word in ("Zoé", "Yann", "Dupont", "CB-") if word in page] == []


@pytest.mark.parametrize("reason", ["self", "not_new", "gone", "abuse"])
def test_why_a_friend_does_not_count_is_not_the_sponsors_to_read(reason):
    referral = Referral(state="refused", reason=reason)

    assert state_said(referral, timezone.now()) == "Non retenu. Une question\u202f? Écrivez-nous."


def test_that_a_friend_has_ordered_is_not_said_before_it_is_delivered():
    now = timezone.now()
    accepted, ordered = (Referral(state=one, ends_at=now + DAY) for one in ("accepted", "ordered"))

    assert state_said(accepted, now) == state_said(ordered, now)
    assert state_said(accepted, now + 2 * DAY) == "Invitation terminée, sans première livraison"


def test_somebody_elses_friends_are_not_shown(client, me):
    invited(customer(), customer(first_name="Zoé"))

    assert "Vos proches" not in read(client)


def test_a_blocked_sponsor_reads_it_and_gets_no_link(client, me):
    services.block_sponsor(customer_id=me, is_blocked=True, by_id=UserFactory(staff=True).pk)

    assert "Vos invitations sont suspendues" in read(client)
    client.post(PAGE)

    assert not Invitation.objects.exists()


def test_without_rules_the_page_thanks_and_offers_nothing(client, me, monkeypatch):
    monkeypatch.setattr("loyalty.referrals.views.terms_at", lambda _at: None)
    monkeypatch.setattr(services, "terms_at", lambda _at: None)

    page = unescape(client.post(PAGE, follow=True).content.decode())

    assert "pas ouvert en ce moment" in page and "Obtenir" not in page


def test_the_loyalty_page_leads_there(client, me):
    assert f'href="{PAGE}"' in read(client, reverse("my_loyalty"))


def test_more_friends_cost_no_more_queries(client, me):
    invited(me)
    read(client)
    with CaptureQueriesContext(connection) as few:
        read(client)
    for _n in range(12):
        invited(me)
    with CaptureQueriesContext(connection) as many:
        read(client)

    assert len(many) == len(few)


# --- the friend -------------------------------------------------------------------------------------------------------


def test_a_stranger_reads_who_invites_what_for_and_until_when(client, sponsor):
    code = link(sponsor.pk)

    page = read(client, of(code))

    assert "Camille vous offre 10,00\u00a0€ sur vos premières courses" in page and "Secret" not in page
    assert "Un bon de 10,00\u00a0€ sur votre première commande, dès 60,00\u00a0€ d’articles." in page
    assert "300 points, une fois votre première commande livrée." in page
    assert f"/accounts/signup/?next=%2Fparrainage%2F{code}%2F" in page and "Accepter" not in page
    assert COOKIE not in client.cookies and not Tries.objects.exists()


def test_a_stranger_who_presses_is_led_to_an_account_and_nothing_is_written(client, sponsor):
    code = link(sponsor.pk)

    answer = client.post(of(code))

    assert answer.headers["Location"] == f"/accounts/signup/?next=%2Fparrainage%2F{code}%2F"
    assert not Referral.objects.exists() and COOKIE not in client.cookies


def test_a_friend_accepts_and_reads_where_the_voucher_is(friend, sponsor):
    code = link(sponsor.pk)
    page = read(friend.browser, of(code))
    assert "Accepter l’invitation" in page and "si une première commande a été livrée" in page

    page = unescape(friend.browser.post(of(code), follow=True).content.decode())

    assert "Votre bon de 10,00\u00a0€ vous attend" in page and Voucher.objects.get().owner == friend
    cookie = friend.browser.cookies[COOKIE]
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["path"] == "/parrainage/"
    assert Device.objects.get().digest == device_digest(cookie.value) != cookie.value
    assert "Vous l’avez acceptée" in read(friend.browser, of(code))


def test_one_browser_keeps_its_number_and_a_forged_one_is_replaced(friend, sponsor):
    friend.browser.post(PAGE)
    first = friend.browser.cookies[COOKIE].value
    friend.browser.post(of(link(sponsor.pk)))
    assert friend.browser.cookies[COOKIE].value == first

    friend.browser.cookies[COOKIE] = "x" * 5000
    friend.browser.post(PAGE)

    assert len(friend.browser.cookies[COOKIE].value) == 22


def test_accepting_twice_is_accepting_once(friend, sponsor):
    code = link(sponsor.pk)

    for _n in range(2):
        friend.browser.post(of(code))

    assert Referral.objects.count() == 1 and Voucher.objects.count() == 1


@pytest.mark.parametrize("typed", ["{0}", "{1}", "{1}".lower()])
def test_a_code_is_found_however_it_is_written(client, sponsor, typed):
    code = link(sponsor.pk)

    read(client, of(typed.format(code.lower(), f"{code[:5]}-{code[5:]}")))


@pytest.mark.parametrize("code", ["ABCDEFGHJK", "x", "%00", "a" * 300, "<script>"])
def test_an_unknown_code_is_met_warmly_whatever_is_sent(client, friend, code):
    for browser in (client, friend.browser):
        assert "Nous ne trouvons pas cette invitation" in read(browser, of(code), 404)
        assert browser.post(of(code)).status_code == 404

    assert not Referral.objects.exists()


def test_an_invitation_that_is_over_says_so_and_shows_a_way_in(client, friend, sponsor):
    code = link(sponsor.pk, now=timezone.now() - 90 * DAY)

    assert "n’est plus valable" in read(client, of(code), 410) and "Faire mes courses" in read(
        client, of(code), 410
    )
    friend.browser.post(of(code))

    assert not Referral.objects.exists()


def test_the_link_of_a_blocked_or_erased_sponsor_is_no_longer_valid(client, sponsor):
    code = link(sponsor.pk)
    services.block_sponsor(customer_id=sponsor.pk, is_blocked=True, by_id=UserFactory(staff=True).pk)
    assert "n’est plus valable" in read(client, of(code), 410)

    Sponsor.objects.update(blocked_at=None, blocked_by=None)
    read(client, of(code))
    Customer.objects.filter(pk=sponsor.pk).update(user=None, first_name="")

    assert "n’est plus valable" in read(client, of(code), 410)


def test_each_who_may_not_accept_reads_why(client, me, friend, monkeypatch):
    code = link(me)
    assert "C’est votre propre invitation" in read(client, of(code))
    assert "votre propre invitation" in unescape(client.post(of(code), follow=True).content.decode())

    monkeypatch.setattr(ports, "_has_ordered", lambda _pk: True)
    assert "réservée aux nouveaux clients" in read(friend.browser, of(code))
    assert "réservée aux nouveaux clients" in unescape(
        friend.browser.post(of(code), follow=True).content.decode()
    )

    monkeypatch.setattr(ports, "_has_ordered", lambda _pk: False)
    invited(customer(), friend.pk)
    assert "la première compte" in read(friend.browser, of(code))
    friend.browser.post(of(code))
    assert Referral.objects.count() == 1


def test_whoever_tries_codes_is_told_to_wait_and_learns_nothing_from_a_right_one(client, sponsor):
    code = link(sponsor.pk)
    for _n in range(WRONG_CODES.most):
        assert client.get(of("ABCDEFGHJK")).status_code == 404

    assert client.get(of("ABCDEFGHJK")).status_code == 429
    assert client.get(of(code)).status_code == 429
    assert client.post(of(code)).status_code == 429


def test_a_right_code_never_counts(client, sponsor):
    code = link(sponsor.pk)

    for _n in range(WRONG_CODES.most + 5):
        assert client.get(of(code)).status_code == 200


def test_pressing_too_often_is_told_to_wait(friend, sponsor):
    code = link(sponsor.pk)
    for _n in range(ACCEPTS.most):
        friend.browser.post(of(code))

    assert friend.browser.post(of(code)).status_code == 429


def test_a_name_is_shown_as_text(client, sponsor):
    Customer.objects.filter(pk=sponsor.pk).update(first_name="<b>Camille</b>")

    assert "&lt;b&gt;Camille" in client.get(of(link(sponsor.pk))).content.decode()
