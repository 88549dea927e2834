"""What a promoted stream stored after its fork: drctl's own marked writes, or the application's."""

from __future__ import annotations

from dataclasses import dataclass

from drctl.core.errors import NotFoundError
from drctl.core.observed import StoredMessage, StreamState
from drctl.core.topology import HEARTBEAT_STREAM
from drctl.ports.datastore import DatastoreReader

# Every subject of drctl's own: heartbeats, inventories, copies of journals.
_OWN_SUBJECTS = "_drctl."
# What the printed line of the smoke step sends: somebody who acted as a user by hand is no user either.
MARKER_BY_HAND = "drctl-smoke-by-hand"


def marker_of(run_id: str) -> str:
    """Return the id that every smoke write of a run carries."""
    return f"drctl-smoke-{run_id}"


@dataclass(frozen=True, slots=True)
class ForkWrites:
    """What came after a fork. `marked` are the sequences of drctl's own; `own` is the application's first write."""

    marked: tuple[int, ...]
    own: StoredMessage | None


def fork_writes(here: DatastoreReader, origin: DatastoreReader, stream: StreamState, marker: str) -> ForkWrites:
    """Read what a stream stored after its fork, up to the application's first write.

    A mirror that still received forks a little later than its metadata says (nats.md 1.4, T7): a message that the
    origin holds just so, with its sequence and time, came from there. Heartbeats are drctl's own, and are only counted.

    Raises:
        NotFoundError: The stream is gone.
        UnreachableError: One of the regions does not answer: nothing is proved.
    """
    fork = stream.fork_seq or 0
    if stream.name == HEARTBEAT_STREAM:
        return ForkWrites(tuple(range(fork + 1, stream.last_seq + 1)), None)
    marked = []
    for message in here.messages(stream.name, fork + 1, stream.last_seq):
        if _is_marked(message, (marker, MARKER_BY_HAND)):
            marked.append(message.seq)
        elif not _came_from(origin, stream.name, message):
            return ForkWrites(tuple(marked), message)
    return ForkWrites(tuple(marked), None)


def _is_marked(message: StoredMessage, markers: tuple[str, ...]) -> bool:
    """Say whether the service passed the mark on, in whatever header or field its own code puts it."""
    return message.subject.startswith(_OWN_SUBJECTS) or any(
        marker.encode() in message.data or any(marker in value for _, value in message.headers) for marker in markers
    )


def _came_from(origin: DatastoreReader, stream: str, message: StoredMessage) -> bool:
    try:
        there = next(iter(origin.messages(stream, message.seq, message.seq)), None)
    except NotFoundError:
        return False
    return there == message
