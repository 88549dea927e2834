"""Where two sides of one stream part: found in the streams themselves, by what both still hold (nats.md 7.1).

A mirror keeps its origin's sequences and times, so both sides hold the same messages up to the fork, and different ones
under the same sequences after it. Either side may lack some: deleted, acknowledged, or dropped by its limits.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from drctl.core.errors import NotFoundError
from drctl.core.observed import StoredMessage, StreamState
from drctl.core.tail import is_same, tail_digest
from drctl.ports.datastore import DatastoreReader
from drctl.steps.replication import holds_any

# How many messages a probe may pass until it meets one that both sides hold.
_PASSED_MAX = 1000
_LIMITS = ("max_msgs", "max_bytes", "max_age", "max_msgs_per_subject")


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a stream: where it is read, and what it said of itself."""

    reader: DatastoreReader
    stream: StreamState

    def held(self, first: int, last: int) -> Iterator[StoredMessage]:
        """Yield what is still stored between two sequences, both included."""
        return self.reader.messages(self.stream.name, first, last)


@dataclass(frozen=True, slots=True)
class Shared:
    """`seq` is the last sequence at which both sides hold the same message; `differs` the first with different ones.

    None where there is no such sequence.
    """

    seq: int | None
    differs: int | None


class TooSparseError(Exception):
    """Both sides hold messages, but hardly one under the same sequence: the fork is not searched any further."""


def shared(active: Side, left: Side) -> Shared:
    """Search what both sides share, in about twice as many reads as a sequence has bits.

    Raises:
        TooSparseError: A probe met no message that both sides hold within its bound.
        AdapterError: A side does not answer.
    """
    low = max(active.stream.first_seq, left.stream.first_seq, 1)
    end = high = min(active.stream.last_seq, left.stream.last_seq)
    seq = differs = None
    while low <= high:
        middle = (low + high) // 2
        pair = _first_of_both(active.held(middle, end), left.held(middle, end))
        if pair is not None and is_same(*pair):
            seq = pair[0].seq
            low = seq + 1
        else:
            differs = pair[0].seq if pair is not None else differs
            high = middle - 1
    return Shared(seq, differs)


def find_fork(active: Side, left: Side) -> int | None:
    """Return the last sequence that both sides share; None where nothing tells.

    What the active side has dropped behind it since counts as the other side's own: it is kept twice rather than lost.

    Raises:
        AdapterError: A side does not answer.
    """
    if left.stream.messages == 0:
        return left.stream.last_seq
    if active.stream.last_seq < left.stream.first_seq:
        return active.stream.last_seq
    try:
        found = shared(active, left)
    except TooSparseError:
        return None
    if found.seq is None and found.differs == left.stream.first_seq:
        return left.stream.first_seq - 1
    return found.seq


def covers(active: Side, left: Side) -> bool:
    """Say whether the active side holds, or by its own limits dropped, everything that the other one holds.

    The last message that both hold must be the same on both (nats.md 11.3, F6); where none is left, the message at the
    recorded fork must have the fork's time.

    Raises:
        AdapterError: A side does not answer.
    """
    if left.stream.messages == 0:
        return True
    fork = active.stream.fork_seq
    try:
        found = shared(active, left)
    except TooSparseError:
        return False
    end = found.seq if fork is None else fork
    if end is None or holds_any(left.reader, left.stream.name, end + 1, left.stream.last_seq):
        return False
    if found.differs is not None and found.differs <= end:
        return False
    if fork is None:
        return active.stream.first_seq <= left.stream.first_seq or _drops(active.stream)
    return found.seq is not None or _has_forks_time(active.stream, left)


def not_kept(left: Side, kept: DatastoreReader, fork_seq: int, rescue: str) -> str:
    """Return why the tail of a side is not safe in its rescue: not sealed, or not message by message the same; or "".

    Raises:
        AdapterError: A side does not answer.
    """
    name, first, last = left.stream.name, fork_seq + 1, left.stream.last_seq
    if not holds_any(left.reader, name, first, last):
        return ""
    try:
        found = kept.stream(rescue)
    except NotFoundError:
        return f"it has messages after the fork, and there is no {rescue}"
    if not is_sealed(found):
        return f"it has messages after the fork, and {rescue} is not sealed"
    there, here = (
        tail_digest(reader.messages(of, first, last)) for reader, of in ((left.reader, name), (kept, rescue))
    )
    return "" if there == here else f"{rescue} holds {here[0]} of {there[0]} messages after the fork, or others"


def is_sealed(stream: StreamState) -> bool:
    """Say whether a stream can never be changed any more."""
    return json.loads(stream.config).get("sealed") is True


def _has_forks_time(active: StreamState, left: Side) -> bool:
    fork = active.fork_seq or 0
    at_fork = next(left.held(fork, fork), None)
    return at_fork is not None and at_fork.at == active.fork_time


def _drops(stream: StreamState) -> bool:
    """Say whether a stream's configuration lets it drop what it had."""
    config = json.loads(stream.config)
    return config.get("retention", "limits") != "limits" or any(config.get(limit, -1) > 0 for limit in _LIMITS)


def _first_of_both(
    one: Iterator[StoredMessage], other: Iterator[StoredMessage]
) -> tuple[StoredMessage, StoredMessage] | None:
    here, there = next(one, None), next(other, None)
    for _ in range(_PASSED_MAX):
        if here is None or there is None:
            return None
        if here.seq == there.seq:
            return here, there
        if here.seq < there.seq:
            here = next(one, None)
        else:
            there = next(other, None)
    raise TooSparseError
