"""`drctl fence REGION`: stop a region's writers, or finish a fence that a failover had to leave pending."""

from __future__ import annotations

from typing import Annotated

import typer

from drctl.cli import options
from drctl.core.intent import Intent, Mode, Operation

RegionArgument = Annotated[str, typer.Argument(help="The region that must not write any more.")]


def fence(
    region: RegionArgument,
    config: options.ConfigOption = options.DEFAULT_CONFIG,
    state_dir: options.StateDirOption = None,
    dry_run: options.DryRunOption = False,
    step: options.StepOption = False,
    confirm: options.ConfirmOption = "",
    accept: options.AcceptOption = None,
    reason: options.ReasonOption = "",
    output: options.OutputOption = options.Output.TEXT,
    quiet: options.QuietOption = False,
    verbose: options.VerboseOption = False,
    no_color: options.NoColorOption = False,
) -> None:
    """Fence a region by its own address: its streams take no writes, its workloads stop."""
    from drctl.cli.moving import Consented, Wish, move, show_only
    from drctl.cli.running import Here
    from drctl.cli.screen import open_screen
    from drctl.cli.session import known_region, opened

    screen = open_screen(output=output, quiet=quiet, no_color=no_color, verbose=verbose)
    with opened(config, state_dir) as session:
        fenced = known_region(session.topology, region)
        intent = Intent(Operation.FENCE, Mode.EMERGENCY, session.topology.other(fenced), fenced, reason)
        here, wish = Here(session, screen), Wish(intent)
        if dry_run:
            show_only(here, wish, detailed=False)
        move(here, wish, Consented(confirm, tuple(accept or ()), step))
