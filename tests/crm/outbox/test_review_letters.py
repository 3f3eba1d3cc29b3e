"""A review's author learns of a refusal with its reason, and of the shop's answer: once each."""

import pytest

from config.facts import deliver_all
from crm.outbox.letters import render
from crm.outbox.models import Message
from shop.customers.models import Customer
from tests.crm.outbox.support import REVIEW
from tests.factories import CustomerFactory, ProductFactory
from tests.shop.reviews.support import answer, publish, refuse, written, written_of_service

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("write", [written, written_of_service])
def test_a_refusal_reaches_its_author_with_the_reason(write):
    review = refuse(write(rating=1, text="Demandez Jean Dupont"), "personal_data", "Retirez le nom.")
    deliver_all()
    deliver_all()

    letter = Message.objects.get()
    assert (letter.purpose, letter.recipient) == ("review_refused", review.customer.email)
    for body in (letter.text, letter.html):
        for told in (
            "données personnelles",
            "Retirez le nom.",
            "Demandez Jean Dupont",
            review.order_reference,
        ):
            assert told in body, told
        assert "variable indéfinie" not in body
    assert not letter.is_marketing


@pytest.mark.parametrize("write", [written, written_of_service])
def test_an_answer_reaches_its_author(write):
    answer(publish(write(rating=2)), "Nous changeons de producteur.", "buyer")
    deliver_all()

    letter = Message.objects.get()
    assert letter.purpose == "review_answered"
    for body in (letter.text, letter.html):
        assert "Nous changeons de producteur." in body and "Responsable des achats" in body


def test_publishing_alone_writes_to_nobody():
    publish(written(rating=5))
    deliver_all()

    assert not Message.objects.exists()


def test_a_product_and_an_order_of_the_same_number_are_two_occasions():
    reviews = [refuse(written()), refuse(written_of_service())]
    deliver_all()

    assert set(Message.objects.values_list("occasion", flat=True)) == {
        f"{review.kind} {review.pk}" for review in reviews
    }


def test_the_owner_of_a_merged_guest_is_told():
    guest, owner = CustomerFactory(guest=True), CustomerFactory(first_name="Ana")
    review = written(ProductFactory(), customer=guest)
    Customer.objects.filter(pk=guest.pk).update(merged_into=owner)

    refuse(review)
    deliver_all()

    assert Message.objects.get().recipient == owner.email


def test_nobody_is_told_of_the_review_of_somebody_erased():
    review = written()
    Customer.objects.filter(pk=review.customer_id).update(email="", first_name="", last_name="")

    refuse(review)
    deliver_all()

    from django_domain_events.models.delivery_record import DeliveryRecord

    assert not Message.objects.exists()
    assert not DeliveryRecord.objects.exclude(status="succeeded").exists()


def test_words_of_a_review_are_never_markup_in_a_letter():
    rogue = "</mj-text><img src=x><script>alert(1)</script>"

    letter = render(
        "review_refused", REVIEW | {"text": rogue, "title": rogue, "first_name": rogue, "product": rogue}
    )

    assert "<img" not in letter.html and "<script" not in letter.html
    assert rogue in letter.text


def test_a_letter_about_the_service_names_the_order_and_no_product():
    text = render("review_refused", REVIEW | {"product": "", "product_slug": ""}).text

    assert "la livraison de la commande CB-2F7K-9ABC" in text and "Comté" not in text
