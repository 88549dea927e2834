"""The contracts of a run: promised, measured, and, where somebody else measured too, what they saw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from drctl.core.contract import Compliance
from drctl.render.wording import lasted, one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drctl.core.contract import Measurement

_STYLES = {Compliance.MET: "green", Compliance.BREACHED: "bold red", Compliance.UNKNOWN: "yellow"}


def contract_table(measurements: tuple[Measurement, ...], client_saw: Mapping[str, str] | None = None) -> Table:
    """Return one row a contract; `client_saw` is keyed like the first column: `api RTO`."""
    table = Table(box=box.SIMPLE, pad_edge=False, show_edge=False)
    table.add_column("contract", no_wrap=True)
    table.add_column("target", no_wrap=True)
    table.add_column("measured", no_wrap=True)
    table.add_column("is", no_wrap=True)
    if client_saw is not None:
        table.add_column("client saw")
    table.add_column("evidence")
    for line in measurements:
        cells = [
            Text(contract_name(line), style="bold"),
            Text(f"< {lasted(line.target)}"),
            Text(lasted(line.measured)),
            Text(line.compliance.value, style=_STYLES[line.compliance]),
        ]
        if client_saw is not None:
            cells.append(Text(one_line(client_saw.get(contract_name(line), "-"))))
        table.add_row(*cells, Text(one_line(line.evidence)))
    return table


def contract_name(line: Measurement) -> str:
    """Return what a contract is called: `api RTO`."""
    return f"{line.component} {line.what}"
