"""The lock: every package with hashes, from no named address, and what pyproject.toml asks for."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from pathlib import Path

FILES = ("requirements.txt", "requirements-dev.txt")
_PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(\[[a-z0-9,-]+\])?==(?P<version>[^\s;\\]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Pin:
    version: str
    hashes: int


@pytest.fixture(scope="module", params=FILES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_package_of_the_lock_is_pinned_with_hashes(root: Path, name: str) -> None:
    pins = _pins(root / name)

    assert pins
    assert [package for package, pin in pins.items() if not pin.hashes] == []


def test_the_lock_holds_pins_hashes_and_comments_only(root: Path, name: str) -> None:
    strange = [
        line
        for line in (root / name).read_text().splitlines()
        if line.strip() and not _PIN.match(line) and not line.strip().startswith(("--hash=sha256:", "#"))
    ]

    assert strange == []


def test_the_lock_names_no_address(root: Path, name: str) -> None:
    text = (root / name).read_text()

    assert "://" not in text
    assert not re.search(r"^\s*(-i|--index-url|--extra-index-url|--find-links|-f|-e)\b", text, re.MULTILINE)
    assert " @ " not in text


@pytest.mark.parametrize(
    ("locked", "extras"), [("requirements.txt", ("lab",)), ("requirements-dev.txt", ("lab", "dev"))]
)
def test_the_lock_has_what_pyproject_asks_for(root: Path, locked: str, extras: tuple[str, ...]) -> None:
    pins = _pins(root / locked)
    project = _project(root)
    asked = [*project["dependencies"], *(line for extra in extras for line in project["optional-dependencies"][extra])]

    missing = []
    for requirement in map(Requirement, asked):
        pin = pins.get(canonicalize_name(requirement.name))
        if pin is None or not requirement.specifier.contains(pin.version, prereleases=True):
            missing.append(f"{requirement} (locked: {pin.version if pin else 'not at all'})")

    assert missing == []


def test_both_locks_have_the_same_versions(root: Path) -> None:
    run, develop = (_pins(root / name) for name in FILES)

    assert {name: pin.version for name, pin in run.items()} == {
        name: develop[name].version for name in run if name in develop
    }


def _pins(path: Path) -> dict[str, Pin]:
    text = path.read_text()
    found = list(_PIN.finditer(text))
    ends = [*(match.start() for match in found[1:]), len(text)]
    return {
        canonicalize_name(match["name"]): Pin(match["version"], text[match.start() : end].count("--hash=sha256:"))
        for match, end in zip(found, ends, strict=True)
    }


def _project(root: Path) -> dict[str, Any]:
    with (root / "pyproject.toml").open("rb") as file:
        return dict(tomllib.load(file)["project"])
