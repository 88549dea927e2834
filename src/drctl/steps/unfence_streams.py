"""Give a fenced region's streams back to their writers: the region serves again, and goes on where it was stopped."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from drctl.core.access import Access, Command
from drctl.core.change import Change, Diff, RunMade
from drctl.core.check import Blocked, Check, Converged, Diverged
from drctl.core.contract import Fact, FactKind
from drctl.core.errors import AdapterError
from drctl.core.finding import Finding
from drctl.core.observed import StreamRole, StreamState
from drctl.core.topology import Plane
from drctl.core.verdict import Health, ItemVerdict, Verdict, judge_items
from drctl.ports.world import ProbePorts, ReadPorts, WritePorts
from drctl.steps import nats_lines
from drctl.steps.fence_streams import FenceItem
from drctl.steps.subjects import probe_subject


@dataclass(frozen=True, slots=True)
class UnfenceStreams:
    """Give each fenced stream the subjects back that its fence kept, while nobody takes them in the other region."""

    id: str
    region: str
    other: str
    items: tuple[FenceItem, ...]
    deadline: timedelta
    stable_for: timedelta = timedelta(0)
    component: str = "nats"
    kind: Literal["unfence_streams"] = "unfence_streams"

    @property
    def title(self) -> str:
        """Return what the operator reads."""
        return f"Give the streams of {self.region} back to their writers"

    @property
    def regions(self) -> tuple[str, ...]:
        """Return the regions that the step calls."""
        return (self.region, self.other)

    @property
    def plane(self) -> Plane:
        """Return what must be alive."""
        return Plane.DATA

    def check(self, world: ReadPorts) -> Check:
        """Look for fenced streams; one that is no copy of its own, or is written to in the other region, blocks."""
        here = {stream.name: stream for stream in world.datastore(self.region).streams()}
        there = {stream.name: stream for stream in world.datastore(self.other).streams()}
        found = [self._obstacle(item, here.get(item.name), there.get(item.name)) for item in self.items]
        if findings := tuple(finding for finding in found if finding is not None):
            return Blocked(findings)
        changes = tuple(change for item in self.items for change in self._changes(here[item.name]))
        return Diverged(Diff(changes)) if changes else Converged()

    def _obstacle(self, item: FenceItem, stream: StreamState | None, other: StreamState | None) -> Finding | None:
        if stream is None or stream.role is StreamRole.MIRROR:
            is_now = "does not exist" if stream is None else f"mirrors {self.other} now"
            message = f"{item.name} in {self.region} {is_now}: there is no copy of its own to give back."
            remedy = f"Bring the run to its end, then come back by a new move: `drctl failover --to {self.region}`."
            return Finding("undo-impossible", message, remedy, subject=item.name)
        if other is not None and other.role is StreamRole.ACTIVE and set(other.subjects) & set(_wanted(stream)):
            message = f"{item.name} takes writes in {self.other}: with {self.region} there would be two writers."
            return Finding("two-writers", message, f"Fence it first: `drctl fence {self.other}`.", subject=item.name)
        return None

    def _changes(self, stream: StreamState) -> tuple[Change, ...]:
        if stream.role is not StreamRole.FENCED:
            return ()
        place = f"{self.region}/stream/{stream.name}"
        metadata = json.loads(stream.config).get("metadata") or {}
        return (
            Change(stream.name, place, "subjects", stream.subjects, stream.original_subjects),
            Change(stream.name, place, "metadata.drctl.subjects", metadata.get("drctl.subjects"), None),
            Change(stream.name, place, "metadata.drctl.epoch", metadata.get("drctl.epoch"), RunMade("epoch")),
            Change(stream.name, place, "metadata.drctl.run", metadata.get("drctl.run"), RunMade("run id")),
        )

    def apply(self, world: WritePorts, diff: Diff) -> None:
        """Give one stream back."""
        world.datastore_writer(self.region).unfence(diff.changes[0].item, world.stamp)

    def verify(self, world: ProbePorts) -> Verdict:
        """See, by a probe that stores nothing, that exactly this stream takes writes on each of its subjects."""
        try:
            streams = {stream.name: stream for stream in world.datastore(self.region).streams()}
            ready = [streams[item.name] for item in self.items if item.name in streams]
            subjects = [probe_subject(subject) for stream in ready for subject in stream.subjects]
            bound = world.datastore_prober(self.region).binders_of(subjects)
        except AdapterError as error:
            return Verdict(Health.PROGRESSING, f"unknown: {error.message}")
        return judge_items(tuple(_judge(item, streams.get(item.name), bound) for item in self.items))

    def measure(self, world: ProbePorts, healthy_since: datetime) -> tuple[Fact, ...]:
        """Record when the probe first saw every stream bound again."""
        now = world.clock.now()
        return tuple(Fact(FactKind.STREAM_BOUND, item.name, healthy_since, now) for item in self.items)

    def by_hand(self, access: Access) -> Sequence[Command]:
        """Return the JetStream API's own lines."""
        nats, lines = access.nats_in(self.region), []
        for item in self.items:
            does = f"give {item.name} its subjects back, if it is fenced"
            lines.append(Command(does, nats_lines.unfence(nats, item.name, access.stamp), writes=True))
            look = nats_lines.read_stream(nats, item.name)
            lines.append(Command(f"see {item.name} on the subjects that its writers use", look, writes=False))
        return tuple(lines)


def _wanted(stream: StreamState) -> tuple[str, ...]:
    return stream.original_subjects if stream.role is StreamRole.FENCED else stream.subjects


def _judge(item: FenceItem, stream: StreamState | None, bound: Mapping[str, tuple[str, ...]]) -> ItemVerdict:
    if stream is None or stream.role is not StreamRole.ACTIVE:
        is_now = "does not exist" if stream is None else f"is {stream.role.value}"
        return ItemVerdict(item.name, item.tier, Health.PROGRESSING, is_now)
    for subject in stream.subjects:
        binders = bound[probe_subject(subject)]
        if len(binders) > 1:
            message = f"{subject} is taken by {', '.join(binders)}: every message is stored twice"
            return ItemVerdict(item.name, item.tier, Health.FAILED, message)
        if binders != (item.name,):
            return ItemVerdict(item.name, item.tier, Health.PROGRESSING, f"{subject} is taken by nobody yet")
    return ItemVerdict(item.name, item.tier, Health.HEALTHY, "takes writes")
