"""`drctl ledger`: exactly which messages never reached the standby."""

from __future__ import annotations

import sys

from drctl.cli import options
from drctl.core.errors import ExitCode


def ledger(
    config: options.ConfigOption = options.DEFAULT_CONFIG,
    state_dir: options.StateDirOption = None,
    output: options.OutputOption = options.Output.TEXT,
    no_color: options.NoColorOption = False,
) -> None:
    """List what only the lost region took: sequence, time, id. Reads only; exit 11 where something is unknown."""
    from drctl.app.ledger import read_ledger
    from drctl.cli.screen import open_screen
    from drctl.cli.session import opened
    from drctl.render.ledger_view import ledger_json, print_ledger

    screen = open_screen(output=output, no_color=no_color)
    with opened(config, state_dir) as session:
        found = read_ledger(session.service.reads, session.topology)
    if output is options.Output.TEXT:
        print_ledger(found, screen.out)
    else:
        screen.result(ledger_json(found))
    sys.exit(int(ExitCode.OUTCOME_UNKNOWN if found.unknown else ExitCode.DONE))
