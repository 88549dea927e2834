"""`drctl failback`: bring the old region back as a standby with nothing lost, then go home by plan."""

from __future__ import annotations

from drctl.cli import options
from drctl.core.intent import Intent, Mode, Operation


def failback(
    config: options.ConfigOption = options.DEFAULT_CONFIG,
    state_dir: options.StateDirOption = None,
    to: options.ToOption = "",
    only: options.OnlyOption = None,
    plan: options.PlanOption = None,
    dry_run: options.DryRunOption = False,
    detailed_exitcode: options.DetailedOption = False,
    step: options.StepOption = False,
    confirm: options.ConfirmOption = "",
    accept: options.AcceptOption = None,
    without: options.WithoutOption = None,
    reason: options.ReasonOption = "",
    output: options.OutputOption = options.Output.TEXT,
    quiet: options.QuietOption = False,
    verbose: options.VerboseOption = False,
    no_color: options.NoColorOption = False,
) -> None:
    """Fence what came back, keep what only it has, protect the service again, and go home."""
    from dataclasses import replace

    from drctl.cli.moving import Consented, Named, move, show_only, wished
    from drctl.cli.running import Here
    from drctl.cli.screen import open_screen
    from drctl.cli.session import known_region, opened

    screen = open_screen(output=output, quiet=quiet, no_color=no_color, verbose=verbose)
    with opened(config, state_dir) as session:
        home = known_region(session.topology, to or session.topology.home)
        away = session.topology.other(home)
        intent = Intent(Operation.FAILBACK, Mode.PLANNED, away, home, reason, reprotect_only=only is not None)
        here, named = Here(session, screen), Named(to=bool(to), only=only is not None)
        wish = replace(wished(session, intent, plan, named), without=tuple(without or ()))
        if dry_run:
            show_only(here, wish, detailed=detailed_exitcode)
        move(here, wish, Consented(confirm, tuple(accept or ()), step))
