"""The writer's half of the datastore port: fence, promote, carry consumers. Each write is sent once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, assert_never

from drctl.adapters.nats.parse import consumer_state, stream_state
from drctl.adapters.nats.reconfigure import carried, fenced, promoted
from drctl.adapters.nats.translate import CONSUMER_EXISTS, SUBJECTS_OVERLAP, RefusedByApiError
from drctl.core.errors import AdapterError, NotFoundError, OutcomeUnknownError, RefusedError, ThrottledError
from drctl.core.observed import StreamRole
from drctl.core.stream_config import role_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from drctl.adapters.nats.api import JetStreamApi, Json
    from drctl.adapters.nats.lost_origin import LostOrigin
    from drctl.core.lock import Stamp
    from drctl.core.observed import ConsumerState, StreamState
    from drctl.ports.datastore import PromotionWish

# Servers before 2.12 (API level 2) cannot promote; those that know the header refuse by it, older ones by 10055.
PROMOTION_LEVEL = {"Nats-Required-Api-Level": "2"}


class NatsWriter:
    """Changes one region's streams and consumers."""

    def __init__(self, api: JetStreamApi, lost_origin: LostOrigin | None = None) -> None:
        self._api = api
        self._lost_origin = lost_origin

    def fence(self, stream: str, stamp: Stamp) -> None:
        """Take the stream's subjects away, keeping them in its metadata, so that no client can write to it.

        Does nothing for a stream that is a mirror or fenced already.

        Raises:
            RefusedError: The server refused, or a later epoch signed the stream.
            NotFoundError, DeniedError, ThrottledError: As their names say; nothing was written.
            OutcomeUnknownError: No answer; look again.
            UnreachableError: Not even the reading was answered.
        """
        info = self._info(stream)
        if role_of(info["config"]) is not StreamRole.ACTIVE:
            return
        self._require_epoch(info, stamp)

        def holds() -> bool:
            return role_of(self._info(stream)["config"]) is StreamRole.FENCED

        self._update(fenced(info["config"], stamp), f"fence stream {stream}", holds)

    def promote(self, wish: PromotionWish, stamp: Stamp) -> None:
        """Turn a mirror into a stream that takes writes, in one atomic update, with fork and epoch in its metadata.

        Does nothing for a stream that is ACTIVE on the wished subjects.

        Raises:
            RefusedError: It is fenced, or something else owns the subjects, or the server is too old, or a later
                epoch signed the stream.
            NotFoundError, DeniedError, ThrottledError: As their names say; nothing was written.
            OutcomeUnknownError: No answer; look again.
            UnreachableError: Not even the reading was answered.
        """
        if not wish.subjects:
            # The server would bind the stream's name instead, silently (nats.md T1).
            raise RefusedError(
                f"promote stream {wish.stream} at {self._api.place}: no subjects are known for it",
                remedy="Put its subjects into the mirror's metadata under `drctl.subjects`.",
            )
        info = self._info(wish.stream)
        match role_of(info["config"]):
            case StreamRole.ACTIVE:
                self._require_same_subjects(info, wish)
            case StreamRole.FENCED:
                raise RefusedError(
                    f"promote stream {wish.stream} at {self._api.place}: it is fenced, not a mirror",
                    remedy=f"Run `drctl status`: {self._api.place.region} may be the side that was left.",
                )
            case StreamRole.MIRROR:
                self._require_epoch(info, stamp)
                self._promote_mirror(info, wish, stamp)
            case other:
                assert_never(other)

    def carry_consumer(self, consumer: ConsumerState, floor: int) -> None:
        """Create a durable as `consumer.config` says, starting after `floor`, clamped to where the stream forked.

        A floor beyond the fork speaks of messages that this side never got; new ones take their sequences and
        would be skipped (nats.md 3.2). A stream that is still a mirror is clamped to its last sequence.
        Does nothing where a durable of that name exists at the wished start or beyond.

        Raises:
            RefusedError: It exists at an earlier start, or beyond the stream's end, or the server refused.
            NotFoundError, DeniedError, ThrottledError: As their names say; nothing was written.
            OutcomeUnknownError: No answer; look again.
            UnreachableError: Not even the reading was answered.
        """
        # The consumer first: read after it, the stream's end cannot be behind a floor that moves.
        existing = self._consumer(consumer)
        stream = stream_state(self._info(consumer.stream), datetime.now(UTC))
        start = min(max(floor, consumer.start_seq - 1, 0), _shared_end(stream)) + 1
        if existing is not None:
            self._require_position(existing, start, stream.last_seq)
            return
        try:
            self._create(consumer, start)
        except RefusedByApiError as exc:
            if exc.number not in CONSUMER_EXISTS or (existing := self._consumer(consumer)) is None:
                raise
            self._require_position(existing, start, self._info(consumer.stream)["state"]["last_seq"])

    def _promote_mirror(self, info: Json, wish: PromotionWish, stamp: Stamp) -> None:
        what = f"promote stream {wish.stream}"

        def holds() -> bool:
            config = self._info(wish.stream)["config"]
            return role_of(config) is StreamRole.ACTIVE and set(config["subjects"]) == set(wish.subjects)

        try:
            self._update(promoted(info, wish, stamp), what, holds, PROMOTION_LEVEL)
        except RefusedByApiError as exc:
            if exc.number != SUBJECTS_OVERLAP:
                raise
            owners = {
                name
                for subject in wish.subjects
                for name in self._api.read("STREAM.NAMES", what, {"subject": subject}).get("streams") or ()
            } - {self._api.stored(wish.stream)}
            if self._lost_origin is not None and self._lost_origin.owns(info["config"], owners):
                self._lost_origin.move_subjects(info["config"], wish)
                self._update(promoted(info, wish, stamp), what, holds, PROMOTION_LEVEL)
                return
            raise RefusedByApiError(
                f"{exc.message}; the subjects belong to {', '.join(sorted(owners)) or 'another stream'}",
                number=exc.number,
                remedy=exc.remedy,
            ) from exc

    def _create(self, consumer: ConsumerState, start: int) -> None:
        call = f"CONSUMER.DURABLE.CREATE.{consumer.stream}.{consumer.name}"
        what = f"create consumer {consumer.stream}/{consumer.name} at {start}"
        body = {"stream_name": consumer.stream, "config": carried(consumer, start), "action": "create"}

        def holds() -> bool:
            found = self._consumer(consumer)
            return found is not None and found.start_seq == start

        self._send(lambda: self._api.write(call, what, body), holds)

    def _update(
        self, config: Json, what: str, holds: Callable[[], bool], headers: Mapping[str, str] | None = None
    ) -> None:
        self._send(lambda: self._api.write(f"STREAM.UPDATE.{config['name']}", what, config, headers), holds)

    def _send(self, write: Callable[[], object], holds: Callable[[], bool]) -> None:
        """Write once; without a clear answer look once, and be content if the world is as wished."""
        try:
            write()
        except (OutcomeUnknownError, ThrottledError) as exc:
            try:
                if holds():
                    return
            except AdapterError as blind:
                raise OutcomeUnknownError(
                    f"{exc.message}; looking again failed too: {blind.message}",
                    remedy=f"Run `drctl resume` when {self._api.place} answers: it looks again before it writes.",
                ) from exc
            raise

    def _info(self, stream: str) -> Json:
        return self._api.read(f"STREAM.INFO.{stream}", f"read stream {stream}")

    def _consumer(self, consumer: ConsumerState) -> ConsumerState | None:
        name = f"{consumer.stream}.{consumer.name}"
        try:
            info = self._api.read(f"CONSUMER.INFO.{name}", f"read consumer {consumer.stream}/{consumer.name}")
        except NotFoundError:
            return None
        return consumer_state(info, datetime.now(UTC))

    def _require_same_subjects(self, info: Json, wish: PromotionWish) -> None:
        has = info["config"].get("subjects") or []
        if set(has) != set(wish.subjects):
            raise RefusedError(
                f"promote stream {wish.stream} at {self._api.place}: it is no mirror and takes {', '.join(has)}, "
                f"not {', '.join(wish.subjects)}",
                remedy=f"Compare with `nats req '$JS.API.STREAM.INFO.{wish.stream}' ''` and decide by hand.",
            )

    def _require_epoch(self, info: Json, stamp: Stamp) -> None:
        found = stream_state(info, datetime.now(UTC))
        if found.epoch > stamp.epoch:
            raise RefusedError(
                f"stream {found.name} at {self._api.place} was signed by epoch {found.epoch}; this run has "
                f"{stamp.epoch}",
                remedy="Run `drctl status`: a later run has taken over.",
            )

    def _require_position(self, existing: ConsumerState, start: int, last_seq: int) -> None:
        name = f"{existing.stream}/{existing.name}"
        delete = f"nats req '$JS.API.CONSUMER.DELETE.{existing.stream}.{existing.name}' ''"
        if existing.floor + 1 < start:
            raise RefusedError(
                f"consumer {name} at {self._api.place} exists and stands at {existing.floor + 1}, before {start}",
                remedy=f"Keep it (messages come again), or delete it with `{delete}` and run `drctl resume`.",
            )
        if existing.floor > last_seq:
            raise RefusedError(
                f"consumer {name} at {self._api.place} stands at {existing.floor + 1}, but the stream ends at "
                f"{last_seq}: it would skip new messages",
                remedy=f"Delete it with `{delete}` and run `drctl resume`.",
            )


def _shared_end(stream: StreamState) -> int:
    """Return the last sequence that both regions share, as far as this side knows."""
    if stream.role is StreamRole.ACTIVE and stream.fork_seq is not None:
        return min(stream.fork_seq, stream.last_seq)
    return stream.last_seq
