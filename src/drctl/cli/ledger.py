"""`drctl ledger`: exactly which messages never reached the standby."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from drctl.cli import options
from drctl.core.errors import ExitCode

ExportOption = Annotated[
    Path | None,
    typer.Option("--export", help="Write the messages themselves into this folder, as JSON lines.", show_default=False),
]


def ledger(
    config: options.ConfigOption = options.DEFAULT_CONFIG,
    state_dir: options.StateDirOption = None,
    export: ExportOption = None,
    output: options.OutputOption = options.Output.TEXT,
    no_color: options.NoColorOption = False,
) -> None:
    """List what only the lost region took: sequence, time, id. Reads only; exit 11 where something is unknown."""
    from drctl.adapters.journal.evidence import FileEvidence
    from drctl.app.ledger import export as export_tails
    from drctl.app.ledger import read_ledger
    from drctl.cli.screen import open_screen
    from drctl.cli.session import opened
    from drctl.render.ledger_view import ledger_json, print_exported, print_ledger

    screen = open_screen(output=output, no_color=no_color)
    with opened(config, state_dir) as session:
        found = read_ledger(session.service.reads, session.topology)
        files = export_tails(session.service.reads, found, FileEvidence(export)) if export is not None else ()
    if output is options.Output.TEXT:
        print_ledger(found, screen.out)
        if export is not None:
            print_exported(files, screen.out)
    else:
        screen.result(ledger_json(found, files))
    sys.exit(int(ExitCode.OUTCOME_UNKNOWN if found.unknown else ExitCode.DONE))
