"""The ledger: what only one region took, message by message."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from drctl.render.page import Page
from drctl.render.wording import counted, date_time, one_line, rfc3339

if TYPE_CHECKING:
    from rich.console import Console

    from drctl.app.ledger import Ledger
    from drctl.render.jsonable import Json

LEDGER_SCHEMA = "drctl.ledger/v1"


def print_ledger(ledger: Ledger, console: Console) -> None:
    """Print every message, where it is held, and what is not known yet."""
    page = Page(console)
    page.heading(f"{ledger.service}: {_how_many(ledger)}", "bold yellow" if ledger.unknown else "bold")
    page.prose(f"looked {date_time(ledger.observed_at)}", 2)
    for name, region in ledger.held_in:
        page.prose(f"{name} holds them in {region}", 2, 4)
    for why in ledger.unknown:
        page.prose(f"unknown: {why}", 2, 4, "yellow")
    if not ledger.lines:
        return
    table = Table(box=box.SIMPLE, pad_edge=False, show_edge=False)
    for heading in ("stream", "sequence", "time (UTC)", "id", "subject"):
        table.add_column(heading)
    for line in ledger.lines:
        at = line.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        row = (line.stream, str(line.seq), at, one_line(line.message_id), one_line(line.subject))
        table.add_row(*(Text(cell) for cell in row))
    page.show(table)


def _how_many(ledger: Ledger) -> str:
    if not ledger.unknown:
        return f"{counted(len(ledger.lines), 'message')} never reached the standby"
    found = f"{counted(len(ledger.lines), 'message')} found so far" if ledger.lines else "none found so far"
    return f"it is unknown how many messages were lost, {found}"


def ledger_json(ledger: Ledger) -> dict[str, Json]:
    """Return the ledger as one document."""
    return {
        "schema": LEDGER_SCHEMA,
        "service": ledger.service,
        "observed_at": rfc3339(ledger.observed_at),
        "held_in": [{"stream": name, "region": region} for name, region in ledger.held_in],
        "unknown": [*ledger.unknown],
        "messages": [
            {
                "stream": line.stream,
                "seq": line.seq,
                "time": rfc3339(line.at),
                "id": line.message_id,
                "subject": line.subject,
                "bytes": line.size,
            }
            for line in ledger.lines
        ],
    }
