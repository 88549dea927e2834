"""Turn the standby's mirrors into streams that take writes."""

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
from drctl.core.verdict import Health, ItemVerdict, Tier, Verdict, judge_items
from drctl.ports.datastore import DatastoreReader, PromotionWish
from drctl.ports.world import ProbePorts, ReadPorts, WritePorts
from drctl.steps import nats_lines
from drctl.steps.subjects import probe_subject

# What the server sets by itself when a stream stops being a mirror (nats.md 1.3).
_DUPLICATE_WINDOW_NANOSECONDS = 120_000_000_000
_SIGNED = (
    ("fork_seq", "fork sequence"),
    ("fork_ts", "fork time"),
    ("epoch", "epoch"),
    ("run", "run id"),
    ("origin", "origin"),
)


@dataclass(frozen=True, slots=True)
class PromoteItem:
    """One mirror, the subjects that it is to take, and the features that a mirror could not have."""

    name: str
    tier: Tier
    subjects: tuple[str, ...]
    deferred: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class PromoteStream:
    """Promote each mirror in one atomic update, with the fork and the epoch in its metadata.

    `probed_later` leaves the probe to a later step of this kind, which has these streams in `probes_too`: each wait
    for a second binder is part of the outage of a planned move, and one is enough for all.
    """

    id: str
    region: str
    items: tuple[PromoteItem, ...]
    deadline: timedelta
    stable_for: timedelta = timedelta(0)
    component: str = "nats"
    probed_later: bool = False
    probes_too: tuple[PromoteItem, ...] = ()
    kind: Literal["promote_stream"] = "promote_stream"

    @property
    def title(self) -> str:
        """Return what the operator reads."""
        if not self.items:
            return f"See {', '.join(item.name for item in self.probes_too)} take writes in {self.region}"
        return f"Promote {', '.join(item.name for item in self.items)} in {self.region}"

    @property
    def regions(self) -> tuple[str, ...]:
        """Return the regions that the step calls."""
        return (self.region,)

    @property
    def plane(self) -> Plane:
        """Return what must be alive."""
        return Plane.DATA

    def check(self, world: ReadPorts) -> Check:
        """Compare each stream's role and subjects with what is wanted."""
        streams = {stream.name: stream for stream in world.datastore(self.region).streams()}
        findings = tuple(
            finding for item in self.items for finding in _obstacles(self.region, item, streams.get(item.name))
        )
        if findings:
            return Blocked(findings)
        changes = tuple(change for item in self.items for change in _changes(self.region, item, streams[item.name]))
        return Diverged(Diff(changes)) if changes else Converged()

    def apply(self, world: WritePorts, diff: Diff) -> None:
        """Promote one stream."""
        item = next(item for item in self.items if item.name == diff.changes[0].item)
        wish = PromotionWish(item.name, item.subjects, item.deferred)
        world.datastore_writer(self.region).promote(wish, world.stamp)

    def verify(self, world: ProbePorts) -> Verdict:
        """See, by a probe that stores nothing, that exactly this stream takes writes on each of its subjects."""
        prober = world.datastore_prober(self.region)
        seen = (*self.probes_too, *self.items)
        waiting = {item.name: _not_active(world.datastore(self.region), item) for item in seen}
        ready = tuple(item for item in seen if waiting[item.name] is None)
        if self.probed_later:
            said = "takes writes by its configuration; probed with the others"
            configured = {item.name: _healthy(item, said) for item in ready}
            return judge_items(tuple(waiting[item.name] or configured[item.name] for item in seen))
        try:
            # Together: each probe waits a moment for a second binder, and this is in the outage.
            bound = prober.binders_of([probe_subject(subject) for item in ready for subject in item.subjects])
            judged = {item.name: _judge(item, bound) for item in ready}
        except AdapterError as error:
            judged = {item.name: _progressing(item, f"unknown: {error.message}") for item in ready}
        return judge_items(tuple(waiting[item.name] or judged[item.name] for item in seen))

    def measure(self, world: ProbePorts, healthy_since: datetime) -> tuple[Fact, ...]:
        """Record when the probe first saw every stream bound, and at which sequence each one forked."""
        now = world.clock.now()
        probed = () if self.probed_later else (*self.probes_too, *self.items)
        facts = [Fact(FactKind.STREAM_BOUND, item.name, healthy_since, now) for item in probed]
        for item in self.items:
            stream = world.datastore(self.region).stream(item.name)
            facts.append(Fact(FactKind.FREEZE_SEQ, item.name, stream.fork_seq, now, "from the stream's metadata"))
        return tuple(facts)

    def by_hand(self, access: Access) -> Sequence[Command]:
        """Return the JetStream API's own lines."""
        nats, lines = access.nats_in(self.region), []
        for item in self.items:
            stream = access.stream_in(self.region, item.name)
            line = nats_lines.promote(nats, stream, item.subjects, item.deferred, access.stamp)
            lines.append(Command(f"promote {item.name}, with the fork in its metadata", line, writes=True))
            does = f"see {item.name} without `mirror` on {', '.join(item.subjects)}"
            lines.append(Command(does, nats_lines.read_stream(nats, stream), writes=False))
        return tuple(lines)


def _not_active(datastore: DatastoreReader, item: PromoteItem) -> ItemVerdict | None:
    try:
        stream = datastore.stream(item.name)
    except AdapterError as error:
        return _progressing(item, f"unknown: {error.message}")
    if stream.role is StreamRole.ACTIVE and set(stream.subjects) == set(item.subjects):
        return None
    return _progressing(item, f"{stream.role.value} on {list(stream.subjects)}")


def _judge(item: PromoteItem, bound: Mapping[str, tuple[str, ...]]) -> ItemVerdict:
    for subject in item.subjects:
        binders = bound[probe_subject(subject)]
        if len(binders) > 1:
            message = f"{subject} is taken by {', '.join(binders)}: every message is stored twice"
            return ItemVerdict(item.name, item.tier, Health.FAILED, message)
        if binders != (item.name,):
            return _progressing(item, f"{subject} is taken by nobody yet")
    return _healthy(item, "takes writes")


def _healthy(item: PromoteItem, message: str) -> ItemVerdict:
    return ItemVerdict(item.name, item.tier, Health.HEALTHY, message)


def _progressing(item: PromoteItem, message: str) -> ItemVerdict:
    return ItemVerdict(item.name, item.tier, Health.PROGRESSING, message)


def _obstacles(region: str, item: PromoteItem, stream: StreamState | None) -> tuple[Finding, ...]:
    if stream is None:
        message = f"{region} has no stream {item.name}: there is nothing to promote."
        remedy = "Create the mirror, or name it in no rule of `streams:`."
        return (Finding("mirror-missing", message, remedy, subject=item.name),)
    if stream.role is StreamRole.FENCED:
        message = f"stream {item.name} in {region} is fenced: promoting it would undo somebody's fence."
        remedy = "See who fenced it: `drctl status`."
        return (Finding("stream-fenced", message, remedy, subject=item.name),)
    if stream.role is StreamRole.ACTIVE and set(stream.subjects) != set(item.subjects):
        message = f"stream {item.name} in {region} takes {list(stream.subjects)}, not {list(item.subjects)}."
        remedy = "Compare it with its origin; it is no mirror of it."
        return (Finding("stream-foreign", message, remedy, subject=item.name),)
    return ()


def _changes(region: str, item: PromoteItem, stream: StreamState) -> tuple[Change, ...]:
    if stream.role is not StreamRole.MIRROR:
        return ()
    place, config = f"{region}/stream/{item.name}", json.loads(stream.config)
    metadata = config.get("metadata") or {}
    changes = [
        Change(item.name, place, "mirror", stream.mirror_of, None),
        Change(item.name, place, "subjects", stream.subjects, item.subjects),
    ]
    if config.get("mirror_direct"):
        changes.append(Change(item.name, place, "mirror_direct", before=True, after=False))
    if not config.get("duplicate_window"):
        changes.append(Change(item.name, place, "duplicate_window", None, _DUPLICATE_WINDOW_NANOSECONDS))
    for field, text in item.deferred:
        changes.append(Change(item.name, place, field, _text(config.get(field)), text))
    # The origin too: what a run made a mirror of, it knows only in the words in which the server says it.
    for key, made in _SIGNED:
        before = metadata.get(f"drctl.{key}")
        changes.append(Change(item.name, place, f"metadata.drctl.{key}", before, RunMade(made)))
    return tuple(changes)


def _text(value: object) -> str | None:
    return None if value is None else json.dumps(value)
