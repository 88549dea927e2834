"""A run as its journal tells it: a fold over events."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from drctl.core.change import Diff
from drctl.core.contract import Fact
from drctl.core.errors import ExitCode
from drctl.core.events import (
    ApplyIntended,
    EpochClaimed,
    Event,
    FactsMeasured,
    ItemApplied,
    ItemFailed,
    PhaseStarted,
    Prediction,
    RunAborted,
    RunConfirmed,
    RunEnded,
    RunPaused,
    RunResumed,
    RunStarted,
    RunUndone,
    StepEnded,
    StepOutcome,
    StepVerified,
)
from drctl.core.intent import Intent


@dataclass(frozen=True, slots=True)
class StepState:
    """What became of one step, as last recorded."""

    outcome: StepOutcome | None = None
    message: str = ""
    waited_seconds: float = 0.0
    ended_at: datetime | None = None
    failures: tuple[ItemFailed, ...] = ()


@dataclass(frozen=True, slots=True)
class RunState:
    """A whole run. `ended` is None while it runs or is paused; `paused` is empty unless it is paused.

    `undone_by` is the run that takes it back, and `aborted_by` who ended it for good; each empty else.
    """

    run_id: str = ""
    intent: Intent | None = None
    plan_digest: str = ""
    operator: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    epoch: int = 0
    phase: str = ""
    paused: str = ""
    paused_code: str = ""
    paused_at_step: str = ""
    ended: ExitCode | None = None
    undone_by: str = ""
    aborted_by: str = ""
    how_confirmed: str = ""
    accepted: tuple[str, ...] = ()
    predictions: tuple[Prediction, ...] = ()
    steps: tuple[tuple[str, StepState], ...] = ()
    facts: tuple[Fact, ...] = ()
    applied: tuple[tuple[str, Diff], ...] = ()
    intended: tuple[tuple[str, str, Diff], ...] = field(default=())

    def step(self, step_id: str) -> StepState:
        """Return what became of a step; an empty state if it was never reached."""
        return dict(self.steps).get(step_id, StepState())

    @property
    def open_steps(self) -> tuple[str, ...]:
        """Return the steps that were left open by an accepted finding: pending fences among them."""
        return tuple(name for name, step in self.steps if step.outcome is StepOutcome.OPEN)

    @property
    def is_finished(self) -> bool:
        """Say whether the run needs nobody any more."""
        return self.ended is not None or bool(self.undone_by or self.aborted_by)


def fold(state: RunState, at: datetime, event: Event) -> RunState:  # noqa: C901, PLR0911, PLR0912 - one case an event
    """Return the run after one more event."""
    match event:
        case RunStarted():
            return replace(
                state,
                run_id=event.run_id,
                intent=event.intent,
                plan_digest=event.plan_digest,
                operator=event.operator,
                started_at=at,
            )
        case RunConfirmed(how, accepted, predictions):
            return replace(state, how_confirmed=how, accepted=accepted, predictions=predictions)
        case EpochClaimed(epoch):
            return replace(state, epoch=epoch)
        case PhaseStarted(phase):
            return replace(state, phase=phase)
        case ApplyIntended(step_id, item, diff):
            return replace(state, intended=(*state.intended, (step_id, item, diff)))
        case ItemApplied(step_id, item):
            diff = next((d for s, i, d in reversed(state.intended) if (s, i) == (step_id, item)), Diff(()))
            return replace(state, applied=(*state.applied, (step_id, diff)))
        case ItemFailed(step_id):
            step = state.step(step_id)
            return _put(state, step_id, replace(step, failures=(*step.failures, event)))
        case StepVerified(step_id):
            return _put(state, step_id, replace(state.step(step_id), waited_seconds=event.waited_seconds))
        case StepEnded(step_id, outcome, message):
            step = replace(state.step(step_id), outcome=outcome, message=message, ended_at=at)
            return _put(state, step_id, step)
        case FactsMeasured(_, facts):
            return replace(state, facts=(*state.facts, *facts))
        case RunPaused(code, message, step_id):
            return replace(state, paused=message, paused_code=code, paused_at_step=step_id)
        case RunResumed():
            return replace(state, paused="", paused_code="", paused_at_step="")
        case RunEnded(exit_code):
            return replace(state, ended=exit_code, ended_at=at, paused="", paused_code="", paused_at_step="")
        case RunUndone(by_run):
            return replace(state, undone_by=by_run, ended_at=at)
        case RunAborted(operator):
            return replace(state, aborted_by=operator, ended_at=at)
        case _:
            return state


def _put(state: RunState, step_id: str, step: StepState) -> RunState:
    return replace(state, steps=tuple((dict(state.steps) | {step_id: step}).items()))
