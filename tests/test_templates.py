"""What no page shows until somebody presses its button."""

import re
from pathlib import Path

TEMPLATES = Path(__file__).resolve().parents[1] / "templates"
INCLUDES = re.compile(r'{% include "([^"]+)"([^%]*)%}')


def test_a_form_that_is_included_alone_is_handed_its_token():
    """``only`` keeps the token from it: the page looks right, and every press of its button is refused."""
    sources = {str(path.relative_to(TEMPLATES)): path.read_text() for path in TEMPLATES.rglob("*.html")}
    with_forms = {name for name, source in sources.items() if "{% csrf_token %}" in source}

    without = [
        f"{name}: {included}"
        for name, source in sources.items()
        for included, how in INCLUDES.findall(source)
        if included in with_forms and re.search(r"\bonly\b", how) and "csrf_token=" not in how
    ]

    assert len(with_forms) > 20 and not without
