"""Runs, as their journals tell them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drctl.core.errors import ExitCode
from drctl.render.jsonable import Json, changes_json, jsonable
from drctl.render.page import Page
from drctl.render.wording import UNKNOWN, clock_time, date_time, finish_command, lasted, one_line, value, wanted

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from drctl.core.intent import Intent
    from drctl.core.run_state import RunState

RUNS_SCHEMA, RUN_SCHEMA = "drctl.runs/v1", "drctl.run/v1"
_OUTCOME = 12
_ENDED = {
    ExitCode.DONE: "done",
    ExitCode.LEFT_OPEN: "done, and something stays open",
    ExitCode.CONTRACT_UNPROVEN: "done, and a contract is breached or not proved",
}


def state_of(run: RunState, lock_holder: str = "") -> str:
    """Return what became of a run; `lock_holder` is the run that holds the lock now, if one does."""
    if run.undone_by or run.aborted_by:
        return f"undone by {run.undone_by}" if run.undone_by else f"aborted by {run.aborted_by}; what it changed stays"
    if run.ended is not None:
        return f"{_ENDED.get(run.ended, 'ended')} (exit code {int(run.ended)})"
    if lock_holder and run.run_id == lock_holder:
        return f"running, in phase {run.phase or 'one'}"
    if run.paused:
        at = f" at {run.paused_at_step}" if run.paused_at_step else ""
        return f"paused{at} ({run.paused_code}): {one_line(run.paused)}"
    if not run.epoch:
        return "never confirmed: nothing was written"
    return "its process ended without a word, or still runs"


def print_runs(runs: tuple[RunState, ...], console: Console, lock_holder: str = "") -> None:
    """Print each run with what was wanted and what became of it, the oldest first."""
    page = Page(console)
    if not runs:
        page.prose("There are no runs in this state directory.")
        return
    for run in runs:
        page.heading(f"{run.run_id}  started {date_time(run.started_at)}")
        page.prose(f"{_wanted(run.intent)}: {state_of(run, lock_holder)}", 2, 4)


def print_run(run: RunState, console: Console, folder: str | Path, lock_holder: str = "") -> None:
    """Print one run: what was wanted, who agreed, what became of each step, what was changed."""
    page = Page(console)
    page.heading(f"{run.run_id}: {state_of(run, lock_holder)}")
    page.labelled("Wanted", _wanted(run.intent))
    if run.intent is not None and run.intent.reason:
        page.labelled("Reason", run.intent.reason)
    page.labelled("By", f"{run.operator or UNKNOWN}, confirmed by {run.how_confirmed or 'nobody'}")
    page.labelled("Accepted", ", ".join(run.accepted) or "nothing")
    page.labelled("Epoch", str(run.epoch or "none"))
    page.labelled("Time", _time(run))
    page.labelled("Plan digest", run.plan_digest)
    page.heading("Steps")
    for step_id, step in run.steps:
        outcome = step.outcome.value if step.outcome else "begun"
        said = f": {step.message}" if step.message else ""
        page.labelled(f"  {outcome}", f"{clock_time(step.ended_at)} {step_id}{said}", width=_OUTCOME)
        for failure in step.failures:
            became = "outcome unknown" if failure.unknown else "refused"
            page.labelled("", f"{failure.item} {became} ({failure.code}): {failure.message}", width=_OUTCOME)
    _print_open(page, run)
    _print_applied(page, run)
    page.heading("Evidence")
    page.command(str(folder))
    if not run.is_finished and run.epoch and run.run_id != lock_holder:
        page.heading("Next")
        page.command(f"drctl resume {run.run_id}")
    elif run.is_finished and run.open_items:
        page.heading("Next")
        for item in dict.fromkeys(left.ref.item for left in run.open_items):
            page.command(finish_command(run.run_id, item))


def _wanted(intent: Intent | None) -> str:
    return UNKNOWN if intent is None else wanted(intent)


def _time(run: RunState) -> str:
    if run.started_at is None:
        return UNKNOWN
    if run.ended_at is None:
        return f"{date_time(run.started_at)}, not ended"
    return f"{date_time(run.started_at)}, {lasted(run.ended_at - run.started_at)}"


def _print_open(page: Page, run: RunState) -> None:
    if not run.open_items:
        return
    page.heading("Open items")
    for item in run.open_items:
        who = f"left out {clock_time(item.since)} by {item.operator}" if item.operator else "not done"
        page.prose(f"{item.ref}: {who}: {item.why}", 2, 4, "yellow")


def _print_applied(page: Page, run: RunState) -> None:
    page.heading("Changes made" if run.applied else "No change was made")
    for _, diff in run.made:
        for change in diff.changes:
            page.prose(f"{change.object} {change.field}: {value(change.before)} -> {value(change.after)}", 2, 4)


def runs_json(runs: tuple[RunState, ...], lock_holder: str = "") -> dict[str, Json]:
    """Return every run in short."""
    return {"schema": RUNS_SCHEMA, "runs": [_short(run, lock_holder) for run in runs]}


def run_json(run: RunState, lock_holder: str = "") -> dict[str, Json]:
    """Return one run with its steps, facts and changes."""
    return {
        "schema": RUN_SCHEMA,
        **_short(run, lock_holder),
        "how_confirmed": run.how_confirmed,
        "accepted": list(run.accepted),
        "steps": [
            {
                "id": step_id,
                "outcome": jsonable(step.outcome),
                "message": jsonable(step.message),
                "waited_seconds": step.waited_seconds,
                "ended_at": jsonable(step.ended_at),
            }
            for step_id, step in run.steps
        ],
        "open_items": [
            {
                "step": item.ref.step_id,
                "item": item.ref.item,
                "left_out_by": item.operator or None,
                "why": jsonable(item.why),
                "since": jsonable(item.since),
            }
            for item in run.open_items
        ],
        "facts": [
            {
                "kind": fact.kind.value,
                "subject": fact.subject,
                "value": jsonable(fact.value),
                "note": jsonable(fact.note),
                "observed_at": jsonable(fact.observed_at),
            }
            for fact in run.facts
        ],
        "applied": [{"step": step, "changes": changes_json(diff)} for step, diff in run.applied],
    }


def _short(run: RunState, lock_holder: str) -> dict[str, Json]:
    intent = run.intent
    return {
        "run_id": run.run_id,
        "operation": intent.operation.value if intent else None,
        "mode": intent.mode.value if intent else None,
        "source": intent.source if intent else None,
        "target": intent.target if intent else None,
        "reason": jsonable(intent.reason) if intent else None,
        "operator": run.operator,
        "epoch": run.epoch,
        "phase": run.phase,
        "plan_digest": run.plan_digest,
        "state": state_of(run, lock_holder),
        "exit_code": jsonable(run.ended),
        "started_at": jsonable(run.started_at),
        "ended_at": jsonable(run.ended_at),
    }
