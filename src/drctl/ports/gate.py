"""Where a human decides."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from drctl.core.change import Diff
    from drctl.core.item import ItemRef


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


@dataclass(frozen=True, slots=True)
class Lame:
    """An item that a degraded step ended without: what is wrong with it, and what that breaks."""

    ref: ItemRef
    why: str
    breaks: tuple[str, ...]


class Gate(Protocol):
    """Asks before each step (`--step`), or never; asks about degraded steps where somebody is there to ask."""

    def allows(self, question: Question) -> Answer:
        """Return what the operator says to this step with this diff."""
        ...

    def goes_on(self, without: tuple[Lame, ...]) -> bool:
        """Say whether a planned run may go on without these items; no where nobody can be asked."""
        ...
