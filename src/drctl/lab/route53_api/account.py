"""The state of the service: hosted zones, changes, and how long both take to be known."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from drctl.lab.route53_api.health import HealthChecks
from drctl.lab.route53_api.model import (
    ApiError,
    ChangeInfo,
    RecordSet,
    canonical,
    no_such_zone,
    reversed_labels,
)
from drctl.lab.route53_api.rules import check_input
from drctl.lab.route53_api.zone import HostedZone

if TYPE_CHECKING:
    from collections.abc import Callable

    from drctl.lab.dns.zone import ServedZone
    from drctl.lab.route53_api.model import ChangeBatch

NAME_SERVERS = ("ns-a.route53.test.", "ns-b.route53.test.")


@dataclass(frozen=True, slots=True)
class Delays:
    """How long a change takes: until INSYNC, and until each name server answers it."""

    pending_seconds: float = 0.4
    lag_seconds: tuple[float, float] = (0.1, 0.25)


@dataclass(frozen=True, slots=True)
class ApexTtls:
    """TTLs of a new zone's own records. These are the service's (dns.md 12.1)."""

    ns: int = 172_800
    soa: int = 900
    minimum: int = 86_400


# So that a name that was missing for a moment is not missed for a quarter of an hour in a lab.
LAB_APEX = ApexTtls(ns=60, soa=2, minimum=2)


@dataclass
class Account:
    """One account of the service. Not safe for threads: it lives on one event loop."""

    clock: Callable[[], float] = time.monotonic
    delays: Delays = field(default_factory=Delays)
    zones: dict[str, HostedZone] = field(default_factory=dict)
    health: HealthChecks = field(default_factory=HealthChecks)
    _changes: dict[str, ChangeInfo] = field(default_factory=dict)

    def create_zone(
        self, name: str, caller_reference: str, zone_id: str = "", ttls: ApexTtls | None = None
    ) -> HostedZone:
        """Make a zone with its NS and SOA records.

        Raises:
            ApiError: HostedZoneAlreadyExists, the caller reference was used.
        """
        if any(zone.caller_reference == caller_reference for zone in self.zones.values()):
            raise ApiError(409, "HostedZoneAlreadyExists", f"A hosted zone was created with {caller_reference}")
        zone_name = canonical(name)
        apex = _apex(zone_name, ttls or ApexTtls())
        zone = HostedZone(zone_id or f"Z{uuid.uuid4().hex[:20].upper()}", zone_name, caller_reference, apex)
        self.zones[zone.id] = zone
        return zone

    def zone(self, zone_id: str) -> HostedZone:
        """Return a zone.

        Raises:
            ApiError: NoSuchHostedZone.
        """
        if zone_id not in self.zones:
            raise no_such_zone(zone_id)
        return self.zones[zone_id]

    def zones_by_name(self, start: str) -> list[HostedZone]:
        """Return the zones from a name on, in the order of the listing."""
        first = reversed_labels(canonical(start)) if start else ()
        later = [zone for zone in self.zones.values() if reversed_labels(zone.name) >= first]
        return sorted(later, key=lambda zone: (reversed_labels(zone.name), zone.id))

    def change(self, zone_id: str, batch: ChangeBatch) -> ChangeInfo:
        """Apply a batch, or nothing of it.

        Raises:
            ApiError: NoSuchHostedZone, InvalidInput, NoSuchHealthCheck or InvalidChangeBatch.
        """
        zone = self.zone(zone_id)
        check_input(batch)
        for one in batch.changes:
            if one.record_set.health_check_id:
                self.health.get(one.record_set.health_check_id)
        zone.apply(batch, self.clock())
        return self.submitted(batch.comment)

    def submitted(self, comment: str = "") -> ChangeInfo:
        """Return a new change, PENDING from now on."""
        info = ChangeInfo(
            id=f"C{uuid.uuid4().hex[:20].upper()}",
            submitted_at=datetime.now(tz=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            in_sync_at=self.clock() + self.delays.pending_seconds,
            comment=comment,
        )
        self._changes[info.id] = info
        return info

    def change_info(self, change_id: str) -> ChangeInfo:
        """Return a change.

        Raises:
            ApiError: NoSuchChange.
        """
        if change_id not in self._changes:
            raise ApiError(404, "NoSuchChange", f"Could not find resource with ID: {change_id}")
        return self._changes[change_id]

    def is_in_sync(self, info: ChangeInfo) -> bool:
        """Say whether a change has reached every server."""
        return self.clock() >= info.in_sync_at

    def served_zones(self, server: int) -> list[ServedZone]:
        """Return each zone as one of the two name servers knows it now."""
        at = self.clock() - self.delays.lag_seconds[server]
        return [zone.served(at) for zone in self.zones.values()]


def _apex(zone_name: str, ttls: ApexTtls) -> tuple[RecordSet, ...]:
    soa = f"{NAME_SERVERS[0]} awsdns-hostmaster.amazon.com. 1 7200 900 1209600 {ttls.minimum}"
    return (
        RecordSet(zone_name, "NS", ttls.ns, NAME_SERVERS),
        RecordSet(zone_name, "SOA", ttls.soa, (soa,)),
    )
