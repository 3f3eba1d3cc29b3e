"""Pages in two layers: what is kept is nobody's, what is live is the reader's."""

import pytest
from django.template import TemplateSyntaxError, engines, loader
from django.test import RequestFactory
from django.utils.functional import SimpleLazyObject

from config import kept, pages

SOURCE = """{% load fragments %}<h1>{{ title }}</h1>{{ secret.name|default:"-" }}\
{% live %}<b>{{ reader }}</b>{% endlive %}<form>{% csrf_token %}</form>{% include included %}"""
INCLUDED = "{% load fragments %}<p>{{ note }} {% live %}{% if request.GET.q %}{{ request.GET.q }}{% endif %}{% endlive %}</p>"


@pytest.fixture
def shown(monkeypatch):
    """Asks for a page whose title depends on the key alone; counts how often it is built."""
    engine = engines["django"]
    templates = {"kept.html": engine.from_string(SOURCE)}
    monkeypatch.setattr(
        pages.loader,
        "get_template",
        lambda name: templates.get(name) or loader.engines["django"].get_template(name),
    )
    built = []

    def skeleton(title):
        built.append(title)
        return {"title": title, "note": "de tous", "included": engine.from_string(INCLUDED).template}

    def ask(title="Lait", reader="Anne", address="/produit/"):
        request = RequestFactory().get(address)
        request.user, request.session = SimpleLazyObject(lambda: pytest.fail("the login was read")), {}
        request._messages = ()
        response = pages.page(
            request, "kept.html", key=(title,), skeleton=lambda: skeleton(title), live={"reader": reader}
        )
        return response.content.decode()

    ask.built = built
    return ask


def test_what_is_kept_is_built_once_and_what_is_live_for_each_reader(shown):
    first, second = shown(reader="Anne"), shown(reader="Bruno")

    assert "<b>Anne</b>" in first and "<b>Bruno</b>" in second and "Anne" not in second
    assert shown.built == ["Lait"]


def test_another_key_is_another_page(shown):
    assert "<h1>Lait</h1>" in shown("Lait") and "<h1>Beurre</h1>" in shown("Beurre")
    assert shown.built == ["Lait", "Beurre"]


def test_another_address_is_another_page(shown):
    shown(address="/un/")
    shown(address="/deux/")

    assert shown.built == ["Lait", "Lait"]


def test_what_is_live_inside_an_include_is_each_request_s_own_and_escaped(shown):
    shown(address="/produit/?q=thé")

    assert "<p>de tous &lt;i&gt;</p>" in shown(address="/produit/?q=<i>")


def test_what_is_kept_cannot_see_who_asks(shown):
    """The context processors that read session, login and basket do not run for it."""
    assert not {"user", "shopper", "messages"} & set(
        pages._skeleton_context(RequestFactory().get("/")).flatten()
    )


def test_each_reader_has_a_token_of_their_own(shown):
    tokens = {shown().partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0] for _ in range(2)}

    assert len(tokens) == 2 and all(len(token) == 64 for token in tokens)


def test_what_is_live_cannot_be_inside_what_is_kept():
    with pytest.raises(TemplateSyntaxError):
        engines["django"].from_string(
            '{% load fragments %}{% kept "x" %}{% live %}{{ a }}{% endlive %}{% endkept %}'
        )


def test_nor_in_an_include_of_it(shown):
    engine = engines["django"]
    inner = engine.from_string("{% load fragments %}{% live %}{{ reader }}{% endlive %}").template
    outer = engine.from_string('{% load fragments %}{% kept "y" %}{% include inner %}{% endkept %}')

    with pytest.raises(TemplateSyntaxError, match="cannot be kept"):
        outer.render({"inner": inner, "reader": "Anne"})


def test_fragments_that_pages_share_are_kept_once(monkeypatch):
    engine = engines["django"]
    source = '{% load fragments %}{{ title }}{% kept "menu" %}<nav>{% kept "icon" %}o{% endkept %}</nav>{% endkept %}{% live %}!{% endlive %}'
    monkeypatch.setattr(pages.loader, "get_template", lambda _name: engine.from_string(source))
    request = RequestFactory().get("/")
    request.user, request.session, request._messages = None, {}, ()

    shown = [
        pages.page(request, "x", key=(title,), skeleton=lambda title=title: {"title": title}, live={}).content
        for title in ("Lait", "Beurre")
    ]

    first, second = (kept.peek(("page", "x", "/", title)) for title in ("Lait", "Beurre"))
    assert shown == [b"Lait<nav>o</nav>!", b"Beurre<nav>o</nav>!"]
    assert first[1] is second[1] == b"<nav>o</nav>"


@pytest.mark.parametrize("written", ["\ue000", "\ue001", "\ue002", "\ue000h\ue000", "{% csrf_token %}"])
def test_nobody_can_write_what_stands_for_a_request(shown, written):
    """Once a published review with such a sign would have cut every page that shows it."""
    page = shown(f"Très bon {written} lait")

    assert written in page
    assert shown(f"Très bon {written} lait") != "" and shown.built == [f"Très bon {written} lait"]
