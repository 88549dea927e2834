"""The demo's end: drctl's contracts beside what the client saw, and every claim with its verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from drctl.render.contract_table import contract_table
from drctl.render.report_json import contracts_of

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from drctl.lab.demo import Told

DEMO_SCHEMA = "drctl.demo/v1"


def print_demo(told: Told, console: Console, root: Path) -> None:
    """Print the contract table, the claims, where the report is, and as the last line how many claims failed."""
    out, home = told.reports
    console.print("\nOut, by emergency")
    console.print(contract_table(contracts_of(out), told.client_saw))
    console.print("\nHome, by plan")
    console.print(contract_table(contracts_of(home)))
    table = Table(box=box.SIMPLE, pad_edge=False, show_edge=False)
    for heading in ("", "claim", "drctl said", "the record has"):
        table.add_column(heading)
    for claim in told.claims:
        verdict = Text("agrees", "green") if claim.agrees else Text("DIFFERS", "bold red")
        table.add_row(verdict, Text(claim.claim), Text(claim.said), Text(claim.seen))
    console.print()
    console.print(table)
    console.print(f"\nThe reports: {root / 'report.md'}, {root / 'report-failback.md'}, and as JSON", soft_wrap=True)
    console.print(f"{len(told.claims)} claims checked against the client's record, {told.failed} failed")


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
        "reports": {"failover": told.reports[0], "failback": told.reports[1]},
    }
