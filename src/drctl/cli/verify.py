"""`drctl verify`: could we fail over now, and would we meet the contracts?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from drctl.cli import options

ProbeOption = Annotated[bool, typer.Option("--probe", help="Also send the harmless probes: a marked write, binders.")]
JunitOption = Annotated[Path | None, typer.Option("--junit", help="Also write JUnit XML there.", show_default=False)]


def verify(
    config: options.ConfigOption = options.DEFAULT_CONFIG,
    state_dir: options.StateDirOption = None,
    to: options.ToOption = "",
    probe: ProbeOption = False,
    junit: JunitOption = None,
    output: options.OutputOption = options.Output.TEXT,
    verbose: options.VerboseOption = False,
    no_color: options.NoColorOption = False,
) -> None:
    """Check everything that a failover needs. Exit 3 when something would stop one."""
    from drctl.app.gather import gather
    from drctl.app.status import look, standby_by_evidence
    from drctl.app.verify.model import Subject
    from drctl.app.verify.verification import verify as run_checks
    from drctl.cli.screen import open_screen
    from drctl.cli.session import known_region, opened
    from drctl.core.intent import Intent, Mode, Operation
    from drctl.render.junit import junit_xml
    from drctl.render.verify_view import print_verification, verification_json

    screen = open_screen(output=output, no_color=no_color, verbose=verbose)
    with opened(config, state_dir) as session:
        topology, reads = session.topology, session.service.reads
        seen = look(reads, topology, session.kept)
        target = known_region(topology, to or standby_by_evidence(seen, topology))
        intent = Intent(Operation.FAILOVER, Mode.EMERGENCY, topology.other(target), target)
        inventory = gather(reads, topology, intent, session.inventories)
        subject = Subject(topology, intent, inventory, reads, session.probes if probe else None, session.access)
        verification = run_checks(subject, seen)
    if junit is not None:
        junit.write_text(junit_xml(verification))
    if output is options.Output.TEXT:
        print_verification(verification, screen.out)
    else:
        screen.result(verification_json(verification))
    sys.exit(int(verification.exit_code))
