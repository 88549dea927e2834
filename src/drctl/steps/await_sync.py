"""Wait until a rebuilt mirror has everything: before that the service has one copy."""

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
from drctl.steps.replication import ReplicaItem, is_heard, judge_in_sync


@dataclass(frozen=True, slots=True)
class AwaitSync:
    """See each mirror at what its origin had when it was asked, while the origin serves."""

    id: str
    origin: str
    mirror: str
    items: tuple[ReplicaItem, ...]
    deadline: timedelta
    stable_for: timedelta = timedelta(0)
    component: str = "nats"
    kind: Literal["await_sync"] = "await_sync"

    @property
    def title(self) -> str:
        """Return what the operator reads."""
        return f"Wait until {self.mirror} mirrors {len(self.items)} streams of {self.origin}"

    @property
    def regions(self) -> tuple[str, ...]:
        """Return the regions that the step calls."""
        return (self.origin, self.mirror)

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
        """Compare both sides' last sequences, and see each mirror in contact with its origin."""
        return judge_items(tuple(self._judge(world, item) for item in self.items))

    def _judge(self, world: ReadPorts, item: ReplicaItem) -> ItemVerdict:
        judged = judge_in_sync(world, self.origin, self.mirror, item)
        if judged.health is not Health.HEALTHY:
            return judged
        try:
            here = world.datastore(self.mirror).stream(item.name)
        except AdapterError as error:
            return ItemVerdict(item.name, item.tier, Health.PROGRESSING, f"unknown: {error.message}")
        if here.role is StreamRole.MIRROR and not is_heard(here):
            message = f"{judged.message}, but {self.mirror} does not hear {self.origin} now"
            return ItemVerdict(item.name, item.tier, Health.PROGRESSING, message)
        return judged

    def by_hand(self, access: Access) -> Sequence[Command]:
        """Return the lines that show both ends."""
        return tuple(
            Command(
                f"compare last_seq of {item.name} in {region}: the mirror has reached the origin",
                f"{access.nats_in(region)} req '$JS.API.STREAM.INFO.{item.name}' ''",
                writes=False,
            )
            for item in self.items
            for region in (self.origin, self.mirror)
        )
