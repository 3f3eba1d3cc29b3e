import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from shop.catalogue.models import Aisle, Product

ROOT = Path(__file__).resolve().parents[3]
DRAWINGS = ROOT / "static" / "packshots.svg"
SYMBOLS = list(ElementTree.parse(DRAWINGS).getroot())  # noqa: S314 — the project's own file
WRITTEN = re.findall(r"<symbol.*?</symbol>", DRAWINGS.read_text(), re.DOTALL)
BUDGET = 90_000
ONE_SYMBOL = 2_000
SVG = "{http://www.w3.org/2000/svg}"


def labelled():
    template = (ROOT / "templates" / "components" / "packshot.html").read_text()
    return re.search(r'shape in "([^"]+)"', template).group(1)


def names(symbols):
    return [symbol.get("id") for symbol in symbols]


def test_every_choice_and_aisle_has_one_symbol_and_no_symbol_is_spare():
    aisles = [f"rayon-{tint}" for tint in Aisle.Tint.values]

    assert sorted(names(SYMBOLS)) == sorted([*Product.Packshot.values, *aisles])
    assert {symbol.tag for symbol in SYMBOLS} == {f"{SVG}symbol"}


@pytest.mark.parametrize("symbol", SYMBOLS, ids=names(SYMBOLS))
def test_symbol_is_flat_shapes_alone(symbol):
    inside = list(symbol.iter())[1:]
    shapes = {"g", "path", "circle", "ellipse", "rect", "use"}
    links = [element.get("href") for element in inside if element.get("href")]

    assert {element.tag.removeprefix(SVG) for element in inside} <= shapes
    assert not {name for element in inside for name in element.attrib} & {"id", "class", "style", "filter"}
    assert not [value for element in inside for value in element.attrib.values() if "url(" in value]
    assert {link.removeprefix("#") for link in links} <= set(Product.Packshot.values)


@pytest.mark.parametrize("symbol", WRITTEN, ids=names(SYMBOLS))
def test_symbol_is_light_and_framed(symbol):
    assert re.match(r'<symbol id="[a-z-]+" viewBox="(8 8 104 104|0 0 120 120)"', symbol)
    assert len(symbol) < ONE_SYMBOL


def test_drawings_stay_within_their_budget():
    assert DRAWINGS.stat().st_size < BUDGET


def test_shapes_with_a_label_are_drawings_with_a_place_for_it():
    styles = (ROOT / "static" / "css" / "components.css").read_text()
    shapes = labelled().split()

    assert set(shapes) <= set(Product.Packshot.values)
    assert [shape for shape in shapes if not re.search(rf"packshot__name--{shape}\b(?!-)", styles)] == []


def test_no_other_drawing_is_taken_for_one_with_a_label():
    # The template looks the shape up inside a text: a name that is part of another would match it.
    matched = [shape for shape in Product.Packshot.values if shape in labelled()]

    assert sorted(matched) == sorted(labelled().split())
