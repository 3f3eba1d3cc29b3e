"""`make audit`: the pages kept by the last `make test` through the Nu HTML checker; Lighthouse over a running shop.

Needs what the shop itself does not: Java and Node. Both checkers are fetched once, into the run folder.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools.browser import chromium

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / ".run" / "screenshots"
HOME = ROOT / ".run" / "audit"
CHECKERS = ("vnu-jar@26.9.27", "lighthouse@12.8.2")
PAGES = {"accueil": "/", "rayon": "/rayons/cremerie/", "recherche": "/recherche/?q=beurre"}
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
CHROMIUM = "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --disable-background-networking"


def _fetch() -> None:
    HOME.mkdir(parents=True, exist_ok=True)
    if not (HOME / "node_modules" / "lighthouse").exists():
        quiet = os.environ | {"PUPPETEER_SKIP_DOWNLOAD": "1"}
        subprocess.run(["npm", "install", "--silent", "--prefix", HOME, *CHECKERS], check=True, env=quiet)


def _validate() -> int:
    """How many faults the Nu HTML checker finds; each is printed."""
    pages = sorted(KEPT.glob("*.html"))
    if not pages:
        print("Aucune page gardée : lancez d’abord « make test ».", file=sys.stderr)
        return 1
    jar = next((HOME / "node_modules" / "vnu-jar").rglob("vnu.jar"))
    said = subprocess.run(
        ["java", "-jar", jar, "--format", "json", *pages], check=False, capture_output=True, text=True
    )
    faults = [fault for fault in json.loads(said.stderr)["messages"] if fault["type"] != "info"]
    for fault in faults:
        print(f"{Path(fault['url']).name}:{fault.get('lastLine', 0)} {fault['message']}")
    print(f"HTML : {len(pages)} pages, {len(faults)} fautes.")
    return len(faults)


def _measure(address: str) -> int:
    """How many of Lighthouse's notes are under 95; the table is printed."""
    low = 0
    for name, path in PAGES.items():
        report = HOME / f"{name}.json"
        subprocess.run(
            ["npx", "--prefix", HOME, "--no-install", "lighthouse", address.rstrip("/") + path, "--quiet",
             f"--chrome-flags={CHROMIUM}", f"--only-categories={','.join(CATEGORIES)}",
             "--output=json", f"--output-path={report}"],
            check=True, env=os.environ | {"CHROME_PATH": chromium() or ""},
        )  # fmt: skip
        found = json.loads(report.read_text())["categories"]
        notes = {category: round(100 * found[category]["score"]) for category in CATEGORIES}
        low += sum(note < 95 for note in notes.values())
        print(f"Lighthouse {name:10}", *(f"{category} {note}" for category, note in notes.items()))
    return low


def main() -> int:
    missing = [name for name in ("java", "npm") if shutil.which(name) is None]
    if missing:
        print(
            f"Il manque {' et '.join(missing)} : « apt-get install default-jre-headless npm ».",
            file=sys.stderr,
        )
        return 1
    _fetch()
    faults = _validate()
    if address := os.environ.get("ADDRESS"):
        faults += _measure(address)
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())
