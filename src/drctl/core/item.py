"""An item that a run does not finish: left out by somebody, or not brought to its end by its step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, order=True)
class ItemRef:
    """One item of one step, as diffs and verdicts name both."""

    step_id: str
    item: str

    def __str__(self) -> str:
        return f"{self.item} of {self.step_id}"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An item that somebody left out: `breaks` is what that person was told.

    `operator` is empty where nobody did: its step ended without it, and somebody has taken it up since.
    """

    ref: ItemRef
    breaks: tuple[str, ...]
    operator: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An item that stays to be finished. `operator` is empty where nobody left it out: its step is degraded."""

    ref: ItemRef
    why: str
    operator: str
    since: datetime | None
