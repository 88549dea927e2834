"""`drctl resume RUN`: take a paused or killed run up, by looking at the world, to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from drctl.cli import options

if TYPE_CHECKING:
    from drctl.app.locking import HeldLock
    from drctl.cli.running import Here


def resume(
    run: options.RunArgument,
    config: options.ConfigOption = options.DEFAULT_CONFIG,
    state_dir: options.StateDirOption = None,
    without: options.WithoutOption = None,
    item: options.ItemOption = None,
    reason: options.ReasonOption = "",
    step: options.StepOption = False,
    output: options.OutputOption = options.Output.TEXT,
    quiet: options.QuietOption = False,
    verbose: options.VerboseOption = False,
    no_color: options.NoColorOption = False,
) -> None:
    """Take a run up. What was done stays done; what is unknown is looked at again.

    `--without` leaves out what failed, and says what that breaks. `--item` finishes what was left open.
    """
    from drctl.app.ending import require_open
    from drctl.cli.gates import require_questions
    from drctl.cli.moving import require_reason
    from drctl.cli.running import Here, locked
    from drctl.cli.screen import open_screen
    from drctl.cli.session import known_run, opened
    from drctl.core.errors import ConfigError

    if without and item:
        raise ConfigError("--without leaves open, --item finishes.", remedy="Give one of them.")
    require_reason(tuple(without or ()), reason)
    screen = open_screen(output=output, quiet=quiet, no_color=no_color, verbose=verbose)
    require_questions(screen, step=step)
    with opened(config, state_dir) as session:
        here = Here(session, screen)
        known_run(session, run)
        if not item:
            require_open(session.state(run))
        with locked(session, run, session.plan(run).intent) as lock:
            if item:
                _finish(here, lock, item, ask=step)
            _go_on(here, lock, without or [], reason, ask=step)


def _go_on(here: Here, lock: HeldLock, without: list[str], reason: str, *, ask: bool) -> NoReturn:
    from drctl.app.items import failed_in
    from drctl.app.run import Omit
    from drctl.cli.running import run_and_report
    from drctl.planning.leaving_out import breaks
    from drctl.render.omission import print_left_out

    run = lock.run_id
    plan = here.session.plan(run)
    refs = failed_in(plan, here.session.state(run), without)
    for ref in refs:
        print_left_out(here.screen.err, ref, breaks(plan, ref))
    run_and_report(here, plan, lock, lambda runner: runner.resume(run, lock, Omit(refs, reason)), ask=ask)


def _finish(here: Here, lock: HeldLock, items: list[str], *, ask: bool) -> NoReturn:
    from drctl.app.items import open_in
    from drctl.cli.running import refuse_unfinished, run_and_report
    from drctl.planning.leaving_out import only

    run, session = lock.run_id, here.session
    refuse_unfinished(session, but=run)
    plan, state = session.plan(run), session.state(run)
    refs = open_in(state, items)
    shown = only(plan, refs) if state.is_finished else plan
    run_and_report(here, plan, lock, lambda runner: runner.finish(run, refs, lock), ask=ask, shown=shown)
