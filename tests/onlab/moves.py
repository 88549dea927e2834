"""Moves of a lab's service as processes that can be listened to, and killed at a record of their journal."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from threading import Event
from typing import TYPE_CHECKING, Any

from drctl.lab import faults, orders, supervisor
from drctl.lab.faults import LINK, Fault
from drctl.lab.truth import Records
from onlab.driving import ACCEPTED, EMERGENCY, eventually

if TYPE_CHECKING:
    import random

    from onlab.driving import Driven

PLANNED = ("failover", "--confirm", "shop-lab west")
HOME = ("failback", "--confirm", "shop-lab east")
AWAY_FROM_DEAD = (*EMERGENCY, *ACCEPTED)
KILLED, REFUSED = -9, 3
_FENCES = frozenset({"fence_streams:east", "fence_workloads:east"})
_MOMENT_SECONDS_MAX = 0.15


@dataclass(frozen=True, slots=True)
class Point:
    """Where a run is killed: so many records into its journal, and then a moment later."""

    record: int
    seconds_later: float

    @classmethod
    def drawn(cls, dice: random.Random, records: int) -> Point:
        """Draw one of a run that writes at least so many records."""
        return cls(dice.randint(1, records), round(dice.uniform(0, _MOMENT_SECONDS_MAX), 3))


@dataclass(frozen=True, slots=True)
class Moved:
    """A move that came to its end. `records` is how many its process wrote, or had written when it was killed."""

    code: int
    run_id: str
    records: int


def move(lab: Driven, words: tuple[str, ...], point: Point | None = None) -> Moved:
    """Run a move, or take one up; kill it at a point.

    On the way home the link is opened as soon as the journal says that east is fenced, and not before.
    """
    process = lab.start(*words, "--output", "jsonl", "--quiet")
    fenced, run_id, records = set[str](), "", 0
    assert process.stdout is not None
    with process.stdout as lines:
        for line in lines:
            event, records = json.loads(line)["event"], records + 1
            run_id = event.get("run_id", run_id)
            if event["type"] == "step_ended" and event["outcome"] == "done":
                fenced |= _FENCES & {event["step_id"]}
            if fenced == _FENCES and words[0] != "failover":
                faults.heal(lab.layout, LINK)
                fenced = set()
            if point is not None and records == point.record:
                Event().wait(point.seconds_later)
                process.kill()
    return Moved(process.wait(), run_id, records)


def killed_and_taken_up(lab: Driven, words: tuple[str, ...], point: Point) -> Moved:
    """Kill a move at a point, and bring it to its end. One to which nobody had agreed durably is begun anew."""
    killed = move(lab, words, point)
    assert killed.code == KILLED, f"{words} ended with {killed.code} before it was killed at {point}"
    again = move(lab, words)
    if again.code != REFUSED:
        return again
    return replace(move(lab, ("resume", killed.run_id)), run_id=killed.run_id)


def events_of(lab: Driven, run_id: str) -> list[dict[str, Any]]:
    """Return a run's journal: each record with its time."""
    journal = lab.layout.state_dir / "runs" / run_id / "journal.jsonl"
    return [json.loads(line) for line in journal.read_text().splitlines()]


def lose_east_with_orders(lab: Driven, orders: int) -> None:
    """Cut the link, let east take some orders that west never sees, and kill east."""
    faults.break_(lab.layout, Fault.CUT, LINK)
    before = len(lab.truth().acknowledged("east"))
    eventually(lambda: len(lab.truth().acknowledged("east")) >= before + orders)
    lab.lose_east()


@dataclass(frozen=True, slots=True)
class Promises:
    """What became of every order that a client was promised: where it is now."""

    in_east: frozenset[str]
    in_ledger: frozenset[str]
    promised: frozenset[str]

    @property
    def broken(self) -> set[str]:
        """Return the orders that are nowhere, and those that the ledger calls lost although they are there."""
        return set(self.promised - self.in_east - self.in_ledger) | set(self.in_east & self.in_ledger)


def kept_promises(lab: Driven) -> Promises:
    """End the clients, and look for every order of their records: in east, where the service is, and in the ledger."""
    supervisor.stop_clients(lab.layout)
    told = lab.run("ledger", "--output", "json")
    assert told.code == 0, told.err
    lost = {line["id"] for line in told.document["messages"] if line["stream"] == "ORDERS"}
    promised = frozenset(attempt.id for attempt in Records.read(lab.layout).everyone.acknowledged())
    there = frozenset(orders.stored(lab.layout, "east").values())
    return Promises(there & promised, frozenset(lost) & promised, promised)
