"""Heartbeats and inventories: small messages in the mirrored heartbeat stream."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from drctl.adapters.nats.parse import moment
from drctl.core.errors import NotFoundError, OutcomeUnknownError, RefusedError, ThrottledError, UnreachableError
from drctl.core.observed import Heartbeat
from drctl.core.topology import HEARTBEAT_STREAM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drctl.adapters.nats.api import JetStreamApi, Json

# How many messages may lie between two heartbeats of a region (others' heartbeats, inventories, gaps).
_STEPS_BETWEEN = 4
_STEPS_AT_LEAST = 16


class NatsHeartbeats:
    """Reads and writes `_drctl.hb.<region>` and `_drctl.inv.<region>`. `domain` is the one that must store them."""

    def __init__(self, api: JetStreamApi, domain: str) -> None:
        self._api = api
        self._domain = domain

    def heartbeats(self, region: str, newest: int) -> tuple[Heartbeat, ...]:
        """Return up to `newest` heartbeats of `region` as this side holds them, newest first; empty if none.

        Walks back message by message, over at most four messages a heartbeat, so that it always ends soon.

        Raises:
            UnreachableError: No answer within the adapter's timeout.
            DeniedError: Not allowed to read the stream.
        """
        found: list[Heartbeat] = []
        for message in self._newest_first(f"_drctl.hb.{region}", max(newest * _STEPS_BETWEEN, _STEPS_AT_LEAST)):
            if len(found) == newest:
                break
            beat = _decoded(region, message)
            if beat is not None:
                found.append(beat)
        return tuple(found)

    def recorded_inventory(self, region: str) -> bytes | None:
        """Return the newest inventory that `region` recorded of itself, as this side holds it, or None.

        Raises:
            UnreachableError: No answer within the adapter's timeout.
            DeniedError: Not allowed to read the stream.
            RefusedError: What is stored there is no inventory.
        """
        message = self._message({"last_by_subj": f"_drctl.inv.{region}"})
        if message is None:
            return None
        try:
            return gzip.decompress(_payload(message))
        except (OSError, EOFError, zlib.error) as exc:
            raise RefusedError(
                f"the inventory of {region} at {self._api.place} cannot be unpacked: {exc}",
                remedy="Let `drctl watch` record a new one.",
            ) from exc

    def beat(self, heartbeat: Heartbeat) -> None:
        """Publish one heartbeat; returns when this region's heartbeat stream has stored it.

        Raises:
            UnreachableError: No stream took it, or it is not known whether one did: the next one will tell.
            DeniedError: Not allowed to publish there.
        """
        body = {"ts": heartbeat.at.isoformat(), "heads": dict(heartbeat.heads), "floors": dict(heartbeat.floors)}
        self._publish(f"_drctl.hb.{heartbeat.region}", json.dumps(body).encode(), heartbeat.at)

    def record_inventory(self, region: str, payload: bytes, at: datetime) -> None:
        """Publish a region's inventory, packed.

        Raises:
            UnreachableError: No stream took it, or it is not known whether one did.
            RefusedError: Even packed it is larger than the server takes.
            DeniedError: Not allowed to publish there.
        """
        packed = gzip.compress(payload, mtime=0)
        limit = self._api.facts("record the inventory").max_payload
        if len(packed) > limit - 1024:
            raise RefusedError(
                f"the inventory of {region} has {len(packed)} bytes packed; {self._api.place} takes {limit}",
                remedy="Raise `max_payload` in the NATS servers' configuration and reload them.",
            )
        self._publish(f"_drctl.inv.{region}", packed, at)

    def _publish(self, subject: str, payload: bytes, at: datetime) -> None:
        headers = {"Nats-Expected-Stream": HEARTBEAT_STREAM, "Drctl-At": at.astimezone(UTC).isoformat()}
        what = f"publish to {subject}"
        try:
            ack = self._api.publish(subject, what, payload, headers)
        except (OutcomeUnknownError, ThrottledError) as exc:
            raise UnreachableError(exc.message, remedy=self._remedy()) from exc
        stored_in = ack.get("domain", "")
        if self._domain and stored_in != self._domain:
            raise UnreachableError(
                f"{what} at {self._api.place}: it was stored in domain {stored_in or '(none)'}, not {self._domain}",
                remedy="Deny `_drctl.>` on the leaf in both directions.",
            )

    def _remedy(self) -> str:
        return f"Check that {HEARTBEAT_STREAM} takes writes in {self._api.place.region}: run `drctl status`."

    def _newest_first(self, subject: str, steps: int) -> Iterator[Json]:
        message = self._message({"last_by_subj": subject})
        if message is None:
            return
        yield message
        newest = int(message["seq"])
        for seq in range(newest - 1, max(newest - steps, 0), -1):
            earlier = self._message({"seq": seq})
            if earlier is not None and earlier["subject"] == subject:
                yield earlier

    def _message(self, which: dict[str, object]) -> Json | None:
        try:
            answer = self._api.read(f"STREAM.MSG.GET.{HEARTBEAT_STREAM}", "read heartbeats", which)
        except NotFoundError:
            return None
        message: Json = answer["message"]
        return message


def _payload(message: Json) -> bytes:
    return base64.b64decode(message.get("data", ""))


def _decoded(region: str, message: Json) -> Heartbeat | None:
    """Return the heartbeat, or None for a message that is none: somebody else may write there."""
    try:
        body = json.loads(_payload(message))
        at = moment(body["ts"])
        heads = tuple(sorted((str(name), int(seq)) for name, seq in body["heads"].items()))
        floors = tuple(sorted((str(name), int(seq)) for name, seq in body["floors"].items()))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return Heartbeat(region, at, heads, floors) if at is not None else None
