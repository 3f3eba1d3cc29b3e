#!/usr/bin/env python3
"""Compile locale/fr/LC_MESSAGES/django.po to .mo without msgfmt.

    tools/compile_messages.py --collect  add to the .po the plurals our code uses and it lacks, then compile
    tools/compile_messages.py            write the .mo
    tools/compile_messages.py --check    fail when a plural is missing or the .mo is not what the .po says

French is the source language, so only plurals need an entry of their own: without one gettext would count
as English does and write « 0 commandes ». The other entries are unfold's words, which it ships in English.
"""

import ast
import json
import re
import struct
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PO = ROOT / "locale" / "fr" / "LC_MESSAGES" / "django.po"
OURS = ("config", "shop", "delivery", "loyalty", "crm")
MAGIC = 0x950412DE
CONTEXT, PLURAL = "\x04", "\x00"


class BadCatalogue(Exception):
    """The .po cannot be read; the message names the line."""


def read(text: str) -> dict[str, str]:
    """The catalogue as gettext stores it: plurals joined by NUL, a context before the text by EOT."""
    entries: dict[str, str] = {}
    for block in _blocks(text):
        key = block.get("msgid", "")
        if "msgctxt" in block:
            key = block["msgctxt"] + CONTEXT + key
        if "msgid_plural" in block:
            forms = [block[name] for name in sorted(block) if name.startswith("msgstr[")]
            key, value = key + PLURAL + block["msgid_plural"], PLURAL.join(forms)
        else:
            value = block.get("msgstr", "")
        if key in entries:
            raise BadCatalogue(f"deux fois : {key!r}")
        if value.strip(PLURAL):
            entries[key] = value
    return entries


def _blocks(text: str) -> list[dict[str, str]]:
    """The messages of a .po, as keyword → text. A message starts at its context or, failing that, its id."""
    blocks: list[dict[str, str]] = []
    keyword = ""
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            keyword = ""
            continue
        if not line.startswith('"'):
            keyword, _, line = line.partition(" ")
            if keyword == "msgctxt" or (keyword == "msgid" and not _only_context(blocks)):
                blocks.append({})
            if not blocks or keyword in blocks[-1]:
                raise BadCatalogue(f"ligne {number} : {keyword}")
            blocks[-1][keyword] = ""
        try:
            blocks[-1][keyword] += ast.literal_eval(line)
        except (SyntaxError, ValueError, KeyError, IndexError) as fault:
            raise BadCatalogue(f"ligne {number}") from fault
    return blocks


def _only_context(blocks: list[dict[str, str]]) -> bool:
    return bool(blocks) and blocks[-1].keys() == {"msgctxt"}


def compile_catalogue(entries: dict[str, str]) -> bytes:
    """The .mo: a header, two tables of (length, offset) sorted by key, then the texts."""
    pairs = sorted((key.encode(), value.encode()) for key, value in entries.items())
    tables_end = 28 + 16 * len(pairs)
    texts, places = b"", []
    for column in (0, 1):
        for pair in pairs:
            places.append((len(pair[column]), tables_end + len(texts)))
            texts += pair[column] + b"\0"
    header = struct.pack("<7I", MAGIC, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, tables_end)
    return header + b"".join(struct.pack("<2I", *place) for place in places) + texts


def plurals_in_use() -> set[tuple[str, str]]:
    """Every (singular, plural) of our Python and templates."""
    found: set[tuple[str, str]] = set()
    for folder in OURS:
        for path in (ROOT / folder).rglob("*.py"):
            found |= plurals_of_python(path.read_text(encoding="utf-8"))
    for path in (ROOT / "templates").rglob("*.*"):
        if path.suffix in {".html", ".txt", ".mjml"}:
            found |= plurals_of_template(path.read_text(encoding="utf-8"))
    return found


def plurals_of_python(source: str) -> set[tuple[str, str]]:
    if "ngettext" not in source:
        return set()
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return {pair for call in calls if (pair := _plural_of(call))}


def _plural_of(call: ast.Call) -> tuple[str, str] | None:
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    if name not in {"ngettext", "ngettext_lazy"} or len(call.args) < 2:
        return None
    one, many = (ast.literal_eval(argument) for argument in call.args[:2])
    return one, many


_COUNTED = re.compile(
    r"{%\s*blocktrans(?:late)?\s(?P<options>[^%]*?\bcount\b[^%]*)%}(?P<one>.*?){%\s*plural\s*%}(?P<many>.*?)"
    r"{%\s*endblocktrans(?:late)?\s*%}",
    re.DOTALL,
)
_VARIABLE = re.compile(r"{{\s*([\w.]+)\s*}}")


def plurals_of_template(source: str) -> set[tuple[str, str]]:
    """As Django asks gettext for them: variables as ``%(name)s``, lines joined when ``trimmed``."""
    return {
        (_as_asked(match["one"], match["options"]), _as_asked(match["many"], match["options"]))
        for match in _COUNTED.finditer(source)
    }


def _as_asked(text: str, options: str) -> str:
    if "trimmed" in options.split():
        text = " ".join(line.strip() for line in text.strip().splitlines() if line.strip())
    return _VARIABLE.sub(r"%(\1)s", text.replace("%", "%%"))


def missing_plurals(entries: dict[str, str]) -> list[tuple[str, str]]:
    return sorted(pair for pair in plurals_in_use() if PLURAL.join(pair) not in entries)


def _as_entry(one: str, many: str) -> str:
    one, many = (json.dumps(text, ensure_ascii=False) for text in (one, many))
    return f"\nmsgid {one}\nmsgid_plural {many}\nmsgstr[0] {one}\nmsgstr[1] {many}\n"


def main() -> int:
    if "--collect" in sys.argv[1:]:
        missing = missing_plurals(read(PO.read_text(encoding="utf-8")))
        with PO.open("a", encoding="utf-8") as catalogue:
            catalogue.writelines(_as_entry(*pair) for pair in missing)
    entries = read(PO.read_text(encoding="utf-8"))
    if "--check" in sys.argv[1:]:
        return _check(entries)
    PO.with_suffix(".mo").write_bytes(compile_catalogue(entries))
    return 0


def _check(entries: dict[str, str]) -> int:
    missing, compiled = missing_plurals(entries), PO.with_suffix(".mo")
    if not missing and compiled.exists() and compiled.read_bytes() == compile_catalogue(entries):
        return 0
    words = f"il manque {missing[0]}" if missing else "le .mo n’est pas à jour"
    sys.stderr.write(f"locale : {words} ; lancez tools/compile_messages.py --collect\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
