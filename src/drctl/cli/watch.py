"""`drctl watch`: look every second, and write down what a failover will need when the source is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drctl.cli import options

if TYPE_CHECKING:
    from drctl.app.watch import Look
    from drctl.cli.screen import Screen


def watch(
    config: options.ConfigOption = options.DEFAULT_CONFIG,
    state_dir: options.StateDirOption = None,
    quiet: options.QuietOption = False,
    verbose: options.VerboseOption = False,
    no_color: options.NoColorOption = False,
) -> None:
    """Probe the public name every second; keep samples here, heads and inventory in the heartbeat stream."""
    from drctl.app.watch import Watcher
    from drctl.cli.connections import QUICK
    from drctl.cli.interrupts import stopping
    from drctl.cli.screen import open_screen
    from drctl.cli.session import opened

    screen = open_screen(quiet=quiet, no_color=no_color, verbose=verbose)
    with opened(config, state_dir, QUICK) as session, stopping(session.interrupted):
        watcher = Watcher(session.watches, session.topology, session.inventories)
        watcher.run(session.interrupted.is_set, lambda seen: None if quiet else _tell(seen, screen))


def _tell(seen: Look, screen: Screen) -> None:
    public = seen.sample.public
    answered = public.error or f"{public.status} from {public.region or 'an unnamed region'}"
    dark = "".join(f"; {region} is dark" for region, _ in seen.sample.dark)
    refused = "".join(f"; no heartbeat in {region}: {why}" for region, why in seen.refused)
    words = f"{seen.sample.at:%H:%M:%S} public name: {answered}; heartbeat in {', '.join(seen.beaten) or 'no region'}"
    screen.out.print(words + dark + refused, markup=False, soft_wrap=True)
