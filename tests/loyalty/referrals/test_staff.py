"""Staff decide, write rules and stop sponsors, each with the right to."""

from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils import timezone

from config.staff import StaffGroup, seed_groups
from loyalty.referrals.forms import TermsForm
from loyalty.referrals.models import Referral, ReferralTerms, Sponsor
from loyalty.referrals.seed import seed_referral_terms
from shop.customers.models import Customer
from tests.factories import UserFactory
from tests.loyalty.points.earning import figures, programme
from tests.loyalty.referrals.inviting import comes, customer, invited, rules

pytestmark = pytest.mark.django_db


def member(client, group):
    seed_groups()
    user = UserFactory(staff=True)
    user.groups.add(Group.objects.get(name=group))
    client.force_login(user)
    return user


@pytest.fixture
def doubtful():
    programme()
    rules()
    return comes(invited(customer()), address="door-sponsor")


def action(name, row):
    return reverse(f"admin:referrals_referral_{name}", args=[row.pk])


def test_the_queue_says_what_is_to_be_looked_at_in_a_sentence(client, doubtful):
    member(client, StaffGroup.CUSTOMER_SERVICE)

    page = unescape(
        client.get(
            reverse("admin:referrals_referral_changelist"), {"state__exact": "review"}
        ).content.decode()
    )

    assert "Livré à l’adresse du parrain." in page and "à vérifier" in page


def test_a_referral_is_accepted_for_a_reason(client, doubtful):
    user = member(client, StaffGroup.CUSTOMER_SERVICE)
    assert "Livré à l’adresse du parrain." in unescape(
        client.get(action("accept", doubtful)).content.decode()
    )

    client.post(action("accept", doubtful), {"reason": "household"})

    assert Referral.objects.get().state == "rewarded" and figures(doubtful.sponsor_id)[0] == 300
    assert doubtful.entries.last().by == user


@pytest.mark.parametrize("sent", [{}, {"reason": ""}, {"reason": "household"}, {"reason": "x" * 500}])
def test_without_a_reason_that_fits_nothing_is_refused(client, doubtful, sent):
    member(client, StaffGroup.MANAGER)

    assert client.post(action("refuse", doubtful), sent).status_code == 200

    assert Referral.objects.get().state == "review"


def test_a_referral_is_refused_and_told_so_once(client, doubtful):
    member(client, StaffGroup.MANAGER)

    for _n in range(2):
        page = client.post(action("refuse", doubtful), {"reason": "abuse"}, follow=True)

    assert Referral.objects.get().state == "refused" and "plus rien à décider" in unescape(
        page.content.decode()
    )


def test_a_sponsor_without_an_account_any_more_is_said_and_nothing_given(client, doubtful):
    member(client, StaffGroup.CUSTOMER_SERVICE)
    Customer.objects.filter(pk=doubtful.sponsor_id).update(user=None)

    page = client.post(action("accept", doubtful), {"reason": "checked"}, follow=True)

    assert "n’a plus de compte" in unescape(page.content.decode())
    assert Referral.objects.get().state == "review"
    client.post(action("refuse", doubtful), {"reason": "gone"})
    assert Referral.objects.get().reason == "gone"


@pytest.mark.parametrize("group", [StaffGroup.MARKETING, StaffGroup.PICKING, StaffGroup.CATALOGUE])
def test_who_may_not_decide_decides_nothing(client, doubtful, group):
    member(client, group)

    assert client.get(action("accept", doubtful)).status_code == 403
    assert client.post(action("accept", doubtful), {"reason": "household"}).status_code == 403

    assert Referral.objects.get().state == "review"


def test_only_the_manager_stops_a_sponsor(client, doubtful):
    block = reverse("admin:referrals_sponsor_block", args=[doubtful.sponsor_id])
    member(client, StaffGroup.CUSTOMER_SERVICE)
    assert client.post(block).status_code == 403

    user = member(client, StaffGroup.MANAGER)
    assert client.get(block).status_code == 200 and not Sponsor.objects.exclude(blocked_at=None).exists()
    client.post(block)
    assert Sponsor.objects.get(pk=doubtful.sponsor_id).blocked_by == user

    client.post(reverse("admin:referrals_sponsor_unblock", args=[doubtful.sponsor_id]))
    assert Sponsor.objects.get(pk=doubtful.sponsor_id).blocked_at is None


# --- rules ------------------------------------------------------------------------------------------------------------


def typed(**changes):
    at = timezone.localtime(timezone.now() + timedelta(days=1))
    return {
        "starts_at_0": at.strftime("%d/%m/%Y"), "starts_at_1": "08:00", "starts_at": at.strftime("%d/%m/%Y %H:%M"),
        "friend_value": "10", "friend_minimum": "60", "friend_points": "0", "sponsor_points": "300",
        "sponsor_value": "", "yearly_most": "10", "lasts_days": "60",
    } | changes  # fmt: skip


def test_rules_of_a_day_to_come_are_added():
    programme()

    form = TermsForm(typed())

    assert form.is_valid(), form.errors
    assert form.save().sponsor_value == 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"starts_at": "01/01/2020 08:00"}, "starts_at"),
        ({"friend_value": "-1"}, "friend_value"),
        ({"friend_value": "NaN"}, "friend_value"),
        ({"friend_value": "51"}, "friend_value"),
        ({"friend_minimum": "9"}, "friend_minimum"),
        ({"sponsor_points": "0"}, "sponsor_points"),
        ({"sponsor_value": "5"}, "sponsor_points"),
        ({"sponsor_points": "999999"}, "sponsor_points"),
        ({"yearly_most": "0"}, "yearly_most"),
        ({"lasts_days": "0"}, "lasts_days"),
        ({"lasts_days": "x"}, "lasts_days"),
    ],
)
def test_rules_that_cannot_be_are_sent_back(changes, field):
    programme()

    form = TermsForm(typed(**changes))

    assert field in form.errors and not ReferralTerms.objects.exists()


def test_points_without_a_programme_are_not_promised():
    assert "sponsor_points" in TermsForm(typed()).errors


def test_the_manager_adds_rules_and_nobody_types_over_them(client):
    programme()
    user = member(client, StaffGroup.MANAGER)

    client.post(reverse("admin:referrals_referralterms_add"), typed())

    assert ReferralTerms.objects.get().written_by == user
    page = reverse("admin:referrals_referralterms_change", args=[ReferralTerms.objects.get().pk])
    assert client.post(page, typed(friend_value="20")).status_code == 403


def test_shipped_rules_are_written_once():
    seed_referral_terms()
    seed_referral_terms()

    terms = ReferralTerms.objects.get()
    assert (terms.friend_value, terms.friend_minimum, terms.sponsor_points) == (10, 60, 300)
    assert (terms.yearly_most, terms.lasts_days) == (10, 60)
