"""`drctl plan`: look at a move in advance, keep it, print it as a runbook."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drctl.cli import options
from drctl.core.intent import Intent, Mode, Operation

if TYPE_CHECKING:
    from drctl.cli.running import Here

app = typer.Typer(no_args_is_help=True)

FileOption = Annotated[Path | None, typer.Option("--out", "-o", help="Keep the plan in a file.", show_default=False)]
RunbookOption = Annotated[bool, typer.Option("--runbook", help="Print it as a document, with the commands by hand.")]


@app.command("failover")
def plan_failover(
    config: options.ConfigOption = options.DEFAULT_CONFIG,
    state_dir: options.StateDirOption = None,
    to: options.ToOption = "",
    mode: options.ModeOption = None,
    out: FileOption = None,
    runbook: RunbookOption = False,
    output: options.OutputOption = options.Output.TEXT,
    no_color: options.NoColorOption = False,
) -> None:
    """Plan a failover; `drctl failover --plan FILE` runs it if nothing moved."""
    from drctl.cli.running import Here
    from drctl.cli.screen import open_screen
    from drctl.cli.session import known_region, opened

    screen = open_screen(output=output, no_color=no_color)
    with opened(config, state_dir) as session:
        target = known_region(session.topology, to or session.topology.standby)
        intent = Intent(Operation.FAILOVER, mode or Mode.PLANNED, session.topology.other(target), target)
        _plan(Here(session, screen), intent, out, runbook=runbook)


@app.command("failback")
def plan_failback(
    config: options.ConfigOption = options.DEFAULT_CONFIG,
    state_dir: options.StateDirOption = None,
    to: options.ToOption = "",
    only: options.OnlyOption = None,
    out: FileOption = None,
    runbook: RunbookOption = False,
    output: options.OutputOption = options.Output.TEXT,
    no_color: options.NoColorOption = False,
) -> None:
    """Plan a failback; `drctl failback --plan FILE` runs it if nothing moved."""
    from drctl.cli.running import Here
    from drctl.cli.screen import open_screen
    from drctl.cli.session import known_region, opened

    screen = open_screen(output=output, no_color=no_color)
    with opened(config, state_dir) as session:
        home = known_region(session.topology, to or session.topology.home)
        away = session.topology.other(home)
        intent = Intent(Operation.FAILBACK, Mode.PLANNED, away, home, reprotect_only=only is not None)
        _plan(Here(session, screen), intent, out, runbook=runbook)


def _plan(here: Here, intent: Intent, out: Path | None, *, runbook: bool) -> None:
    from drctl.app.epochs import next_epoch
    from drctl.app.saved_plan import save
    from drctl.cli.moving import prepared_for, print_result
    from drctl.core.access import BY_HAND
    from drctl.core.lock import Stamp
    from drctl.render.runbook_md import runbook_md

    session, screen = here.session, here.screen
    prepared = prepared_for(here, intent)
    if out is not None:
        session.write_evidence(out.absolute(), session.saved_plans.encode(save(prepared, datetime.now(UTC))).decode())
    if runbook:
        epoch = next_epoch(session.service.reads, session.topology, session.stores.locks, prepared.inventory)
        screen.text(runbook_md(prepared.plan, session.access.signed(Stamp(BY_HAND, epoch))))
    elif out is None or screen.output is not options.Output.TEXT:
        print_result(here, prepared)
    else:
        screen.out.print(f"{out}: plan {prepared.plan.digest}, {sum(1 for _ in prepared.plan.steps())} steps")
