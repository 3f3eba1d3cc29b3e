"""Words as the index and a query both see them: plain letters, one way to write a quantity, one key a sound.

Pure. Whatever changes here asks for the index to be built anew (`manage.py rebuild_search`).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from shop.catalogue.rules import sort_name

TOKEN_MAX_LENGTH = 40
_TOKEN = re.compile(r"[^\W_]+")
_HALF = re.compile(r"(?<![0-9])1\s?[/\u2044]\s?2(?![0-9])")
_MEASURE = re.compile(
    r"(?<![0-9a-z])(?:([0-9]{1,3})\s?[x*\u00d7]\s?)?([0-9]{1,5}(?:[.,][0-9]{1,3})?)\s?"
    r"(kilogrammes?|kilos?|kg|grammes?|gr|g|mg|litres?|l|dl|cl|ml)(?![a-z])"
)
_TIMES = re.compile(r"(?<![0-9a-z])(?:x\s?([0-9]{1,3})|([0-9]{1,3})\s?x)(?![0-9a-z])")
# How many grams or millilitres one unit holds, by the letter it starts with when it is written in full.
_UNITS: dict[str, tuple[Decimal, str]] = {
    "kg": (Decimal(1000), "g"), "g": (Decimal(1), "g"), "gr": (Decimal(1), "g"), "mg": (Decimal("0.001"), "g"),
    "l": (Decimal(1000), "ml"), "dl": (Decimal(100), "ml"), "cl": (Decimal(10), "ml"), "ml": (Decimal(1), "ml"),
}  # fmt: skip
# Words that tell nothing of an article. PostgreSQL's own French list also holds « mais », which is corn without its
# dots, « son », which is bran,: a grocer has a list of its own.
_SILENT = frozenset(
    [
        "a",
        "au",
        "aux",
        "avec",
        "c",
        "ce",
        "ces",
        "cette",
        "d",
        "dans",
        "de",
        "des",
        "du",
        "elle",
        "en",
        "est",
        "et",
        "il",
        "j",
        "je",
        "l",
        "la",
        "le",
        "les",
        "leur",
        "leurs",
        "m",
        "ma",
        "me",
        "mes",
        "mon",
        "n",
        "ne",
        "nos",
        "notre",
        "nous",
        "on",
        "ou",
        "par",
        "pas",
        "pour",
        "qu",
        "que",
        "qui",
        "s",
        "sa",
        "se",
        "ses",
        "sur",
        "t",
        "ta",
        "te",
        "tes",
        "toi",
        "ton",
        "tu",
        "un",
        "une",
        "vos",
        "votre",
        "vous",
        "y",
    ]
)
ORGANIC = frozenset({"ab", "bio", "agriculture biologique"})


def tokens(text: str) -> list[str]:
    """Lower case, without accents, ligatures or signs; « 1/2 » is « demi », « 1,5 L » is « 1500ml »."""
    plain = _HALF.sub(" demi ", sort_name(text))
    plain = _MEASURE.sub(_canonical, plain)
    plain = _TIMES.sub(lambda found: f" {found[1] or found[2]} ", plain)
    return [token[:TOKEN_MAX_LENGTH] for token in _TOKEN.findall(plain)]


def telling(text: str) -> list[str]:
    """The words that tell something of an article."""
    return [token for token in tokens(text) if is_telling(token)]


def is_telling(token: str) -> bool:
    return token not in _SILENT


def root(word: str) -> str:
    """The word without its plural, for the stemmer, which takes « petit » for a verb and « petits » for none."""
    return word[:-1] if len(word) > 3 and word[-1] in "sx" and word[-2] != "s" else word


def _canonical(found: re.Match[str]) -> str:
    times, amount, unit = found.groups()
    name = {"k": "kg", "g": "g", "l": "l"}[unit[0]] if len(unit) > 2 else unit
    return f" {times or ''} {measure(Decimal(amount.replace(',', '.')), name)} "


def measure(amount: Decimal, unit: str) -> str:
    """« 1500ml », « 250g »: how a quantity stands in the index."""
    factor, base = _UNITS[unit]
    return f"{int(amount * factor)}{base}"


@dataclass(frozen=True, slots=True)
class Described:
    """A product's words, as the index reads them."""

    name: str
    brand: str
    shelf: str
    aisle: str
    packaging: str
    labels: Sequence[str]
    ean: str
    net_quantity: Decimal | None
    net_unit: str


@dataclass(frozen=True, slots=True)
class Weighed:
    """Texts by weight, from A to D, and every word once, for the dictionary."""

    head: str
    name: str
    place: str
    others: str
    # Plain word to how it is written, accents and all.
    words: dict[str, str]


def weighed(product: Described) -> Weighed:
    """A: what the article is, the first word of its name. B: the rest of the name. C: brand and shelf.
    D: aisle, packaging, quantity, labels and code.

    « Lait demi-écrémé » is milk; « Chocolat au lait » only has some.
    """
    name = telling(product.name)
    head, rest = name[:1], name[1:]
    place = [*telling(product.brand), *telling(product.shelf)]
    others = [
        *telling(product.aisle),
        *telling(product.packaging),
        *_quantity(product),
        *_labels(product.labels),
    ]
    written = _written(product.name, product.brand, product.shelf, product.aisle, product.packaging)
    words = {word: written.get(word, word) for word in [*head, *rest, *place, *others]}
    return Weighed(_roots(head), _roots(rest), _roots(place), _roots([*others, product.ean]), words)


def _roots(words: Iterable[str]) -> str:
    return " ".join(root(word) for word in words)


def _written(*texts: str) -> dict[str, str]:
    return {sort_name(word): word for text in texts for word in _TOKEN.findall(text.lower())}


def _quantity(product: Described) -> list[str]:
    if not product.net_quantity:
        return []
    if product.net_unit == "piece":
        return [str(int(product.net_quantity))]
    return [measure(product.net_quantity, product.net_unit)]


def _labels(labels: Iterable[str]) -> list[str]:
    organic = ["bio", "biologique"] if any(label.lower() in ORGANIC for label in labels) else []
    return [*(token for label in labels for token in telling(label)), *organic]


def letters(word: str) -> str:
    """The letters in order of the alphabet: two neighbours swapped give the same."""
    return "".join(sorted(word))


_SOUNDS = [
    (r"[^a-z]", ""), (r"ph", "f"), (r"sch|sh", "ch"), (r"tion", "sion"), (r"(?<![cs])h", ""), (r"ch", "Q"), (r"h", ""),
    (r"y", "i"), (r"gn", "n"), (r"gu(?=[ei])", "G"), (r"g(?=[ei])", "j"), (r"G", "g"), (r"sc(?=[ei])|c(?=[ei])", "s"),
    (r"qu|[cqk]", "k"), (r"w", "v"), (r"z", "s"), (r"x(?=.)", "ks"),
    (r"(?:ain|ein|aim|in|im|un|um)(?![aeioun])", "1"), (r"(?:en|an|em|am)(?![aeiounm])", "a"), (r"(?:on|om)(?![aeiounm])", "2"),
    (r"eaux?|aux?", "o"), (r"ou", "u"), (r"oeu|eu|oe", "e"), (r"ai|ei|et$", "e"),
    (r"(.)\1+", r"\1"), (r"(?<=.)[tdsxzpe]+$", ""), (r"(?<=[^aeiou])e(?=[^aeiou])", ""),
]  # fmt: skip
_SOUND_RULES = [(re.compile(found), said) for found, said in _SOUNDS]


def sound(word: str) -> str:
    """How a word sounds to a French ear, roughly: « yahourt » as « yaourt »; "" for what is no word."""
    if not word.isalpha():
        return ""
    for found, said in _SOUND_RULES:
        word = found.sub(said, word)
    return word[:TOKEN_MAX_LENGTH]
