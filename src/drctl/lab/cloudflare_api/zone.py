"""One zone: its records, one transaction at a time, and its past as the DNS servers need it."""

from __future__ import annotations

import math
import uuid
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from drctl.lab.cloudflare_api.drafts import Draft, as_mapping, new_draft, patched_draft
from drctl.lab.cloudflare_api.model import ApiError, LoadBalancer, Record, no_such_record
from drctl.lab.cloudflare_api.serving import served_zone

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drctl.lab.dns.zone import ServedZone

# On the free plan; 3,500 on others (dns.md 3.1).
_BATCH_MAX = 200
# Longer than any lag: versions that no server can still be answering from are forgotten.
_HISTORY_SECONDS = 600.0
_ADDRESSES = frozenset({"A", "AAAA"})


class Zone:
    """One zone. `name` has no final dot. Not safe for threads: it lives on one event loop."""

    def __init__(self, zone_id: str, name: str) -> None:
        self.id = zone_id
        self.name = name
        self.load_balancers: tuple[LoadBalancer, ...] = ()
        self._records: Mapping[str, Record] = {}
        self._versions: list[tuple[float, ServedZone]] = [(-math.inf, served_zone(name, (), ()))]

    def records(self) -> tuple[Record, ...]:
        """Return every record. The apex' NS and SOA are not among them: the service keeps those to itself."""
        return tuple(self._records.values())

    def record(self, record_id: str) -> Record:
        """Return one record.

        Raises:
            ApiError: 81044.
        """
        if record_id not in self._records:
            raise no_such_record()
        return self._records[record_id]

    def change(self, batch: Mapping[str, Any], now: float) -> dict[str, list[Record]]:
        """Make all of a batch or nothing: deletes, then patches, puts and posts, whatever order they came in.

        Raises:
            ApiError: Something of it cannot be done.
        """
        parts = {name: _list(batch, name) for name in ("deletes", "patches", "puts", "posts")}
        if sum(map(len, parts.values())) > _BATCH_MAX:
            raise ApiError(400, 9207, f"Request body is invalid: more than {_BATCH_MAX} records in one batch.")
        change = _Transaction(self.name, dict(self._records))
        done = {
            "deletes": [change.delete(body) for body in parts["deletes"]],
            "patches": [change.patch(body) for body in parts["patches"]],
            "puts": [change.put(body) for body in parts["puts"]],
            "posts": [change.post(body) for body in parts["posts"]],
        }
        self._records = change.records
        self._publish(now)
        return done

    def balance(self, name: str, now: float, *, enabled: bool) -> LoadBalancer:
        """Put a load balancer in front of a name."""
        balancer = LoadBalancer(uuid.uuid4().hex, name.lower(), enabled)
        self.load_balancers = (*self.load_balancers, balancer)
        self._publish(now)
        return balancer

    def served(self, at: float) -> ServedZone:
        """Return the version that a server answers which knows everything up to that moment."""
        known = (zone for applied_at, zone in reversed(self._versions) if applied_at <= at)
        return next(known, self._versions[0][1])

    def _publish(self, now: float) -> None:
        self._versions.append((now, served_zone(self.name, self.records(), self.load_balancers)))
        while self._versions[1][0] < now - _HISTORY_SECONDS:
            del self._versions[0]


class _Transaction:
    """Changes on a copy. Each is checked against what those before it left."""

    def __init__(self, zone_name: str, records: dict[str, Record]) -> None:
        self.records = records
        self._zone_name = zone_name

    def delete(self, body: Mapping[str, Any]) -> Record:
        record = self._found(body)
        del self.records[record.id]
        return record

    def patch(self, body: Mapping[str, Any]) -> Record:
        record = self._found(body)
        return self._keep(patched_draft(record, body, self._zone_name), record)

    def put(self, body: Mapping[str, Any]) -> Record:
        record = self._found(body)
        return self._keep(new_draft(body, self._zone_name), record)

    def post(self, body: Mapping[str, Any]) -> Record:
        return self._keep(new_draft(body, self._zone_name), None)

    def _found(self, body: Mapping[str, Any]) -> Record:
        record = self.records.get(str(body.get("id", "")))
        if record is None:
            raise no_such_record()
        return record

    def _keep(self, draft: Draft, old: Record | None) -> Record:
        others = [one for one in self.records.values() if old is None or one.id != old.id]
        _require_no_conflict(draft, others)
        moment = datetime.now(tz=UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        record = Record(
            id=old.id if old else uuid.uuid4().hex,
            created_on=old.created_on if old else moment,
            modified_on=moment,
            **asdict(draft),
        )
        self.records[record.id] = record
        return record


def _require_no_conflict(draft: Draft, others: list[Record]) -> None:
    beside = [one for one in others if one.name == draft.name]
    if any(one.type == draft.type and one.content == draft.content for one in beside):
        raise ApiError(400, 81058, "An identical record already exists.")
    types = {one.type for one in beside}
    if draft.type == "CNAME" and types & {*_ADDRESSES, "CNAME"}:
        raise ApiError(400, 81053, "An A, AAAA, or CNAME record with that host already exists.")
    if draft.type in _ADDRESSES and "CNAME" in types:
        raise ApiError(400, 81054, "A CNAME record with that host already exists.")


def _list(batch: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    bodies = batch.get(name) or []
    if not isinstance(bodies, list):
        raise ApiError(400, 9207, f"Request body is invalid: {name} is no list.")
    return [as_mapping(body) for body in bodies]
