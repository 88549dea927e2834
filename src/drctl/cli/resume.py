"""`drctl resume RUN`: take a paused or killed run up, by looking at the world, to its end."""

from __future__ import annotations

from drctl.cli import options


def resume(
    run: options.RunArgument,
    config: options.ConfigOption = options.DEFAULT_CONFIG,
    state_dir: options.StateDirOption = None,
    step: options.StepOption = False,
    output: options.OutputOption = options.Output.TEXT,
    quiet: options.QuietOption = False,
    verbose: options.VerboseOption = False,
    no_color: options.NoColorOption = False,
) -> None:
    """Take a run up. What was done stays done; what is unknown is looked at again."""
    from drctl.app.ending import require_open
    from drctl.cli.running import Here, locked, run_and_report
    from drctl.cli.screen import open_screen
    from drctl.cli.session import opened

    screen = open_screen(output=output, quiet=quiet, no_color=no_color, verbose=verbose)
    with opened(config, state_dir) as session:
        require_open(session.state(run))
        plan = session.plan(run)
        with locked(session, run, plan.intent) as lock:
            run_and_report(Here(session, screen), plan, lock, lambda runner: runner.resume(run, lock), ask=step)
