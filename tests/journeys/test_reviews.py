"""Reviews as they are read and written: every state photographed, and one written without a script."""

from datetime import timedelta

from django.conf import settings

from config.demonstration.reviews import make_reviews
from shop.customers.models import User
from shop.reviews.models import ProductReview
from tests.factories import CustomerFactory
from tests.journeys.test_pages import goods, see, signed_in  # noqa: F401
from tests.shop.reviews.support import answer, order_of, publish, refuse, written

LONG = (
    "J’en achète depuis des années et je voulais dire ce qui a changé.\n\nLa croûte est plus fine, "
    "le goût plus franc. Dommage que l’emballage reste aussi difficile à ouvrir. " * 3
)


def test_pages_of_reviews(see, goods, shop):  # noqa: F811
    see("product-reviews-none", f"/produits/{goods['food'].slug}/avis/", says="Pas encore d’avis")
    see("service-reviews-none", "/avis/service/", says="Aucun avis")
    see("review-policy", "/avis/controle/", says="jamais refusé parce qu’il est négatif")
    product = goods["long"]
    for rating, title, text in (
        (5, "Excellent", ""),
        (1, "Anticonstitutionnellement mauvais, je n’en reprendrai pas de sitôt", "Sec."),
        (4, "", LONG),
    ):
        review = publish(written(product, rating=rating, title=title, text=text))
        if rating == 1:
            answer(review, "Merci de nous l’avoir dit.\nNous changeons de fournisseur.")
    for _n in range(9):
        publish(written(product, rating=3, text="Correct, sans plus."))
    for _n in range(9):
        order_of(CustomerFactory(first_name=""), goods["second"], goods["weighed"])

    see("product-with-reviews", f"/produits/{product.slug}/", says="Lire les 12 avis")
    see("product-reviews", f"/produits/{product.slug}/avis/", says="Page 1 sur 2")
    see("product-reviews-sorted", f"/produits/{product.slug}/avis/?tri=notes-basses&page=2")
    ProductReview.objects.all().delete()
    assert make_reviews() > 10
    see("service-reviews", "/avis/service/", says="Responsable des livraisons")
    see("service-quality-reviews", "/qualite-de-service/", says="Ce qu’en disent les clients")


def test_the_form_in_every_state(see, goods):  # noqa: F811
    client = signed_in()
    customer = User.objects.get(email="camille@cabas.example").customer
    order = order_of(customer, *(goods[name] for name in ("food", "long", "weighed", "second")))
    address = f"/commandes/{order.reference}/avis/"
    name = {key: f"produit-{goods[key].pk}" for key in goods}
    see("my-reviews-none", "/compte/avis/", client=client, says="Pas encore d’avis")
    see("order-received", f"/commandes/{order.reference}/", client=client, says="Donner votre avis")
    see("order-reviews", address, client=client)
    wrong = client.post(
        address,
        {
            f"{name['long']}-text": "Écrivez-moi à camille@exemple.fr",
            f"{name['food']}-rating": "3",
            f"{name['food']}-title": "x" * 81,
            "service-rating": "4",
        },
    )
    see("order-reviews-errors", client=client, answer=wrong, status=422, says="à corriger")
    client.post(
        address,
        {
            f"{name['food']}-rating": "5",
            f"{name['long']}-rating": "1",
            f"{name['long']}-text": "Demandez à Jean.",
            f"{name['weighed']}-rating": "3",
            "service-rating": "2",
            "service-courier": "5",
        },
    )
    publish(ProductReview.objects.get(product=goods["food"]))
    refuse(ProductReview.objects.get(product=goods["long"]), "personal_data", "Retirez le prénom du livreur.")
    see("order-reviews-standing", address, client=client, says="n’a pas été publié")
    see("my-reviews", "/compte/avis/", client=client, says="Retirez le prénom")
    early = order_of(customer, goods["food"], ended=timedelta(days=-1))
    see(
        "order-reviews-later", f"/commandes/{early.reference}/avis/", client=client, says="après la livraison"
    )


def test_stars_and_words_are_sent_without_a_script(shop, goods, open_page):  # noqa: F811
    client = signed_in()
    order = order_of(User.objects.get(email="camille@cabas.example").customer, goods["food"])
    page = open_page(phone=True, javascript=False)
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies[settings.SESSION_COOKIE_NAME].value, "url": shop}]
    )

    page.goto(f"{shop}/commandes/{order.reference}/")
    page.get_by_role("link", name="Donner votre avis").click()
    stars = page.get_by_role("group", name=f"Votre note {goods['food'].name}")
    stars.get_by_role("radio", name="5 sur 5, excellent").focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowLeft")
    page.locator("summary", has_text="En quelques mots").last.click()
    page.get_by_label("Votre avis").last.fill("Un peu sec.")
    page.get_by_role("button", name="Envoyer mes avis").click()

    page.get_by_text("sous 72 heures").first.wait_for()
    review = ProductReview.objects.get()
    assert (review.rating, review.text, review.status) == (4, "Un peu sec.", "waiting")
