"""From an intent to a run: show what would change, ask, run. Shared by the commands that move or fence."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from drctl.app.prepare import prepare
from drctl.app.saved_plan import require_own, require_unmoved
from drctl.cli.gates import consent, require_clear
from drctl.cli.options import Output
from drctl.cli.running import locked, new_run_id, refuse_unfinished, run_and_report
from drctl.core.errors import ExitCode
from drctl.render.plan_json import plan_json
from drctl.render.plan_view import print_plan

if TYPE_CHECKING:
    from pathlib import Path

    from drctl.app.prepare import Prepared
    from drctl.cli.running import Here
    from drctl.core.intent import Intent


@dataclass(frozen=True, slots=True)
class Consented:
    """What the command line says of consent: `--confirm`, every `--accept`, `--step` and `--plan`."""

    confirm: str
    accept: tuple[str, ...]
    step: bool
    plan: Path | None


def show_only(here: Here, intent: Intent, *, detailed: bool) -> NoReturn:
    """Print what a run would change, and exit: 3 if it could not start, 8 for changes when asked to say so."""
    prepared = prepared_for(here, intent)
    print_result(here, prepared)
    if prepared.final and not prepared.is_there_already:
        sys.exit(int(ExitCode.BLOCKED))
    pending = detailed and not prepared.is_there_already
    sys.exit(int(ExitCode.CHANGES_PENDING if pending else ExitCode.DONE))


def move(here: Here, intent: Intent, consented: Consented) -> NoReturn:
    """Take the lock, show the plan, ask, run it, and exit with what the run says.

    Raises:
        DrctlError: It did not start: the lock is held, a run is unfinished, something blocks, nobody agreed.
    """
    session = here.session
    saved = session.saved_plan(consented.plan) if consented.plan else None
    if saved is not None:
        require_own(saved, session.topology)
        intent = saved.plan.intent
    with locked(session, new_run_id(intent.operation.value), intent) as lock:
        refuse_unfinished(session)
        prepared = prepared_for(here, intent)
        if saved is not None:
            require_unmoved(saved, prepared)
        if prepared.is_there_already:
            print_result(here, prepared)
            sys.exit(int(ExitCode.DONE))
        if not here.screen.quiet:
            print_plan(prepared, session.topology, here.screen.err)
        require_clear(prepared)
        agreed = consent(prepared, here.screen, consented.confirm, consented.accept)
        run_and_report(
            here, prepared.plan, lock, lambda runner: runner.start(prepared, agreed, lock), ask=consented.step
        )


def prepared_for(here: Here, intent: Intent) -> Prepared:
    """Look at everything, plan, and ask every step. Reads only."""
    session = here.session
    return prepare(session.service.reads, session.topology, intent, session.inventories)


def print_result(here: Here, prepared: Prepared) -> None:
    """Print a plan as the command's result."""
    if here.screen.output is Output.TEXT:
        print_plan(prepared, here.session.topology, here.screen.out)
    else:
        here.screen.result(plan_json(prepared))
