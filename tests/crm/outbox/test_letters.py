import html5lib
import pytest

from crm.outbox.letters import SUBJECTS, LetterUnknown, render
from tests.crm.outbox.support import CONTACT, CONTEXTS, LINKS, order_context


def test_every_letter_is_rendered_here():
    assert set(CONTEXTS) == set(SUBJECTS)


@pytest.mark.parametrize("name", CONTEXTS)
def test_a_letter_is_sound(name):
    letter = render(name, CONTEXTS[name])

    document = html5lib.parse(letter.html, namespaceHTMLElements=False)
    assert document.find(".//body") is not None
    assert "variable indéfinie" not in letter.subject + letter.html + letter.text
    assert "{{" not in letter.html + letter.text
    assert "<mj-" not in letter.html
    assert letter.subject and "\n" not in letter.subject
    assert "/pages/mentions-legales/" in letter.html
    assert "/pages/mentions-legales/" in letter.text
    assert "09 70 00 00 00" in letter.text


@pytest.mark.parametrize(("name", "link"), LINKS.items())
def test_the_one_action_is_in_both_bodies(name, link):
    letter = render(name, CONTEXTS[name])

    assert link in letter.text
    targets = [a.get("href") for a in html5lib.parse(letter.html, namespaceHTMLElements=False).iter("a")]
    assert any(target.endswith(link) for target in targets)


@pytest.mark.parametrize("name", CONTEXTS)
def test_a_letter_has_no_picture_and_no_script(name):
    """Readable with pictures off; nothing is loaded, so nothing is counted (CNIL 2026-042)."""
    letter = render(name, CONTEXTS[name])

    assert "<img" not in letter.html
    assert "<script" not in letter.html
    assert "<link" not in letter.html
    assert "@import" not in letter.html
    assert "prefers-color-scheme: dark" in letter.html


def test_names_are_text_never_markup():
    rogue = "<script>alert(1)</script> « O’Brien & fils »"

    letter = render(
        "order_confirmation",
        order_context(first_name=rogue, lines=[{"name": rogue, "quantity_label": "1", "total": 1}]),
    )

    assert "<script>" not in letter.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; « O’Brien &amp; fils »" in letter.html
    assert rogue in letter.text


def test_a_message_cannot_smuggle_markup_or_mjml():
    letter = render(
        "contact_acknowledged",
        CONTACT | {"is_proven": True, "name": "</mj-text><mj-raw><b>", "message": "</td><img src=x>"},
    )

    assert "<img" not in letter.html
    assert "&lt;/mj-text&gt;" in letter.html


def test_a_subject_stays_on_one_line():
    letter = render("order_confirmation", order_context(reference="CB-1\r\nBcc: x@y.fr"))

    assert letter.subject == "Votre commande CB-1 Bcc: x@y.fr est confirmée"


def test_the_confirmation_says_what_was_bought_when_and_until_when_it_can_be_cancelled():
    text = render("order_confirmation", CONTEXTS["order_confirmation"]).text
    text = text.replace("\u202f", " ").replace("\xa0", " ")

    assert "jeudi 26 novembre, de 19 h à 20 h" in text
    assert "Comté AOP 12 mois, 2 × 200 g : 9,80 €" in text
    assert "Total TTC : 1 244,50 €" in text
    assert "Livraison : offerte" in text
    assert "dont TVA 5,5 % : 64,88 €" in text
    assert "jusqu’au jeudi 26 novembre à 15 h" in text


def test_the_confirmation_says_what_promotions_took_off():
    letter = render("order_confirmation", CONTEXTS["order_confirmation"])

    for written in (letter.text, letter.html):
        told = written.replace("\u202f", " ").replace("\xa0", " ")
        assert "Fruits de saison : −20 %" in told and "−308,63 €" in told
        assert "1 552,93 €" in told


def test_a_code_is_not_in_the_subject():
    letter = render("sign_in_code", CONTEXTS["sign_in_code"])

    assert "1234-5678" not in letter.subject
    assert "1234-5678" in letter.html
    assert "1234-5678" in letter.text


def test_a_letter_of_no_name_is_refused():
    with pytest.raises(LetterUnknown):
        render("../../secret", {})
