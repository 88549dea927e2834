"""Files and functions stay small, names say something, nothing is left unfinished."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
EMPTY_WORDS = {"util", "utils", "helper", "helpers", "common", "manager", "managers", "misc"}
# Assembled, so that this file may speak of them.
UNFINISHED = re.compile("|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "NotImplemented" + "Error")))


def test_no_file_is_longer_than_400_lines(sources: tuple[Path, ...], tests: tuple[Path, ...]) -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in (*sources, *tests)}

    assert {path: length for path, length in lengths.items() if length > FILE_LINES_MAX} == {}


def test_no_function_is_longer_than_70_lines(sources: tuple[Path, ...], tests: tuple[Path, ...]) -> None:
    long = [
        f"{path}:{function.lineno} {function.name}"
        for path in (*sources, *tests)
        for function in _definitions(path)
        if not isinstance(function, ast.ClassDef)
        and (function.end_lineno or function.lineno) - function.lineno + 1 > FUNCTION_LINES_MAX
    ]

    assert long == []


def test_no_name_is_an_empty_word(sources: tuple[Path, ...], tests: tuple[Path, ...]) -> None:
    named = [
        f"{path}: {name}"
        for path in (*sources, *tests)
        for name in (path.stem, path.parent.name, *(definition.name for definition in _definitions(path)))
        if _words(name) & EMPTY_WORDS
    ]

    assert named == []


def test_nothing_in_src_is_unfinished(sources: tuple[Path, ...]) -> None:
    unfinished = [
        f"{path}:{number}: {line.strip()}"
        for path in sources
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if UNFINISHED.search(line)
    ]

    assert unfinished == []


def test_no_test_sleeps(tests: tuple[Path, ...]) -> None:
    sleeping = [
        f"{path}:{node.lineno}"
        for path in tests
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"time.sleep", "sleep"}
    ]

    assert sleeping == []


def test_the_words_dry_run_stand_at_the_edge_only(sources: tuple[Path, ...]) -> None:
    # Inside, a dry run is a capability that is not handed out; `dryRun` is Kubernetes' own word.
    inside = ("core", "ports", "steps", "planning", "app")
    flagged = [
        f"{path}: {node.id if isinstance(node, ast.Name) else node.arg}"
        for path in sources
        if any(f"src/drctl/{layer}/" in path.as_posix() for layer in inside)
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.Name) and node.id == "dry_run")
        or (isinstance(node, ast.arg) and node.arg == "dry_run")
    ]

    assert flagged == []


def _definitions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node


def _words(name: str) -> set[str]:
    return {word.lower() for part in name.split("_") for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", part)}
