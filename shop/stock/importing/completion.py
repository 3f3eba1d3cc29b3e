"""What a demonstration invents, plausibly by shelf and always the same for one EAN.

Only what honestly can be an illustration: price, net quantity, stock, cost, storage. Never what a
producer states: allergens, Nutri-Score, ingredients, origin, degree. Each invented fact is named in
``Draft.invented`` and shown as an illustration.
"""

import hashlib
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from shop.stock.importing.draft import Draft, Shelf


@dataclass(frozen=True, slots=True)
class Plausible:
    """Euros per kilogram, litre or piece, and the quantities that such a shelf sells."""

    low: str
    high: str
    quantities: tuple[int, ...]
    unit: str = "g"


INVENTED = ("price", "net_quantity", "storage", "stock", "cost")
FRESH = "À conserver au réfrigérateur, entre 0 et 4\u202f°C."
FROZEN = "À conserver à −18\u202f°C. Ne pas recongeler un produit décongelé."
_P = Plausible
BY_SHELF: dict[str, Plausible] = {
    "fruits": _P("1.5", "8", (250, 500, 750, 1000)), "legumes": _P("1.2", "8", (400, 500, 1000)),
    "salades-herbes-champignons": _P("5", "16", (125, 200, 250)), "pains": _P("3", "9", (250, 400, 500)),
    "viennoiseries-et-brioches": _P("6", "13", (280, 400, 500)),
    "pains-de-mie-et-biscottes": _P("3", "12", (150, 280, 300, 500)),
    "laits-et-cremes": _P("1", "5", (200, 500, 1000), "ml"), "beurres-et-margarines": _P("6", "14", (125, 250, 500)),
    "oeufs": _P("0.3", "0.55", (6, 10, 12), "piece"), "yaourts-et-desserts": _P("2.5", "9", (400, 500, 1000)),
    "fromages": _P("9", "24", (150, 200, 250)), "fromages-a-la-coupe": _P("16", "30", (200, 250)),
    "viandes": _P("10", "30", (250, 350, 500)), "volailles": _P("8", "20", (300, 400, 1000)),
    "charcuterie": _P("10", "35", (120, 180, 200)), "poissons-frais": _P("15", "35", (200, 250, 300)),
    "coquillages-et-crustaces": _P("12", "26", (200, 300, 500)),
    "poissons-fumes-et-tartinades": _P("20", "55", (90, 120, 200)), "plats-cuisines": _P("5", "16", (300, 400, 800)),
    "pizzas-et-tartes": _P("8", "15", (350, 400, 450)), "dejeuner-sur-le-pouce": _P("7", "18", (200, 300)),
    "vegetal": _P("9", "16", (180, 200)), "pates-riz-et-legumes-secs": _P("1.5", "6", (400, 500, 1000)),
    "conserves": _P("3", "10", (240, 400, 800)), "huiles-et-condiments": _P("4", "20", (100, 250, 380)),
    "aperitif": _P("10", "25", (90, 130, 200)), "petit-dejeuner": _P("5", "14", (320, 370, 500)),
    "miels": _P("12", "26", (250, 375, 500)), "cafes-et-thes": _P("20", "70", (50, 100, 250)),
    "biscuits-et-gateaux": _P("5", "16", (150, 200, 300)), "chocolats": _P("14", "40", (100, 200)),
    "confiserie": _P("8", "25", (120, 200, 250)), "farines-sucres-et-patisserie": _P("1.2", "9", (250, 500, 1000)),
    "eaux": _P("0.3", "1.1", (500, 1000, 1500), "ml"), "jus-et-nectars": _P("2", "5", (750, 1000), "ml"),
    "sodas-sirops-et-boissons-vegetales": _P("1.5", "5", (700, 1000, 1500), "ml"),
    "vins-rouges": _P("6", "20", (750,), "ml"), "vins-blancs-et-roses": _P("6", "20", (750,), "ml"),
    "champagnes-et-bulles": _P("12", "40", (750,), "ml"), "bieres-et-cidres": _P("3", "8", (330, 500, 750), "ml"),
    "spiritueux": _P("18", "45", (700,), "ml"), "legumes-et-fruits-surgeles": _P("2.5", "12", (450, 600, 1000)),
    "plats-et-poissons-surgeles": _P("6", "14", (400, 600, 900)), "glaces-et-sorbets": _P("6", "15", (350, 500, 900)),
    "laits-infantiles": _P("16", "26", (800,)), "petits-pots-et-compotes": _P("6", "11", (260, 400)),
}  # fmt: skip
BY_AISLE: dict[str, Plausible] = {
    "fruits-et-legumes": _P("4", "12", (200, 250, 500)), "boulangerie-et-viennoiserie": _P("4", "11", (250, 400)),
    "cremerie": _P("4", "14", (200, 400)), "boucherie-volaille-et-charcuterie": _P("10", "30", (150, 300)),
    "poissonnerie": _P("8", "26", (115, 160, 200)), "traiteur-et-plats-prepares": _P("5", "16", (300, 400)),
    "epicerie-salee": _P("4", "16", (200, 400)), "epicerie-sucree": _P("4", "14", (200, 400, 500)),
    "boissons": _P("1.5", "5", (750, 1000), "ml"), "cave-bieres-et-spiritueux": _P("8", "25", (700, 750), "ml"),
    "surgeles": _P("5", "14", (400, 600)), "bebe": _P("6", "12", (200, 400)),
}  # fmt: skip
ANY = _P("4", "15", (200, 250, 400, 500))


class _Dice:
    """Numbers drawn from an EAN: the same article is completed the same way, in every shop, for ever."""

    def __init__(self, ean: str) -> None:
        self.seed = hashlib.sha256(ean.encode()).digest()

    def between(self, place: int, low: int, high: int) -> int:
        drawn = int.from_bytes(self.seed[place * 4 : place * 4 + 4], "big")
        return low + drawn % (high - low + 1)


def complete(draft: Draft, shelf: Shelf | None) -> None:
    """Fill what is missing and name it. An article without a shelf stays as it is: it cannot be sold."""
    if shelf is None:
        return
    dice = _Dice(draft.ean)
    plausible = BY_SHELF.get(shelf.slug) or BY_AISLE.get(shelf.top, ANY)
    if draft.net_quantity is None and draft.sold_by == "piece":
        draft.net_quantity = Decimal(plausible.quantities[dice.between(0, 0, len(plausible.quantities) - 1)])
        draft.net_unit = plausible.unit
        draft.invented.append("net_quantity")
    if draft.price is None:
        draft.price = _price(draft, plausible, dice)
        draft.invented.append("price")
    if draft.cost is None:
        draft.cost = _cost(draft, dice)
        draft.invented.append("cost")
    if draft.stock is None:
        draft.stock = _stock(draft, dice)
        draft.invented.append("stock")
    if not draft.storage and "storage" in shelf.requires:
        draft.storage = FROZEN if shelf.top == "surgeles" else FRESH
        draft.invented.append("storage")
    # One order for ever: the same file imported twice must change nothing.
    draft.invented.sort(key=INVENTED.index)


def _price(draft: Draft, plausible: Plausible, dice: _Dice) -> Decimal:
    low, high = int(Decimal(plausible.low) * 100), int(Decimal(plausible.high) * 100)
    per_unit = Decimal(dice.between(1, low, high)) / 100
    if draft.sold_by == "weight":
        return _ending(per_unit, dice)
    amount = draft.net_quantity or Decimal(1)
    divisor = 1 if draft.net_unit == "piece" else 1000
    # A quantity read from a name may be far from the shelf's own: a price of the shop's kind all the same.
    return _ending(min(max(per_unit * amount / divisor, Decimal("0.45")), Decimal("89.90")), dice)


def _ending(price: Decimal, dice: _Dice) -> Decimal:
    """Prices end in 5 or 9, as on a shelf."""
    tenths = (price * 10).quantize(Decimal(1), rounding=ROUND_HALF_UP) / 10
    return tenths + (Decimal("0.05") if dice.between(2, 0, 1) else Decimal("-0.01"))


def _cost(draft: Draft, dice: _Dice) -> Decimal:
    """Excluding VAT, for a margin of 20 to 34 %."""
    without_vat = (draft.price or Decimal(0)) / (1 + (draft.vat_rate or Decimal(0)) / 100)
    return (without_vat * (100 - dice.between(3, 20, 34)) / 100).quantize(Decimal("0.01"))


def _stock(draft: Draft, dice: _Dice) -> int:
    """One article in fifty is out of stock, so that the shop shows what that looks like."""
    if dice.between(4, 1, 50) == 1:
        return 0
    units = dice.between(5, 6, 160)
    return units * (draft.weight_step_g or 250) if draft.sold_by == "weight" else units
