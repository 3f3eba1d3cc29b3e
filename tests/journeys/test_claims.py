"""« Un souci avec cette commande ? » in three taps, answered on the next page; seen at every width."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect

from delivery.slots.models import Slot
from shop.claims.models import Claim, ClaimLimits
from shop.orders import services
from shop.orders.models import Refund
from tests.journeys import steps
from tests.journeys.test_going_back import delivered
from tests.journeys.test_pages import goods, ordered, see, signed_in  # noqa: F401
from tests.shop.claims.reporting import pixels


def received(order):
    Slot.objects.filter(pk=order.slot_id).update(cutoff_at=timezone.now() - timedelta(minutes=1))
    services.start_picking(references=[order.reference])
    return delivered(order)


class Taps:
    """Every touch of the screen, counted."""

    def __init__(self):
        self.number = 0

    def on(self, what):
        self.number += 1
        what.click()


def of_food(order, goods):  # noqa: F811
    return order.lines.get(product=goods["food"])


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no-javascript"])
def test_a_missing_article_is_given_back_in_three_taps(shop, goods, open_page, javascript):  # noqa: F811
    order = received(ordered(goods, signed_in()))
    page, taps = open_page(phone=True, javascript=javascript), Taps()
    steps.sign_in(page, f"{shop}/commandes/{order.reference}/", "camille@cabas.example")

    taps.on(page.locator("main").get_by_role("link", name="Il manque"))
    taps.on(page.locator(".pick__what", has_text=of_food(order, goods).name))
    taps.on(page.get_by_role("button", name="Envoyer"))

    expect(page.locator("h1")).to_contain_text("Nous vous rendons")
    assert taps.number == 3 and not page.problems
    assert Refund.objects.get().lines.get().quantity == 1


def test_a_photograph_and_an_address_with_the_link_alone(shop, goods, open_page, tmp_path):  # noqa: F811
    order = received(ordered(goods))
    page, picture = open_page(phone=True), tmp_path / "casse.jpg"
    picture.write_bytes(pixels())

    page.goto(f"{shop}/suivi/{order.tracking_token}/")
    page.locator("main").get_by_role("link", name="C’est abîmé").click()
    page.locator(".pick__what", has_text=of_food(order, goods).name).click()
    page.get_by_label("Combien").locator("visible=true").select_option("2")
    page.get_by_label("Une photo").set_input_files(picture)
    page.get_by_label("Adresse e-mail de la commande").fill(order.email)
    page.get_by_role("button", name="Envoyer").click()

    expect(page.locator("h1")).to_contain_text("Nous vous rendons")
    page.get_by_role("link", name="votre photo").click()
    expect(page.locator("img")).to_be_visible()
    claim = Claim.objects.get()
    assert claim.photo_hash and claim.lines.get().quantity == 2
    claim.photo.delete(save=False)


def test_claims_as_they_are_seen(see, goods):  # noqa: F811
    member, stranger = signed_in(), Client()
    order = received(ordered(goods, member))
    at = f"/commandes/{order.reference}/soucis"
    by_link = f"/suivi/{order.tracking_token}/soucis"
    line = of_food(order, goods)
    key = "7f0e6f0e-0000-4000-8000-000000000001"

    see(
        "order-received", f"/commandes/{order.reference}/", client=member, says="Un souci avec cette commande"
    )
    see("claim-missing", f"{at}/manque/", client=member, says="Que manque-t-il")
    see("claim-damaged", f"{at}/abime/", client=member, says="sans frais")
    see("claim-not-mine", f"{by_link}/pas-a-moi/", client=stranger, says="Gardez-le")
    wrong = stranger.post(f"{by_link}/abime/", {"key": key, "email": "autre@exemple.fr", "wish": "refund"})
    see("claim-refused", client=stranger, answer=wrong, status=422, says="pas celle de la commande")
    member.post(f"{at}/manque/", {"key": key, f"article-{line.pk}": "on"})
    see("claims-refunded", f"{at}/", client=member, says="Nous vous rendons")
    member.post(f"{at}/pas-a-moi/", {"key": key[:-1] + "2", "words": "Brie de Meaux", "units": "1"})
    ClaimLimits.objects.create(
        amount=0, number=0, days=90, newcomer_amount=0, newcomer_number=0, photo_from=0
    )
    member.post(f"{at}/abime/", {"key": key[:-1] + "3", f"article-{line.pk}": "on", "wish": "refund"})
    see("claims-to-call", f"{at}/", client=member, says="Nous vous appelons avant")
    see("claims-by-link", f"{by_link}/", client=stranger, says="Nous vous appelons avant")
    order.delivered_at = timezone.now() - timedelta(days=15)
    order.save(update_fields=["delivered_at"])
    see("claim-too-late", f"{at}/manque/", client=member, says="pendant quatorze jours")
