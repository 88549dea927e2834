"""The rest of Route 53's API: listing, changes in work, access, health checks, and its bad days."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from drctl.lab.http_json import JsonCaller
from lab.dns.conftest import Route53, create, delete, sdk

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.dns.conftest import Eventually

SHOP = create("A", "192.0.2.1")


def _code(act: Callable[[], object]) -> tuple[str, int]:
    with pytest.raises(ClientError) as refused:
        act()
    response = refused.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def test_a_new_zone_has_its_servers_and_its_end(route53: Route53) -> None:
    made = route53.client.create_hosted_zone(Name="example.com", CallerReference="one")

    zone_id = made["HostedZone"]["Id"]
    listed = route53.client.list_resource_record_sets(HostedZoneId=zone_id)["ResourceRecordSets"]
    assert [(one["Type"], one["TTL"]) for one in listed] == [("NS", 172_800), ("SOA", 900)]
    assert listed[1]["ResourceRecords"][0]["Value"].endswith(" 86400")
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert made["ChangeInfo"]["Status"] == "PENDING"
    again = lambda: route53.client.create_hosted_zone(Name="example.com", CallerReference="one")  # noqa: E731
    assert _code(again)[1] == 409


def test_the_listing_is_sorted_by_labels_from_the_right_and_starts_where_asked(route53: Route53) -> None:
    names = ["b.lab.test", "a.b.lab.test", "a.lab.test", "z.a.lab.test"]
    route53.send(*(create("A", "192.0.2.1", name=name) for name in names), create("TXT", '"x"', name="b.lab.test"))

    assert [(one["Name"], one["Type"]) for one in route53.listed()] == [
        ("lab.test.", "NS"),
        ("lab.test.", "SOA"),
        ("a.lab.test.", "A"),
        ("z.a.lab.test.", "A"),
        ("b.lab.test.", "A"),
        ("b.lab.test.", "TXT"),
        ("a.b.lab.test.", "A"),
    ]
    page = route53.client.list_resource_record_sets(
        HostedZoneId="Z0LAB", StartRecordName="b.lab.test", StartRecordType="TXT", MaxItems="1"
    )
    assert [one["Type"] for one in page["ResourceRecordSets"]] == ["TXT"]
    assert (page["IsTruncated"], page["NextRecordName"], page["NextRecordType"]) == (True, "a.b.lab.test.", "A")


def test_the_sdks_own_paginator_sees_every_record_set_once(route53: Route53) -> None:
    weighted = [create("A", f"192.0.2.{n}", SetIdentifier=f"{n}", Weight=1) for n in range(7)]
    route53.send(*weighted, create("A", "192.0.2.1", name="after.shop.lab.test"))

    pages = route53.client.get_paginator("list_resource_record_sets").paginate(
        HostedZoneId="Z0LAB", PaginationConfig={"PageSize": 3}
    )
    found = [
        (one["Name"], one["Type"], one.get("SetIdentifier")) for page in pages for one in page["ResourceRecordSets"]
    ]
    assert len(found) == len(set(found)) == 10


def test_a_wildcard_is_listed_in_octal(route53: Route53) -> None:
    route53.send(create("A", "192.0.2.1", name="*.lab.test"))

    assert route53.listed()[-1]["Name"] == r"\052.lab.test."
    route53.send(delete("A", "192.0.2.1", name=r"\052.lab.test"))


def test_a_change_is_pending_until_it_is_in_sync(route53: Route53, eventually: Eventually) -> None:
    route53.break_(pending_seconds=0.3)
    change_id = route53.send(SHOP)

    assert change_id.startswith("/change/")
    assert route53.sync_status(change_id) == "PENDING"
    eventually(lambda: route53.sync_status(change_id) == "INSYNC")


def test_a_change_that_was_never_made_is_not_found(route53: Route53) -> None:
    assert _code(lambda: route53.sync_status("C0NOBODY")) == ("NoSuchChange", 404)


def test_an_unknown_key_and_a_missing_signature_are_refused(route53: Route53) -> None:
    stranger = sdk(route53.server, key_id="AKIDOTHER")

    assert _code(lambda: stranger.get_hosted_zone(Id="Z0LAB")) == ("InvalidClientTokenId", 403)
    unsigned = JsonCaller(route53.server.api_url).call("GET", "/2013-04-01/hostedzone/Z0LAB")
    assert (unsigned.status, "MissingAuthenticationToken" in unsigned.text) == (403, True)
    stranger.close()


@pytest.mark.parametrize(
    ("code", "status"),
    [("Throttling", 400), ("PriorRequestNotComplete", 400), ("AccessDenied", 403), ("InternalError", 500)],
)
def test_a_bad_day_refuses_as_often_as_told_and_applies_nothing(route53: Route53, code: str, status: int) -> None:
    route53.break_(code=code, fail_next=2)

    assert [_code(lambda: route53.send(SHOP)) for _ in range(2)] == [(code, status)] * 2
    assert route53.listed("shop.lab.test") == []
    route53.send(SHOP)


def test_a_lost_answer_was_applied(route53: Route53) -> None:
    route53.break_(drop_after_apply_next=1)

    with pytest.raises(ConnectionClosedError):
        route53.send(SHOP)
    assert len(route53.listed("shop.lab.test")) == 1


def test_a_hanging_service_applies_nothing(route53: Route53) -> None:
    hasty = Route53(route53.server, sdk(route53.server, read_seconds=0.5))
    route53.break_(hang=True)

    with pytest.raises(ReadTimeoutError):
        hasty.send(SHOP)
    route53.break_()
    assert route53.listed("shop.lab.test") == []
    hasty.client.close()


def test_the_old_form_of_an_invalid_batch_has_no_code(route53: Route53) -> None:
    route53.break_(old_error_form=True)

    with pytest.raises(ClientError) as refused:
        route53.send(delete("A", "192.0.2.1"))
    assert refused.value.response["Error"]["Code"] == ""
    assert "Messages" in refused.value.response


def test_an_unknown_fault_is_refused(route53: Route53) -> None:
    answer = JsonCaller(route53.server.admin_url).call("POST", "/faults", {"slowness": 3})

    assert (answer.status, "slowness" in answer.text) == (400, True)


def test_the_audit_tells_reads_from_writes(route53: Route53) -> None:
    route53.send(SHOP, create("TXT", '"x"'))
    route53.listed()

    entries = JsonCaller(route53.server.admin_url).must("GET", "/audit")
    assert [(one["method"], one["actions"], one["status"]) for one in entries] == [("POST", 2, 200), ("GET", 0, 200)]


def test_a_health_check_is_changed_at_the_version_that_was_seen_only(route53: Route53) -> None:
    config: Any = {"Type": "HTTPS", "FullyQualifiedDomainName": "east.lab.test", "Port": 443}
    check = route53.client.create_health_check(CallerReference="one", HealthCheckConfig=config)["HealthCheck"]
    again = lambda: route53.client.create_health_check(CallerReference="one", HealthCheckConfig=config)  # noqa: E731
    assert _code(again) == ("HealthCheckAlreadyExists", 409)

    def invert(version: int) -> object:
        return route53.client.update_health_check(HealthCheckId=check["Id"], HealthCheckVersion=version, Inverted=True)

    assert _code(lambda: invert(9)) == ("HealthCheckVersionMismatch", 409)
    invert(1)
    assert route53.client.get_health_check(HealthCheckId=check["Id"])["HealthCheck"]["HealthCheckVersion"] == 2


def test_accelerated_recovery_is_shown_with_the_zone(route53: Route53) -> None:
    route53.client.update_hosted_zone_features(HostedZoneId="Z0LAB", EnableAcceleratedRecovery=True)

    zone: Any = route53.client.get_hosted_zone(Id="Z0LAB")["HostedZone"]
    assert zone["Features"]["AcceleratedRecoveryStatus"] == "ENABLED"
