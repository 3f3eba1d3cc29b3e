"""What every page must be, whoever looks at it: one visit checks it, and photographs it."""

import re
from base64 import b64decode
from urllib.parse import urlsplit

import html5lib
from axe_playwright_python.sync_playwright import Axe

from tests.journeys.conftest import DESKTOP, PHONE, PICTURES

# The same on every page: examined on the first two of each journey, in the light and in the dark.
SHARED = [".footer", "#menu-rayons"]
SMALLEST = {"width": 320, "height": 640}  # WCAG 1.4.10: nothing scrolls sideways there
AXE = {
    "resultTypes": ["violations"],
    "preload": False,
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    },
    "rules": {"target-size": {"enabled": True}},
}
# What reads badly in French, searched in the text as it is seen. U+00A0 and U+202F both hold a line together.
TYPOGRAPHY = {
    "no narrow no-break space": r"[^\u202f\s] ?[!?;](?=\s|$)|[^\u202f\s] ?:(?= |$)|[^\u202f]»|«[^\u202f]",
    "breakable space before a unit": r"\d [€%]|\d h\b|\d (?:kg|g|ml|cl|L)\b",
    "straight apostrophe": r"\w'\w",
    "dots for an ellipsis": r"\.\.\.",
    "zero takes the singular": r"\b0[ \u00a0\u202f](?:articles|produits|listes|commandes|adresses)\b",
}
LEFTOVERS = re.compile(r"variable indéfinie[^<]*|\bNone\b|\{\{|\{%")
OVERFLOW = """() => {
  const wide = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= wide) return "";
  const out = [...document.body.querySelectorAll("*")].filter(e => e.getBoundingClientRect().right > wide + 1);
  return out.slice(0, 3).map(e => e.tagName + "." + e.className).join(", ") || "?";
}"""

# Only what is wrong leaves the browser: to carry the whole of axe's answer took as long as to find it.
EXAMINED = """async ([where, how]) => {
  const found = (await axe.run(where.exclude.length ? where : document, how)).violations;
  return found.flatMap(rule => rule.nodes.map(node => [rule.id, node.target.join(" "), node.failureSummary]));
}"""
# A colour that a child inherits moves when its parent's has: wait until nothing moves any more.
SETTLED = """async () => {
  do {
    await new Promise(requestAnimationFrame);
    await Promise.allSettled(document.getAnimations().map(moving => moving.finished));
  } while (document.getAnimations().length);
}"""


class Inspector:
    """Visits pages with somebody's cookies, and keeps every problem until :meth:`report`."""

    def __init__(self, page, address):
        self.page, self.address = page, address
        self.devtools = page.context.new_cdp_session(page)
        self.problems: list[str] = []
        self.names: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self._note(f"script error: {error}"))

    def visit(self, name, path="", *, client=None, answer=None, status=200, says=""):
        """See a page as ``client`` does. ``answer``, a response already given to that client, is shown as it is.

        ``says`` are words by which the state is known to be the one that was meant.
        """
        self.names.append(name)
        self._take_cookies(client)
        self._look(SMALLEST)
        html = self._open(path, answer, status)
        self._file(".html").write_text(html)
        self._check_source(html)
        self._check_words(says)
        self._check_width("at 320 px")
        self._look(PHONE)
        self._check_width("at 390 px")
        self._stretch()
        self._photograph("390")
        # Each page is examined in one of the two; what pages share meets both.
        is_odd = len(self.names) % 2
        if is_odd:
            self._check_access("at 390 px")
        self._look(DESKTOP)
        self._check_width("at 1280 px")
        self._stretch()
        self._photograph("1280")
        if not is_odd:
            self._look(self.page.viewport_size, dark=True)
            self._check_access("at 1280 px, dark")
            self._photograph("1280-dark")

    def report(self):
        assert not self.problems, "\n".join(self.problems)

    def _note(self, problem):
        self.problems.append(f"{self.names[-1] if self.names else '?'}: {problem}")

    def _hear(self, said):
        # The browser repeats the status of an error page, which is what was asked for.
        own = said.text.startswith("Failed to load resource") and said.location["url"] == self.page.url
        if said.type == "error" and not own:
            self._note(f"console: {said.text}")

    def _take_cookies(self, client):
        context = self.page.context
        context.clear_cookies()
        kept = client.cookies.items() if client else []
        context.add_cookies(
            [
                {"name": name, "value": morsel.value, "url": self.address}
                for name, morsel in kept
                if morsel.value and name != "messages"
            ]
        )

    def _look(self, size, *, dark=False):
        self.page.set_viewport_size(size)
        self.page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")

    def _open(self, path, answer, status):
        if answer is None:
            got = self.page.goto(self.address + path)
        else:
            path = path or answer.request["PATH_INFO"]
            got = self._shown(self.address + path, answer)
        if got.status != status:
            self._note(f"answered {got.status} to {path}, not {status}")
        if urlsplit(self.page.url).path != urlsplit(path).path:
            self._note(f"{path} led to {self.page.url}")
        return got.text()

    def _shown(self, url, answer):
        """Listens until the page is there: to stop meanwhile, as ``times=1`` does, now and then left it waiting."""
        self.page.route(url, lambda route: _repeat(route, answer))
        got = self.page.goto(url)
        self.page.unroute(url)
        return got

    def _check_source(self, html):
        parser = html5lib.HTMLParser()
        parser.parse(html)
        for place, code, data in parser.errors:
            self._note(f"HTML {place}: {html5lib.constants.E[code] % data}")
        for found in LEFTOVERS.findall(html):
            self._note(f"left over: {found}")
        if re.search(r"<[^>]+\sstyle=|<style|<script(?![^>]*\s(?:src=|type=.application/ld\+json))", html):
            self._note("inline style or script")

    def _check_words(self, says):
        text = self.page.inner_text("body")
        if says not in text:
            self._note(f"does not say {says!r}")
        for rule, pattern in TYPOGRAPHY.items():
            for found in re.finditer(pattern, text):
                self._note(f"{rule}: {text[max(0, found.start() - 25) : found.end() + 10]!r}")

    def _check_width(self, where):
        if outside := self.page.evaluate(OVERFLOW):
            self._note(f"scrolls sideways {where}: {outside}")

    def _check_access(self, where):
        self.page.evaluate(SETTLED)
        shared = SHARED if len(self.names) > 2 else []
        self.page.evaluate(Axe().axe_script)
        for rule, where_in_page, why in self.page.evaluate(EXAMINED, [{"exclude": shared}, AXE]):
            self._note(f"axe {where}: {rule} {where_in_page} {why}")

    def _stretch(self):
        """As tall as the page: then what is fixed covers nothing that scrolling would not show."""
        # Twice: what is only measured once it is shown, the footer, may turn out taller than it was taken for.
        for _look in range(2):
            tall = self.page.evaluate("document.documentElement.scrollHeight")
            self.page.set_viewport_size({"width": self.page.viewport_size["width"], "height": tall})

    def _photograph(self, suffix):
        """The window, by the browser's own command: a good deal faster than Playwright's."""
        taken = self.devtools.send("Page.captureScreenshot", {"format": "png", "optimizeForSpeed": True})
        self._file(f"-{suffix}.png").write_bytes(b64decode(taken["data"]))

    def _file(self, ending):
        """Where this page is kept for whoever wants to look at it, or give it to another checker."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        return PICTURES / f"{self.names[-1]}{ending}"


def _repeat(route, answer):
    route.fulfill(status=answer.status_code, headers=dict(answer.headers), body=answer.content)
