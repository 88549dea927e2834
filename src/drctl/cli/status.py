"""`drctl status`: which region is active, by each system's own evidence."""

from __future__ import annotations

from drctl.cli import options


def status(
    config: options.ConfigOption = options.DEFAULT_CONFIG,
    state_dir: options.StateDirOption = None,
    output: options.OutputOption = options.Output.TEXT,
    verbose: options.VerboseOption = False,
    no_color: options.NoColorOption = False,
) -> None:
    """Say which region is active, how old the replicas are, and what is unfinished. Reads only."""
    from drctl.app.status import look
    from drctl.cli.connections import QUICK
    from drctl.cli.screen import open_screen
    from drctl.cli.session import opened
    from drctl.render.status_view import print_status, status_json

    screen = open_screen(output=output, no_color=no_color, verbose=verbose)
    with opened(config, state_dir, QUICK) as session:
        seen = look(session.service.reads, session.topology, session.kept)
    if output is options.Output.TEXT:
        print_status(seen, screen.out)
    else:
        screen.result(status_json(seen))
