"""What a run's journal records, as a tagged union. History, never evidence about the world."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from drctl.core.change import Diff
from drctl.core.contract import Fact
from drctl.core.errors import ExitCode
from drctl.core.finding import Finding
from drctl.core.intent import Intent
from drctl.core.item import ItemRef
from drctl.core.verdict import Health, ItemVerdict


class StepOutcome(StrEnum):
    """How a step ended. `OPEN`: its findings were accepted and its work is still to be done (a pending fence).

    `LEFT_OUT`: each of its items is left out, and nothing of it was done.
    """

    DONE = "done"
    DEGRADED = "degraded"
    OPEN = "open"
    LEFT_OUT = "left out"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the operator was shown for one step, and so what was confirmed."""

    step_id: str
    diff: Diff
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run exists: who wants what, with which plan."""

    run_id: str
    intent: Intent
    plan_digest: str
    operator: str
    drctl_version: str
    type: Literal["run_started"] = "run_started"


@dataclass(frozen=True, slots=True)
class RunConfirmed:
    """Somebody agreed. `how` is `typed`, `--confirm` or `nothing to change`; `accepted` are finding codes."""

    how: str
    accepted: tuple[str, ...]
    predictions: tuple[Prediction, ...]
    type: Literal["run_confirmed"] = "run_confirmed"


@dataclass(frozen=True, slots=True)
class RunResumed:
    """Another process took the run up."""

    operator: str
    type: Literal["run_resumed"] = "run_resumed"


@dataclass(frozen=True, slots=True)
class EpochClaimed:
    """The run's epoch, larger than any seen before."""

    epoch: int
    type: Literal["epoch_claimed"] = "epoch_claimed"


@dataclass(frozen=True, slots=True)
class PhaseStarted:
    """A phase began, with the lock proved and the invariants held."""

    phase: str
    type: Literal["phase_started"] = "phase_started"


@dataclass(frozen=True, slots=True)
class StepChecked:
    """A step looked at the world. An empty diff without findings means converged."""

    step_id: str
    diff: Diff
    findings: tuple[Finding, ...]
    type: Literal["step_checked"] = "step_checked"


@dataclass(frozen=True, slots=True)
class ApplyIntended:
    """A write is about to be sent. Durable before the write."""

    step_id: str
    item: str
    diff: Diff
    type: Literal["apply_intended"] = "apply_intended"


@dataclass(frozen=True, slots=True)
class ItemApplied:
    """The vendor accepted the write."""

    step_id: str
    item: str
    type: Literal["item_applied"] = "item_applied"


@dataclass(frozen=True, slots=True)
class ItemFailed:
    """The vendor refused the write, or (`unknown`) did not say what became of it."""

    step_id: str
    item: str
    code: str
    message: str
    unknown: bool
    type: Literal["item_failed"] = "item_failed"


@dataclass(frozen=True, slots=True)
class StepVerified:
    """A step was looked at after its writes, to the end of its wait."""

    step_id: str
    health: Health
    message: str
    items: tuple[ItemVerdict, ...]
    waited_seconds: float
    type: Literal["step_verified"] = "step_verified"


@dataclass(frozen=True, slots=True)
class FactsMeasured:
    """Numbers that the report speaks of."""

    step_id: str
    facts: tuple[Fact, ...]
    type: Literal["facts_measured"] = "facts_measured"


@dataclass(frozen=True, slots=True)
class StepEnded:
    """How a step ended."""

    step_id: str
    outcome: StepOutcome
    message: str
    type: Literal["step_ended"] = "step_ended"


@dataclass(frozen=True, slots=True)
class RunPaused:
    """The run stopped and can be resumed. `code` is the error's."""

    code: str
    message: str
    step_id: str
    type: Literal["run_paused"] = "run_paused"


@dataclass(frozen=True, slots=True)
class ItemLeftOut:
    """Somebody lets the run go on without an item, and was told what that breaks."""

    ref: ItemRef
    breaks: tuple[str, ...]
    operator: str
    reason: str
    type: Literal["item_left_out"] = "item_left_out"


@dataclass(frozen=True, slots=True)
class ItemTakenUp:
    """Somebody wants an open item finished. `predictions` are what its steps would change, as seen just before."""

    ref: ItemRef
    operator: str
    predictions: tuple[Prediction, ...]
    type: Literal["item_taken_up"] = "item_taken_up"


@dataclass(frozen=True, slots=True)
class ItemFinished:
    """An item that was open, and all that rests on it, was seen done."""

    ref: ItemRef
    type: Literal["item_finished"] = "item_finished"


@dataclass(frozen=True, slots=True)
class RunEnded:
    """Every step ended, none of them failed. Recorded again when an open item was finished later."""

    exit_code: ExitCode
    message: str
    type: Literal["run_ended"] = "run_ended"


@dataclass(frozen=True, slots=True)
class RunUndone:
    """Another run, confirmed and with an epoch, takes this one back: it is not taken up any more."""

    by_run: str
    type: Literal["run_undone"] = "run_undone"


@dataclass(frozen=True, slots=True)
class RunAborted:
    """Somebody ended a paused run for good. What it changed stays."""

    operator: str
    reason: str
    type: Literal["run_aborted"] = "run_aborted"


Event = (
    RunStarted
    | RunConfirmed
    | RunResumed
    | EpochClaimed
    | PhaseStarted
    | StepChecked
    | ApplyIntended
    | ItemApplied
    | ItemFailed
    | StepVerified
    | FactsMeasured
    | StepEnded
    | RunPaused
    | ItemLeftOut
    | ItemTakenUp
    | ItemFinished
    | RunEnded
    | RunUndone
    | RunAborted
)
