"""A friend comes once, both are rewarded once, and a year's ceiling holds, however much happens at once."""

import pytest
from django.utils import timezone

from loyalty.points.models import PointEntry
from loyalty.points.queries import wrong_accounts
from loyalty.referrals import services
from loyalty.referrals.models import Referral, ReferralEntry, Sponsor
from loyalty.referrals.rules import AlreadyInvited, InTurn
from loyalty.vouchers.models import Voucher
from tests.concurrency.racing import meet_after, together
from tests.loyalty.points.earning import figures, programme
from tests.loyalty.referrals.inviting import comes, customer, invited, link, rules

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _in_force():
    programme()
    rules(yearly_most=3)


def unlocked(*customer_ids):
    named = [Sponsor(customer_id=one) for one in sorted(customer_ids)]
    Sponsor.objects.bulk_create(named, ignore_conflicts=True)
    return {row.pk: row for row in Sponsor.objects.select_related("customer").filter(pk__in=customer_ids)}


def two_tabs():
    codes, friend = [link(customer()), link(customer())], customer()
    # Their row is there: else the second waits for the first to write it.
    link(friend)
    return friend, together(2, lambda n: services.accept(code=codes[n], customer_id=friend))


def test_two_tabs_that_accept_two_invitations_at_once_have_one_sponsor():
    for _n in range(5):
        friend, answers = two_tabs()

        assert {type(one) for one in answers} == {Referral, AlreadyInvited}
        assert Voucher.objects.filter(owner=friend).count() == 1


def test_control_without_the_lock_one_tab_runs_into_the_other(monkeypatch):
    monkeypatch.setattr(services, "_locked", unlocked)
    meet_after(monkeypatch, services, "_check", 2)

    friend, answers = two_tabs()

    # The database still keeps one; what its reader gets is a broken page.
    assert {type(one).__name__ for one in answers} == {"Referral", "IntegrityError"}
    assert Referral.objects.filter(friend=friend).count() == 1


def each_other():
    one, other = customer(), customer()
    codes = {one: link(other), other: link(one)}
    return together(2, lambda n: services.accept(code=codes[(one, other)[n]], customer_id=(one, other)[n]))


def test_two_who_accept_each_others_invitation_at_once_do_not_both_come_by_it():
    for _n in range(5):
        assert {type(one) for one in each_other()} == {Referral, InTurn}


def test_control_without_the_lock_two_bring_each_other(monkeypatch):
    monkeypatch.setattr(services, "_locked", unlocked)
    meet_after(monkeypatch, services, "_check", 2)

    assert {type(one) for one in each_other()} == {Referral}


def told_by(workers):
    sponsor = customer()
    referral = invited(sponsor)
    answers = together(workers, lambda _n: comes(referral))
    return sponsor, referral, answers


def test_a_delivery_told_by_many_workers_rewards_once():
    sponsor, referral, answers = told_by(8)

    assert {one.state for one in answers} == {"rewarded"}
    assert figures(sponsor)[0] == 300
    assert list(ReferralEntry.objects.filter(referral=referral).values_list("kind", flat=True)) == [
        "accepted", "rewarded",
    ]  # fmt: skip


def test_control_without_the_lock_workers_reward_into_each_other(monkeypatch):
    monkeypatch.setattr(services, "_locked", unlocked)
    meet_after(monkeypatch, services, "_signals", 2)

    sponsor, _referral, answers = told_by(2)

    # Only the book's own key stops the second: the work of a worker is lost, and its fact tried again.
    assert "IntegrityError" in {type(one).__name__ for one in answers}
    assert figures(sponsor)[0] == 300


def many_at_once(friends):
    sponsor = customer()
    waiting = [invited(sponsor) for _n in range(friends)]
    together(friends, lambda n: comes(waiting[n]))
    return sponsor, Referral.objects.filter(sponsor=sponsor, state="rewarded").count()


def test_the_ceiling_of_a_year_holds_when_friends_are_delivered_at_once():
    sponsor, rewarded = many_at_once(5)

    assert rewarded == 3 and figures(sponsor, timezone.now())[0] == 900
    assert wrong_accounts() == []


def test_control_without_the_lock_the_ceiling_breaks(monkeypatch):
    monkeypatch.setattr(services, "_locked", unlocked)
    meet_after(monkeypatch, services, "rewarded_in_year", 5)

    sponsor, rewarded = many_at_once(5)

    assert rewarded == 5
    assert PointEntry.objects.filter(account=sponsor, kind="gift").count() == 5


def test_a_decision_pressed_by_two_colleagues_at_once_is_one():
    sponsor = customer()
    referral = comes(invited(sponsor), address="door-sponsor")
    by_id = Referral.objects.select_related("friend").get(pk=referral.pk).friend.user_id

    answers = together(
        6,
        lambda _n: services.decide(referral_id=referral.pk, accepts=True, reason="household", by_id=by_id),
    )

    assert sorted(answers) == [False] * 5 + [True] and figures(sponsor)[0] == 300


def test_a_link_asked_for_many_times_at_once_is_one():
    sponsor = customer()

    assert len(set(together(10, lambda _n: link(sponsor)))) == 1
