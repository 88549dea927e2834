"""What never reached the standby, message by message: read from the sealed tails, or from the region that has them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from drctl.core.errors import AdapterError
from drctl.core.observed import StreamKind, StreamRole
from drctl.core.tail import RESCUE_PREFIX, rescue_name
from drctl.core.topology import HEARTBEAT_STREAM

if TYPE_CHECKING:
    from datetime import datetime

    from drctl.core.observed import StoredMessage, StreamState
    from drctl.core.topology import Topology
    from drctl.ports.world import ReadPorts

_MESSAGE_ID = "Nats-Msg-Id"


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One message that only one region took. `message_id` is what its publisher called it; empty without one."""

    stream: str
    seq: int
    at: datetime
    subject: str
    message_id: str
    size: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """Every divergent tail that can be read now. `unknown` says what cannot, and why."""

    service: str
    observed_at: datetime
    held_in: tuple[tuple[str, str], ...]
    lines: tuple[LedgerLine, ...]
    unknown: tuple[str, ...]


@dataclass(slots=True)
class _Found:
    lines: list[LedgerLine] = field(default_factory=list)
    held: list[tuple[str, str]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def read_ledger(world: ReadPorts, topology: Topology) -> Ledger:
    """Return the ledger: sealed tails first; a fork without one is read from the region that was left.

    A tail is complete only once its region takes no writes: before that it is named as unknown.
    """
    found = _Found()
    seen: dict[str, dict[str, StreamState]] = {}
    for name in (region.name for region in topology.regions):
        try:
            seen[name] = {stream.name: stream for stream in world.datastore(name).streams()}
        except AdapterError as error:
            found.unknown.append(f"{name}: {error.message}")
    kept = {name for streams in seen.values() for name in streams}
    for region, streams in seen.items():
        left = topology.other(region)
        for stream in streams.values():
            if stream.kind is StreamKind.RESCUE:
                found.lines += _read(world, region, stream.name, stream.first_seq, stream.last_seq)
                found.held.append((stream.name, region))
            elif _is_forked(stream) and rescue_name(stream.name, stream.epoch, stream.fork_seq or 0) not in kept:
                _add_left(found, world, left, stream, seen.get(left))
    return Ledger(topology.title, world.clock.now(), tuple(found.held), tuple(found.lines), tuple(found.unknown))


def _is_forked(stream: StreamState) -> bool:
    return stream.role is StreamRole.ACTIVE and stream.fork_seq is not None and stream.name != HEARTBEAT_STREAM


def _add_left(
    found: _Found, world: ReadPorts, region: str, active: StreamState, streams: dict[str, StreamState] | None
) -> None:
    left = streams.get(active.name) if streams is not None else None
    if streams is None or (left is not None and left.role is StreamRole.ACTIVE):
        why = "still takes writes" if left else "does not answer"
        found.unknown.append(f"{active.name}: {region} {why}; what it took after {active.fork_seq} is not known yet")
    elif left is not None and left.role is StreamRole.FENCED:
        found.lines += _read(world, region, active.name, (active.fork_seq or 0) + 1, left.last_seq)
        found.held.append((active.name, region))


def _read(world: ReadPorts, region: str, name: str, first: int, last: int) -> list[LedgerLine]:
    is_rescue = name.startswith(RESCUE_PREFIX)
    stream = name.removeprefix(RESCUE_PREFIX).rpartition("_")[0] if is_rescue else name
    return [_line(stream, message) for message in world.datastore(region).messages(name, first, last)]


def _line(stream: str, message: StoredMessage) -> LedgerLine:
    message_id = next((value for key, value in message.headers if key == _MESSAGE_ID), "")
    return LedgerLine(stream, message.seq, message.at, message.subject, message_id, len(message.data))
