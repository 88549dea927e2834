"""Wait until the standby has every message that the fenced source took: the planned way loses nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from drctl.core.access import Access, Command
from drctl.core.change import Diff
from drctl.core.check import Check, Converged
from drctl.core.errors import AdapterError
from drctl.core.observed import StreamRole
from drctl.core.topology import Plane
from drctl.core.verdict import Health, ItemVerdict, Verdict, judge_items
from drctl.ports.world import ProbePorts, ReadPorts, WritePorts
from drctl.steps.progress import is_promoted
from drctl.steps.replication import ReplicaItem, judge_in_sync


@dataclass(frozen=True, slots=True)
class DrainStreams:
    """See each mirror at its fenced origin's last sequence. Equality counts only once the origin takes no writes."""

    id: str
    source: str
    target: str
    items: tuple[ReplicaItem, ...]
    deadline: timedelta
    stable_for: timedelta = timedelta(0)
    component: str = "nats"
    kind: Literal["drain_streams"] = "drain_streams"

    @property
    def title(self) -> str:
        """Return what the operator reads."""
        return f"Drain {len(self.items)} streams from {self.source} to {self.target}"

    @property
    def regions(self) -> tuple[str, ...]:
        """Return the regions that the step calls."""
        return (self.source, self.target)

    @property
    def plane(self) -> Plane:
        """Return what must be alive."""
        return Plane.DATA

    def check(self, world: ReadPorts) -> Check:  # noqa: ARG002 - nothing is ever to be written
        """Say that nothing is to be written."""
        return Converged()

    def apply(self, world: WritePorts, diff: Diff) -> None:
        """Do nothing: `check` never finds a difference."""

    def verify(self, world: ProbePorts) -> Verdict:
        """Compare both sides' last sequences, each origin fenced."""
        return judge_items(tuple(self._judge(world, item) for item in self.items))

    def _judge(self, world: ReadPorts, item: ReplicaItem) -> ItemVerdict:
        try:
            target = world.datastore(self.target).stream(item.name)
            if is_promoted(target, world.stamp):
                return ItemVerdict(item.name, item.tier, Health.HEALTHY, f"promoted at {target.fork_seq} by this run")
            origin = world.datastore(self.source).stream(item.name)
        except AdapterError as error:
            return ItemVerdict(item.name, item.tier, Health.PROGRESSING, f"unknown: {error.message}")
        if origin.role is StreamRole.ACTIVE:
            return ItemVerdict(item.name, item.tier, Health.FAILED, f"{self.source} still takes writes: not fenced")
        if target.role is StreamRole.ACTIVE and target.fork_seq == origin.last_seq:
            # It was promoted by hand, at exactly the origin's end.
            return ItemVerdict(item.name, item.tier, Health.HEALTHY, f"promoted at {target.fork_seq}")
        return judge_in_sync(world, self.source, self.target, item)

    def by_hand(self, access: Access) -> Sequence[Command]:
        """Return the lines that show both ends."""
        return tuple(
            Command(
                f"compare last_seq of {item.name} in {region}: go on when both are equal",
                f"{access.nats_in(region)} req '$JS.API.STREAM.INFO.{access.stream_in(region, item.name)}' ''",
                writes=False,
            )
            for item in self.items
            for region in (self.source, self.target)
        )
