"""Where the project's own files are."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return Path(__file__).parents[2]


@pytest.fixture(scope="session")
def sources(root: Path) -> tuple[Path, ...]:
    """Every Python file of drctl."""
    return tuple(sorted((root / "src").rglob("*.py")))


@pytest.fixture(scope="session")
def tests(root: Path) -> tuple[Path, ...]:
    """Every Python file of its tests."""
    return tuple(sorted((root / "tests").rglob("*.py")))
