"""`drctl failover`: move to the standby. Without consent it shows the plan and stops."""

from __future__ import annotations

from drctl.cli import options
from drctl.core.intent import Intent, Mode, Operation


def failover(
    config: options.ConfigOption = options.DEFAULT_CONFIG,
    state_dir: options.StateDirOption = None,
    to: options.ToOption = "",
    mode: options.ModeOption = None,
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
    """Move the service to its standby region. Without consent it shows the plan and stops."""
    from dataclasses import replace

    from drctl.cli.moving import Consented, Named, move, show_only, wished
    from drctl.cli.running import Here
    from drctl.cli.screen import open_screen
    from drctl.cli.session import known_region, opened

    screen = open_screen(output=output, quiet=quiet, no_color=no_color, verbose=verbose)
    with opened(config, state_dir) as session:
        target = known_region(session.topology, to or session.topology.standby)
        intent = Intent(Operation.FAILOVER, mode or Mode.PLANNED, session.topology.other(target), target, reason)
        here, named = Here(session, screen), Named(to=bool(to), mode=mode is not None)
        wish = replace(wished(session, intent, plan, named), without=tuple(without or ()))
        if dry_run:
            show_only(here, wish, detailed=detailed_exitcode)
        move(here, wish, Consented(confirm, tuple(accept or ()), step))
