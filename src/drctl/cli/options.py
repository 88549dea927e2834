"""Options that mean the same everywhere."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from drctl.core.intent import Mode


class Output(StrEnum):
    """What stdout carries: text for people, one JSON document, or the journal's records line by line."""

    TEXT = "text"
    JSON = "json"
    JSONL = "jsonl"


class Only(StrEnum):
    """Where a failback may end before it moves traffic."""

    REPROTECT = "reprotect"


ConfigOption = Annotated[Path, typer.Option("--config", "-c", envvar="DRCTL_CONFIG", help="The configuration file.")]
StateDirOption = Annotated[
    Path | None,
    typer.Option("--state-dir", envvar="DRCTL_STATE_DIR", help="Where runs and the lock are kept.", show_default=False),
]
OutputOption = Annotated[Output, typer.Option("--output", help="What stdout carries.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Log events to stderr.")]
NoColorOption = Annotated[bool, typer.Option("--no-color", help="No colours (also: NO_COLOR).")]
AcceptOption = Annotated[
    list[str] | None,
    typer.Option("--accept", help="Accept one finding by its code; repeat for more.", show_default=False),
]
ConfirmOption = Annotated[
    str,
    typer.Option("--confirm", help='Consent without a terminal: "SERVICE-ENVIRONMENT REGION".', show_default=False),
]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; kept in the journal.", show_default=False)]
WithoutOption = Annotated[
    list[str] | None,
    typer.Option(
        "--without", help="Leave one item out, and open; needs --reason. Repeat for more.", show_default=False
    ),
]
ItemOption = Annotated[
    list[str] | None,
    typer.Option("--item", help="Finish one open item of the run; repeat for more.", show_default=False),
]
RunArgument = Annotated[str, typer.Argument(help="The run, as `drctl runs list` names it.")]
StepOption = Annotated[bool, typer.Option("--step", help="Ask before each step.")]

ToOption = Annotated[
    str, typer.Option("--to", help="The target region; the configured one if left out.", show_default=False)
]
ModeOption = Annotated[
    Mode | None,
    typer.Option(
        "--mode", help="Planned (the default): the source is alive. Emergency: it is not.", show_default=False
    ),
]
OnlyOption = Annotated[
    Only | None, typer.Option("--only", help="End when the service is protected again.", show_default=False)
]
PlanOption = Annotated[
    Path | None,
    typer.Option("--plan", help="Run this saved plan, if nothing moved since then.", show_default=False),
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what a run would change, and change nothing.")]
DetailedOption = Annotated[bool, typer.Option("--detailed-exitcode", help="A dry run that finds changes exits 8.")]

DEFAULT_CONFIG = Path("drctl.yaml")
