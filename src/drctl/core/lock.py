"""Who runs, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class LockRecord:
    """What a lock store holds. The epoch survives a release; `run_id` is empty when nobody holds it."""

    run_id: str
    holder: str
    believes: str
    step: str
    taken_at: datetime | None
    epoch: int


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a run writes on what it touches."""

    run_id: str
    epoch: int
