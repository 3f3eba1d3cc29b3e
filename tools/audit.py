"""`make audit`: the pages kept by the last `make test` through the Nu HTML checker (Java and Node).

`make audit ADDRESS=http://…`: Lighthouse over a running shop instead (Node and a Chromium), as a telephone on a slow
network sees it. Both checkers are fetched once, into the run folder. A demonstration keeps search engines out of
every page, which Lighthouse counts as a fault: fill the shop with `make run`, stop it, start it again with
`DEMONSTRATION=0 make run`, and measure that.
"""

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from tools.browser import chromium

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / ".run" / "screenshots"
HOME = ROOT / ".run" / "audit"
CHECKERS = {"vnu-jar": "26.9.27", "lighthouse": "12.8.2"}
CATEGORIES = {"performance": "Performance", "accessibility": "Accessibilité", "best-practices": "Bonnes pratiques", "seo": "SEO"}  # fmt: skip
AISLE = "/rayons/cremerie/"
LEAST = 95
RUNS = 3
# A busy machine slows a page down more than the page itself does. Under this benchmark index Lighthouse warns that
# its figures mean little; such a run is left out, and another tried while there are some left.
QUIET = 1000
MOST_RUNS = 9
ATTEMPTS = 3
CHROMIUM = "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --disable-background-networking"


class CannotAudit(RuntimeError):
    """Why nothing was measured: one line, with the cure."""


def _require(*programs: str) -> None:
    packages = {"java": "default-jre-headless", "npm": "npm"}
    missing = [name for name in programs if shutil.which(name) is None]
    if missing:
        names = " ".join(packages[name] for name in missing)
        raise CannotAudit(f"Il manque {' et '.join(missing)} : « apt-get install {names} ».")


def _fetch(checker: str) -> None:
    if (HOME / "node_modules" / checker / "package.json").exists():
        return
    HOME.mkdir(parents=True, exist_ok=True)
    quiet = os.environ | {"PUPPETEER_SKIP_DOWNLOAD": "1"}
    wanted = f"{checker}@{CHECKERS[checker]}"
    subprocess.run(["npm", "install", "--silent", "--prefix", HOME, wanted], check=True, env=quiet)


def _validate() -> int:
    """How many faults the Nu HTML checker finds; each is printed."""
    pages = sorted(KEPT.glob("*.html"))
    if not pages:
        raise CannotAudit("Aucune page gardée : lancez d’abord « make test ».")
    jar = next((HOME / "node_modules" / "vnu-jar").rglob("vnu.jar"))
    said = subprocess.run(
        ["java", "-jar", jar, "--format", "json", *pages], check=False, capture_output=True, text=True
    )
    faults = [fault for fault in json.loads(said.stderr)["messages"] if fault["type"] != "info"]
    for fault in faults:
        print(f"{Path(fault['url']).name}:{fault.get('lastLine', 0)} {fault['message']}")
    print(f"HTML : {len(pages)} pages, {len(faults)} fautes.")
    return len(faults)


def _pages(address: str) -> dict[str, str]:
    """The four pages to measure. Raises CannotAudit for a shop that is shut, empty or a demonstration."""
    try:
        with urlopen(address + AISLE, timeout=30) as answer:  # noqa: S310 - the address is the developer's own
            aisle = answer.read().decode()
    except (OSError, ValueError) as silent:
        raise CannotAudit(f"Pas de boutique garnie à l’adresse {address} ({silent}).") from silent
    if '<meta name="robots"' in aisle:
        raise CannotAudit(
            "Cette boutique est une démonstration, interdite aux moteurs de recherche : "
            "arrêtez-la, puis « DEMONSTRATION=0 make run »."
        )
    product = re.search(r'href="(/produits/[\w-]+/)"', aisle)
    if product is None:
        raise CannotAudit(f"Aucun produit dans {AISLE} : lancez une première fois « make run ».")
    return {"accueil": "/", "rayon": AISLE, "produit": product[1], "recherche": "/recherche/?q=beurre"}


def _visit(address: str, name: str, categories: list[str]) -> dict[str, Any]:
    """What Lighthouse found. Raises CannotAudit when it fails time after time: a browser of a busy machine may."""
    report = HOME / f"{name}.json"
    for _attempt in range(ATTEMPTS):
        done = subprocess.run(
            ["npx", "--prefix", HOME, "--no-install", "lighthouse", address, "--quiet",
             f"--chrome-flags={CHROMIUM}", f"--only-categories={','.join(categories)}",
             "--output=json", f"--output-path={report}"],
            check=False, capture_output=True, text=True, env=os.environ | {"CHROME_PATH": chromium() or ""},
        )  # fmt: skip
        if done.returncode == 0:
            found: dict[str, Any] = json.loads(report.read_text())
            return found
    raise CannotAudit(f"Lighthouse n’a pas pu ouvrir {address} : {done.stderr.strip()[-300:]}")


def _note(found: dict[str, Any], category: str) -> int:
    """Out of 100, by Lighthouse's own weights."""
    parts = [
        (part["weight"], found["audits"][part["id"]]["score"])
        for part in found["categories"][category]["auditRefs"]
        if part["weight"] and found["audits"][part["id"]]["score"] is not None
    ]
    whole: float = sum(weight for weight, _score in parts)
    return round(100 * float(sum(weight * score for weight, score in parts)) / whole)


def _notes(address: str, name: str) -> dict[str, int]:
    found = _visit(address, name, list(CATEGORIES))
    notes = {category: _note(found, category) for category in CATEGORIES}
    notes["performance"] = _performance(address, name, found)
    for category in CATEGORIES:
        for part in found["categories"][category]["auditRefs"]:
            fault = found["audits"][part["id"]]
            if category != "performance" and part["weight"] and fault["score"] == 0:
                print(f"    {name} : {fault['title']}", file=sys.stderr)
    return notes


def _performance(address: str, name: str, found: dict[str, Any]) -> int:
    """The median of RUNS visits made while the machine was free, the first among them; of all where it never was."""
    quiet: list[int] = []
    every: list[int] = []
    while len(quiet) < RUNS and len(every) < MOST_RUNS:
        if every:
            found = _visit(address, f"{name}-performance", ["performance"])
        every.append(_note(found, "performance"))
        index = round(found["environment"]["benchmarkIndex"])
        if index >= QUIET:
            quiet.append(every[-1])
        print(f"    {name} : performance {every[-1]}, machine {index}", file=sys.stderr)
    if len(quiet) < RUNS:
        print(
            f"    {name} : machine trop occupée, {len(quiet)} mesures sûres sur {len(every)}.",
            file=sys.stderr,
        )
    return int(statistics.median(quiet or every))


def _measure(address: str) -> int:
    """How many of Lighthouse's notes are under LEAST; the table is printed."""
    table = {name: _notes(address + path, name) for name, path in _pages(address).items()}
    print("| page |", " | ".join(CATEGORIES.values()), "|")
    print("|---" * (len(CATEGORIES) + 1) + "|")
    for name, notes in table.items():
        print(f"| {name} |", " | ".join(str(note) for note in notes.values()), "|")
    print(f"Performance : médiane de {RUNS} mesures.")
    return sum(note < LEAST for notes in table.values() for note in notes.values())


def main() -> int:
    try:
        if address := os.environ.get("ADDRESS"):
            _require("npm")
            _fetch("lighthouse")
            return int(_measure(address.rstrip("/")) > 0)
        _require("java", "npm")
        _fetch("vnu-jar")
        return int(_validate() > 0)
    except CannotAudit as reason:
        print(reason, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
