"""Staff read, publish, refuse with a reason, answer; nothing is decided unread or against the rights."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.template import engines
from django.urls import reverse
from django.utils import timezone

from config.staff import StaffGroup, seed_groups
from shop.reviews.models import ProductReview, RefusalReason
from shop.reviews.queries import READ_WITHIN
from tests.factories import UserFactory
from tests.shop.reviews.support import again, publish, published, refuse, written, written_of_service

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _admin_templates(monkeypatch):
    """Unfold's templates rely on missing variables being empty."""
    monkeypatch.setattr(engines["django"].engine, "string_if_invalid", "")


def enter(client, group):
    seed_groups()
    user = UserFactory(staff=True)
    user.groups.add(Group.objects.get(name=group.value))
    client.force_login(user)
    return user


@pytest.fixture
def staff(client):
    return enter(client, StaffGroup.CUSTOMER_SERVICE)


def page_of(review):
    return reverse(f"admin:reviews_{review.kind}review_moderate", args=[review.pk])


def list_of(kind="product"):
    return reverse(f"admin:reviews_{kind}review_changelist")


def seen(review):
    return {"seen_at": review.written_at.strftime("%Y-%m-%dT%H:%M:%S.%f%z")}


def post(client, review, **sent):
    return client.post(page_of(review), seen(review) | sent, follow=True).content.decode()


@pytest.mark.parametrize("write", [written, written_of_service])
def test_staff_read_then_publish(client, staff, write):
    review = write(rating=1, text="Décevant")

    page = client.get(page_of(review)).content.decode()
    told = post(client, review, publish="1")

    assert "Décevant" in page and "Les avis négatifs se publient" in page
    assert "Avis publié" in told
    assert (again(review).status, again(review).moderated_by) == ("published", staff)


def test_refusing_takes_a_reason_of_the_list_and_words(client, staff):
    review = written()

    for sent in ({}, {"reason": "insult"}, {"words": "Non."}, {"reason": "negative", "words": "Trop dur."}):
        post(client, review, refuse="1", **sent)
        assert again(review).status == "waiting", sent
    told = post(client, review, refuse="1", reason="insult", words="Retirez « imbéciles ».")

    assert "reçoit le motif" in told
    assert (again(review).status, again(review).refusal_reason) == ("refused", "insult")
    assert again(review).moderated_by == staff


def test_no_reason_of_the_list_is_an_opinion():
    assert set(RefusalReason) == {
        "personal_data", "insult", "illegal", "off_topic", "advertising", "conflict", "unreadable",
    }  # fmt: skip


def test_staff_answer_in_the_name_of_a_function(client, staff):
    review = published(rating=2)

    post(client, review, reply="1", role="buyer")
    before = again(review)
    told = post(client, review, reply="1", role="buyer", answer="Merci.")

    assert not before.answer and "Réponse publiée" in told
    assert (again(review).answer, again(review).answered_by) == ("Merci.", staff)


def test_words_changed_meanwhile_are_read_again(client, staff):
    review = written(rating=5, text="Très bon")
    written(review.product, customer=review.customer, rating=5, text="Autre chose")

    told = post(client, review, publish="1")

    assert "vient de changer son texte" in told and "Autre chose" in told
    assert again(review).status == "waiting"


def test_what_was_decided_is_not_decided_again(client, staff):
    review = refuse(written())

    told = post(client, review, publish="1")

    assert "déjà fait" in told
    assert again(review).status == "refused"


@pytest.mark.parametrize("group", [StaffGroup.MARKETING, StaffGroup.CATALOGUE])
def test_whoever_may_only_look_decides_nothing(client, group):
    enter(client, group)
    review = written()

    assert client.get(list_of()).status_code == 200
    assert client.get(page_of(review)).status_code == 403
    assert client.post(page_of(review), seen(review) | {"publish": "1"}).status_code == 403
    assert again(review).status == "waiting"


@pytest.mark.parametrize("group", [StaffGroup.PICKING, StaffGroup.COURIER])
def test_others_see_no_review(client, group):
    enter(client, group)

    assert client.get(list_of()).status_code == 403


def test_the_list_says_that_bad_reviews_are_published_and_proves_it(client, staff):
    published(rating=1)
    refuse(written(rating=1))
    publish(written(rating=5))
    written(rating=5)

    page = " ".join(client.get(list_of()).content.decode().replace("\u202f", " ").split())

    assert "Les avis négatifs se publient" in page
    assert '<dt>1 / 5</dt><dd class="font-semibold">50&#x202F;%</dd><dd>1 sur 2 avis</dd>' in page
    assert '<dt>5 / 5</dt><dd class="font-semibold">100&#x202F;%</dd><dd>1 sur 1 avis</dd>' in page
    assert '<dt>3 / 5</dt><dd class="font-semibold">—</dd>' in page


def test_a_review_that_waits_too_long_shows(client, staff):
    review = written(text="Ancien")
    with time_machine.travel(timezone.now() + READ_WITHIN + timedelta(minutes=1)):
        client.force_login(staff)
        written(text="Récent")
        listed = client.get(list_of()).content.decode()
        late = client.get(list_of(), {"delai": "depasse"}).content.decode()
        home = client.get(reverse("admin:index")).content.decode()

    assert "délai dépassé" in listed and "Récent" in listed
    assert "Ancien" in late and "Récent" not in late
    assert "1 attend depuis plus de 72 heures" in home
    assert again(review).status == "waiting"


def test_nobody_types_over_a_customers_words(client, staff):
    review = written(text="Sec")
    change = reverse("admin:reviews_productreview_change", args=[review.pk])

    client.post(change, {"text": "Délicieux", "rating": "5", "status": "published"})

    assert client.get(reverse("admin:reviews_productreview_add")).status_code == 403
    assert ProductReview.objects.values_list("text", "rating", "status").get() == ("Sec", 4, "waiting")
    assert client.post(reverse("admin:reviews_productreview_delete", args=[review.pk])).status_code == 403
