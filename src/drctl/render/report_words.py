"""What a report says in sentences, for the screen and for Markdown alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drctl.core.contract import Compliance
from drctl.core.intent import Mode, Operation
from drctl.render.contract_table import contract_name
from drctl.render.wording import clock_time, finish_command, lasted, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drctl.app.report import OpenLine, Report, Timeline

SWITCH_DNS = "switch_dns:"


def title(report: Report) -> str:
    """Return what the run was: `Failover of shop-lab, east -> west, emergency`."""
    if report.operation == Operation.FENCE:
        return f"Fence of {report.target}, {report.service}"
    return f"{report.operation.capitalize()} of {report.service}, {report.source} -> {report.target}, {report.mode}"


def who_serves(report: Report) -> str:
    """Return whether users are served, and from where; only what the run itself saw."""
    if report.operation == Operation.FENCE:
        closed = report.exit_code is not None and not report.pending_fences
        return f"{report.target} is fenced." if closed else f"{report.target} is not known to be fenced."
    if report.is_closed:
        return "The run was ended before its end; whether users are served: `drctl status`."
    if report.exit_code is None:
        return "The run is not finished; whether users are served is unknown: `drctl status`."
    if not moves_traffic(report):
        return f"No traffic was moved: users are where they were, in {report.source}."
    served = report.timeline.served_since
    if served is None:
        return f"Whether users are served from {report.target} is unknown: no step saw the public name answer."
    return f"Users are served from {report.target}, steadily since {clock_time(served)}."


def moves_traffic(report: Report) -> bool:
    """Say whether the run was to move users at all: a fence and `--only reprotect` are not."""
    return any(step.id.startswith(SWITCH_DNS) for step in report.steps)


def to_be_done(report: Report) -> Iterator[tuple[str, str]]:
    """Yield what stays to be done: a sentence, and the command that does it."""
    if report.exit_code is None and not report.is_closed:
        yield f"The run waits: {one_line(report.verdict)}", f"drctl resume {report.run_id}"
    if report.pending_fences:
        pending = ", ".join(report.pending_fences)
        words = f"{report.source} was not fenced ({pending}): it may take writes when it comes back. Fence it then."
        yield words, f"drctl fence {report.source}"
    if report.exit_code is not None and _leaves_one_copy(report):
        words = f"Nothing mirrors {report.target} now: there is one copy of the data until {report.source} is back."
        yield words, "drctl failback --only reprotect"
    for stream in _sealed(report):
        yield f"{stream} keeps what one region alone took; nothing of it is replayed by itself.", "drctl ledger"
    for item, lines in _by_item(report).items():
        words = (
            f"{_open(item, lines[0])}; {'; '.join(dict.fromkeys(words for line in lines for words in line.breaks))}."
        )
        yield words, finish_command(report.run_id, item)
    for line in report.contracts:
        if line.compliance is Compliance.BREACHED:
            yield f"Breached: {contract_name(line)}.", f"drctl runs show {report.run_id}"
        elif line.compliance is Compliance.UNKNOWN:
            why = one_line(line.evidence)
            yield f"Not proved, and so not met: {contract_name(line)} ({why}).", f"drctl runs show {report.run_id}"


def _leaves_one_copy(report: Report) -> bool:
    """Say whether the run moved the writers and made no mirror of what they left."""
    kinds = {step.id.partition(":")[0] for step in report.steps}
    if report.operation == Operation.UNDO:
        return "unfence_streams" in kinds and "rebuild_mirror" not in kinds
    return report.operation == Operation.FAILOVER and report.mode == Mode.EMERGENCY


def unfenced(report: Report) -> tuple[str, ...]:
    """Return the regions whose fence a run had to leave open."""
    return tuple(dict.fromkeys(step.partition(":")[2] for step in report.pending_fences))


def _by_item(report: Report) -> dict[str, list[OpenLine]]:
    """Return the open items by name. What nobody left out of a run that waits, it tries again by itself."""
    items: dict[str, list[OpenLine]] = {}
    for line in report.open_items:
        if report.exit_code is not None or line.operator:
            items.setdefault(line.item, []).append(line)
    return items


def _open(item: str, line: OpenLine) -> str:
    why = one_line(line.why).rstrip(".")
    if line.operator:
        return f"{item} was left out at {clock_time(line.since)} by {line.operator} ({why})"
    return f"{item} is not done ({why})"


def _sealed(report: Report) -> Iterator[str]:
    changes = (change for _, diff in report.applied for change in diff.changes)
    yield from (change.object for change in changes if change.field == "sealed" and change.after is True)


def outage(report: Report) -> Iterator[tuple[str, str]]:
    """Yield how long a planned move kept clients from writing: what it was, and how long, beside what was predicted."""
    seen = report.outage
    if seen is None:
        return
    for what, at_most, measured, predicted in (
        ("stream gap", "", seen.stream_gap, seen.stream_gap_predicted_seconds),
        ("no writes", "at most ", seen.writes_at_most, seen.writes_predicted_seconds),
    ):
        said = "nothing was predicted" if predicted is None else f"predicted: at most {predicted:g} s"
        yield what, f"{at_most}{lasted(measured)} ({said})"


def moments(timeline: Timeline) -> Iterator[tuple[str, str]]:
    """Yield the moments of a run, oldest first; those that nobody saw last, as unknown."""
    said = (
        ("the source was first seen dark", timeline.source_failed),
        ("the public name first failed", timeline.public_failed),
        ("the run started", timeline.started),
        ("the DNS change was sent, not before", timeline.dns_sent_after),
        ("every authoritative server answered anew", timeline.dns_converged),
        ("the public name was served from the target, steadily", timeline.served_since),
        ("the last client cuts over, at the latest", timeline.dns_cutover_worst),
        ("the run ended", timeline.ended),
    )
    known = sorted((moment, text) for text, moment in said if moment is not None)
    if timeline.dns_cutover_unawaited is not None:
        text = "the last client of a name that is not awaited cuts over, at the latest"
        known = sorted([*known, (timeline.dns_cutover_unawaited, text)])
    unknown = [(None, text) for text, moment in said if moment is None]
    for at, text in (*known, *unknown):
        yield clock_time(at), text
