"""Take the source's streams away from their writers: the first rung of the fence, by the source's own address."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from drctl.core.access import Access, Command
from drctl.core.change import Change, Diff, RunMade, Value
from drctl.core.check import Blocked, Check, Converged, Diverged
from drctl.core.errors import AdapterError, NotFoundError, UnreachableError
from drctl.core.finding import Finding
from drctl.core.observed import StreamRole, StreamState
from drctl.core.verdict import Health, ItemVerdict, Tier, Verdict, judge_items
from drctl.ports.world import ProbePorts, ReadPorts, WritePorts
from drctl.steps import nats_lines
from drctl.steps.base import Plane
from drctl.steps.progress import is_promoted
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
    """Leave no stream of a region with a subject that a client can write to. Mirrors are left alone."""

    id: str
    region: str
    items: tuple[FenceItem, ...]
    deadline: timedelta
    stable_for: timedelta = timedelta(0)
    component: str = ""
    kind: Literal["fence_streams"] = "fence_streams"

    @property
    def title(self) -> str:
        """Return what the operator reads."""
        return f"Fence the streams of {self.region}"

    @property
    def regions(self) -> tuple[str, ...]:
        """Return the regions that the step calls."""
        return (self.region,)

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
        return Diverged(Diff(tuple(changes))) if changes else Converged()

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
        return judge_items(tuple(self._judge(world, item) for item in self.items))

    def _judge(self, world: ProbePorts, item: FenceItem) -> ItemVerdict:
        try:
            stream = world.datastore(self.region).stream(item.name)
            if is_promoted(stream, world.stamp):
                return ItemVerdict(item.name, item.tier, Health.HEALTHY, "was fenced, and promoted since by this run")
            if stream.role is StreamRole.ACTIVE:
                return ItemVerdict(item.name, item.tier, Health.PROGRESSING, f"still binds {stream.subjects}")
            prober = world.datastore_prober(self.region)
            for subject in stream.original_subjects if stream.role is StreamRole.FENCED else ():
                if binders := prober.binders(probe_subject(subject)):
                    message = f"{subject} is still bound by {', '.join(binders)}"
                    return ItemVerdict(item.name, item.tier, Health.PROGRESSING, message)
        except NotFoundError:
            return ItemVerdict(item.name, item.tier, Health.HEALTHY, "does not exist")
        except AdapterError as error:
            return ItemVerdict(item.name, item.tier, Health.PROGRESSING, f"unknown: {error.message}")
        return ItemVerdict(item.name, item.tier, Health.HEALTHY, stream.role.value)

    def by_hand(self, access: Access) -> Sequence[Command]:
        """Return the JetStream API's own lines."""
        nats, lines = access.nats_in(self.region), []
        for item in self.items:
            lines.append(Command(f"fence {item.name}", nats_lines.fence(nats, item.name), writes=True))
            does = f"see {item.name} on _drctl.fenced.{item.name} only, or as a mirror"
            lines.append(Command(does, nats_lines.read_stream(nats, item.name), writes=False))
        return tuple(lines)
