"""What the operator wants."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Operation(StrEnum):
    """What a run does."""

    FAILOVER = "failover"
    FAILBACK = "failback"
    FENCE = "fence"
    UNDO = "undo"


class Mode(StrEnum):
    """Planned: the source is alive and trusted. Emergency: it is not."""

    PLANNED = "planned"
    EMERGENCY = "emergency"


@dataclass(frozen=True, slots=True)
class Intent:
    """One wish, before anything was looked at.

    `reprotect_only` ends a failback before it moves traffic. `undoes` names the run that an undo takes back: its
    source is then what that run had moved to, and its target what that run had left.
    """

    operation: Operation
    mode: Mode
    source: str
    target: str
    reason: str = ""
    reprotect_only: bool = False
    undoes: str = ""
