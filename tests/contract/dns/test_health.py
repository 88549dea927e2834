"""Health checks of Route 53's members, as its checkers see them and as it judges them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from contract.dns.ways import EAST_ADDRESS, WEST_ADDRESS, ByMembers
from drctl.core.topology import RecordMode
from drctl.lab.http_json import JsonCaller
from drctl.lab.layout import ZONE_ID
from drctl.ports.dns import HealthReader, HindranceReader, Light

if TYPE_CHECKING:
    from mypy_boto3_route53.type_defs import ResourceRecordSetTypeDef

    from contract.dns.providers import Route53Provider
    from drctl.ports.dns import MemberHealth

ENDPOINT = {"Type": "HTTPS", "FullyQualifiedDomainName": "west.example.com", "ResourcePath": "/healthz"}


def checked(vendor: Route53Provider, settings: dict[str, Any] | None) -> str:
    """Prepare both members; the standby's has such a check. Return the check's id."""
    way = ByMembers(vendor, RecordMode.FAILOVER)
    west = dict(way.member("west", WEST_ADDRESS))
    check = "" if settings is None else vendor.create_health_check("west", settings)
    if check:
        west["HealthCheckId"] = check
    vendor.put(way.member("east", EAST_ADDRESS, active=True), cast("ResourceRecordSetTypeDef", west))
    return check


def seen(vendor: Route53Provider) -> MemberHealth:
    zone = vendor.connect()
    assert isinstance(zone, HealthReader)
    return zone.member_health("shop.lab.test", "A", (WEST_ADDRESS,))


def codes(health: MemberHealth) -> list[str]:
    return [finding.code for finding in health.findings]


def test_a_member_whose_checkers_are_content_is_green(vendor: Route53Provider) -> None:
    checked(vendor, ENDPOINT)

    assert seen(vendor).light is Light.GREEN
    assert codes(seen(vendor)) == []


def test_a_member_whose_checkers_are_not_is_red(vendor: Route53Provider) -> None:
    check = checked(vendor, ENDPOINT)
    JsonCaller(vendor.server.admin_url).must("POST", "/health", {"id": check, "ok": False})

    assert seen(vendor).light is Light.RED
    assert "0 of 3 checkers" in seen(vendor).message


@pytest.mark.parametrize(
    ("settings", "light", "found"),
    [
        pytest.param(None, Light.NONE, [], id="none"),
        pytest.param({**ENDPOINT, "Inverted": True}, Light.NONE, [], id="a stop object's"),
        pytest.param(
            {"Type": "RECOVERY_CONTROL", "RoutingControlArn": "arn:x"}, Light.NONE, [], id="a routing control's"
        ),
        pytest.param({**ENDPOINT, "Disabled": True}, Light.GREEN, ["check-disabled"], id="disabled"),
        pytest.param({**ENDPOINT, "FailureThreshold": 10}, Light.GREEN, ["check-slow"], id="slow"),
        pytest.param(
            {**ENDPOINT, "FullyQualifiedDomainName": "Shop.lab.test"},
            Light.GREEN,
            ["check-asks-itself"],
            id="of itself",
        ),
    ],
)
def test_what_a_check_is_worth_is_told(
    vendor: Route53Provider, settings: dict[str, Any] | None, light: Light, found: list[str]
) -> None:
    checked(vendor, settings)

    assert seen(vendor).light is light
    assert codes(seen(vendor)) == found


def hindered_by(vendor: Route53Provider) -> list[str]:
    zone = vendor.connect()
    assert isinstance(zone, HindranceReader)
    return [finding.code for finding in zone.hindrances("shop.lab.test", "A")]


def test_a_zone_whose_api_comes_back_late_is_told(vendor: Route53Provider) -> None:
    assert hindered_by(vendor) == ["recovery-not-accelerated"]

    vendor.owner.update_hosted_zone_features(HostedZoneId=ZONE_ID, EnableAcceleratedRecovery=True)

    assert hindered_by(vendor) == []


def test_a_protected_record_is_told_before_it_refuses_a_run(vendor: Route53Provider) -> None:
    owner: Any = vendor.owner
    owner.create_resource_record_set_protections(
        HostedZoneId=ZONE_ID, Protections=[{"RecordName": "shop.lab.test", "RecordType": "A"}]
    )

    assert hindered_by(vendor) == ["record-protected", "recovery-not-accelerated"]
