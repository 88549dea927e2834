"""The demo's end: drctl's contracts and moments beside what each client saw, and every claim with its verdict."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from drctl.render.contract_table import contract_table
from drctl.render.report_json import contracts_of
from drctl.render.wording import clock_time, lasted, rfc3339

if TYPE_CHECKING:
    from datetime import timedelta
    from pathlib import Path

    from rich.console import Console

    from drctl.lab.demo import Move, Told
    from drctl.lab.truth import Outage

DEMO_SCHEMA = "drctl.demo/v1"
_DNS = "dns_sent_after"

_WHO = {"resolving": "resolves each time", "keep-alive": "keeps connection", "publisher": "publishes to NATS"}


def print_demo(told: Told, console: Console, root: Path) -> None:
    """Print contracts and clients of both moves, the claims, where the reports are; last, how many claims failed."""
    console.print("\nOut, by emergency")
    console.print(contract_table(contracts_of(told.out.report), told.client_saw))
    _print_clients(told.out, console)
    console.print("\nHome, by plan")
    console.print(contract_table(contracts_of(told.home.report)))
    _print_clients(told.home, console)
    table = Table(box=box.SIMPLE, pad_edge=False, show_edge=False)
    for heading in ("", "claim", "drctl said", "the record has"):
        table.add_column(heading)
    for claim in told.claims:
        verdict = Text("agrees", "green") if claim.agrees else Text("DIFFERS", "bold red")
        table.add_row(verdict, Text(claim.claim), Text(claim.said), Text(claim.seen))
    console.print()
    console.print(table)
    console.print(f"\nThe reports: {root / 'report.md'}, {root / 'report-failback.md'}, and as JSON", soft_wrap=True)
    console.print(f"{len(told.claims)} claims checked against the clients' records, {told.failed} failed")


def demo_json(told: Told) -> dict[str, object]:
    """Return the comparison as one document."""
    return {
        "schema": DEMO_SCHEMA,
        "claims": [
            {"claim": claim.claim, "said": claim.said, "seen": claim.seen, "agrees": claim.agrees}
            for claim in told.claims
        ],
        "checked": len(told.claims),
        "failed": told.failed,
        "client_saw": told.client_saw,
        "clients": {"failover": _clients(told.out), "failback": _clients(told.home)},
        "reports": {"failover": told.out.report, "failback": told.home.report},
    }


def _print_clients(move: Move, console: Console) -> None:
    """Print when each client was served again, and below it drctl's own moments of that switch."""
    table = Table(box=box.SIMPLE, pad_edge=False, show_edge=False)
    for heading in ("client", "last served", "served again", "outage", "after DNS", "failed"):
        table.add_column(heading, no_wrap=True)
    for name, outage in move.outages.items():
        table.add_row(_WHO[name], *_cells(move, outage))
    console.print()
    console.print(table)
    dns, served, worst = (clock_time(_moment(move, name)) for name in (_DNS, "served_since", "dns_cutover_worst"))
    console.print(f"drctl: DNS {dns}, served {served}, worst case {worst}")


def _cells(move: Move, outage: Outage | None) -> tuple[str, ...]:
    if outage is None:
        return ("did not order",)
    began, failed = clock_time(outage.began), str(len(outage.failed))
    if outage.ended is None:
        return (began, "never", "no end", "-", failed)
    return (began, clock_time(outage.ended), lasted(outage.lasted), lasted(_after_dns(move, outage)), failed)


def _clients(move: Move) -> list[dict[str, object]]:
    return [_client(move, name, outage) for name, outage in move.outages.items()]


def _client(move: Move, name: str, outage: Outage | None) -> dict[str, object]:
    """Return one client's own outage; null is what was not seen."""
    failed = outage.failed if outage else ()
    return {
        "client": name,
        "began": rfc3339(outage.began) if outage else None,
        "ended": rfc3339(outage.ended) if outage else None,
        "lasted_seconds": _seconds(outage.lasted if outage else None),
        "after_dns_seconds": _seconds(_after_dns(move, outage)),
        "failed": len(failed),
        "unanswered": sum(attempt.may_be_stored for attempt in failed),
    }


def _after_dns(move: Move, outage: Outage | None) -> timedelta | None:
    sent = _moment(move, _DNS)
    return outage.ended - sent if outage and outage.ended and sent else None


def _moment(move: Move, name: str) -> datetime | None:
    text = move.report["timeline"][name]
    return datetime.fromisoformat(text) if text else None


def _seconds(duration: timedelta | None) -> float | None:
    return None if duration is None else duration.total_seconds()
