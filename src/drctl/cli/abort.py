"""`drctl abort RUN`: end a paused or killed run for good. Writes nothing to the world; what was changed stays."""

from __future__ import annotations

import sys

from drctl.cli import options


def abort(
    run: options.RunArgument,
    config: options.ConfigOption = options.DEFAULT_CONFIG,
    state_dir: options.StateDirOption = None,
    confirm: options.ConfirmOption = "",
    reason: options.ReasonOption = "",
    output: options.OutputOption = options.Output.TEXT,
    quiet: options.QuietOption = False,
    verbose: options.VerboseOption = False,
    no_color: options.NoColorOption = False,
) -> None:
    """End a run where it stopped, for good: it is neither resumed nor undone later. Says what stays in force."""
    from datetime import UTC, datetime

    from drctl.app import ending
    from drctl.app.report import make_report
    from drctl.cli.failing import failure_of
    from drctl.cli.gates import agree
    from drctl.cli.running import leave, locked, operator
    from drctl.cli.screen import open_screen
    from drctl.cli.session import known_run, opened
    from drctl.core.errors import ExitCode
    from drctl.render.abort_view import abort_text, aborted_text
    from drctl.render.report_json import report_json

    screen = open_screen(output=output, quiet=quiet, no_color=no_color, verbose=verbose)
    with opened(config, state_dir, calls=False) as session:
        known_run(session, run)
        plan = session.plan(run)
        with locked(session, run, plan.intent):
            ending.require_open(session.state(run))
            stopped = failure_of(session, plan, run)
            if not quiet:
                screen.err.print(abort_text(stopped), markup=False, soft_wrap=True)
            agree(plan.title, screen, confirm)
            state = ending.abort(session.stores.runs, run, operator(), reason)
        report = make_report(session.topology, plan, state, datetime.now(UTC))
        leave(session, report)
        last = session.journal_line(session.stores.runs.read(run)[-1])
    match output:
        case options.Output.TEXT:
            screen.text(aborted_text(stopped, report))
        case options.Output.JSON:
            screen.result(report_json(report))
        case options.Output.JSONL:
            screen.line(last)
    sys.exit(int(ExitCode.LEFT_OPEN if report.pending_fences else ExitCode.DONE))
