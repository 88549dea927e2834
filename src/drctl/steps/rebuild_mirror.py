"""Make the old region's streams mirrors of the active one: delete and create, as nothing else can do it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from drctl.core.access import Access, Command
from drctl.core.change import Change, Diff, RunMade, Value
from drctl.core.check import Blocked, Check, Converged, Diverged
from drctl.core.errors import AdapterError, NotFoundError, RefusedError
from drctl.core.finding import Finding
from drctl.core.lock import Stamp
from drctl.core.observed import StreamRole, StreamState
from drctl.core.stream_config import StreamConfig, mirrored
from drctl.core.topology import HEARTBEAT_STREAM, Plane
from drctl.core.verdict import Health, ItemVerdict, Tier, Verdict, judge_items
from drctl.ports.datastore import DatastoreReader, MirrorWish
from drctl.ports.world import ProbePorts, ReadPorts, WritePorts
from drctl.steps import nats_lines, return_lines
from drctl.steps.fork_writes import fork_writes
from drctl.steps.forks import Side, covers, not_kept
from drctl.steps.progress import is_promoted

_RUN_MADE = {"drctl.epoch": "epoch", "drctl.run": "run id"}
_ALWAYS_SHOWN = frozenset({"mirror", *(f"metadata.{key}" for key in _RUN_MADE)})


@dataclass(frozen=True, slots=True)
class RebuildItem:
    """One stream. `rescue` names what must hold its tail; empty where the active region must hold all of it.

    `marker` is what every write after its fork must carry, where the fork is taken back; empty else. `existed`
    says whether the region had it when the plan was made.
    """

    name: str
    tier: Tier
    fork_seq: int = 0
    rescue: str = ""
    existed: bool = True
    marker: str = ""


@dataclass(frozen=True, slots=True)
class RebuildMirror:
    """Delete each fenced stream and create it as a mirror, once it is proved that nothing is lost by it."""

    id: str
    region: str
    origin: str
    items: tuple[RebuildItem, ...]
    deadline: timedelta
    stable_for: timedelta = timedelta(0)
    component: str = ""
    kind: Literal["rebuild_mirror"] = "rebuild_mirror"

    @property
    def title(self) -> str:
        """Return what the operator reads."""
        return f"Rebuild {len(self.items)} streams of {self.region} as mirrors of {self.origin}"

    @property
    def regions(self) -> tuple[str, ...]:
        """Return the regions that the step calls."""
        return (self.region, self.origin)

    @property
    def plane(self) -> Plane:
        """Return what must be alive."""
        return Plane.DATA

    def check(self, world: ReadPorts) -> Check:
        """Compare each stream's configuration with that of a mirror of the active region's stream."""
        region = world.datastore(self.region)
        here = {stream.name: stream for stream in region.streams()}
        origin = world.datastore(self.origin)
        there = {stream.name: stream for stream in origin.streams()}
        domain = origin.info().domain
        todo = [item for item in self.items if not _is_done(here.get(item.name), world.stamp)]
        # Once this run has gone on, the origin may be the side that is being rebuilt: only what is to do counts.
        if lost := tuple(self._missing(item) for item in todo if item.name not in there):
            return Blocked(lost)
        changes: list[Change] = []
        for item in todo:
            stream = here.get(item.name)
            wanted = mirrored(json.loads(there[item.name].config), domain, 0, "")
            made = _changes(f"{self.region}/stream/{item.name}", item.name, stream, wanted)
            # Killed between delete and create: what was shown was the difference to the stream that is gone.
            is_half_done = stream is None and item.existed
            changes.extend(change for change in made if not is_half_done or change.field in _ALWAYS_SHOWN)
            changes.extend(_durables_lost(self.region, region, item.name) if stream else ())
        return Diverged(Diff(tuple(changes))) if changes else Converged()

    def _missing(self, item: RebuildItem) -> Finding:
        message = f"{self.origin} has no stream {item.name}: there is nothing to mirror."
        return Finding("origin-missing", message, "Create it there, or name it in no rule.", subject=item.name)

    def apply(self, world: WritePorts, diff: Diff) -> None:
        """Rebuild one stream.

        Raises:
            RefusedError: Something would be lost by it.
        """
        item = next(item for item in self.items if item.name == diff.changes[0].item)
        here, origin = world.datastore(self.region), world.datastore(self.origin)
        there = origin.stream(item.name)
        _require_nothing_lost(item, here, origin, there)
        wish = MirrorWish(item.name, origin.info().domain, there.config)
        world.datastore_writer(self.region).rebuild_mirror(wish, world.stamp)

    def verify(self, world: ProbePorts) -> Verdict:
        """See each stream as a mirror."""
        return judge_items(tuple(self._judge(world, item) for item in self.items))

    def _judge(self, world: ReadPorts, item: RebuildItem) -> ItemVerdict:
        try:
            stream = world.datastore(self.region).stream(item.name)
        except AdapterError as error:
            return ItemVerdict(item.name, item.tier, Health.PROGRESSING, f"unknown: {error.message}")
        health = Health.HEALTHY if _is_done(stream, world.stamp) else Health.PROGRESSING
        return ItemVerdict(item.name, item.tier, health, stream.role.value)

    def by_hand(self, access: Access) -> Sequence[Command]:
        """Return the JetStream API's own lines."""
        nats, lines = access.nats_in(self.region), []
        origin = nats_lines.Origin.of(access, self.origin)
        for item in self.items:
            lines.append(_delete_by_hand(nats, origin, self, item, access.stamp))
            create = return_lines.create_mirror(nats, origin, item.name, access.stamp)
            lines.append(Command(f"create it as a mirror of {self.origin}", create, writes=True))
            look = nats_lines.read_stream(nats, item.name)
            lines.append(Command(f"see {item.name} with `mirror`", look, writes=False))
        return tuple(lines)


def _delete_by_hand(
    nats: str, origin: nats_lines.Origin, step: RebuildMirror, item: RebuildItem, stamp: Stamp
) -> Command:
    does = f"delete {item.name} in {step.region}, if it is fenced"
    if item.name == HEARTBEAT_STREAM or item.marker:
        # Heartbeats are nobody's loss; of a fork that is taken back a step before this one has seen what it holds.
        return Command(does, return_lines.delete_fenced(nats, item.name, stamp), writes=True)
    kept = f" or, sealed, by {item.rescue}" if item.rescue else ""
    line = return_lines.delete_kept(nats, origin, item.name, item.rescue, stamp)
    return Command(f"{does} and its last message is held by {item.name} of {step.origin}{kept}", line, writes=True)


def _is_done(stream: StreamState | None, stamp: Stamp) -> bool:
    return stream is not None and (stream.role is StreamRole.MIRROR or is_promoted(stream, stamp))


def _require_nothing_lost(
    item: RebuildItem, here: DatastoreReader, origin: DatastoreReader, there: StreamState
) -> None:
    try:
        stream = here.stream(item.name)
    except NotFoundError:
        # Deleted by an earlier try of this step, which had proved it.
        return
    if stream.role is StreamRole.ACTIVE:
        raise RefusedError(f"{item.name} still takes writes: it must be fenced before it is deleted.")
    if item.name == HEARTBEAT_STREAM:
        # drctl's own, and in no ledger: the old region beat on until it died (product.md, section 7).
        return
    if item.marker:
        _require_only_marked(item, here, origin, stream)
        return
    active, left = Side(origin, there), Side(here, stream)
    if not item.rescue:
        if not covers(active, left):
            raise RefusedError(
                f"{item.name}: the active region holds {there.first_seq} to {there.last_seq}, this one "
                f"{stream.first_seq} to {stream.last_seq}, and not all of it is the same: deleting it would lose "
                "messages.",
                remedy="Compare both by hand; nothing was deleted.",
            )
        return
    if why := not_kept(left, origin, item.fork_seq, item.rescue):
        raise RefusedError(
            f"{item.name}: {why}: deleting it would lose its tail.",
            remedy="Look at the rescue step of this run; nothing was deleted.",
        )


def _require_only_marked(
    item: RebuildItem, here: DatastoreReader, origin: DatastoreReader, stream: StreamState
) -> None:
    # Up to its fork it mirrored the origin, which was never deleted.
    if stream.fork_seq is None:
        why = "nobody knows where it forked"
    elif own := fork_writes(here, origin, stream, item.marker).own:
        why = f"sequence {own.seq} is the application's own"
    else:
        return
    raise RefusedError(
        f"{item.name}: {why}: deleting it would lose messages.", remedy="Compare both by hand; nothing was deleted."
    )


def _changes(place: str, item: str, stream: StreamState | None, wanted: StreamConfig) -> list[Change]:
    before = _fields(json.loads(stream.config)) if stream else {}
    after = _fields(wanted)
    made: dict[str, Value] = {f"metadata.{key}": RunMade(name) for key, name in _RUN_MADE.items()}
    return [
        Change(item, place, field, before.get(field), made.get(field, after.get(field)))
        for field in sorted(before.keys() | after.keys())
        if field in made or before.get(field) != after.get(field)
    ]


def _durables_lost(region: str, datastore: DatastoreReader, stream: str) -> list[Change]:
    """Return what deleting a stream takes with it; the active region has its own durables."""
    changes = []
    for durable in datastore.consumers(stream):
        place = f"{region}/consumer/{stream}/{durable.name}"
        changes.append(Change(stream, place, "durable", "created", None))
        if durable.start_seq:
            changes.append(Change(stream, place, "opt_start_seq", durable.start_seq, None))
    return changes


def _fields(config: StreamConfig) -> dict[str, Value]:
    """Return a configuration field by field; what the server itself writes is left out.

    A switch that is off is left out too: the server shows it, and what it is made from need not.
    """
    fields: dict[str, Value] = {}
    for key, value in config.items():
        if key == "metadata":
            own = {f"metadata.{name}": text for name, text in value.items() if not name.startswith("_nats.")}
            fields |= own
        elif key == "mirror":
            fields[key] = value["name"] if value else None
        elif key == "subjects":
            fields[key] = tuple(value)
        elif value is False:
            continue
        elif isinstance(value, str | int) or value is None:
            fields[key] = value
        else:
            fields[key] = json.dumps(value, sort_keys=True)
    return fields
