"""Take the source's streams away from their writers: the first rung of the fence, by the source's own address."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from drctl.core.access import Access, Command
from drctl.core.change import Change, Diff, RunMade, Value
from drctl.core.check import Blocked, Check, Converged, Diverged
from drctl.core.contract import Fact, FactKind
from drctl.core.errors import AdapterError, UnreachableError
from drctl.core.finding import Finding
from drctl.core.lock import Stamp
from drctl.core.observed import StreamRole, StreamState
from drctl.core.topology import Plane
from drctl.core.verdict import Health, ItemVerdict, Tier, Verdict, judge_items
from drctl.ports.world import ProbePorts, ReadPorts, WritePorts
from drctl.steps import nats_lines
from drctl.steps.progress import is_promoted
from drctl.steps.replication import not_ready
from drctl.steps.subjects import probe_subject

SOURCE_WRITERS_UNKNOWN = "source-writers-unknown"


def writers_unknown(region: str, what: str, error: UnreachableError) -> Finding:
    """Return the finding that a region's fence could not be reached: it may still take writes."""
    return Finding(
        SOURCE_WRITERS_UNKNOWN,
        f"{region} does not answer, so {what} cannot be fenced: {error.message}",
        f"Accept it with --accept {SOURCE_WRITERS_UNKNOWN}; fence later with `drctl fence {region}`.",
        acceptable=True,
        subject=region,
    )


@dataclass(frozen=True, slots=True)
class FenceItem:
    """One stream to fence."""

    name: str
    tier: Tier


@dataclass(frozen=True, slots=True)
class FenceStreams:
    """Leave no stream of a region with a subject that a client can write to. Mirrors are left alone.

    In a planned move `mirrored_in` names the target: what could not drain into it is not fenced, as that would be
    an outage which nothing ends.
    """

    id: str
    region: str
    items: tuple[FenceItem, ...]
    deadline: timedelta
    stable_for: timedelta = timedelta(0)
    component: str = ""
    mirrored_in: str = ""
    kind: Literal["fence_streams"] = "fence_streams"

    @property
    def title(self) -> str:
        """Return what the operator reads."""
        return f"Fence the streams of {self.region}"

    @property
    def regions(self) -> tuple[str, ...]:
        """Return the regions that the step calls."""
        return tuple(filter(None, (self.region, self.mirrored_in)))

    @property
    def plane(self) -> Plane:
        """Return what must be alive."""
        return Plane.DATA

    def check(self, world: ReadPorts) -> Check:
        """Look for streams that take writes; a silent region leaves its writers unknown, and says so."""
        try:
            streams = {stream.name: stream for stream in world.datastore(self.region).streams()}
        except UnreachableError as error:
            return Blocked((writers_unknown(self.region, "its streams", error),))
        changes = [
            change
            for item in self.items
            if item.name in streams and not is_promoted(streams[item.name], world.stamp)
            for change in self._changes(streams[item.name])
        ]
        if not changes:
            return Converged()
        if self.mirrored_in:
            names = {change.item for change in changes}
            mirrors = (one for one in world.datastore(self.mirrored_in).streams() if one.name in names)
            if findings := tuple(not_ready(mirrors, self.region, self.mirrored_in)):
                return Blocked(findings)
        return Diverged(Diff(tuple(changes)))

    def baseline(self, world: ReadPorts) -> tuple[Fact, ...]:
        """Record when the fence was sent: from here on nobody writes."""
        now = world.clock.now()
        return (Fact(FactKind.FENCE_SENT_AFTER, self.region, now, now),)

    def _changes(self, stream: StreamState) -> tuple[Change, ...]:
        if stream.role is not StreamRole.ACTIVE:
            return ()
        place = f"{self.region}/stream/{stream.name}"
        metadata = json.loads(stream.config).get("metadata") or {}
        written: dict[str, Value] = {
            "drctl.subjects": json.dumps(list(stream.subjects)),
            "drctl.epoch": RunMade("epoch"),
            "drctl.run": RunMade("run id"),
        }
        return (
            Change(stream.name, place, "subjects", stream.subjects, (f"_drctl.fenced.{stream.name}",)),
            *(
                Change(stream.name, place, f"metadata.{key}", metadata.get(key), value)
                for key, value in written.items()
                if metadata.get(key) != value
            ),
        )

    def apply(self, world: WritePorts, diff: Diff) -> None:
        """Fence one stream."""
        world.datastore_writer(self.region).fence(diff.changes[0].item, world.stamp)

    def verify(self, world: ProbePorts) -> Verdict:
        """See, by a probe that stores nothing, that no stream takes a write on any subject that was taken away."""
        try:
            streams = {stream.name: stream for stream in world.datastore(self.region).streams()}
            taken = {item.name: _taken_away(streams.get(item.name), world.stamp) for item in self.items}
            # Together: this is in the outage of a planned move.
            asked = {probe_subject(subject) for subjects in taken.values() for subject in subjects}
            bound = world.datastore_prober(self.region).binders_of(sorted(asked))
        except AdapterError as error:
            said = f"unknown: {error.message}"
            return judge_items(tuple(ItemVerdict(i.name, i.tier, Health.PROGRESSING, said) for i in self.items))
        return judge_items(
            tuple(_judge(item, streams.get(item.name), taken[item.name], bound, world.stamp) for item in self.items)
        )

    def by_hand(self, access: Access) -> Sequence[Command]:
        """Return the JetStream API's own lines."""
        nats, lines = access.nats_in(self.region), []
        for item in self.items:
            stream = access.stream_in(self.region, item.name)
            lines.append(Command(f"fence {item.name}", nats_lines.fence(nats, stream, access.stamp), writes=True))
            does = f"see {item.name} on _drctl.fenced.{stream} only, or as a mirror"
            lines.append(Command(does, nats_lines.read_stream(nats, stream), writes=False))
        return tuple(lines)


def _taken_away(stream: StreamState | None, stamp: Stamp) -> tuple[str, ...]:
    if stream is None or stream.role is not StreamRole.FENCED or is_promoted(stream, stamp):
        return ()
    return stream.original_subjects


def _judge(
    item: FenceItem,
    stream: StreamState | None,
    taken: tuple[str, ...],
    bound: Mapping[str, tuple[str, ...]],
    stamp: Stamp,
) -> ItemVerdict:
    if stream is None:
        return ItemVerdict(item.name, item.tier, Health.HEALTHY, "does not exist")
    if is_promoted(stream, stamp):
        return ItemVerdict(item.name, item.tier, Health.HEALTHY, "was fenced, and promoted since by this run")
    if stream.role is StreamRole.ACTIVE:
        return ItemVerdict(item.name, item.tier, Health.PROGRESSING, f"still binds {stream.subjects}")
    for subject in taken:
        if binders := bound[probe_subject(subject)]:
            message = f"{subject} is still bound by {', '.join(binders)}"
            return ItemVerdict(item.name, item.tier, Health.PROGRESSING, message)
    return ItemVerdict(item.name, item.tier, Health.HEALTHY, stream.role.value)
