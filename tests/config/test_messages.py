"""The French catalogue: compiled without msgfmt, up to date, and holding every plural of our own."""

import gettext
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
from django.utils.translation import gettext as translate
from django.utils.translation import ngettext, override

from tools import compile_messages as tool

ROOT = Path(__file__).resolve().parents[2]


def test_catalogue_is_compiled_and_complete():
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "compile_messages.py", "--check"], capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr


def test_compiled_catalogue_reads_like_the_source():
    entries = tool.read(
        'msgid ""\nmsgstr "Plural-Forms: nplurals=2; plural=(n > 1);\\n"\n\n'
        'msgid "Filters"\nmsgstr ""\n"Fil"\n"tres"\n\n'
        'msgctxt "verb"\nmsgid "Filter"\nmsgstr "Filtrer"\n\n'
        'msgid "%d day"\nmsgid_plural "%d days"\nmsgstr[0] "%d jour"\nmsgstr[1] "%d jours"\n\n'
        'msgid "untranslated"\nmsgstr ""\n'
    )

    read = gettext.GNUTranslations(BytesIO(tool.compile_catalogue(entries)))

    assert read.gettext("Filters") == "Filtres"
    assert read.pgettext("verb", "Filter") == "Filtrer"
    assert [read.ngettext("%d day", "%d days", n) % n for n in (0, 1, 2)] == ["0 jour", "1 jour", "2 jours"]
    assert read.gettext("untranslated") == "untranslated"


@pytest.mark.parametrize(
    "broken",
    [
        'msgid "a\nmsgstr "b"',
        '"seul"',
        'msgid "a"\nmsgid "b"\nmsgid "c',
        'msgid "a"\nmsgstr "b"\nmsgid "a"\nmsgstr "c"',
    ],
)
def test_broken_source_is_refused(broken):
    with pytest.raises(tool.BadCatalogue):
        tool.read(broken)


def test_plurals_are_found_in_python_and_templates():
    python = 'ngettext("%(n)d œuf", "%(n)d œufs", n)'
    template = (
        "{% blocktranslate trimmed count n=eggs|length %}\n  {{ n }} œuf à 5 %\n{% plural %}\n"
        "  {{ n }} œufs\n  à 5 %\n{% endblocktranslate %}"
    )

    assert tool.plurals_of_python(python) == {("%(n)d œuf", "%(n)d œufs")}
    assert tool.plurals_of_template(template) == {("%(n)s œuf à 5 %%", "%(n)s œufs à 5 %%")}


def test_none_is_singular_as_in_french():
    with override("fr"):
        assert ngettext("%(number)d commande", "%(number)d commandes", 0) == "%(number)d commande"


def test_the_admin_speaks_french():
    with override("fr"):
        assert translate("Filters") == "Filtres"
        assert translate("Type to search") == "Rechercher"
