"""Programs that say what they are, told apart from people by their own word."""

import re

from django.http import HttpRequest

# Those that lie cannot be told apart without watching people. Cubot makes telephones.
_ROBOT = re.compile(
    r"(?<!cu)bot\b|crawl|spider|slurp|archiver|mediapartners|facebookexternalhit|headless|phantomjs|playwright|"
    r"puppeteer|lighthouse|preview|monitor|uptime|pingdom|feed|scan|check|curl|wget|python|java/|okhttp|"
    r"httpclient|go-http|libwww|axios|node-fetch|undici",
    re.IGNORECASE,
)


def is_robot(request: HttpRequest) -> bool:
    """Whether the caller names itself a program, or names nothing at all."""
    agent = request.headers.get("User-Agent", "")
    return not agent or bool(_ROBOT.search(agent))
