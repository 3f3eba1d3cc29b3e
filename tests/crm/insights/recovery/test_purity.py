import ast
from pathlib import Path

import pytest

import crm.insights.recovery

ARITHMETIC = sorted(
    path
    for path in Path(crm.insights.recovery.__file__).parent.glob("*.py")
    if path.stem not in {"wording", "page"}
)


@pytest.mark.parametrize("path", ARITHMETIC, ids=lambda path: path.name)
def test_arithmetic_knows_neither_database_nor_framework(path):
    imported = {
        node.module
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module
    }

    assert not [name for name in imported if name.startswith(("django", "config", "shop", "delivery"))]
