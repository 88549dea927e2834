"""A hosted zone: its record sets, the rule of all or nothing, and its past as the DNS servers need it."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import dns.name
import dns.rdatatype

from drctl.lab.dns.zone import ServedSet, ServedZone
from drctl.lab.route53_api.model import Action, RecordSet, invalid_batch, reversed_labels
from drctl.lab.route53_api.rules import batch_complaints, check_size, zone_complaints
from drctl.lab.route53_api.values import rdatas_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drctl.lab.route53_api.model import Change, ChangeBatch, Key, Place

# Longer than any lag: versions that no server can still be answering from are forgotten.
_HISTORY_SECONDS = 600.0
_ESCAPE = re.compile(r"\\([0-7]{3})")


class HostedZone:
    """One zone. `name` has its final dot. Not safe for threads: it lives on one event loop."""

    def __init__(self, zone_id: str, name: str, caller_reference: str, apex: tuple[RecordSet, ...]) -> None:
        self.id = zone_id
        self.name = name
        self.caller_reference = caller_reference
        self.protected: frozenset[Place] = frozenset()
        self.accelerated_recovery = "DISABLED"
        self._sets: Mapping[Key, RecordSet] = {one.key: one for one in apex}
        self._versions: list[tuple[float, ServedZone]] = [(-math.inf, self._as_served())]

    def record_sets(self) -> tuple[RecordSet, ...]:
        """Return everything in the order of the listing: reversed labels, type, identifier."""
        return tuple(sorted(self._sets.values(), key=listing_order))

    def apply(self, batch: ChangeBatch, now: float) -> None:
        """Make every change of a batch, or none.

        Deletes are looked at first, then the rest, then the zone as a whole; every complaint is collected.

        Raises:
            ApiError: InvalidChangeBatch.
        """
        check_size(batch)
        complaints = list(batch_complaints(batch, self.name, self.protected))
        after = dict(self._sets)
        for change in sorted(batch.changes, key=lambda change: change.action is not Action.DELETE):
            complaints.extend(_try(change, after))
        complaints = complaints or list(zone_complaints(after.values(), self.name))
        if complaints:
            raise invalid_batch(complaints)
        self._sets = after
        self._versions.append((now, self._as_served()))
        while self._versions[1][0] < now - _HISTORY_SECONDS:
            del self._versions[0]

    def served(self, at: float) -> ServedZone:
        """Return the version that a server answers which knows everything up to that moment."""
        known = (zone for applied_at, zone in reversed(self._versions) if applied_at <= at)
        return next(known, self._versions[0][1])

    def _as_served(self) -> ServedZone:
        return ServedZone.of(dns.name.from_text(self.name), (_as_served(one) for one in self._sets.values()))


def listing_order(one: RecordSet) -> tuple[tuple[str, ...], str, str]:
    """Return the sort key of a record set in a listing."""
    return (reversed_labels(one.name), one.type, one.set_identifier)


def _try(change: Change, sets: dict[Key, RecordSet]) -> list[str]:
    """Make one change; return the complaint if it cannot be made."""
    one = change.record_set
    present = sets.get(one.key)
    if change.action is Action.DELETE:
        if present is None:
            return [f"Tried to delete {one.title} but it was not found"]
        if not present.is_same_as(one):
            return [f"Tried to delete {one.title} but the values provided do not match the current values"]
        del sets[one.key]
        return []
    if change.action is Action.CREATE and present is not None:
        return [f"Tried to create {one.title} but it already exists"]
    sets[one.key] = one
    return []


def _as_served(one: RecordSet) -> ServedSet:
    return ServedSet(
        name=_dns_name(one.name),
        type=dns.rdatatype.from_text(one.type),
        ttl=one.ttl or 0,
        rdatas=rdatas_of(one),
        weight=one.weight,
        failover=one.failover,
        health_check_id=one.health_check_id,
        alias=None if one.alias is None else _dns_name(one.alias.dns_name),
    )


def _dns_name(name: str) -> dns.name.Name:
    """Return a name for the wire. Escapes are octal at Route 53, decimal in zone files."""
    return dns.name.from_text(_ESCAPE.sub(lambda found: f"\\{int(found[1], 8):03d}", name))
