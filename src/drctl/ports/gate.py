"""Where a human decides."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from drctl.core.change import Diff


class Answer(StrEnum):
    """What the operator said to one step. PAUSE and QUIT both stop the run, resumable; neither skips."""

    RUN = "run"
    PAUSE = "pause"
    QUIT = "quit"


class Gate(Protocol):
    """Asks before each step (`--step`), or never."""

    def allows(self, step_id: str, title: str, diff: Diff) -> Answer:
        """Return what the operator says to this step with this diff."""
        ...
