"""What stands on the screen when a run has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drctl.core.errors import ExitCode
from drctl.render import report_words
from drctl.render.contract_table import contract_table
from drctl.render.page import Page
from drctl.render.wording import clock_time, counted, lasted, loss

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from drctl.app.report import Report


def print_report(report: Report, console: Console, folder: str | Path) -> None:
    """Print the verdict, the contracts, the losses, what stays to be done, and where the evidence is."""
    page = Page(console)
    good = report.exit_code in {ExitCode.DONE, ExitCode.LEFT_OPEN}
    page.heading(report_words.who_serves(report), "bold green" if good else "bold yellow")
    page.prose(f"{report_words.title(report)}: {report.verdict.rstrip('.')}.")
    if report.contracts:
        page.heading("Contracts")
        page.show(contract_table(report.contracts))
    if report.losses:
        page.heading("Loss")
        for line in report.losses:
            words = loss(line.state, line.seconds_max, line.messages_min, line.messages_exact)
            page.labelled(f"  {line.stream}", f"{words}; froze at sequence {_or_unknown(line.freeze_seq)}")
    if kept := [tail for tail in report.tails if tail.messages]:
        page.heading("Kept of what only the returned region had")
        for tail in kept:
            where = f"sealed in {tail.rescue} of {tail.region}"
            page.labelled(f"  {tail.stream}", f"{counted(tail.messages, 'message')}, {where}")
            if tail.file:
                page.command(tail.file, 4)
                page.prose(f"sha256 {tail.sha256}", 4)
    if lines := tuple(report_words.outage(report)):
        page.heading("Outage")
        for what, words in lines:
            page.labelled(f"  {what}", words)
    _print_cutover(report, page)
    _print_open(report, page)
    page.heading("Evidence")
    page.prose(f"run {report.run_id}, epoch {report.epoch}, plan {report.plan_digest}", 2)
    for name in ("report.md", "report.json"):
        page.command(f"{folder}/{name}")


def _print_cutover(report: Report, page: Page) -> None:
    worst, served = report.timeline.dns_cutover_worst, report.timeline.served_since
    if worst is None:
        return
    late = f", {lasted(worst - served)} after the first" if served is not None and worst > served else ""
    page.blank()
    page.prose(f"The last client follows by {clock_time(worst)} at the latest{late}: caches keep the old address.")


def _print_open(report: Report, page: Page) -> None:
    todo = tuple(report_words.to_be_done(report))
    page.heading("Still to be done" if todo else "Nothing stays to be done")
    shown = ""
    for words, command in todo:
        page.prose(f"- {words}", 2, 4)
        if command != shown:
            page.command(command, 6)
        shown = command


def _or_unknown(number: int | None) -> str:
    return "unknown" if number is None else str(number)
