"""The ways in which a record can move, each with what must be alive for it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, assert_never

from drctl.config import schema
from drctl.core.topology import US_EAST_1, VENDOR, Plane, Rung

if TYPE_CHECKING:
    from drctl.config.schema import Settings


def ladder_of(settings: Settings, zone: schema.Zone, record: schema.Record) -> tuple[Rung, ...]:
    """Return a record's ways, in the order in which they are tried."""
    budget = timedelta(seconds=settings.timing.way_budget_seconds)
    switches = {switch.name: switch for switch in settings.switches}
    return tuple(
        _at_vendor(zone, budget) if name == VENDOR else _by_switch(switches[name], budget) for name in record.ladder
    )


def _at_vendor(zone: schema.Zone, budget: timedelta) -> Rung:
    match zone:
        case schema.Route53Zone():
            # All of its public API is there (dns.md 2.1).
            return Rung(VENDOR, Plane.GLOBAL_CONTROL, US_EAST_1, budget)
        case schema.CloudflareZone() | schema.OutsideZone():
            return Rung(VENDOR, Plane.GLOBAL_CONTROL, "", budget)
        case schema.Rfc2136Zone():
            return Rung(VENDOR, Plane.REGIONAL_CONTROL, zone.region or "", budget)
        case _:
            assert_never(zone)


def _by_switch(switch: schema.Switch, budget: timedelta) -> Rung:
    match switch:
        case schema.StopObject():
            return Rung(switch.name, Plane.DATA, switch.leads_to, budget)
        case schema.RoutingControls():
            return Rung(switch.name, Plane.DATA, "", budget)
        case _:
            assert_never(switch)
