"""How far a run is, as its records and waits tell it: a fold, like the journal's own, for a screen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from drctl.core.contract import FactKind
from drctl.core.events import (
    ApplyIntended,
    FactsMeasured,
    ItemFailed,
    PhaseStarted,
    RunEnded,
    RunPaused,
    RunResumed,
    RunStarted,
    StepChecked,
    StepEnded,
    StepOutcome,
)

if TYPE_CHECKING:
    from drctl.core.verdict import Verdict
    from drctl.planning.plan import Plan
    from drctl.ports.journal import Record


class State(StrEnum):
    """What a step is doing. The last six are how it ended."""

    TO_COME = "to come"
    LOOKED = "looked"
    WRITING = "writing"
    WAITING = "waiting"
    DONE = "done"
    DEGRADED = "degraded"
    OPEN = "open"
    LEFT_OUT = "left out"
    FAILED = "failed"
    UNKNOWN = "unknown"


_ENDED = {
    StepOutcome.DONE: State.DONE,
    StepOutcome.DEGRADED: State.DEGRADED,
    StepOutcome.OPEN: State.OPEN,
    StepOutcome.LEFT_OUT: State.LEFT_OUT,
    StepOutcome.FAILED: State.FAILED,
    StepOutcome.UNKNOWN: State.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class StepProgress:
    """One step. `message` is what it waits for, or how it ended."""

    id: str
    title: str
    phase: str
    state: State = State.TO_COME
    message: str = ""
    began: datetime | None = None
    ended: datetime | None = None

    def elapsed(self, now: datetime) -> timedelta | None:
        """Return how long it takes, or took; None before it began."""
        return None if self.began is None else (self.ended or now) - self.began


@dataclass(frozen=True, slots=True)
class Progress:
    """One run. `outage_since` is the first failed sample of the public name, else the run's start."""

    steps: tuple[StepProgress, ...] = ()
    phase: str = ""
    started: datetime | None = None
    outage_since: datetime | None = None
    said: str = ""
    is_over: bool = False

    def step(self, step_id: str) -> StepProgress:
        """Return a step; one that no plan named belongs to the phase that runs."""
        found = (step for step in self.steps if step.id == step_id)
        return next(found, StepProgress(step_id, step_id, self.phase))

    def put(self, step: StepProgress) -> Progress:
        """Return the progress with one step's newer state."""
        if not any(known.id == step.id for known in self.steps):
            return replace(self, steps=(*self.steps, step))
        return replace(self, steps=tuple(step if known.id == step.id else known for known in self.steps))

    def phases(self) -> tuple[tuple[str, tuple[StepProgress, ...]], ...]:
        """Return the steps by phase, in order."""
        names = dict.fromkeys(step.phase for step in self.steps)
        return tuple((name, tuple(step for step in self.steps if step.phase == name)) for name in names)


def of_plan(plan: Plan | None) -> Progress:
    """Return the progress of a run that has not begun."""
    if plan is None:
        return Progress()
    steps = (
        StepProgress(step.id, step.title, phase.name)
        for phase in plan.phases
        for wave in phase.waves
        for step in wave.steps
    )
    return Progress(tuple(steps))


def advance(progress: Progress, record: Record) -> Progress:  # noqa: C901, PLR0911 - one case an event
    """Return the progress after one more record; events that a screen has no place for change nothing."""
    at = record.at
    match record.event:
        case RunStarted():
            return replace(progress, started=at, outage_since=progress.outage_since or at)
        case RunResumed():
            return replace(progress, started=progress.started or at, said="", is_over=False)
        case PhaseStarted(phase):
            return replace(progress, phase=phase)
        case StepChecked(step_id):
            step = progress.step(step_id)
            return progress.put(replace(step, state=State.LOOKED, began=at, ended=None, message=""))
        case ApplyIntended(step_id):
            step = progress.step(step_id)
            return progress.put(replace(step, state=State.WRITING, began=step.began or at))
        case ItemFailed(step_id, item, _, message):
            return progress.put(replace(progress.step(step_id), message=f"{item}: {message}"))
        case StepEnded(step_id, outcome, message):
            step = progress.step(step_id)
            state = _ENDED.get(outcome, State.UNKNOWN)
            return progress.put(replace(step, state=state, message=message, began=step.began or at, ended=at))
        case FactsMeasured():
            return _with_outage(progress, record.event)
        case RunPaused(code, message):
            return replace(progress, said=f"paused ({code}): {message}", is_over=True)
        case RunEnded(_, message):
            return replace(progress, said=message, is_over=True)
        case _:
            return progress


def see_waiting(progress: Progress, step_id: str, verdict: Verdict) -> Progress:
    """Return the progress after a look at what a step waits for."""
    return progress.put(replace(progress.step(step_id), state=State.WAITING, message=verdict.message))


def _with_outage(progress: Progress, event: FactsMeasured) -> Progress:
    for fact in event.facts:
        if fact.kind is FactKind.PUBLIC_FAILED_SINCE and isinstance(fact.value, datetime):
            return replace(progress, outage_since=fact.value)
    return progress
