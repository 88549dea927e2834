"""A run's report as Markdown, for the ticket and the review."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drctl.render import report_words
from drctl.render.contract_table import contract_name
from drctl.render.markdown import code, head, plain, row
from drctl.render.wording import UNKNOWN, date_time, lasted, loss, value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from drctl.app.report import Report


def report_md(report: Report, client_saw: Mapping[str, str] | None = None) -> str:
    """Return the whole report; `client_saw` adds a column to the contracts, keyed `api RTO`."""
    parts = [
        [f"# {plain(report_words.title(report))}"],
        [f"**{plain(report_words.who_serves(report))}**"],
        [f"{plain(report.verdict.rstrip('.'))}."],
        list(_decided(report)),
        list(_contracts(report, client_saw)),
        list(_losses(report)),
        list(_tails(report)),
        list(_outage(report)),
        list(_open(report)),
        list(_timeline(report)),
        list(_steps(report)),
        list(_applied(report)),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _decided(report: Report) -> Iterator[str]:
    ended = "not ended" if report.exit_code is None else f"{int(report.exit_code)} ({report.exit_code.name.lower()})"
    yield "| | |"
    yield "|---|---|"
    for label, words in (
        ("run", code(report.run_id)),
        ("exit code", ended),
        ("operator", plain(report.operator)),
        ("confirmed by", plain(report.how_confirmed)),
        ("accepted findings", ", ".join(map(code, report.accepted)) or "none"),
        ("reason", plain(report.reason) or "none given"),
        ("epoch", str(report.epoch)),
        ("plan", code(report.plan_digest)),
        ("written", date_time(report.made_at)),
    ):
        yield row(label, words)


def _contracts(report: Report, client_saw: Mapping[str, str] | None) -> Iterator[str]:
    if not report.contracts:
        return
    extra = ("client saw",) if client_saw is not None else ()
    yield "## Contracts"
    yield ""
    yield from head("contract", "target", "measured", "is", *extra, "evidence")
    for line in report.contracts:
        name = contract_name(line)
        saw = (plain(client_saw.get(name, "-")),) if client_saw is not None else ()
        target, measured = f"< {lasted(line.target)}", lasted(line.measured)
        yield row(name, target, measured, f"**{line.compliance.value}**", *saw, plain(line.evidence))


def _losses(report: Report) -> Iterator[str]:
    if not report.losses:
        return
    yield "## Loss"
    yield ""
    yield from head("stream", "froze at", "lost", "evidence")
    for line in report.losses:
        words = loss(line.state, line.seconds_max, line.messages_min, line.messages_exact)
        froze = UNKNOWN if line.freeze_seq is None else str(line.freeze_seq)
        yield row(code(line.stream), froze, words, plain(line.evidence))


def _tails(report: Report) -> Iterator[str]:
    if not report.tails:
        return
    yield "## What only the returned region had"
    yield ""
    yield from head("stream", "messages", "sealed in", "exported to", "sha256")
    for line in report.tails:
        kept = f"{code(line.rescue)} in {plain(line.region)}" if line.rescue else "-"
        exported = (code(line.file), code(line.sha256)) if line.file else ("-", "-")
        yield row(code(line.stream), str(line.messages), kept, *exported)


def _outage(report: Report) -> Iterator[str]:
    if lines := tuple(report_words.outage(report)):
        yield "## Outage"
        yield ""
        yield from head("what", "how long")
        for what, words in lines:
            yield row(plain(what), plain(words))


def _open(report: Report) -> Iterator[str]:
    yield "## Still to be done"
    yield ""
    todo = tuple(report_words.to_be_done(report))
    for words, command in todo:
        yield f"- {plain(words)} {code(command)}"
    if not todo:
        yield "Nothing."


def _timeline(report: Report) -> Iterator[str]:
    yield "## Timeline"
    yield ""
    yield from head("UTC", "")
    for clock, words in report_words.moments(report.timeline):
        yield row(clock, words)


def _steps(report: Report) -> Iterator[str]:
    yield "## Steps"
    yield ""
    yield from head("step", "outcome", "waited", "")
    for step in report.steps:
        outcome = "not reached" if step.outcome is None else step.outcome.value
        yield row(code(step.id), outcome, f"{step.waited_seconds:.1f} s", plain(step.message))


def _applied(report: Report) -> Iterator[str]:
    yield "## Changes made"
    yield ""
    if not report.applied:
        yield "None."
        return
    yield from head("step", "object", "field", "before", "after")
    for step, diff in report.applied:
        for change in diff.changes:
            cells = (step, change.object, change.field, value(change.before), value(change.after))
            yield row(*map(code, cells))
