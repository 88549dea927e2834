"""Prove that going back loses nothing: after its fork the target holds no write of the application's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from drctl.core.access import Access, Command
from drctl.core.change import Diff
from drctl.core.check import Blocked, Check, Converged
from drctl.core.contract import Fact, FactKind
from drctl.core.errors import AdapterError
from drctl.core.finding import Finding
from drctl.core.loss import LossState
from drctl.core.observed import StreamRole, StreamState
from drctl.core.topology import HEARTBEAT_STREAM, Plane
from drctl.core.verdict import Health, ItemVerdict, Verdict, judge_items
from drctl.ports.world import ProbePorts, ReadPorts, WritePorts
from drctl.steps import nats_lines
from drctl.steps.fork_writes import ForkWrites, fork_writes, marker_of
from drctl.steps.replication import ReplicaItem

NO_RETURN_PASSED = "no-return-passed"
_LISTED = 5


@dataclass(frozen=True, slots=True)
class ProveUnwritten:
    """Read what each promoted stream stored after its fork. Only marked writes and drctl's own may be there."""

    id: str
    region: str
    origin: str
    items: tuple[ReplicaItem, ...]
    undoes: str
    deadline: timedelta
    stable_for: timedelta = timedelta(0)
    component: str = "nats"
    kind: Literal["prove_unwritten"] = "prove_unwritten"

    @property
    def title(self) -> str:
        """Return what the operator reads."""
        return f"Prove that {self.region} stored nothing of the application's own after the fork"

    @property
    def regions(self) -> tuple[str, ...]:
        """Return the regions that the step calls."""
        return (self.region, self.origin)

    @property
    def plane(self) -> Plane:
        """Return what must be alive."""
        return Plane.DATA

    def check(self, world: ReadPorts) -> Check:
        """Look for the application's first write in each stream; one of them is the point of no return."""
        findings = tuple(
            finding for stream in self._promoted(world) if (finding := self._obstacle(world, stream)) is not None
        )
        return Blocked(findings) if findings else Converged()

    def _promoted(self, world: ReadPorts) -> tuple[StreamState, ...]:
        names = {item.name for item in self.items}
        streams = world.datastore(self.region).streams()
        return tuple(stream for stream in streams if stream.name in names and stream.role is not StreamRole.MIRROR)

    def _obstacle(self, world: ReadPorts, stream: StreamState) -> Finding | None:
        if stream.fork_seq is None and stream.name != HEARTBEAT_STREAM:
            message = f"{stream.name} in {self.region} was promoted, and its metadata does not say at which sequence."
            remedy = "Compare both regions by hand, and put `drctl.fork_seq` into its metadata."
            return Finding("fork-unknown", message, remedy, subject=stream.name)
        own = self._writes(world, stream).own
        if own is None:
            return None
        message = (
            f"the point of no return is passed: {self.region} stored {stream.name} {own.seq} ({own.subject}) at "
            f"{own.at:%H:%M:%S.%f} UTC, after its fork at {stream.fork_seq}. It is the application's own, and would "
            f"be lost."
        )
        return Finding(NO_RETURN_PASSED, message, self._instead(world, stream), subject=stream.name)

    def _instead(self, world: ReadPorts, stream: StreamState) -> str:
        run = world.stamp.run_id
        if not run:
            return (
                f"Come back later by a new move, `drctl failover --to {self.origin}`; first go on: "
                f"`drctl resume {self.undoes}`."
            )
        # The run that was to be undone is closed by now: a later epoch has taken over.
        if stream.role is StreamRole.ACTIVE:
            return f"`drctl abort {run}` ends this undo; then finish the move: `drctl failover --to {self.region}`."
        return f"`drctl undo {run}` gives {self.region} its writers back, and users to it."

    def _writes(self, world: ReadPorts, stream: StreamState) -> ForkWrites:
        here, origin = world.datastore(self.region), world.datastore(self.origin)
        return fork_writes(here, origin, stream, marker_of(self.undoes))

    def apply(self, world: WritePorts, diff: Diff) -> None:
        """Do nothing: `check` never finds a difference."""

    def verify(self, world: ProbePorts) -> Verdict:
        """Look once more: a write that came since the check is not passed over."""
        try:
            promoted = {stream.name: stream for stream in self._promoted(world)}
            judged = tuple(self._judge(world, item, promoted.get(item.name)) for item in self.items)
        except AdapterError as error:
            return Verdict(Health.PROGRESSING, f"unknown: {error.message}")
        return judge_items(judged)

    def _judge(self, world: ReadPorts, item: ReplicaItem, stream: StreamState | None) -> ItemVerdict:
        if stream is None:
            return ItemVerdict(item.name, item.tier, Health.HEALTHY, "mirror")
        if finding := self._obstacle(world, stream):
            return ItemVerdict(item.name, item.tier, Health.FAILED, finding.message)
        return ItemVerdict(item.name, item.tier, Health.HEALTHY, _told(stream, self._writes(world, stream)))

    def measure(self, world: ProbePorts, healthy_since: datetime) -> tuple[Fact, ...]:  # noqa: ARG002
        """Record each fork, that going back loses nothing of it, and which of drctl's own writes the rebuild drops."""
        now, facts = world.clock.now(), list[Fact]()
        for stream in self._promoted(world):
            if stream.name == HEARTBEAT_STREAM:
                continue
            said = _told(stream, self._writes(world, stream))
            facts += [
                Fact(FactKind.FREEZE_SEQ, stream.name, stream.fork_seq, now),
                Fact(FactKind.LOSS_STATE, stream.name, LossState.MEASURED.value, now, said),
                Fact(FactKind.LOSS_SECONDS_MAX, stream.name, 0.0, now, said),
                Fact(FactKind.LOSS_MESSAGES_EXACT, stream.name, 0, now, said),
            ]
        return tuple(facts)

    def by_hand(self, access: Access) -> Sequence[Command]:
        """Return the lines that show the end of each stream, and the fork in its metadata."""
        nats = access.nats_in(self.region)
        return tuple(
            Command(
                f"read what {item.name} holds after `drctl.fork_seq`: only writes marked {marker_of(self.undoes)}",
                nats_lines.read_stream(nats, item.name),
                writes=False,
            )
            for item in self.items
        )


def _told(stream: StreamState, writes: ForkWrites) -> str:
    if not writes.marked:
        return f"nothing after its fork at {stream.fork_seq}"
    listed = ", ".join(map(str, writes.marked[:_LISTED]))
    more = ", ..." if len(writes.marked) > _LISTED else ""
    return f"{len(writes.marked)} of drctl's own after its fork at {stream.fork_seq}, to be dropped: {listed}{more}"
