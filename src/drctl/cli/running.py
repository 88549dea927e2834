"""What every command that runs a plan shares: the lock, who watches, what is printed, what is left as evidence."""

from __future__ import annotations

import getpass
import secrets
import socket
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from drctl.app.locking import take
from drctl.app.report import make_report
from drctl.app.run import Console, Runner
from drctl.cli.failing import failure_of
from drctl.cli.gates import AskingGate, OpenGate
from drctl.cli.interrupts import pausing
from drctl.cli.options import Output
from drctl.core.errors import BlockedError, DrctlError, ExitCode
from drctl.core.lock import LockRecord
from drctl.render.diagnostics import failure_text
from drctl.render.jsonlines import JsonLines
from drctl.render.observer import LiveSteps, PlainLines
from drctl.render.report_json import report_json
from drctl.render.report_md import report_md
from drctl.render.report_view import print_report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from drctl.app.locking import HeldLock
    from drctl.app.report import Report
    from drctl.cli.screen import Screen
    from drctl.cli.session import Session
    from drctl.core.intent import Intent
    from drctl.planning.plan import Plan
    from drctl.ports.journal import Record
    from drctl.ports.observer import Observer


@dataclass(frozen=True, slots=True)
class Here:
    """Where a run is run: this command's session and its screen."""

    session: Session
    screen: Screen


def new_run_id(operation: str) -> str:
    """Return an id that sorts by time and is its own: `20261123-140501-failover-3fa9`."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{operation}-{secrets.token_hex(2)}"


@contextmanager
def locked(session: Session, run_id: str, intent: Intent) -> Iterator[HeldLock]:
    """Hold the service's lock for a run.

    Raises:
        LockHeldError: Another run holds it.
    """
    believes = f"{intent.operation.value} {intent.source} -> {intent.target}, {intent.mode.value}"
    lock = take(session.stores.locks, LockRecord(run_id, operator(), believes, "", datetime.now(UTC), 0))
    try:
        yield lock
    finally:
        lock.release()


def refuse_unfinished(session: Session, but: str = "") -> None:
    """Return if no run waits to be taken up, but for the one that is to be undone, or is taken up.

    Raises:
        BlockedError: One does.
    """
    for run_id in session.stores.runs.run_ids():
        state = session.state(run_id)
        if state.epoch and not state.is_finished and run_id != but:
            why = state.paused.removesuffix(".") or "its process ended without a word"
            raise BlockedError(
                f"run {run_id} is not finished: {why}.",
                remedy=f"End it with `drctl undo {run_id}` or `drctl abort {run_id}`, or take it up: "
                f"`drctl resume {run_id}`.",
                code="run-unfinished",
            )


def run_and_report(
    here: Here,
    plan: Plan,
    lock: HeldLock,
    act: Callable[[Runner], Report],
    *,
    ask: bool = False,
    shown: Plan | None = None,
) -> NoReturn:
    """Run, print the result, leave the report beside the journal, and exit with what it says.

    `shown` is what of the plan is to be done now, where that is not all of it.
    """
    session, screen = here.session, here.screen
    observers = observers_of(screen, shown or plan, session.journal_line, ask=ask)
    gate = (AskingGate if ask else OpenGate)(screen, observers.close)
    console = Console(operator(), gate, observers.all, session.interrupted.is_set)
    runner = Runner(session.service, session.stores, console)
    try:
        with pausing(session.interrupted):
            report = act(runner)
    except DrctlError as error:
        observers.close()
        if error.code == "run-ended":
            # Somebody else ended it before the lock was held: nothing has stopped here.
            raise
        _fail(here, plan, lock.run_id, error)
    finally:
        observers.close()
    folder = leave(session, report)
    _leave_undone(session, plan)
    match screen.output:
        case Output.JSON:
            screen.result(report_json(report))
        case Output.TEXT:
            print_report(report, screen.out, folder)
        case Output.JSONL:
            pass
    sys.exit(int(report.exit_code if report.exit_code is not None else ExitCode.BUG))


@dataclass(frozen=True, slots=True)
class Observers:
    """Everyone who watches a run; `live` is the one that shows progress to a person."""

    all: tuple[Observer, ...]
    live: LiveSteps | PlainLines | None

    def close(self) -> None:
        """Leave the last picture on the screen."""
        if self.live is not None:
            self.live.close()


def observers_of(screen: Screen, plan: Plan, journal_line: Callable[[Record], str], *, ask: bool) -> Observers:
    """Return who watches a run on this screen: the records on stdout where asked for, and progress on stderr."""
    lines = (JsonLines(sys.stdout, journal_line),) if screen.output is Output.JSONL else ()
    if screen.quiet:
        return Observers(lines, None)
    # A list that draws itself anew would draw over the question.
    draws = screen.err.is_terminal and not ask
    live = LiveSteps(screen.err, plan) if draws else PlainLines(screen.err, plan)
    return Observers((*lines, live), live)


def _fail(here: Here, plan: Plan, run_id: str, error: DrctlError) -> NoReturn:
    """Leave the report as far as it goes, say what is in force, and exit with the error's code."""
    session, screen = here.session, here.screen
    report = make_report(session.topology, plan, session.state(run_id), datetime.now(UTC))
    leave(session, report)
    _leave_undone(session, plan)
    if screen.output is Output.JSON:
        screen.result(report_json(report))
    screen.err.print(failure_text(failure_of(session, plan, run_id), error), markup=False, soft_wrap=True)
    sys.exit(int(error.exit_code))


def leave(session: Session, report: Report) -> Path:
    """Write `report.json` and `report.md` into the run's folder."""
    folder = Path(session.stores.runs.folder(report.run_id))
    session.write_evidence(folder / "report.json", report_json(report))
    session.write_evidence(folder / "report.md", report_md(report))
    return folder


def _leave_undone(session: Session, plan: Plan) -> None:
    """Let the report of a run that is taken back say so: the last one told how to resume it."""
    undone = plan.intent.undoes
    if undone and (state := session.state(undone)).undone_by:
        leave(session, make_report(session.topology, session.plan(undone), state, datetime.now(UTC)))


def operator() -> str:
    """Return who sits here: `ann@desk`."""
    return f"{getpass.getuser()}@{socket.gethostname()}"
