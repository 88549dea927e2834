"""A run as its journal tells it: a fold over events."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

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
    ItemFinished,
    ItemLeftOut,
    ItemTakenUp,
    PhaseStarted,
    Prediction,
    RunAborted,
    RunConfirmed,
    RunEnded,
    RunPaused,
    RunResumed,
    RunStarted,
    RunUndone,
    StepChecked,
    StepEnded,
    StepOutcome,
    StepVerified,
)
from drctl.core.intent import Intent
from drctl.core.item import ItemRef, LeftOut, OpenItem
from drctl.core.verdict import Health, ItemVerdict


@dataclass(frozen=True, slots=True)
class StepState:
    """What became of one step, as last recorded.

    `items` is how each of its items was last seen; `failed` names those that failed in the last try.
    """

    outcome: StepOutcome | None = None
    message: str = ""
    waited_seconds: float = 0.0
    ended_at: datetime | None = None
    failures: tuple[ItemFailed, ...] = ()
    items: tuple[ItemVerdict, ...] = ()
    failed: tuple[str, ...] = ()

    @property
    def lame(self) -> tuple[ItemVerdict, ...]:
        """Return the items that the step ended without."""
        return tuple(item for item in self.items if item.health in {Health.FAILED, Health.DEGRADED})


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
    left_out: tuple[LeftOut, ...] = ()
    finished: tuple[ItemRef, ...] = ()

    def step(self, step_id: str) -> StepState:
        """Return what became of a step; an empty state if it was never reached."""
        return dict(self.steps).get(step_id, StepState())

    @property
    def made(self) -> tuple[tuple[str, Diff], ...]:
        """Return what was applied, in the order in which it was intended: the writes of one wave end in any order."""
        applied = set(self.applied)
        return tuple(dict.fromkeys((step, diff) for step, _, diff in self.intended if (step, diff) in applied))

    @property
    def open_steps(self) -> tuple[str, ...]:
        """Return the steps that were left open by an accepted finding: pending fences among them."""
        return tuple(name for name, step in self.steps if step.outcome is StepOutcome.OPEN)

    @property
    def open_items(self) -> tuple[OpenItem, ...]:
        """Return the items that stay to be finished: left out by somebody, or what degraded steps ended without."""
        if self.undone_by or self.aborted_by:
            # Nobody takes it up any more.
            return ()
        gone = {left.ref for left in self.left_out}
        lame = (
            OpenItem(ref, item.message, "", step.ended_at)
            for name, step in self.steps
            # Where a later try to finish one failed, the run has ended all the same.
            if step.outcome is StepOutcome.DEGRADED or self.ended is not None
            for item in step.lame
            if (ref := ItemRef(name, item.item)) not in gone
        )
        return (*(OpenItem(left.ref, left.reason, left.operator, left.at) for left in self.left_out), *lame)

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
        case StepChecked():
            return _checked(state, event)
        case ItemFailed(step_id, item):
            step = state.step(step_id)
            failed = (*step.failed, item)
            return _put(state, step_id, replace(step, failures=(*step.failures, event), failed=failed))
        case StepVerified():
            return _verified(state, event)
        case StepEnded():
            return _ended(state, at, event)
        case FactsMeasured(_, facts):
            return replace(state, facts=(*state.facts, *facts))
        case RunPaused(code, message, step_id):
            return replace(state, paused=message, paused_code=code, paused_at_step=step_id)
        case RunResumed():
            return replace(state, paused="", paused_code="", paused_at_step="")
        case ItemLeftOut(ref, breaks, operator, reason):
            others = tuple(left for left in state.left_out if left.ref != ref)
            return replace(state, left_out=(*others, LeftOut(ref, breaks, operator, reason, at)))
        case ItemTakenUp(ref):
            taken = _held_open(state, ref) if state.ended is not None else _closed(state, ref)
            return replace(taken, paused="", paused_code="", paused_at_step="")
        case ItemFinished(ref):
            return replace(_closed(state, ref), finished=(*state.finished, ref))
        case RunEnded(exit_code):
            ended_at = state.ended_at or at
            return replace(state, ended=exit_code, ended_at=ended_at, paused="", paused_code="", paused_at_step="")
        case RunUndone(by_run):
            return replace(state, undone_by=by_run, ended_at=at)
        case RunAborted(operator):
            return replace(state, aborted_by=operator, ended_at=at)
        case _:
            assert_never(event)


def _checked(state: RunState, event: StepChecked) -> RunState:
    step = state.step(event.step_id)
    failed = tuple(finding.subject for finding in event.findings if finding.subject)
    return state if failed == step.failed else _put(state, event.step_id, replace(step, failed=failed))


def _verified(state: RunState, event: StepVerified) -> RunState:
    step = state.step(event.step_id)
    items = {item.item: item for item in step.items} | {item.item: item for item in event.items}
    failed = (*step.failed, *(item.item for item in event.items if item.health is Health.FAILED))
    seen = replace(step, waited_seconds=event.waited_seconds, items=tuple(items.values()))
    return _put(state, event.step_id, replace(seen, failed=tuple(dict.fromkeys(failed))))


def _ended(state: RunState, at: datetime, event: StepEnded) -> RunState:
    step, outcome = state.step(event.step_id), event.outcome
    gone = {left.ref.item for left in state.left_out if left.ref.step_id == event.step_id}
    if outcome is StepOutcome.DONE and any(item.item not in gone for item in step.lame):
        # One of its items was finished alone, and others were not.
        outcome = StepOutcome.DEGRADED
    return _put(state, event.step_id, replace(step, outcome=outcome, message=event.message, ended_at=at))


def _held_open(state: RunState, ref: ItemRef) -> RunState:
    """Keep an item of a run that has ended open until what rests on it is finished too, not only its own step."""
    was = next((item for item in state.open_items if item.ref == ref), None)
    if was is None or any(left.ref == ref for left in state.left_out):
        return state
    since = was.since or state.ended_at or state.started_at
    held = (LeftOut(ref, (), was.operator, was.why, since),) if since is not None else ()
    return replace(state, left_out=(*state.left_out, *held))


def _closed(state: RunState, ref: ItemRef) -> RunState:
    return replace(state, left_out=tuple(left for left in state.left_out if left.ref != ref))


def _put(state: RunState, step_id: str, step: StepState) -> RunState:
    return replace(state, steps=tuple((dict(state.steps) | {step_id: step}).items()))
