"""Route 53 record sets with a routing policy: what can be moved, and what is refused before anything is written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from contract.dns.ways import EAST_ADDRESS, WEST_ADDRESS, ByMembers
from drctl.core.errors import RefusedError
from drctl.core.observed import RecordState
from drctl.core.topology import RecordMode
from drctl.ports.dns import RecordSwap

if TYPE_CHECKING:
    from mypy_boto3_route53.type_defs import ResourceRecordSetTypeDef

    from contract.dns.providers import Route53Provider


def with_fields(member: ResourceRecordSetTypeDef, **fields: object) -> ResourceRecordSetTypeDef:
    return cast("ResourceRecordSetTypeDef", {**member, **fields})


def alias(name: str) -> dict[str, Any]:
    return {"AliasTarget": {"HostedZoneId": "Z0LAB", "DNSName": name, "EvaluateTargetHealth": True}}


def test_traffic_that_is_split_by_weight_belongs_to_no_region(vendor: Route53Provider) -> None:
    way = ByMembers(vendor, RecordMode.WEIGHTED)
    east, west = way.member("east", EAST_ADDRESS, active=True), way.member("west", WEST_ADDRESS)
    vendor.put(with_fields(east, Weight=90), with_fields(west, Weight=10))

    with pytest.raises(RefusedError, match="split by weight"):
        vendor.connect().record(way.name, "A")


def test_all_weights_at_zero_are_no_active_region(vendor: Route53Provider) -> None:
    way = ByMembers(vendor, RecordMode.WEIGHTED)
    vendor.put(way.member("east", EAST_ADDRESS), way.member("west", WEST_ADDRESS))

    with pytest.raises(RefusedError, match="no member is the active one"):
        vendor.connect().record(way.name, "A")


def test_a_region_without_a_member_cannot_be_moved_to(vendor: Route53Provider) -> None:
    way = ByMembers(vendor, RecordMode.FAILOVER)
    way.prepare()
    zone = vendor.connect()
    east = zone.record(way.name, "A")
    assert east is not None
    written = vendor.requests("POST")

    with pytest.raises(RefusedError, match="no member holds"):
        zone.swap((RecordSwap(east, replace(east, values=("203.0.113.1",))),), "test")
    assert vendor.requests("POST") == written


def test_a_simple_record_is_no_member_of_anything(vendor: Route53Provider) -> None:
    way = ByMembers(vendor, RecordMode.FAILOVER)
    vendor.put(
        cast(
            "ResourceRecordSetTypeDef",
            {"Name": way.name, "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": EAST_ADDRESS}]},
        )
    )

    with pytest.raises(RefusedError, match="have no Failover"):
        vendor.connect().record(way.name, "A")


def test_several_members_of_a_region_move_together(vendor: Route53Provider) -> None:
    way = ByMembers(vendor, RecordMode.WEIGHTED)
    west = ("198.51.100.10", "198.51.100.11")
    vendor.put(way.member("east", EAST_ADDRESS, active=True), *(way.member(f"west-{one}", one) for one in west))
    zone = vendor.connect()
    before = zone.record(way.name, "A")
    assert before is not None

    zone.swap((RecordSwap(before, replace(before, values=west)),), "test")

    assert vendor.connect().record(way.name, "A") == RecordState(way.name, "A", 60, west)


def test_aliases_change_places_and_are_known_by_the_names_that_they_stand_for(vendor: Route53Provider) -> None:
    way = ByMembers(vendor, RecordMode.FAILOVER)
    name, kind = way.name, "A"
    places = {"east": "PRIMARY", "west": "SECONDARY"}
    for region, address in (("east", EAST_ADDRESS), ("west", WEST_ADDRESS)):
        target: dict[str, Any] = {"Name": f"lb-{region}.lab.test", "Type": kind, "TTL": 60}
        vendor.put(cast("ResourceRecordSetTypeDef", target | {"ResourceRecords": [{"Value": address}]}))
        body: dict[str, Any] = {"Name": name, "Type": kind, "SetIdentifier": region, "Failover": places[region]}
        vendor.put(cast("ResourceRecordSetTypeDef", body | alias(f"LB-{region}.lab.test.")))
    zone = vendor.connect()
    before = zone.record(name, kind)
    assert before == RecordState(name, kind, 60, ("lb-east.lab.test",))

    zone.swap((RecordSwap(before, replace(before, values=("lb-west.lab.test",))),), "test")

    moved = vendor.connect().record(name, kind)
    assert moved is not None
    assert moved.values == ("lb-west.lab.test",)


def test_what_is_not_the_moves_business_stays_with_its_member(vendor: Route53Provider) -> None:
    way = ByMembers(vendor, RecordMode.FAILOVER)
    vendor.put(
        with_fields(way.member("east", EAST_ADDRESS, active=True), TTL=30),
        with_fields(way.member("west", WEST_ADDRESS), TTL=20),
    )
    zone = vendor.connect()
    before = zone.record(way.name, "A")
    assert before is not None

    zone.swap((RecordSwap(before, replace(before, values=(WEST_ADDRESS,))),), "test")

    assert vendor.connect().record(way.name, "A") == RecordState(way.name, "A", 20, (WEST_ADDRESS,))
