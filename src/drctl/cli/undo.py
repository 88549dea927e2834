"""`drctl undo RUN`: take a stopped run back, until its point of no return, so that its source serves again."""

from __future__ import annotations

from drctl.cli import options


def undo(
    run: options.RunArgument,
    config: options.ConfigOption = options.DEFAULT_CONFIG,
    state_dir: options.StateDirOption = None,
    dry_run: options.DryRunOption = False,
    detailed_exitcode: options.DetailedOption = False,
    step: options.StepOption = False,
    confirm: options.ConfirmOption = "",
    accept: options.AcceptOption = None,
    reason: options.ReasonOption = "",
    output: options.OutputOption = options.Output.TEXT,
    quiet: options.QuietOption = False,
    verbose: options.VerboseOption = False,
    no_color: options.NoColorOption = False,
) -> None:
    """Take a paused or killed run back: its source serves again. Refused once its target took a user's write."""
    from drctl.app.ending import undo_intent
    from drctl.cli.moving import Consented, Wish, move, show_only
    from drctl.cli.running import Here
    from drctl.cli.screen import open_screen
    from drctl.cli.session import known_run, opened

    screen = open_screen(output=output, quiet=quiet, no_color=no_color, verbose=verbose)
    with opened(config, state_dir) as session:
        known_run(session, run)
        wish = Wish(undo_intent(session.undone(run), reason))
        here = Here(session, screen)
        if dry_run:
            show_only(here, wish, detailed=detailed_exitcode)
        move(here, wish, Consented(confirm, tuple(accept or ()), step))
