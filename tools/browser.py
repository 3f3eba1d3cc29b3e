"""Find a Chromium for the journeys, installing Debian's where that is allowed; else one line with the cure."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str | None:
    """The path of an installed Chromium, or None. ``CHROMIUM`` names one."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


def main() -> int:
    if os.environ.get("BROWSER") == "skip":
        print("SKIPPED : les parcours dans un navigateur (BROWSER=skip).")
        return 0
    if chromium():
        return 0
    if os.geteuid() == 0 and shutil.which("apt-get"):
        for words in (["update", "-qq"], ["install", "-y", "-qq", "chromium"]):
            subprocess.run(["apt-get", *words], check=False, stdout=subprocess.DEVNULL)
        if chromium():
            return 0
    print(
        "Il faut un Chromium : « apt-get install chromium », ou CHROMIUM=/chemin, ou BROWSER=skip.",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
