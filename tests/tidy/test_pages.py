"""What the pages say exists: commands, options, targets of make, files."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

import pytest
import typer.main

from drctl.cli.main import app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```[a-z]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")
_COMMENT = re.compile(r"\s#.*$", re.MULTILINE)
_DRCTL = re.compile(r"(?:^|[\s(])drctl ([^\n]*)", re.MULTILINE)
_MAKE = re.compile(r"(?:^|[\s(])make ([a-z][a-z-]*)", re.MULTILINE)
_TARGET = re.compile(r"^([a-z-]+):", re.MULTILINE)
_CODE_FILE = re.compile(
    r"^(?:cli|app|config|core|ports|steps|planning|adapters|render|lab|tests|docs|runbooks)/[\w/.-]+$"
)


@pytest.fixture(scope="session")
def pages(root: Path) -> dict[str, str]:
    """Every page for people, by its path."""
    found = [*root.glob("*.md"), *(root / "docs").rglob("*.md"), *(root / "runbooks").rglob("*.md")]
    return {path.relative_to(root).as_posix(): path.read_text() for path in sorted(found)}


def test_every_link_to_a_file_resolves(root: Path, pages: dict[str, str]) -> None:
    broken = [
        f"{page}: {target}"
        for page, text in pages.items()
        for target in _LINK.findall(_FENCE.sub("", text))
        if "://" not in target and not (root / page).parent.joinpath(target.partition("#")[0]).exists()
    ]

    assert broken == []


def test_every_command_on_a_page_exists_with_its_options(pages: dict[str, str]) -> None:
    told = [(page, line) for page, text in pages.items() for line in _commands(text)]

    assert len(told) > 20
    assert [f"{page}: drctl {line}: {why}" for page, line in told for why in _unknown(line)] == []


def test_every_make_target_on_a_page_exists(root: Path, pages: dict[str, str]) -> None:
    targets = set(_TARGET.findall((root / "Makefile").read_text()))
    told = {name for text in pages.values() for code in _code(text) for name in _MAKE.findall(code)}

    assert {"demo", "test"} <= told
    assert told - targets == set()


def test_every_file_of_the_code_on_a_page_exists(root: Path, pages: dict[str, str]) -> None:
    missing = [
        f"{page}: {name}"
        for page, text in pages.items()
        for name in _INLINE.findall(_FENCE.sub("", text))
        if _CODE_FILE.match(name) and not any((base / name).exists() for base in (root, root / "src" / "drctl"))
    ]

    assert missing == []


def test_the_readme_begins_with_what_drctl_is_and_shows_the_two_commands_first(pages: dict[str, str]) -> None:
    readme = pages["README.md"]

    assert readme.splitlines()[2].startswith("drctl moves a live service")
    first = _FENCE.findall(readme)[0].splitlines()
    assert [line.split("#")[0].strip() for line in first] == ["make demo", "make test"]


def test_every_exit_code_is_in_the_readme(pages: dict[str, str]) -> None:
    from drctl.core.errors import ExitCode  # noqa: PLC0415 - the name is the test's subject

    told = {int(number) for number in re.findall(r"^\| (\d+) \|", pages["README.md"], re.MULTILINE)}

    assert told == {int(code) for code in ExitCode}


def test_every_decision_is_in_the_list(root: Path, pages: dict[str, str]) -> None:
    listed = set(_LINK.findall(pages["docs/adr/README.md"]))

    assert listed == {path.name for path in (root / "docs" / "adr").glob("0*.md")}


def _code(text: str) -> Iterator[str]:
    yield from (block.replace("\\\n", " ") for block in _FENCE.findall(text))
    yield from _INLINE.findall(_FENCE.sub("", text))


def _commands(text: str) -> Iterator[str]:
    for code in _code(text):
        yield from (line.strip() for line in _DRCTL.findall(_COMMENT.sub("", code)))


def _unknown(line: str) -> Iterator[str]:
    """Yield what drctl does not know of a command line. Words in capitals stand for values; `a|b` for either."""
    command: Any = typer.main.get_command(app)
    for word in shlex.split(re.split(r"[&;>)]", line)[0]):
        if word.startswith("--"):
            if word.partition("=")[0] not in {option for param in command.params for option in param.opts}:
                yield f"no option {word}"
        elif hasattr(command, "commands") and not word.startswith("-"):
            unknown = [name for name in word.split("|") if name not in command.commands and not name.isupper()]
            if unknown:
                yield f"no command {', '.join(unknown)}"
            if unknown or word.isupper():
                return
            command = command.commands[word.split("|")[0]]
