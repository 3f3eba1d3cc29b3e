"""Referrals of the demonstration's households go with them."""

from config.demonstration import load
from loyalty.referrals import ports
from loyalty.referrals.models import Device, Invitation, Referral, ReferralEntry, ReferralTerms, Sponsor
from loyalty.vouchers.models import Voucher
from shop.customers.models import Customer
from tests.config.living_shop import SMALL, small_shop, starter  # noqa: F401
from tests.loyalty.referrals.inviting import comes, customer, invited, link


def test_another_load_leaves_none_of_theirs_and_all_of_the_others(small_shop, monkeypatch):  # noqa: F811
    load(SMALL)
    monkeypatch.setattr(ports, "_has_ordered", lambda _customer_id: False)
    mine, household = customer(), Customer.objects.filter(email__endswith="@foyer.cabas.example").first().pk
    link(household, device="d1")
    comes(invited(mine, household, device="d2"))
    kept = comes(invited(mine, device="d3"))

    load(SMALL)

    assert list(Referral.objects.all()) == [kept] and ReferralTerms.objects.exists()
    assert set(ReferralEntry.objects.values_list("referral", flat=True)) == {kept.pk}
    assert set(Sponsor.objects.values_list("pk", flat=True)) == {mine, kept.friend_id}
    assert Invitation.objects.get().sponsor_id == mine and Device.objects.get().customer_id == kept.friend_id
    assert Voucher.objects.get(origin="referral").owner_id == kept.friend_id
