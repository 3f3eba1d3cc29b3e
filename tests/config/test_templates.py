"""No template outlives what showed it."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "templates"
# Asked for by their name alone, by allauth, by Django or by the name of a letter.
FOUND_BY_OTHERS = ("account/", "mfa/", "admin/", "emails/")


def test_every_template_is_shown_by_something():
    sources = [
        path.read_text(encoding="utf-8")
        for room in ("config", "shop", "delivery", "loyalty", "crm", "templates")
        for path in (ROOT / room).rglob("*")
        if path.suffix in {".py", ".html"}
    ]
    names = [path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.html")]

    unused = {
        name
        for name in names
        if "/" in name
        and not name.startswith(FOUND_BY_OTHERS)
        and not any(f'"{name}"' in text or f"'{name}'" in text for text in sources)
    }

    assert not unused
