import pytest

from crm.desk.markdown import to_html


def test_titles_lists_tables_and_links_are_kept():
    html = to_html("# Titre\n\n## Un\n\n- a\n- b\n\n| x | y |\n|---|---|\n| 1 | 2 |\n\n[ici](/aide/)")

    assert "<h1" not in html
    assert '<h2 id="un">Un</h2>' in html
    assert "<li>a</li>" in html
    assert "<td>1</td>" in html
    assert '<a href="/aide/"' in html


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>", '<img src=x onerror="alert(1)">', "[x](javascript:alert(1))",
        "<a href='JaVaScRiPt:alert(1)'>x</a>", '<p style="position:fixed">x</p>', "<iframe src='/'></iframe>",
        "[x](data:text/html;base64,PHNjcmlwdD4=)", "<form action=/><input name=q></form>", "<svg onload=alert(1)>",
        '<a href="/x" onclick="alert(1)">x</a>', "[x](http://clair.example/)",
    ],
)  # fmt: skip
def test_nothing_that_acts_gets_through(hostile):
    html = to_html(hostile).lower()

    for dangerous in (
        "script",
        "onerror",
        "onload",
        "onclick",
        "style=",
        "<iframe",
        "<form",
        "data:",
        "<svg",
        "http:",
    ):
        assert dangerous not in html
