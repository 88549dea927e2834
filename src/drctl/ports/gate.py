"""Where a human decides."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from drctl.core.change import Diff


class Answer(StrEnum):
    """What the operator said to one step. PAUSE and QUIT both stop the run, resumable; neither skips."""

    RUN = "run"
    PAUSE = "pause"
    QUIT = "quit"


@dataclass(frozen=True, slots=True)
class Question:
    """One step before its writes: what it would change, and `why` it is there, in sentences."""

    step_id: str
    title: str
    diff: Diff
    why: str


class Gate(Protocol):
    """Asks before each step (`--step`), or never."""

    def allows(self, question: Question) -> Answer:
        """Return what the operator says to this step with this diff."""
        ...
