"""What an abort says: before it, what is given up; after it, what stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drctl.render import report_words
from drctl.render.diagnostics import Failure, standing_text

if TYPE_CHECKING:
    from drctl.app.report import Report


def abort_text(stopped: Failure) -> str:
    """Return what somebody reads before they agree."""
    lines = [
        f"ABORT {stopped.run_id}: it is neither resumed nor undone afterwards, and nothing more is written.",
        "",
        standing_text(stopped),
    ]
    if undo := [command for command in stopped.next_commands if command.startswith("drctl undo ")]:
        lines += ["", "It can still be taken back, so that its source serves again:", f"  {undo[0]}"]
    return "\n".join(lines)


def aborted_text(stopped: Failure, report: Report) -> str:
    """Return what is so now, and what to do about it."""
    lines = [f"Run {stopped.run_id} is aborted: nothing more was written.", "", standing_text(stopped), "", "Next"]
    lines += [f"  drctl fence {region}" for region in report_words.unfenced(report)]
    return "\n".join([*lines, "  drctl status"])
