"""The command line: every command is one file beside this one."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from drctl import __version__
from drctl.cli import config, lab, plan, runs
from drctl.cli.abort import abort
from drctl.cli.failback import failback
from drctl.cli.failover import failover
from drctl.cli.fence import fence
from drctl.cli.ledger import ledger
from drctl.cli.resume import resume
from drctl.cli.status import status
from drctl.cli.undo import undo
from drctl.cli.verify import verify
from drctl.cli.watch import watch
from drctl.core.errors import DrctlError, ExitCode

app = typer.Typer(
    name="drctl",
    help="Move a live service to its standby region, know exactly what was lost, prove it, and come home.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.", is_eager=True)] = False,
) -> None:
    """Move a live service to its standby region, know exactly what was lost, prove it, and come home."""
    if version:
        sys.stdout.write(f"drctl {__version__}\n")
        raise typer.Exit


app.command("failover")(failover)
app.command("failback")(failback)
app.command("resume")(resume)
app.command("undo")(undo)
app.command("abort")(abort)
app.command("fence")(fence)
app.command("ledger")(ledger)
app.command("status")(status)
app.command("verify")(verify)
app.command("watch")(watch)
app.add_typer(plan.app, name="plan", help="Look at a move in advance, and keep it.")
app.add_typer(runs.app, name="runs", help="Runs and their evidence.")
app.add_typer(config.app, name="config", help="The configuration file.")
app.add_typer(lab.app, name="lab", help="A complete two-region service on this machine.")


def main() -> None:
    """Run one command; every expected failure becomes a message and its exit code."""
    try:
        app()
    except DrctlError as error:
        from drctl.cli.screen import open_screen
        from drctl.render.errors import error_text

        err = open_screen().err
        err.print(error_text(error, err.width if err.is_terminal else 0), markup=False, soft_wrap=True)
        sys.exit(int(error.exit_code))
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted.\n")
        sys.exit(int(ExitCode.INTERRUPTED))


if __name__ == "__main__":
    main()
