"""The life of a referral: by whom, for whom, once, and what somebody has to look at."""

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.facts import deliver_all
from crm.outbox.models import Message
from loyalty.points.models import PointEntry
from loyalty.referrals import ports, services
from loyalty.referrals import rules as referral_rules
from loyalty.referrals.models import Device, Invitation, Referral, ReferralEntry, Sponsor
from loyalty.referrals.queries import rewarded_in_year
from loyalty.vouchers.models import Voucher
from shop.customers.models import Customer
from tests.factories import UserFactory
from tests.loyalty.points.earning import figures, programme
from tests.loyalty.referrals.inviting import DAY, comes, customer, invited, link, rules, told

pytestmark = pytest.mark.django_db
State, Reason = Referral.State, Referral.Reason


@pytest.fixture(autouse=True)
def _in_force():
    programme()
    rules()


@pytest.fixture
def me():
    return customer(first_name="Camille")


@pytest.fixture
def ordered(monkeypatch):
    """Customers who have ordered before."""
    known = set()
    monkeypatch.setattr(ports, "_has_ordered", lambda customer_id: customer_id in known)
    return known


def kinds(referral):
    return list(ReferralEntry.objects.filter(referral=referral).values_list("kind", flat=True))


def points_of(customer_id):
    return figures(customer_id)[0]


# --- the link ---------------------------------------------------------------------------------------------------------


def test_a_link_is_one_while_it_lasts_and_another_after(me):
    first = services.make_invitation(customer_id=me)

    assert services.make_invitation(customer_id=me) == first
    later = services.make_invitation(customer_id=me, now=first.expires_at)
    assert later.code != first.code and Invitation.objects.count() == 2


def test_without_rules_nobody_gets_a_link(me):
    before = timezone.now() - 1000 * DAY

    with pytest.raises(referral_rules.NoReferrals):
        services.make_invitation(customer_id=me, now=before)

    assert not Invitation.objects.exists()


def test_a_link_keeps_what_it_promised_when_rules_change(me):
    invitation = services.make_invitation(customer_id=me)
    rules(starts_at=timezone.now(), friend_value=Decimal(5))

    referral = services.accept(code=invitation.code, customer_id=customer())

    assert referral.terms.friend_value == 10 and Voucher.objects.get().value == 10


# --- accepting --------------------------------------------------------------------------------------------------------


def test_a_friend_has_a_voucher_for_their_first_order_at_once(me):
    referral = invited(me)

    voucher = Voucher.objects.get()
    assert (voucher.owner_id, voucher.value, voucher.minimum_goods) == (referral.friend_id, 10, 60)
    assert (
        voucher.first_order_only and voucher.origin == "referral" and voucher.valid_until == referral.ends_at
    )
    assert kinds(referral) == ["accepted"]


def test_accepting_twice_is_accepting_once(me):
    friend = customer()

    first, second = invited(me, friend), invited(me, friend)

    assert first == second and Voucher.objects.count() == 1 and kinds(first) == ["accepted"]


def refused(kind, code, friend, **how):
    before = (Referral.objects.count(), Voucher.objects.count())
    with pytest.raises(kind):
        services.accept(code=code, customer_id=friend, **how)
    assert (Referral.objects.count(), Voucher.objects.count()) == before


@pytest.mark.parametrize(
    "code", ["", "ABCDEFGHJK", "x" * 5000, "'; DROP TABLE", "\0", "０１２３４５６７８９"]
)
def test_a_forged_code_is_none(code):
    refused(referral_rules.InvitationUnknown, code, customer())


def test_nobody_invites_themselves(me):
    refused(referral_rules.OwnInvitation, link(me), me)


def test_the_first_sponsor_counts(me):
    friend = customer()
    invited(me, friend)

    refused(referral_rules.AlreadyInvited, link(customer()), friend)


def test_two_do_not_bring_each_other(me):
    friend = invited(me).friend_id

    refused(referral_rules.InTurn, link(friend), me)


def test_whoever_ordered_before_is_no_friend(me, ordered):
    friend = customer()
    ordered.add(friend)

    refused(referral_rules.NotNew, link(me), friend)


def test_an_invitation_ends(me):
    invitation = services.make_invitation(customer_id=me)

    refused(referral_rules.InvitationOver, invitation.code, customer(), now=invitation.expires_at)


def test_a_blocked_or_erased_sponsor_invites_no_more(me):
    code, boss = link(me), UserFactory(staff=True).pk
    services.block_sponsor(customer_id=me, is_blocked=True, by_id=boss)
    refused(referral_rules.InvitationOver, code, customer())
    with pytest.raises(referral_rules.SponsorBlocked):
        services.make_invitation(customer_id=me)

    services.block_sponsor(customer_id=me, is_blocked=False, by_id=boss)
    assert services.accept(code=code, customer_id=customer())

    Customer.objects.filter(pk=me).update(user=None)
    refused(referral_rules.InvitationOver, code, customer())


# --- rewarding --------------------------------------------------------------------------------------------------------


def test_both_are_rewarded_once_the_first_order_is_delivered(me):
    rules(starts_at=timezone.now(), friend_points=50)
    referral = invited(me)
    assert comes(referral, is_delivered=False).state == State.ORDERED
    assert points_of(me) == 0

    rewarded = comes(referral)
    deliver_all()

    assert rewarded.state == State.REWARDED and rewarded.signals == []
    assert (points_of(me), points_of(referral.friend_id)) == (300, 50)
    assert kinds(referral) == ["accepted", "ordered", "rewarded"]
    letter = Message.objects.get(purpose="referral_rewarded")
    assert (
        letter.customer_id == me and "300" in letter.subject and rewarded.order_reference not in letter.text
    )


def test_a_sponsor_may_be_given_a_voucher_instead(me):
    rules(starts_at=timezone.now(), sponsor_points=0, sponsor_value=Decimal(8))

    comes(invited(me))
    deliver_all()

    voucher = Voucher.objects.get(owner=me)
    assert voucher.value == 8 and not voucher.first_order_only and points_of(me) == 0
    assert "8,00 €" in Message.objects.get(purpose="referral_rewarded").subject


def test_what_is_told_again_and_late_rewards_once(me):
    referral = invited(me)

    for delivered in (True, True, False):
        comes(referral, is_delivered=delivered)
    comes(referral, stands=False)
    comes(referral, reference="CB-2")

    assert points_of(me) == 300 and kinds(referral) == ["accepted", "rewarded"]


@pytest.mark.parametrize(
    "about",
    [
        {"stands": False},
        {"kept_cents": 0},
        {"is_paid": False},
        {"placed_at": None},
        {"placed_at": timezone.now() + 400 * DAY},
    ],
)
def test_what_came_to_nothing_rewards_nobody(me, about):
    referral = invited(me)

    assert comes(referral, **about).state in Referral.OPEN

    assert points_of(me) == 0 and "rewarded" not in kinds(referral)


def test_after_an_order_that_came_to_nothing_the_next_one_counts(me):
    referral = invited(me)
    comes(referral, reference="CB-1", is_delivered=False)
    assert comes(referral, reference="CB-2", stands=False).state == State.ORDERED
    assert comes(referral, reference="CB-1", stands=False).state == State.ACCEPTED
    assert kinds(referral)[-1] == "nothing"

    assert comes(referral, reference="CB-2").order_reference == "CB-2"
    assert points_of(me) == 300


def test_an_order_of_before_shows_that_the_friend_was_none(me):
    referral = invited(me)

    refused = comes(referral, placed_at=referral.accepted_at - timedelta(seconds=1))

    assert (refused.state, refused.reason) == (State.REFUSED, Reason.NOT_NEW) and points_of(me) == 0


def test_whoever_came_by_nobody_changes_nothing():
    services.tell_order(friend_id=customer(), told=told())

    assert not Referral.objects.exists() and not PointEntry.objects.exists()


def test_a_year_has_its_ceiling_and_the_next_one_its_own(me):
    rules(starts_at=timezone.now(), yearly_most=2, friend_points=5)
    new_year = datetime(timezone.localdate().year + 1, 1, 1, tzinfo=ZoneInfo("Europe/Paris"))
    eve = new_year - timedelta(minutes=1)
    waiting = [services.accept(code=link(me), customer_id=customer(), now=timezone.now()) for _n in range(4)]

    states = [comes(one, now=eve).state for one in waiting[:3]]

    assert states == [State.REWARDED, State.REWARDED, State.REFUSED]
    assert points_of(me) == 600 and points_of(waiting[2].friend_id) == 5
    assert Referral.objects.get(pk=waiting[2].pk).reason == Reason.CEILING
    assert comes(waiting[3], now=new_year).state == State.REWARDED
    assert rewarded_in_year(me, new_year) == 1


# --- what somebody looks at -------------------------------------------------------------------------------------------


def test_the_same_door_as_the_sponsor_is_looked_at_and_nobody_is_rewarded_yet(me):
    referral = comes(invited(me), address="door-sponsor")
    deliver_all()

    assert referral.state == State.REVIEW and referral.signals == ["address_sponsor"]
    assert points_of(me) == 0 and not Message.objects.exists()


def test_the_same_door_and_card_are_looked_at_too_and_somebody_may_refuse(me):
    referral = comes(invited(me), address="door-sponsor", cards=frozenset({"card-sponsor", "x"}))
    assert referral.state == State.REVIEW and referral.signals == ["address_sponsor", "card_sponsor"]

    assert decide(referral, False, Reason.SELF)

    assert Referral.objects.get().reason == Reason.SELF and points_of(me) == 0


def test_two_friends_of_one_door_card_or_device_are_looked_at(me):
    first, second, third, fourth = (invited(me, device=device) for device in ("d1", "d2", "d3", "d1"))
    comes(first, address="a", cards=frozenset({"c"}))

    assert comes(second, address="a").signals == ["address_friend"]
    assert comes(third, cards=frozenset({"c"})).signals == ["card_friend"]
    assert comes(fourth).signals == ["device_friend"]


def test_the_sponsors_own_device_is_looked_at(me):
    link(me, device="d1")

    assert comes(invited(me, device="d1")).signals == ["device_sponsor"]


def test_many_friends_in_a_few_days_are_looked_at_from_the_sixth_on(me):
    friends = [invited(me) for _n in range(6)]

    assert [comes(one).state for one in friends] == [State.REWARDED] * 5 + [State.REVIEW]


def test_an_address_that_nobody_knows_is_like_no_other(me):
    first, second = invited(me), invited(me)

    comes(first, address="", cards=frozenset())

    assert comes(second, address="", cards=frozenset(), sponsor_addresses=frozenset()).state == State.REWARDED


def test_a_sponsor_blocked_meanwhile_is_looked_at(me):
    referral = invited(me)
    services.block_sponsor(customer_id=me, is_blocked=True, by_id=UserFactory(staff=True).pk)

    assert comes(referral).signals == ["blocked"]


def test_a_sponsor_without_an_account_any_more_gets_nothing(me):
    referral = invited(me)
    Customer.objects.filter(pk=me).update(user=None)

    assert comes(referral).reason == Reason.GONE and points_of(me) == 0


@pytest.mark.parametrize("state", [State.REFUSED, State.REVIEW])
def test_staff_reward_no_sponsor_without_an_account(me, state):
    rules(starts_at=timezone.now(), friend_points=50)
    referral, gone = invited(me), Customer.objects.filter(pk=me)
    if state == State.REFUSED:
        gone.update(user=None)
    assert comes(referral, address="door-sponsor").state == state
    gone.update(user=None)

    with pytest.raises(referral_rules.SponsorGone):
        decide(referral, True, Reason.CHECKED)

    assert Referral.objects.get().state == state and not Message.objects.exists()
    assert points_of(me) == points_of(referral.friend_id) == 0


def test_a_decision_holds_sponsor_and_friend(me):
    referral = comes(invited(me), address="door-sponsor")

    with CaptureQueriesContext(connection) as made:
        decide(referral, True, Reason.CHECKED)

    locks = [one["sql"] for one in made if '"referrals_sponsor"' in one["sql"] and "FOR NO KEY" in one["sql"]]
    assert len(locks) == 1 and f"({me}, {referral.friend_id})" in locks[0]


def test_an_order_placed_too_late_is_not_worked_on(me, django_assert_num_queries):
    referral = invited(me)

    with django_assert_num_queries(3):
        services.tell_order(friend_id=referral.friend_id, told=told(placed_at=referral.ends_at))

    assert Referral.objects.get().state == State.ACCEPTED


def decide(referral, accepts, reason):
    return services.decide(
        referral_id=referral.pk, accepts=accepts, reason=reason, by_id=UserFactory(staff=True).pk
    )


def test_staff_accept_a_household_and_both_have_their_due_once(me):
    referral = comes(invited(me), address="door-sponsor")

    assert decide(referral, True, Reason.HOUSEHOLD) and not decide(referral, True, Reason.HOUSEHOLD)
    assert not decide(referral, False, Reason.ABUSE)

    assert points_of(me) == 300
    entry = ReferralEntry.objects.filter(referral=referral).last()
    assert (entry.kind, entry.reason) == ("rewarded", "household") and entry.by_id


def test_staff_refuse_for_a_reason_and_may_change_their_mind(me):
    referral = comes(invited(me), address="door-sponsor")

    assert decide(referral, False, Reason.ABUSE) and points_of(me) == 0
    assert decide(referral, True, Reason.CHECKED) and points_of(me) == 300
    assert kinds(referral) == ["accepted", "flagged", "refused", "rewarded"]


def test_a_reason_of_the_other_answer_is_none(me):
    referral = comes(invited(me), address="door-sponsor")

    with pytest.raises(ValueError, match="abuse"):
        decide(referral, True, Reason.ABUSE)

    assert Referral.objects.get().state == State.REVIEW


def test_nothing_is_decided_before_the_first_order_came(me):
    assert not decide(invited(me), True, Reason.CHECKED)


def test_staff_stay_below_the_ceiling_of_the_year(me):
    rules(starts_at=timezone.now(), yearly_most=1)
    doubtful = comes(invited(me), address="door-sponsor")
    comes(invited(me))

    with pytest.raises(referral_rules.YearIsFull):
        decide(doubtful, True, Reason.CHECKED)

    assert Referral.objects.get(pk=doubtful.pk).state == State.REVIEW and points_of(me) == 300


# --- what stays, what goes --------------------------------------------------------------------------------------------


def test_the_book_and_what_was_accepted_are_written_once(me):
    referral = comes(invited(me))

    for change in (
        lambda: ReferralEntry.objects.update(kind="refused"),
        lambda: ReferralEntry.objects.all().delete(),
        lambda: Referral.objects.update(accepted_at=timezone.now()),
        lambda: Referral.objects.update(state="refused", reason="abuse"),
        lambda: Referral.objects.all().delete(),
        lambda: Invitation.objects.update(expires_at=timezone.now() + DAY),
        lambda: referral.terms.delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_traces_are_forgotten_after_thirteen_months_and_referrals_stay(me):
    link(me, device="d1")
    referral = comes(invited(me, device="d2"))

    assert services.forget_traces(now=timezone.now() + 394 * DAY) == 0
    assert services.forget_traces(now=timezone.now() + 396 * DAY) == 3

    referral.refresh_from_db()
    assert (referral.address_digest, referral.card_digests, referral.state) == ("", [], "rewarded")
    assert not Device.objects.exists()


def test_more_friends_cost_no_more_queries(me):
    def cost(referral):
        with CaptureQueriesContext(connection) as made:
            comes(referral)
        return len(made)

    first = cost(invited(me))
    for _n in range(8):
        comes(invited(me), address="door-sponsor")

    assert cost(invited(me, now=timezone.now() + 30 * DAY)) <= first


def test_a_sponsors_row_is_made_once(me):
    invited(me)
    invited(me)

    assert Sponsor.objects.filter(pk=me).count() == 1
