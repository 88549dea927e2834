"""A region's replicated datastore: roles, positions, fence, promotion. NATS JetStream implements it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from drctl.core.lock import Stamp
    from drctl.core.meta_group import MetaGroup
    from drctl.core.observed import (
        ConsumerState,
        DatastoreInfo,
        Heartbeat,
        StoredMessage,
        StreamState,
    )


@dataclass(frozen=True, slots=True)
class PromotionWish:
    """What a mirror becomes. `deferred` are features that a mirror refuses, as (field, JSON text) pairs."""

    stream: str
    subjects: tuple[str, ...]
    deferred: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class TailWish:
    """A divergent tail to keep: `stream` of the other region's `domain`, from `first_seq` to its end, as `name`."""

    name: str
    stream: str
    domain: str
    first_seq: int


@dataclass(frozen=True, slots=True)
class MirrorWish:
    """What a stream becomes: the mirror of its namesake in `domain`. `config` is the origin's own JSON text."""

    stream: str
    domain: str
    config: str


class DatastoreReader(Protocol):
    """Reads one region's streams by that region's own address."""

    def info(self) -> DatastoreInfo:
        """Return who answers.

        Raises:
            UnreachableError: No answer within the adapter's timeout.
            DeniedError: The credentials were refused.
        """
        ...

    def meta_group(self) -> MetaGroup | None:
        """Return who votes on this region's streams; None where no system account was given to ask by.

        Raises:
            UnreachableError: No answer within the adapter's timeout.
            DeniedError: The credentials were refused, or are not the system account's.
        """
        ...

    def streams(self) -> tuple[StreamState, ...]:
        """Return every stream of the account in this region, ordered by name.

        Raises:
            UnreachableError: No answer within the adapter's timeout.
        """
        ...

    def stream(self, name: str) -> StreamState:
        """Return one stream.

        Raises:
            NotFoundError: This region has no such stream.
            UnreachableError: No answer within the adapter's timeout.
        """
        ...

    def consumers(self, stream: str) -> tuple[ConsumerState, ...]:
        """Return the durable consumers of a stream, ordered by name.

        Raises:
            NotFoundError: This region has no such stream.
            UnreachableError: No answer within the adapter's timeout.
        """
        ...

    def heartbeats(self, region: str, newest: int) -> tuple[Heartbeat, ...]:
        """Return up to `newest` heartbeats of `region` as this side holds them, newest first; empty if none.

        Raises:
            UnreachableError: No answer within the adapter's timeout.
        """
        ...

    def recorded_inventory(self, region: str) -> bytes | None:
        """Return the newest inventory that `region` recorded of itself, as this side holds it, or None.

        Raises:
            UnreachableError: No answer within the adapter's timeout.
        """
        ...

    def other_answers(self, domain: str) -> bool:
        """Say whether the other region's JetStream API answers through the link.

        Raises:
            UnreachableError: This side itself does not answer.
        """
        ...

    def messages(self, stream: str, first: int, last: int) -> Iterator[StoredMessage]:
        """Yield every message that is still stored between two sequences, both included, in order.

        Raises:
            NotFoundError: This region has no such stream.
            UnreachableError: No answer within the adapter's timeout.
        """
        ...


class DatastoreProber(Protocol):
    """Touches the world without changing it for anyone."""

    def binders(self, subject: str) -> tuple[str, ...]:
        """Return the streams that take writes on a subject here, by a publish that none of them stores.

        Raises:
            UnreachableError: No answer that could be told from silence.
        """
        ...

    def binders_of(self, subjects: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        """Return `binders` of each subject; all are probed together, in about the time that one takes.

        Raises:
            UnreachableError: For one of them no answer that could be told from silence.
        """
        ...

    def forbidden_calls(self) -> tuple[str, ...]:
        """Return the API subjects that a run needs and drctl's user may not use, by calls that do nothing.

        Raises:
            UnreachableError: No answer within the adapter's timeout.
            DeniedError: The credentials were refused.
        """
        ...

    def try_to_create(self) -> None:
        """Create a small stream of drctl's own, and delete it again.

        Raises:
            UnreachableError, ThrottledError, OutcomeUnknownError: Streams cannot be made or changed here now.
            DeniedError, RefusedError: As their names say; nothing was written.
        """
        ...


class DatastoreWriter(Protocol):
    """Changes stream and consumer configurations. Reads them anew before each write; sends each write once."""

    def fence(self, stream: str, stamp: Stamp) -> None:
        """Take the stream's subjects away, keeping them in its metadata, so that no client can write to it.

        Does nothing for a stream that is a mirror or fenced already.

        Raises:
            NotFoundError, DeniedError, RefusedError, ThrottledError: As their names say; nothing was written.
            OutcomeUnknownError: No answer; look again.
            UnreachableError: Not even the reading was answered.
        """
        ...

    def promote(self, wish: PromotionWish, stamp: Stamp) -> None:
        """Turn a mirror into a stream that takes writes, in one atomic update, with fork and epoch in its metadata.

        Does nothing for a stream that is ACTIVE on the wished subjects.

        Raises:
            RefusedError: It is fenced, or something else owns the subjects, or the server is too old.
            NotFoundError, DeniedError, ThrottledError: As their names say; nothing was written.
            OutcomeUnknownError: No answer; look again.
            UnreachableError: Not even the reading was answered.
        """
        ...

    def carry_consumer(self, consumer: ConsumerState, floor: int) -> None:
        """Create a durable as `consumer.config` says, starting after `floor`, clamped to the stream's last sequence.

        Does nothing where a durable of that name exists at the wished start or beyond.

        Raises:
            NotFoundError, DeniedError, RefusedError, ThrottledError: As their names say; nothing was written.
            OutcomeUnknownError: No answer; look again.
            UnreachableError: Not even the reading was answered.
        """
        ...

    def unfence(self, stream: str, stamp: Stamp) -> None:
        """Give a fenced stream the subjects back that the fence kept in its metadata.

        Does nothing for a stream that is ACTIVE on them.

        Raises:
            RefusedError: It is a mirror, or its metadata names no subjects, or something else owns them.
            NotFoundError, DeniedError, ThrottledError: As their names say; nothing was written.
            OutcomeUnknownError: No answer; look again.
            UnreachableError: Not even the reading was answered.
        """
        ...

    def keep_tail(self, wish: TailWish, stamp: Stamp) -> None:
        """Create the rescue of a divergent tail here: a mirror with the origin's own sequences and times.

        Does nothing where a stream of that name exists as such a mirror, or sealed.

        Raises:
            RefusedError: Another stream has that name, or the server is too old.
            DeniedError, ThrottledError: As their names say; nothing was written.
            OutcomeUnknownError: No answer; look again.
            UnreachableError: Not even the reading was answered.
        """
        ...

    def seal_tail(self, name: str) -> None:
        """End a rescue's mirroring and seal it, in one update: nothing in it can be changed any more.

        Does nothing where it is sealed.

        Raises:
            NotFoundError, DeniedError, RefusedError, ThrottledError: As their names say; nothing was written.
            OutcomeUnknownError: No answer; look again.
            UnreachableError: Not even the reading was answered.
        """
        ...

    def rebuild_mirror(self, wish: MirrorWish, stamp: Stamp) -> None:
        """Delete a FENCED stream, all of it, and create it anew as a mirror; create it where it does not exist.

        Does nothing where it is such a mirror already. The caller has proved that nothing is lost by it.

        Raises:
            RefusedError: It is ACTIVE: it must be fenced first. Or the server refused.
            DeniedError, ThrottledError: As their names say; nothing was written.
            OutcomeUnknownError: No answer; look again.
            UnreachableError: Not even the reading was answered.
        """
        ...


class HeartbeatWriter(Protocol):
    """Writes what the active region knows of itself into the heartbeat stream."""

    def beat(self, heartbeat: Heartbeat) -> None:
        """Publish one heartbeat.

        Raises:
            UnreachableError: No stream took it.
        """
        ...

    def record_inventory(self, region: str, payload: bytes, at: datetime) -> None:
        """Publish a region's inventory.

        Raises:
            UnreachableError: No stream took it.
        """
        ...
