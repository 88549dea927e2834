"""How a run ends for good without coming to its own end: another run takes it back, or somebody aborts it."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from drctl.core.errors import BlockedError, DrctlError
from drctl.core.events import RunAborted, RunUndone
from drctl.core.finding import Finding
from drctl.core.intent import Intent, Mode, Operation
from drctl.core.run_state import RunState, fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drctl.planning.undo import Undone
    from drctl.ports.journal import Journal, Record, RunStore


def read_state(journal: Journal) -> RunState:
    """Return the run as its journal tells it."""
    return _told_by(journal.records())


def _told_by(records: tuple[Record, ...]) -> RunState:
    return reduce(lambda state, record: fold(state, record.at, record.event), records, RunState())


def require_open(state: RunState) -> None:
    """Return if a run can still be taken up.

    Raises:
        BlockedError: It has ended, is taken back, was aborted, or was killed before anybody's consent was durable.
    """
    run = state.run_id
    if state.undone_by:
        message = f"run {run} is undone by run {state.undone_by}."
        remedy = f"See that one: `drctl runs show {state.undone_by}`."
    elif state.aborted_by:
        message, remedy = f"run {run} was aborted by {state.aborted_by}.", "See what is so now: `drctl status`."
    elif state.is_finished:
        message, remedy = f"run {run} has ended.", f"See it: `drctl runs show {run}`."
    elif not state.epoch:
        message, remedy = f"run {run} stopped before it was confirmed: nothing was written.", "Start a new one."
    else:
        return
    raise BlockedError(message, remedy=remedy, code="run-ended")


def undo_intent(undone: Undone, reason: str) -> Intent:
    """Return the wish to take a run back.

    Raises:
        BlockedError: There is nothing to be taken back of a run that has ended, or of one that moves nothing.
    """
    require_open(undone.state)
    intent, run = undone.plan.intent, undone.state.run_id
    if intent.operation is Operation.FENCE or intent.reprotect_only:
        what = "fences a region" if intent.operation is Operation.FENCE else "makes a region a standby again"
        raise BlockedError(
            f"run {run} only {what}: it moved nothing that could be taken back.",
            remedy=f"Stop it for good with `drctl abort {run}`, or go on: `drctl resume {run}`.",
            code="undo-impossible",
        )
    return Intent(Operation.UNDO, Mode.PLANNED, intent.target, intent.source, reason, undoes=run)


def end_undone(runs: RunStore, undoes: str, by_run: str) -> None:
    """Record, once, that a run is taken back by another one."""
    journal = runs.open(undoes)
    if not read_state(journal).undone_by:
        journal.append(RunUndone(by_run))


def require_not_being_undone(runs: RunStore, run_id: str) -> None:
    """Return if no other run has begun to take this one back, killed before it could say so here.

    Raises:
        BlockedError: One has.
    """
    for state in _readable(runs):
        if state.epoch and state.intent is not None and state.intent.undoes == run_id:
            raise BlockedError(
                f"run {run_id} is being undone by run {state.run_id}.",
                remedy=f"Take that one up: `drctl resume {state.run_id}`.",
                code="run-ended",
            )


def fenced_targets(runs: RunStore, intent: Intent) -> tuple[Finding, ...]:
    """Return a finding for each run that waits to be taken up, and moves to where a fence would stop all writes."""
    if intent.operation is not Operation.FENCE:
        return ()
    return tuple(
        Finding(
            "fences-a-runs-target",
            f"run {state.run_id} is not finished and moves to {intent.target}: what it made there would be fenced, "
            "and it could be undone or aborted, but not resumed.",
            f"Accept it with --accept fences-a-runs-target, or take the run back: `drctl undo {state.run_id}`.",
            acceptable=True,
            subject=state.run_id,
        )
        for state, wish in _waiting(runs)
        if wish.target == intent.target
    )


def epoch_to_claim(runs: RunStore, intent: Intent, larger: int) -> int:
    """Return the epoch of a new run: `larger`, which is larger by one than any that was seen.

    A fence of the region that a waiting run leaves takes nothing over from that run: it signs with the run's epoch,
    so that the run can be taken up afterwards.
    """
    joins = intent.operation is Operation.FENCE and any(
        state.epoch == larger - 1 and wish.source == intent.target for state, wish in _waiting(runs)
    )
    return larger - 1 if joins else larger


def _waiting(runs: RunStore) -> Iterator[tuple[RunState, Intent]]:
    """Yield every run that waits to be taken up, with what it was to do."""
    for state in _readable(runs):
        if state.epoch and not state.is_finished and state.intent is not None:
            yield state, state.intent


def _readable(runs: RunStore) -> Iterator[RunState]:
    """Yield every run whose journal can be read: one that cannot is found by `drctl runs list`, and stops no other."""
    for run_id in runs.run_ids():
        try:
            yield _told_by(runs.read(run_id))
        except DrctlError:
            continue


def abort(runs: RunStore, run_id: str, operator: str, reason: str) -> RunState:
    """End a paused or killed run for good; nothing is written to the world. The lock is held by the caller.

    Raises:
        BlockedError: It has ended already, or never began.
    """
    journal = runs.open(run_id)
    require_open(read_state(journal))
    journal.append(RunAborted(operator, reason))
    return read_state(journal)
