"""What never reached the standby, message by message: read from the sealed tails, or from the region that has them."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from drctl.core.errors import AdapterError
from drctl.core.observed import StreamKind, StreamRole
from drctl.core.sides import Serving, serving
from drctl.core.tail import lines as tail_lines
from drctl.core.tail import message_id, rescue_name, rescued_stream
from drctl.core.topology import HEARTBEAT_STREAM
from drctl.planning.selection import stream_tier
from drctl.steps.forks import Side, find_fork, is_sealed

if TYPE_CHECKING:
    from datetime import datetime

    from drctl.core.observed import StoredMessage, StreamState
    from drctl.core.topology import Topology
    from drctl.ports.evidence import EvidenceWriter, KeptFile
    from drctl.ports.world import ReadPorts

# How many of the active side's messages after its fork are searched for the ids of a tail.
_SEARCHED_MAX = 20_000
_ACTIVE = StreamRole.ACTIVE


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One message that only one region took. `message_id` is what its publisher called it; empty without one.

    `also_at` is the sequence under which the active region holds a message of the same id: its publisher sent it
    again. None where it holds none, or where the message has no id.
    """

    stream: str
    seq: int
    at: datetime
    subject: str
    message_id: str
    size: int
    also_at: int | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """Where a tail is: a sealed copy, or the stream that was left; from `first_seq` to `last_seq`, both included."""

    stream: str
    region: str
    first_seq: int
    last_seq: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """Every divergent tail that can be read now. `unknown` says what cannot, and why.

    `unsearched` names the streams whose active side was not read to its end for the ids of a tail: there `also_at` None
    says nothing.
    """

    service: str
    observed_at: datetime
    held_in: tuple[Held, ...]
    lines: tuple[LedgerLine, ...]
    unknown: tuple[str, ...]
    unsearched: tuple[str, ...] = ()


def read_ledger(world: ReadPorts, topology: Topology) -> Ledger:
    """Return the ledger: sealed tails first; a fork without one is read from the region that was left.

    A tail is complete only once its region takes no writes: before that it is named as unknown. So is a stream that
    two regions hold as their own without anything that tells where they parted.
    """
    reading = _Reading(world, topology)
    reading.look()
    reading.add_sealed()
    reading.add_left()
    reading.add_undecided()
    return Ledger(
        topology.title,
        world.clock.now(),
        tuple(reading.held),
        tuple(reading.lines),
        tuple(reading.unknown),
        tuple(reading.unsearched),
    )


def export(world: ReadPorts, ledger: Ledger, folder: EvidenceWriter) -> tuple[KeptFile, ...]:
    """Write each tail of a ledger as JSON lines, messages and all, each line with its checksum.

    Raises:
        AdapterError: A region does not answer any more, or a file cannot be written.
    """
    return tuple(
        folder.keep(
            f"{held.stream}.jsonl",
            tail_lines(world.datastore(held.region).messages(held.stream, held.first_seq, held.last_seq)),
        )
        for held in ledger.held_in
    )


@dataclass(slots=True)
class _Reading:
    world: ReadPorts
    topology: Topology
    seen: dict[str, dict[str, StreamState]] = field(default_factory=dict)
    lines: list[LedgerLine] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    unsearched: list[str] = field(default_factory=list)

    def look(self) -> None:
        """Read every region's streams."""
        for region in self.topology.regions:
            try:
                streams = self.world.datastore(region.name).streams()
            except AdapterError as error:
                self.unknown.append(f"{region.name}: {error.message}")
                continue
            self.seen[region.name] = {stream.name: stream for stream in streams}

    def add_sealed(self) -> None:
        """Read every tail that a failback has kept."""
        for region, streams in self.seen.items():
            for rescue in streams.values():
                if rescue.kind is StreamKind.RESCUE and is_sealed(rescue):
                    self._read(rescued_stream(rescue.name), Side(self.world.datastore(region), rescue), 1, region)

    def add_left(self) -> None:
        """Read from the region that was left what no sealed tail holds."""
        for region, streams in self.seen.items():
            for stream in streams.values():
                if self._is_active_side(stream, region):
                    self._add_left(region, stream)

    def _is_active_side(self, stream: StreamState, region: str) -> bool:
        """Say whether a stream is the one that others left: promoted, or met by one that is no mirror of it."""
        if stream.role is not StreamRole.ACTIVE or stream.kind is StreamKind.RESCUE or stream.name == HEARTBEAT_STREAM:
            return False
        other = self.seen.get(self.topology.other(region), {}).get(stream.name)
        if other is None:
            return stream.fork_seq is not None
        return self._is_ours(stream) and serving(stream, other) is Serving.SOURCE

    def _is_ours(self, stream: StreamState) -> bool:
        return stream.fork_seq is not None or stream_tier(self.topology.streams, stream.name) is not None

    def _add_left(self, region: str, active: StreamState) -> None:
        name, left_in = active.name, self.topology.other(region)
        sealed = {held.stream for held in self.held}
        if active.fork_seq is not None and rescue_name(name, active.epoch, active.fork_seq) in sealed:
            return
        if left_in not in self.seen:
            self.unknown.append(
                f"{name}: {left_in} does not answer; what it took after {active.fork_seq} is not known yet"
            )
            return
        left = self.seen[left_in].get(name)
        if left is None or left.role is StreamRole.MIRROR:
            return
        sides = Side(self.world.datastore(region), active), Side(self.world.datastore(left_in), left)
        fork = active.fork_seq if active.fork_seq is not None else find_fork(*sides)
        if fork is None:
            self.unknown.append(f"{name}: promoted in {region} without drctl, and no message tells where it forked")
        elif left.role is StreamRole.ACTIVE:
            self.unknown.append(f"{name}: {left_in} still takes writes; what it took after {fork} is not known yet")
        elif rescue_name(name, active.epoch, fork) not in sealed:
            self._read(name, sides[1], fork + 1, left_in)

    def add_undecided(self) -> None:
        """Name the streams that both regions hold as their own, and nothing tells which one was left."""
        if len(self.seen) < len(self.topology.regions):
            return
        (one, here), (other, there) = self.seen.items()
        for name in sorted(here.keys() & there.keys()):
            roles = here[name].role, there[name].role
            if name == HEARTBEAT_STREAM or here[name].kind is StreamKind.RESCUE or StreamRole.MIRROR in roles:
                continue
            if self._is_ours(here[name]) and serving(here[name], there[name]) in {Serving.UNDECIDED, Serving.NOBODY}:
                what = f"{roles[0].value} in {one}, {roles[1].value} in {other}"
                self.unknown.append(f"{name}: {what}, and nothing tells which side was promoted last")

    def _read(self, stream: str, side: Side, first: int, region: str) -> None:
        messages = list(side.held(first, side.stream.last_seq))
        also, is_whole = self._also(stream, messages)
        self.lines += [_line(stream, message, also) for message in messages]
        self.held.append(Held(side.stream.name, region, first, side.stream.last_seq))
        if not is_whole and stream not in self.unsearched:
            self.unsearched.append(stream)

    def _also(self, stream: str, tail: list[StoredMessage]) -> tuple[dict[str, int], bool]:
        """Return where the active side holds the ids of a tail, and whether it was read as far as that takes."""
        wanted = {found for message in tail if (found := message_id(message))}
        active = next(
            (s for of in self.seen.values() for s in of.values() if s.name == stream and s.role is _ACTIVE), None
        )
        region = next((name for name, of in self.seen.items() if active is not None and of.get(stream) is active), "")
        if not wanted or active is None:
            return {}, not wanted
        also: dict[str, int] = {}
        # The same id under the same sequence is the same message: the active side held it before it forked.
        ends = islice(self.world.datastore(region).messages(stream, tail[0].seq, active.last_seq), _SEARCHED_MAX)
        last = active.last_seq
        for message in ends:
            if (found := message_id(message)) in wanted:
                also[found] = message.seq
            if len(also) == len(wanted):
                return also, True
            last = message.seq
        return also, last >= active.last_seq


def _line(stream: str, message: StoredMessage, also: dict[str, int]) -> LedgerLine:
    found = message_id(message)
    return LedgerLine(stream, message.seq, message.at, message.subject, found, len(message.data), also.get(found))
