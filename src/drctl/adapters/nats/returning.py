"""What coming home does to streams: unfence, keep and seal a tail, rebuild as a mirror (nats.md 5, 7, 11.3)."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, assert_never

from drctl.adapters.nats.parse import moment
from drctl.adapters.nats.reconfigure import kept_tail, sealed, unfenced
from drctl.adapters.nats.writing import PROMOTION_LEVEL, NatsWriter
from drctl.core.errors import NotFoundError, RefusedError
from drctl.core.observed import StoredMessage, StreamRole
from drctl.core.stream_config import mirrored, role_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drctl.adapters.nats.api import Json
    from drctl.core.lock import Stamp
    from drctl.ports.datastore import MirrorWish, TailWish

# One at first, because often only the first is wanted; then more at a time, as many as a server answers in a moment.
_GROWTH, _AT_ONCE_MAX = 8, 64


class NatsReturning(NatsWriter):
    """Reads messages, and writes what a failback needs."""

    def messages(self, stream: str, first: int, last: int) -> Iterator[StoredMessage]:
        """Yield every message that is still stored between two sequences, both included, in order.

        Raises:
            NotFoundError: This region has no such stream.
            UnreachableError: No answer within the adapter's timeout.
            DeniedError: Not allowed to read it.
        """
        self._info(stream)
        seq, at_once = max(first, 1), 1
        while seq <= last:
            # What follows is asked for by number, many at a time; the next one after a gap by itself, and first.
            found = self._next(stream, seq)
            if found is None or found.seq > last:
                return
            yield found
            seq = found.seq + 1
            while seq <= last and (window := self._window(stream, range(seq, min(seq + at_once, last + 1)))):
                yield from window
                seq, at_once = seq + at_once, min(at_once * _GROWTH, _AT_ONCE_MAX)

    def _next(self, stream: str, seq: int) -> StoredMessage | None:
        """Return the first message at or after a sequence: what was deleted in between is passed over."""
        body = {"seq": seq, "next_by_subj": ">"}
        try:
            found = self._api.read(f"STREAM.MSG.GET.{stream}", f"read message {seq} of {stream}", body)
        except NotFoundError:
            return None
        return _message(found["message"])

    def _window(self, stream: str, numbers: range) -> list[StoredMessage]:
        bodies = [{"seq": number} for number in numbers]
        answers = self._api.read_each(f"STREAM.MSG.GET.{stream}", f"read message {numbers[0]} of {stream}", bodies)
        return [_message(answer["message"]) for answer in answers if answer is not None]

    def unfence(self, stream: str, stamp: Stamp) -> None:
        """Give a fenced stream the subjects back that the fence kept in its metadata.

        Does nothing for a stream that is ACTIVE.

        Raises:
            RefusedError: It is a mirror, or nobody knows its subjects, or a later epoch signed it.
            NotFoundError, DeniedError, ThrottledError: As their names say; nothing was written.
            OutcomeUnknownError: No answer; look again.
            UnreachableError: Not even the reading was answered.
        """
        info = self._info(stream)
        if role_of(info["config"]) is StreamRole.ACTIVE:
            return
        self._require_epoch(info, stamp)
        config = unfenced(info["config"], stamp)
        if role_of(info["config"]) is StreamRole.MIRROR or not config["subjects"]:
            raise RefusedError(
                f"unfence stream {stream} at {self._api.place}: it is a mirror, or its metadata names no subjects",
                remedy=f"Look at it: `nats req '$JS.API.STREAM.INFO.{stream}' ''`.",
            )

        def holds() -> bool:
            return role_of(self._info(stream)["config"]) is StreamRole.ACTIVE

        self._update(config, f"unfence stream {stream}", holds)

    def keep_tail(self, wish: TailWish, stamp: Stamp) -> None:
        """Create the rescue of a divergent tail here: a mirror with the origin's own sequences and times.

        Does nothing where a stream of that name exists as such a mirror, or sealed.

        Raises:
            RefusedError: Another stream has that name, or the server refused.
            DeniedError, ThrottledError: As their names say; nothing was written.
            OutcomeUnknownError: No answer; look again.
            UnreachableError: Not even the reading was answered.
        """
        existing = self._config(wish.name)
        if existing is not None:
            if not _keeps(existing, wish):
                raise RefusedError(
                    f"keep the tail of {wish.stream} at {self._api.place}: there is another stream {wish.name}",
                    remedy=f"Look at it: `nats req '$JS.API.STREAM.INFO.{wish.name}' ''`.",
                )
            return
        replicas = int((self._config(wish.stream) or {}).get("num_replicas", 1))
        config = kept_tail(wish, replicas, stamp)

        def holds() -> bool:
            found = self._config(wish.name)
            return found is not None and _keeps(found, wish)

        what = f"keep the tail of {wish.stream}"
        self._send(lambda: self._api.write(f"STREAM.CREATE.{wish.name}", what, config), holds)

    def seal_tail(self, name: str) -> None:
        """End a rescue's mirroring and seal it, in one update: nothing in it can be changed any more.

        Does nothing where it is sealed.

        Raises:
            NotFoundError, DeniedError, RefusedError, ThrottledError: As their names say; nothing was written.
            OutcomeUnknownError: No answer; look again.
            UnreachableError: Not even the reading was answered.
        """
        config = self._info(name)["config"]
        if config.get("sealed"):
            return

        def holds() -> bool:
            return bool(self._info(name)["config"].get("sealed"))

        self._update(sealed(config), f"seal {name}", holds, PROMOTION_LEVEL)

    def rebuild_mirror(self, wish: MirrorWish, stamp: Stamp) -> None:
        """Delete a FENCED stream, all of it, and create it anew as a mirror; create it where it does not exist.

        Does nothing where it is a mirror already. The caller has proved that nothing is lost by it.

        Raises:
            RefusedError: It is ACTIVE: it must be fenced first. Or a later epoch signed it, or the server refused.
            DeniedError, ThrottledError: As their names say; nothing was written.
            OutcomeUnknownError: No answer; look again.
            UnreachableError: Not even the reading was answered.
        """
        existing = self._config(wish.stream)
        if existing is not None:
            match role_of(existing):
                case StreamRole.MIRROR:
                    return
                case StreamRole.ACTIVE:
                    raise RefusedError(
                        f"rebuild stream {wish.stream} at {self._api.place}: it takes writes",
                        remedy=f"Fence it first: `drctl fence {self._api.place.region}`.",
                    )
                case StreamRole.FENCED:
                    self._require_epoch(self._info(wish.stream), stamp)
                    self._delete(wish.stream)
                case other:
                    assert_never(other)
        config = mirrored(json.loads(wish.config), wish.domain, stamp.epoch, stamp.run_id)
        call, what = f"STREAM.CREATE.{wish.stream}", f"create mirror {wish.stream} of {wish.domain}"

        def holds() -> bool:
            found = self._config(wish.stream)
            return found is not None and role_of(found) is StreamRole.MIRROR

        self._send(lambda: self._api.write(call, what, config), holds)

    def _delete(self, stream: str) -> None:
        call, what = f"STREAM.DELETE.{stream}", f"delete stream {stream}"
        self._send(lambda: self._api.write(call, what, None), lambda: self._config(stream) is None)

    def _config(self, stream: str) -> Json | None:
        try:
            config: Json = self._info(stream)["config"]
        except NotFoundError:
            return None
        return config


def _keeps(config: Json, wish: TailWish) -> bool:
    if config.get("sealed"):
        return True
    mirror = config.get("mirror") or {}
    return bool(mirror.get("name") == wish.stream and mirror.get("opt_start_seq") == wish.first_seq)


def _message(found: Json) -> StoredMessage:
    return StoredMessage(
        seq=int(found["seq"]),
        at=moment(found["time"]) or datetime.fromtimestamp(0, UTC),
        subject=found["subject"],
        headers=_headers(base64.b64decode(found.get("hdrs") or "")),
        data=base64.b64decode(found.get("data") or ""),
    )


def _headers(block: bytes) -> tuple[tuple[str, str], ...]:
    """Return the pairs of a NATS header block; its first line is `NATS/1.0`."""
    pairs = []
    for line in block.decode("utf-8", "replace").split("\r\n")[1:]:
        name, colon, value = line.partition(":")
        if colon:
            pairs.append((name, value.strip()))
    return tuple(pairs)
