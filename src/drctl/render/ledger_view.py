"""The ledger: what only one region took, message by message."""

from __future__ import annotations

from datetime import UTC
from itertools import groupby
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from drctl.render.page import Page
from drctl.render.wording import counted, date_time, one_line, rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from drctl.app.ledger import Ledger, LedgerLine
    from drctl.ports.evidence import KeptFile
    from drctl.render.jsonable import Json

LEDGER_SCHEMA = "drctl.ledger/v1"


def print_ledger(ledger: Ledger, console: Console) -> None:
    """Print every message, where it is held, and what is not known yet."""
    page = Page(console)
    page.heading(f"{ledger.service}: {_how_many(ledger)}", "bold yellow" if ledger.unknown else "bold")
    page.prose(f"looked {date_time(ledger.observed_at)}", 2)
    for held in ledger.held_in:
        page.prose(f"{held.stream} holds them in {held.region}", 2, 4)
    for stream, first, last in _ranges(ledger.lines):
        page.prose(f"{stream} {first} to {last}" if first != last else f"{stream} {first}", 2, 4)
    for why in ledger.unknown:
        page.prose(f"unknown: {why}", 2, 4, "yellow")
    if again := sum(line.also_at is not None for line in ledger.lines):
        page.prose(f"{again} of them the active region has too, by id, under another sequence: both are kept", 2, 4)
    for stream in ledger.unsearched:
        page.prose(f"{stream}: too long to search all of it for ids that were sent again", 2, 4, "yellow")
    if not ledger.lines:
        return
    table = Table(box=box.SIMPLE, pad_edge=False, show_edge=False)
    for heading in ("stream", "sequence", "time (UTC)", "id", "also at", "subject"):
        table.add_column(heading)
    for line in ledger.lines:
        at = line.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        also = "" if line.also_at is None else str(line.also_at)
        row = (line.stream, str(line.seq), at, one_line(line.message_id), also, one_line(line.subject))
        table.add_row(*(Text(cell) for cell in row))
    page.show(table)


def print_exported(files: tuple[KeptFile, ...], console: Console) -> None:
    """Print where each tail was written, and the checksum of the file."""
    page = Page(console)
    page.heading("Exported" if files else "Nothing to export")
    for file in files:
        page.command(file.path)
        page.prose(f"{counted(file.lines, 'message')}, sha256 {file.sha256}", 4, 6)


def _how_many(ledger: Ledger) -> str:
    if not ledger.unknown:
        return f"{counted(len(ledger.lines), 'message')} never reached the standby"
    found = f"{counted(len(ledger.lines), 'message')} found so far" if ledger.lines else "none found so far"
    return f"it is unknown how many messages were lost, {found}"


def _ranges(lines: tuple[LedgerLine, ...]) -> Iterator[tuple[str, int, int]]:
    """Yield the runs of sequences without a hole, by stream, both ends included."""
    for (stream, _), run in groupby(enumerate(lines), lambda place: (place[1].stream, place[1].seq - place[0])):
        numbers = [line.seq for _, line in run]
        yield stream, numbers[0], numbers[-1]


def ledger_json(ledger: Ledger, files: tuple[KeptFile, ...] = ()) -> dict[str, Json]:
    """Return the ledger as one document; `files` are what it was exported to."""
    return {
        "schema": LEDGER_SCHEMA,
        "service": ledger.service,
        "observed_at": rfc3339(ledger.observed_at),
        "held_in": [{"stream": held.stream, "region": held.region} for held in ledger.held_in],
        "exported": [{"path": file.path, "messages": file.lines, "sha256": file.sha256} for file in files],
        "unknown": [*ledger.unknown],
        "unsearched": [*ledger.unsearched],
        "ranges": [
            {"stream": stream, "first_seq": first, "last_seq": last} for stream, first, last in _ranges(ledger.lines)
        ],
        "messages": [
            {
                "stream": line.stream,
                "seq": line.seq,
                "time": rfc3339(line.at),
                "id": line.message_id,
                "subject": line.subject,
                "bytes": line.size,
                "also_at": line.also_at,
            }
            for line in ledger.lines
        ],
    }
