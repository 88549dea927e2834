"""Away and home again, many times on one lab: nothing is left behind, and no promise is broken."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from drctl.lab import faults, supervisor
from drctl.lab.layout import CLIENTS
from onlab.driving import eventually
from onlab.leftovers import files_of, memory_of, open_files_of, processes_of
from onlab.moves import AWAY_FROM_DEAD, HOME, PLANNED, events_of, kept_promises, lose_east_with_orders, move

if TYPE_CHECKING:
    from collections.abc import Callable

    from drctl.lab.truth import Outage
    from onlab.driving import Driven

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(3600)]

ROUNDS = 20
# The lock is one record: its epoch has more digits later.
_RECORDS = {"state/samples.jsonl", "state/lock.json", *(f"client-{client}.jsonl" for client in CLIENTS)}
# The first of each kind: what is made once has been made by then.
FIRST = 2
OPEN_FILES_MAX = 8


@dataclass(frozen=True, slots=True)
class Figures:
    """One move: how long it took, from the fence to the last stream bound, the client's outage, and its worst end."""

    name: str
    took: timedelta
    fenced: datetime | None
    bound: datetime
    outage: Outage
    worst: datetime

    @property
    def keeps_its_promise(self) -> bool:
        """Say whether the client ordered again when the plan's words let it expect that."""
        return self.outage.ended is not None and self.outage.ended <= self.worst

    @property
    def line(self) -> str:
        gap = f"{(self.bound - self.fenced).total_seconds():.2f}" if self.fenced else "-"
        most = (self.worst - (self.fenced or self.outage.began)).total_seconds()
        lasted = self.outage.lasted or timedelta(0)
        return f"{self.name:<15} {self.took.total_seconds():7.1f} {gap:>13} {lasted.total_seconds():16.2f} {most:10.2f}"


def test_rounds_leave_nothing_behind_and_break_no_promise(
    lab: Driven, record_property: Callable[[str, object], None]
) -> None:
    lab.watch()
    lab.order(at_least=20)
    for client in CLIENTS[1:]:
        supervisor.start_client(lab.layout, client)
    figures = [moved for number in range(FIRST) for moved in a_round(lab, number)]
    processes, open_files, files = processes_of(lab.layout), open_files_of(lab.layout), files_of(lab.layout.root)

    for number in range(FIRST, ROUNDS):
        figures += a_round(lab, number)

    eventually(lambda: processes_of(lab.layout) == processes)
    more = {name: (before, open_files_of(lab.layout)[name]) for name, before in open_files.items()}
    assert {name: both for name, both in more.items() if both[1] > both[0] + OPEN_FILES_MAX} == {}
    grown = grown_files(files, files_of(lab.layout.root))
    record_property("figures", told(lab, figures, grown))
    assert [name for name in grown if not is_meant_to_grow(name)] == []
    promises = kept_promises(lab)
    assert promises.broken == set()
    assert promises.in_ledger
    assert [moved.line for moved in figures if not moved.keeps_its_promise] == []


def a_round(lab: Driven, number: int) -> tuple[Figures, Figures]:
    """Go away and come home: from a region that dies with orders of its own, or by plan."""
    if number % 2:
        away = timed(lab, f"{number + 1} planned", PLANNED, "west")
    else:
        lose_east_with_orders(lab, 5)
        away = timed(lab, f"{number + 1} emergency", AWAY_FROM_DEAD, "west", code=10)
        faults.heal(lab.layout, "east")
    return away, timed(lab, f"{number + 1} home", HOME, "east")


def timed(lab: Driven, name: str, words: tuple[str, ...], target: str, code: int = 0) -> Figures:
    """Move, wait until the client orders there, and read from journal and record what it cost."""
    began = datetime.now(UTC)
    moved = move(lab, words)
    took = datetime.now(UTC) - began
    assert moved.code == code, lab.run("runs", "show", moved.run_id).out
    eventually(lambda: sum(order.at_sent > began for order in lab.truth().acknowledged(target)) >= 10)
    events = events_of(lab, moved.run_id)
    fenced, bound = fenced_at(events, "west" if target == "east" else "east"), bound_at(events)
    outage = lab.truth().outage_before(target, began)
    assert outage is not None
    report = json.loads((lab.layout.state_dir / "runs" / moved.run_id / "report.json").read_text())
    return Figures(name, took, fenced, bound, outage, datetime.fromisoformat(report["timeline"]["dns_cutover_worst"]))


def fenced_at(events: list[dict[str, Any]], source: str) -> datetime | None:
    """Return when the first stream of the region that serves was about to be fenced; None if it was gone."""
    fences = (one for one in events if one["event"]["type"] == "apply_intended")
    first = next((one for one in fences if one["event"]["step_id"] == f"fence_streams:{source}"), None)
    return datetime.fromisoformat(first["at"]) if first else None


def bound_at(events: list[dict[str, Any]]) -> datetime:
    """Return when the last stream was seen to take writes again, by a probe."""
    facts = [fact for one in events if one["event"]["type"] == "facts_measured" for fact in one["event"]["facts"]]
    return max(datetime.fromisoformat(fact["value"]["moment"]) for fact in facts if fact["kind"] == "stream_bound")


def grown_files(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    """Return by how much each file has grown, with those that are new."""
    return {name: size - before.get(name, 0) for name, size in sorted(after.items()) if size > before.get(name, 0)}


def is_meant_to_grow(name: str) -> bool:
    """Say whether a file is a journal or beside one, a record, a server's data, or the log of one or of a pod."""
    return name.startswith(("state/runs/", "nats/", "logs/nats-", "logs/pod-")) or name in _RECORDS


def told(lab: Driven, figures: list[Figures], grown: dict[str, int]) -> str:
    """Return everything that was measured, as text."""
    lines = ["move             took s  stream gap s  client outage s  at most s"]
    lines += [figure.line for figure in figures]
    growth = Counter[str]()
    for name, size in grown.items():
        growth["/".join(name.split("/")[:2])] += size
    lines += ["", *(f"{name} grew by {size / 1024:.0f} KiB" for name, size in growth.items())]
    lines += [f"{name}: {size} KiB resident" for name, size in memory_of(lab.layout).items()]
    return "\n".join(lines)
