"""From an intent to a run: show what would change, ask, run. Shared by the commands that move or fence."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NoReturn

from drctl.app.ending import fenced_targets, require_open
from drctl.app.prepare import leave_out, prepare
from drctl.app.saved_plan import require_own, require_unmoved
from drctl.cli.gates import consent, require_clear, require_known, require_questions
from drctl.cli.options import Output
from drctl.cli.running import locked, new_run_id, refuse_unfinished, run_and_report
from drctl.core.errors import ConfigError, ExitCode
from drctl.core.intent import Operation
from drctl.render.plan_json import plan_json
from drctl.render.plan_view import print_plan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from drctl.app.prepare import Prepared
    from drctl.app.saved_plan import SavedPlan
    from drctl.cli.running import Here
    from drctl.cli.session import Session
    from drctl.core.intent import Intent


@dataclass(frozen=True, slots=True)
class Consented:
    """What the command line says of consent: `--confirm`, every `--accept`, and `--step`."""

    confirm: str
    accept: tuple[str, ...]
    step: bool


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line wants; `saved` is the plan that it names, and the intent is that plan's own then.

    `without` names the items that are left out of it.
    """

    intent: Intent
    saved: SavedPlan | None = None
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Named:
    """Which options the command line gave: a saved plan may not say otherwise."""

    to: bool = False
    mode: bool = False
    only: bool = False


def wished(session: Session, intent: Intent, plan: Path | None, named: Named) -> Wish:
    """Return what is wanted: the intent of the command line, or a saved plan that it does not contradict.

    Raises:
        ConfigError: The plan cannot be read, is another service's, or is for another move than the command says.
    """
    if plan is None:
        return Wish(intent)
    saved = session.saved_plan(plan)
    require_own(saved, session.topology)
    kept = saved.plan.intent
    if differ := tuple(_contradictions(kept, intent, named)):
        raise ConfigError(
            f"{plan} is for another move.",
            problems=differ,
            remedy="Leave out what contradicts the plan, or leave out --plan.",
        )
    return Wish(replace(kept, reason=intent.reason or kept.reason), saved)


def _contradictions(kept: Intent, asked: Intent, named: Named) -> Iterator[str]:
    if kept.operation is not asked.operation:
        yield f"the plan is a {kept.operation.value}, the command a {asked.operation.value}"
    if named.to and kept.target != asked.target:
        yield f"the plan goes to {kept.target}, --to says {asked.target}"
    if named.mode and kept.mode is not asked.mode:
        yield f"the plan's mode is {kept.mode.value}, --mode says {asked.mode.value}"
    if named.only and not kept.reprotect_only:
        yield "the plan moves traffic, --only reprotect does not"


def show_only(here: Here, wish: Wish, *, detailed: bool) -> NoReturn:
    """Print what a run would change, and exit: 3 if it could not start, 8 for changes when asked to say so.

    Raises:
        DriftError: The world moved since the plan was saved.
    """
    prepared = _prepared_as_wished(here, wish)
    print_result(here, prepared)
    if prepared.final and not prepared.is_there_already:
        sys.exit(int(ExitCode.BLOCKED))
    pending = detailed and not prepared.is_there_already
    sys.exit(int(ExitCode.CHANGES_PENDING if pending else ExitCode.DONE))


def move(here: Here, wish: Wish, consented: Consented) -> NoReturn:
    """Take the lock, show the plan, ask, run it, and exit with what the run says.

    Raises:
        DrctlError: It did not start: the lock is held, a run is unfinished, something blocks, nobody agreed.
    """
    session, intent = here.session, wish.intent
    require_reason(wish.without, intent.reason)
    require_questions(here.screen, step=consented.step)
    with locked(session, new_run_id(intent.operation.value), intent) as lock:
        # What two regions write must stop, whatever waits.
        if intent.operation is not Operation.FENCE:
            refuse_unfinished(session, intent.undoes)
        prepared = _prepared_as_wished(here, wish)
        if prepared.is_there_already:
            print_result(here, prepared)
            sys.exit(int(ExitCode.DONE))
        require_known(prepared, consented.accept)
        # Typing agrees to what is on the screen: what is asked for is shown, however quiet.
        asks = here.screen.can_ask and not consented.confirm and not prepared.final
        if asks or not here.screen.quiet:
            print_plan(prepared, session.topology, here.screen.err, refused_next=bool(prepared.final))
        require_clear(prepared)
        agreed = consent(prepared, here.screen, consented.confirm, consented.accept)
        agreed = replace(agreed, reason=intent.reason)
        run_and_report(
            here, prepared.plan, lock, lambda runner: runner.start(prepared, agreed, lock), ask=consented.step
        )


def prepared_for(here: Here, intent: Intent) -> Prepared:
    """Look at everything, plan, and ask every step. Reads only."""
    session, undone = here.session, None
    if intent.undoes:
        # Again: before the lock was held somebody else may have brought it to its end.
        undone = session.undone(intent.undoes)
        require_open(undone.state)
    prepared = prepare(session.service.reads, session.topology, intent, session.inventories, undone)
    return replace(prepared, findings=(*prepared.findings, *fenced_targets(session.stores.runs, intent)))


def _prepared_as_wished(here: Here, wish: Wish) -> Prepared:
    """Look; compare with the saved plan, which is a whole one; then leave out what is not wanted.

    Raises:
        DriftError: The world moved since the plan was saved.
    """
    whole = prepared_for(here, wish.intent)
    if wish.saved is not None:
        require_unmoved(wish.saved, whole)
    if not wish.without:
        return whole
    return leave_out(here.session.service.reads, here.session.topology, whole, wish.without)


def require_reason(without: tuple[str, ...], reason: str) -> None:
    """Return if whoever leaves items out says why.

    Raises:
        ConfigError: Nobody does.
    """
    if without and not reason.strip():
        raise ConfigError("--without needs a reason: the report has it.", remedy="Add --reason TEXT.")


def print_result(here: Here, prepared: Prepared) -> None:
    """Print a plan as the command's result."""
    if here.screen.output is Output.TEXT:
        print_plan(prepared, here.session.topology, here.screen.out)
    else:
        here.screen.result(plan_json(prepared))
