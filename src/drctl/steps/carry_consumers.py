"""Give the promoted streams the durable consumers of their origins, at positions that skip nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from drctl.core.access import Access, Command
from drctl.core.change import Change, Diff, RunMade
from drctl.core.check import Check, Converged, Diverged
from drctl.core.contract import Fact, FactKind
from drctl.core.errors import AdapterError
from drctl.core.observed import ConsumerState
from drctl.core.topology import Plane
from drctl.core.verdict import Health, ItemVerdict, Tier, Verdict, judge_items
from drctl.ports.world import ProbePorts, ReadPorts, WritePorts
from drctl.steps import nats_lines


@dataclass(frozen=True, slots=True)
class ConsumerItem:
    """One durable of the source: its configuration as JSON text, and its floor as last recorded."""

    stream: str
    consumer: str
    tier: Tier
    floor: int
    config: str

    @property
    def name(self) -> str:
        """What the item is called in diffs and verdicts."""
        return f"{self.stream}/{self.consumer}"


@dataclass(frozen=True, slots=True)
class CarryConsumers:
    """Create each durable after its recorded floor, clamped to the stream's last sequence.

    A floor beyond the mirror's end would skip the messages that re-use those sequences (nats.md 3.2). An old
    floor means redelivery, never loss.
    """

    id: str
    source: str
    region: str
    items: tuple[ConsumerItem, ...]
    deadline: timedelta
    stable_for: timedelta = timedelta(0)
    component: str = "nats"
    kind: Literal["carry_consumers"] = "carry_consumers"

    @property
    def title(self) -> str:
        """Return what the operator reads."""
        return f"Carry {len(self.items)} consumers over to {self.region}"

    @property
    def regions(self) -> tuple[str, ...]:
        """Return the regions that the step calls."""
        return (self.region,)

    @property
    def plane(self) -> Plane:
        """Return what must be alive."""
        return Plane.DATA

    def check(self, world: ReadPorts) -> Check:
        """Find the durables that the target does not have."""
        changes = []
        for item in self.items:
            if _find(world, self.region, item) is None:
                place = f"{self.region}/consumer/{item.name}"
                changes.append(Change(item.name, place, "durable", None, "created"))
                changes.append(Change(item.name, place, "opt_start_seq", None, RunMade("floor, clamped, plus one")))
        return Diverged(Diff(tuple(changes))) if changes else Converged()

    def apply(self, world: WritePorts, diff: Diff) -> None:
        """Create one durable after the newest floor that arrived in the target."""
        item = next(item for item in self.items if item.name == diff.changes[0].item)
        beats = world.datastore(self.region).heartbeats(self.source, 1)
        floor = max([item.floor, *(dict(beat.floors).get(item.name, 0) for beat in beats)])
        now = world.clock.now()
        wanted = ConsumerState(item.stream, item.consumer, floor, 0, item.config, now)
        world.datastore_writer(self.region).carry_consumer(wanted, floor)

    def verify(self, world: ProbePorts) -> Verdict:
        """See every durable there."""
        return judge_items(tuple(self._judge(world, item) for item in self.items))

    def _judge(self, world: ProbePorts, item: ConsumerItem) -> ItemVerdict:
        try:
            found = _find(world, self.region, item)
        except AdapterError as error:
            return ItemVerdict(item.name, item.tier, Health.PROGRESSING, f"unknown: {error.message}")
        if found is None:
            return ItemVerdict(item.name, item.tier, Health.PROGRESSING, "does not exist")
        return ItemVerdict(item.name, item.tier, Health.HEALTHY, f"floor {found.floor}")

    def measure(self, world: ProbePorts, healthy_since: datetime) -> tuple[Fact, ...]:
        """Record each durable's first sequence in the target, and when it was seen."""
        now = world.clock.now()
        facts = []
        for item in self.items:
            found = _find(world, self.region, item)
            start = found.start_seq if found else None
            facts.append(Fact(FactKind.CONSUMER_CARRIED, item.name, healthy_since, now, f"starts at {start}"))
        return tuple(facts)

    def by_hand(self, access: Access) -> Sequence[Command]:
        """Return the JetStream API's own lines."""
        nats, lines = access.nats_in(self.region), []
        for item in self.items:
            stream = access.stream_in(self.region, item.stream)
            line = nats_lines.carry(nats, stream, item.consumer, item.floor, json.loads(item.config))
            lines.append(Command(f"create {item.name} after {item.floor}, or after the fork", line, writes=True))
            info = f"{nats} req '$JS.API.CONSUMER.INFO.{stream}.{item.consumer}' ''"
            lines.append(Command(f"see {item.name} and where it stands", info, writes=False))
        return tuple(lines)


def _find(world: ReadPorts, region: str, item: ConsumerItem) -> ConsumerState | None:
    found = world.datastore(region).consumers(item.stream)
    return next((consumer for consumer in found if consumer.name == item.consumer), None)
