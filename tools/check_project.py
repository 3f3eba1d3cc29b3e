"""What no linter sees: lock files without addresses, no machine's path, no secret, no large file, no two things of one
name on a page.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MACHINE_PATH = re.compile(r"(?<![\w.-])/(?:root|home|Users|work)/\w")
SECRET = re.compile(r"sk_live_\w{8}|-----BEGIN [A-Z ]*PRIVATE KEY-----|whsec_[A-Za-z0-9]{24}")
LARGEST = 400 * 1024
# Every shop page loads these: a name that two of them begin is two things with one rule.
SHEETS = ("base", "components", "pages")
BLOCK = re.compile(r"^\s*\.([a-z][\w-]*)(?=\s*\{)", re.MULTILINE)
# The licence is quoted as it stands; sprites and catalogues are data.
TEXT = {".py", ".html", ".css", ".js", ".md", ".toml", ".txt", ".lock", ".yml", ""}


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    names = [name for name in listed.stdout.split("\0") if name]
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def problems(path: Path) -> list[str]:
    found = []
    name = path.relative_to(ROOT).as_posix()
    if path.stat().st_size > LARGEST:
        found.append(f"{name} : fichier de plus de 400 Kio")
    if path.suffix not in TEXT:
        return found
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix == ".lock" and re.search(r"https?://|index-url", text):
        found.append(f"{name} : une adresse dans un fichier de verrouillage")
    if name != "tools/check_project.py" and MACHINE_PATH.search(text):
        found.append(f"{name} : un chemin propre à une machine")
    if name != "tools/check_project.py" and SECRET.search(text):
        found.append(f"{name} : un secret")
    return found


def named_twice(sheets: dict[str, str]) -> list[str]:
    """Classes that more than one sheet gives a rule of their own; sheet → its text."""
    owner: dict[str, str] = {}
    found = []
    for sheet, text in sheets.items():
        for name in sorted(set(BLOCK.findall(text))):
            if owner.setdefault(name, sheet) != sheet:
                found.append(f".{name} : déjà dans {owner[name]}.css, encore dans {sheet}.css")
    return found


def main() -> int:
    found = [problem for path in tracked() for problem in problems(path)]
    sheets = {name: ROOT / "static" / "css" / f"{name}.css" for name in SHEETS}
    found += named_twice({name: path.read_text(encoding="utf-8") for name, path in sheets.items()})
    print("\n".join(found) or "Projet : rien à redire.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
