"""What `--accept` takes is what some finding can have."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from drctl.core.finding import ACCEPTABLE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def test_each_code_that_can_be_accepted_is_in_the_list_and_no_other(root: Path) -> None:
    found = {code for file in (root / "src" / "drctl").rglob("*.py") for code in _acceptable(file)}

    assert found == set(ACCEPTABLE)


def _acceptable(file: Path) -> Iterator[str]:
    tree = ast.parse(file.read_text())
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Finding":
            if not any(word.arg == "acceptable" for word in call.keywords):
                continue
            match call.args[0]:
                case ast.Constant(value=str(code)):
                    yield code
                case ast.Name(id=name):
                    yield str(constants[name])
                case other:
                    raise AssertionError(f"{file}:{call.lineno}: {ast.dump(other)}")
