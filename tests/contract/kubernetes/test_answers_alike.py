"""The simulator answers raw requests as a real kube-apiserver does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from contract.kubernetes import rows_of_reads, rows_of_writes
from contract.kubernetes.alike import Row, Story

if TYPE_CHECKING:
    from contract.kubernetes.servers import Server

TABLES = {
    "an object": rows_of_reads.OBJECTS,
    "a list": rows_of_reads.LISTS,
    "selectors": rows_of_reads.SELECTORS,
    "a path": rows_of_reads.PATHS,
    "access": rows_of_reads.ACCESS,
    "a watch": rows_of_reads.WATCHES,
    "a scale": rows_of_writes.SCALES,
    "a patch": rows_of_writes.PATCHES,
    "an external secret": rows_of_writes.CUSTOM,
    "a create": rows_of_writes.CREATES,
    "a PUT": rows_of_writes.REPLACEMENTS,
    "a delete": rows_of_writes.DELETES,
    "a denial": rows_of_writes.DENIALS,
    "a lease": rows_of_writes.LEASED,
}


def _parameters() -> list[object]:
    return [pytest.param(row, id=f"{table}: {row.name}") for table, rows in TABLES.items() for row in rows]


@pytest.mark.real_api
@pytest.mark.parametrize("row", _parameters())
def test_the_simulator_answers_as_the_real_server_does(row: Row, simulated: Server, actual: Server) -> None:
    assert Story(simulated).tell(row) == Story(actual).tell(row)
