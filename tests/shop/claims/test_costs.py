"""What each use case costs, as its docstring says."""

from datetime import timedelta
from uuid import uuid4

import pytest

from shop.claims import services
from tests.factories import UserFactory
from tests.shop.claims.reporting import delivered_order, photo, report
from tests.shop.claims.test_not_mine import came, orders
from tests.shop.orders.depot import new_slot, place

pytestmark = pytest.mark.django_db
LATER = timedelta(hours=5)


def test_a_report_by_its_answer(order, zone, soap, django_assert_max_num_queries):
    slot = new_slot(zone, starts_in=timedelta(hours=30))
    dear = delivered_order(zone, {soap: 6}, starts_in=LATER)

    with django_assert_max_num_queries(59):
        assert report(order, {"Comté": 1, "Pommes": 1}, photo=photo()).answer == "refund"
    with django_assert_max_num_queries(80):
        assert report(order, {"Comté": 1, "Lessive": 1}, "damaged", slot=slot).answer == "replacement"
    with django_assert_max_num_queries(35):
        assert report(dear, {"Lessive": 6}, "damaged").state == "to_call"


def test_what_is_not_theirs_and_its_repair(zone, soap, comte, django_assert_max_num_queries):
    mine, _other = came(place(zone, {soap: 2}, email="moi@exemple.fr"), *orders(zone, {comte: 3}))
    told = services.Received("Comté", comte.pk)
    with django_assert_max_num_queries(13):
        claim = services.report_not_mine(order_reference=mine.reference, key=uuid4(), received=told)
    with django_assert_max_num_queries(66):
        assert services.find_robbed(claim_id=claim.pk) is not None


def test_an_answer_of_staff(zone, soap, django_assert_max_num_queries):
    claims = [
        report(delivered_order(zone, {soap: 6}, starts_in=LATER + timedelta(hours=n)), {"Lessive": 4})
        for n in range(3)
    ]
    by, slot = UserFactory().pk, new_slot(zone, starts_in=timedelta(hours=30))
    with django_assert_max_num_queries(43):
        services.answer_with_refund(claim_id=claims[0].pk, by_id=by)
    with django_assert_max_num_queries(65):
        services.answer_with_replacement(claim_id=claims[1].pk, slot_id=slot.pk, by_id=by)
    with django_assert_max_num_queries(10):
        services.close_claim(claim_id=claims[2].pk, answer="called", by_id=by, said="Vu.")
