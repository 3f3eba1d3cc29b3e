"""What a stranger does, by accessible names alone."""

import re

from playwright.sync_api import expect

RECIPIENT = {
    "Adresse e-mail": "lea@exemple.fr",
    "Prénom": "Léa",
    "Nom": "Martin",
    "Téléphone": "06 12 34 56 78",
    "Numéro et rue": "12 rue des Lilas",
    "Code postal": "75011",
    "Ville": "Paris",
}


def say_postcode(page, address, postcode="75011"):
    page.goto(f"{address}/creneaux/")
    page.locator("main").get_by_label(re.compile("code postal", re.I)).fill(postcode)
    page.get_by_role("button", name=re.compile("Voir mes créneaux|Changer")).click()


def hold_first_slot(page):
    page.get_by_role("button", name=re.compile("^Réserver")).first.click()
    expect(page.locator("main")).to_contain_text("réservé")


def add_found(page, address, query, quantity):
    """Search, add the first result, and set how much of it in the basket."""
    page.goto(f"{address}/recherche/?q={query}")
    button = page.locator("main").get_by_role("button", name=re.compile("^Ajouter")).first
    name = button.inner_text().removeprefix("Ajouter").strip()
    button.click()
    expect(page.get_by_role("group", name=re.compile(f"Quantité de {re.escape(name)}")).first).to_be_visible()
    page.goto(f"{address}/panier/")
    box = page.get_by_label(re.compile(rf"(Quantité|Grammes) de {re.escape(name)}")).last
    box.fill(str(quantity))
    box.press("Enter")
    expect(page.get_by_label(re.compile(rf"(Quantité|Grammes) de {re.escape(name)}")).last).to_have_value(
        str(quantity)
    )
    # What the answer replaces would take a click with it.
    page.wait_for_load_state("networkidle")
    return name


def fill_recipient(page, **changes):
    for label, value in (RECIPIENT | changes).items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="Continuer vers la livraison").click()


def press_order(page):
    page.get_by_label(re.compile("conditions générales")).check()
    page.get_by_role("button", name="Commander avec obligation de paiement").click()


def pay(page):
    page.get_by_role("button", name=re.compile("^(Payer|Enregistrer)")).click()


def order_as_a_stranger(page, address, query="beurre", quantity=20):
    """The whole way; ends on the tracking page."""
    say_postcode(page, address)
    hold_first_slot(page)
    name = add_found(page, address, query, quantity)
    page.get_by_role("link", name="Passer commande").click()
    fill_recipient(page)
    expect(page.locator("h1")).to_have_text("Tout est juste ?")
    press_order(page)
    pay(page)
    expect(page.locator("h1")).to_contain_text("Merci Léa")
    return name


def sign_in(page, address, email, password="un-cabas-bien-plein"):
    """Open an address that asks to sign in, and do."""
    page.goto(address)
    page.locator("main").get_by_label(re.compile("e-mail", re.I)).fill(email)
    page.locator("main").get_by_label(re.compile("^Mot de passe")).fill(password)
    page.locator("main").get_by_role("button", name=re.compile("Se connecter|Me connecter")).click()
