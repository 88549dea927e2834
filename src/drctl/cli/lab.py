"""`drctl lab`: a complete two-region service on this machine, its bad days, and its whole story."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drctl.cli import options

if TYPE_CHECKING:
    from drctl.lab.layout import Layout

app = typer.Typer(no_args_is_help=True)

RootOption = Annotated[Path, typer.Option("--root", help="The lab's folder.")]
NatsOption = Annotated[
    str, typer.Option("--nats", help="How NATS is joined: leaf, supercluster, or the traps two-site and shared-leaf.")
]
FaultArgument = Annotated[
    str, typer.Argument(help="kill, freeze, cut, latency, errors, throttling, hang or lost-response.")
]
TargetArgument = Annotated[str, typer.Argument(help="A region, `link`, `kube-REGION`, `route53` or `cloudflare`.")]
SecondsOption = Annotated[float, typer.Option("--seconds", help="How long `latency` holds each request up.")]
TimesOption = Annotated[int | None, typer.Option("--times", help="How many requests it hits.", show_default=False)]

_ROOT = Path("lab")
_DEMO_ROOT = Path("demo")


@app.command("up")
def up(root: RootOption = _ROOT, nats: NatsOption = "leaf") -> None:
    """Start a lab, east active; print the line that points drctl at it."""
    from drctl.cli.interrupts import interruptible
    from drctl.core.errors import ConfigError
    from drctl.lab import supervisor
    from drctl.lab.arrangement import Joined

    known = [one.value for one in Joined]
    if nats not in known:
        raise ConfigError(f"NATS cannot be joined as {nats!r}.", remedy=f"Choose one of {', '.join(known)}.")
    with interruptible():
        layout = supervisor.prepare(root, Joined(nats))
        supervisor.start(layout)
        supervisor.start_clients(layout)
    sys.stdout.write(f"export DRCTL_CONFIG={shlex.quote(str(layout.config_file))}\n")


@app.command("down")
def down(root: RootOption = _ROOT) -> None:
    """End every process of a lab, also of one that died half-way. Its logs and records stay."""
    from drctl.lab import supervisor

    supervisor.stop(root)


@app.command("status")
def status(root: RootOption = _ROOT) -> None:
    """List every process of a lab: alive, frozen or dead."""
    from drctl.cli.screen import open_screen
    from drctl.lab import supervisor

    out = open_screen().out
    for part in supervisor.status(_layout(root)):
        state = "frozen" if part.frozen else "alive" if part.alive else "dead"
        out.print(f"{part.name:<32} {part.region or '-':<6} {part.pid:>8}  {state}", markup=False)


@app.command("break")
def break_(
    fault: FaultArgument,
    target: TargetArgument,
    root: RootOption = _ROOT,
    seconds: SecondsOption = 3.0,
    times: TimesOption = None,
) -> None:
    """Break something, until `drctl lab heal`."""
    from drctl.core.errors import ConfigError
    from drctl.lab import faults

    known = [one.value for one in faults.Fault]
    if fault not in known:
        raise ConfigError(f"there is no fault {fault!r}.", remedy=f"Choose one of {', '.join(known)}.")
    faults.break_(_layout(root), faults.Fault(fault), target, seconds=seconds, times=times)


@app.command("heal")
def heal(target: TargetArgument, root: RootOption = _ROOT) -> None:
    """Undo what was broken there; a killed region starts again from what it had stored."""
    from drctl.lab import faults

    faults.heal(_layout(root), target)


@app.command("demo")
def demo(
    root: RootOption = _DEMO_ROOT,
    output: options.OutputOption = options.Output.TEXT,
    quiet: options.QuietOption = False,
    no_color: options.NoColorOption = False,
) -> None:
    """Lose a region under traffic, fail over, and hold drctl's claims against the clients' records."""
    from drctl.cli.demo_view import demo_json, print_demo
    from drctl.cli.interrupts import interruptible
    from drctl.cli.screen import open_screen
    from drctl.lab.demo import tell

    screen = open_screen(output=output, quiet=quiet, no_color=no_color)
    with interruptible():
        told = tell(
            root, lambda words: None if quiet else screen.err.print(f"demo: {words}", markup=False), quiet=quiet
        )
    if output is options.Output.TEXT:
        print_demo(told, screen.out, root)
    else:
        screen.result(demo_json(told))
    sys.exit(1 if told.failed else 0)


def _layout(root: Path) -> Layout:
    from drctl.lab.errors import LabError
    from drctl.lab.layout import Layout

    try:
        return Layout.load(root)
    except FileNotFoundError as error:
        raise LabError(f"there is no lab in {root}", remedy=f"Start one: `drctl lab up --root {root}`.") from error
