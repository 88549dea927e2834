from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from drctl.lab import supervisor
from onlab.driving import Driven

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Driven]:
    """A lab of its own, east active, nobody ordering yet."""
    layout = supervisor.prepare(tmp_path / "lab")
    supervisor.start(layout)
    yield Driven(layout)
    supervisor.stop(layout.root)
