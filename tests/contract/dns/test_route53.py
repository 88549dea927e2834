"""What only Route 53 has: kinds of record sets, ways to say no, and an SDK with habits."""

from __future__ import annotations

import ssl
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any, cast

import pytest
import trustme

from drctl.adapters.aws.clients import Clients
from drctl.adapters.route53.record_sets import as_state
from drctl.adapters.route53.zone import Keys, Route53Zone
from drctl.core.errors import (
    ConflictError,
    DeniedError,
    NotFoundError,
    OutcomeUnknownError,
    RefusedError,
    ThrottledError,
    UnreachableError,
)
from drctl.core.observed import RecordState
from drctl.lab.layout import ZONE, ZONE_ID
from drctl.ports.dns import Propagation, RecordSwap

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mypy_boto3_route53.type_defs import ResourceRecordSetTypeDef

    from contract.dns.providers import Route53Provider

NAME = "shop.lab.test"
EAST = RecordState(NAME, "A", 60, ("192.0.2.10",))
WEST = RecordState(NAME, "A", 60, ("198.51.100.10",))
SWITCH = (RecordSwap(EAST, WEST),)
WAIT = timedelta(seconds=1)


def _set(record_type: str, *values: str, name: str = NAME, **more: object) -> ResourceRecordSetTypeDef:
    records = [{"Value": value} for value in values]
    body = {"Name": name, "Type": record_type, "TTL": 60, "ResourceRecords": records} | more
    return cast("ResourceRecordSetTypeDef", body)


def _alias() -> ResourceRecordSetTypeDef:
    target = {"HostedZoneId": ZONE_ID, "DNSName": "lb.lab.test", "EvaluateTargetHealth": False}
    return cast("ResourceRecordSetTypeDef", {"Name": NAME, "Type": "A", "AliasTarget": target})


@pytest.mark.parametrize(
    ("record_set", "told"),
    [
        (_alias(), "AliasTarget"),
        (_set("A", "192.0.2.1", SetIdentifier="one", Weight=100), "Weight"),
        (_set("A", "192.0.2.1", SetIdentifier="one", Region="eu-west-1"), "Region"),
        (_set("A", "192.0.2.1", SetIdentifier="one", Failover="PRIMARY"), "Failover"),
        (_set("A", "192.0.2.1", SetIdentifier="one", MultiValueAnswer=True), "MultiValueAnswer"),
    ],
    ids=["alias", "weighted", "latency", "failover", "multivalue"],
)
def test_a_record_set_that_its_values_do_not_decide_is_refused_by_name(
    vendor: Route53Provider, record_set: ResourceRecordSetTypeDef, told: str
) -> None:
    vendor.put(record_set)
    zone = vendor.connect()

    with pytest.raises(RefusedError, match=f"{NAME} A cannot be switched.*{told}"):
        zone.record(NAME, "A")
    assert zone.record_types(NAME) == ("A",)


@pytest.mark.parametrize(
    "special",
    ["GeoLocation", "GeoProximityLocation", "CidrRoutingConfig", "TrafficPolicyInstanceId", "HealthCheckId", "Novelty"],
)
def test_so_is_one_with_anything_that_this_adapter_does_not_know(special: str) -> None:
    with pytest.raises(RefusedError, match=special):
        as_state(cast("Any", _set("A", "192.0.2.1", **{special: "x"})), NAME)


def test_types_beyond_one_page_of_the_listing_are_seen(vendor: Route53Provider) -> None:
    weighted = [_set("A", f"192.0.2.{number}", SetIdentifier=f"{number}", Weight=1) for number in range(120)]
    vendor.put(*weighted, _set("TXT", '"behind them"'))

    assert vendor.connect().record_types(NAME) == ("A", "TXT")


@pytest.mark.parametrize(
    ("record_type", "values", "shown"),
    [
        ("TXT", ('"one" "two"',), ("onetwo",)),
        ("TXT", (r'"\141\"\\ \303\251"',), ('a"\\ \xc3\xa9',)),
        ("TXT", ('"b"', '"a"'), ("a", "b")),
        ("AAAA", ("2001:DB8:0:0::1",), ("2001:db8::1",)),
        ("A", ("192.0.2.9", "192.0.2.10"), ("192.0.2.10", "192.0.2.9")),
    ],
    ids=["strings", "escapes", "order", "IPv6", "order of addresses"],
)
def test_a_value_is_shown_by_its_meaning_and_replaced_as_it_was_written(
    vendor: Route53Provider, record_type: str, values: tuple[str, ...], shown: tuple[str, ...]
) -> None:
    vendor.put(_set(record_type, *values))
    zone = vendor.connect()

    before = zone.record(NAME, record_type)
    assert before == RecordState(NAME, record_type, 60, shown)
    after = RecordState(NAME, record_type, 60, ("2001:db8::2",) if record_type == "AAAA" else ("192.0.2.1",))
    zone.swap((RecordSwap(before, after),), "test")
    assert zone.record(NAME, record_type) == after


def test_names_are_compared_without_case_and_final_dot(vendor: Route53Provider) -> None:
    vendor.put(_set("A", "192.0.2.10", name="Shop.LAB.test."))

    assert vendor.connect().record("SHOP.lab.test.", "A") == EAST


def test_a_character_that_is_no_byte_is_refused_before_anything_is_sent(vendor: Route53Provider) -> None:
    note = RecordState(NAME, "TXT", 60, ("snow \u2603",))

    with pytest.raises(RefusedError, match="beyond one byte"):
        vendor.connect().swap((RecordSwap(None, note),), "test")
    assert vendor.requests("POST") == 0


def test_a_long_comment_is_cut_to_what_route53_takes(vendor: Route53Provider) -> None:
    zone = vendor.connect()

    zone.swap((RecordSwap(None, EAST),), "c" * 1000)

    assert zone.record(NAME, "A") == EAST


def test_a_name_outside_of_the_zone_is_refused_for_good(vendor: Route53Provider) -> None:
    stray = RecordState("shop.example.com", "A", 60, ("192.0.2.1",))

    with pytest.raises(RefusedError, match="not permitted in zone"):
        vendor.connect().swap((RecordSwap(None, stray),), "test")


def test_a_zone_that_does_not_exist_is_not_found(vendor: Route53Provider) -> None:
    zone = vendor.connect(zone_id="ZNOWHERE")

    with pytest.raises(NotFoundError, match="ZNOWHERE") as found:
        zone.record(NAME, "A")
    assert "zone_id" in found.value.remedy
    with pytest.raises(NotFoundError):
        zone.swap(SWITCH, "test")


def test_an_unknown_key_is_denied(vendor: Route53Provider) -> None:
    with pytest.raises(DeniedError, match="InvalidClientTokenId"):
        vendor.connect(key_id="AKIDOTHER").record(NAME, "A")


def test_a_stale_value_in_the_old_form_of_the_error_is_a_conflict_too(vendor: Route53Provider) -> None:
    vendor.break_(old_error_form=True)

    with pytest.raises(ConflictError):
        vendor.connect().swap(SWITCH, "test")


def test_an_earlier_change_in_work_is_a_reason_to_wait(vendor: Route53Provider) -> None:
    vendor.break_(code="PriorRequestNotComplete", fail_next=1)
    zone = vendor.connect()

    with pytest.raises(ThrottledError) as told:
        zone.swap((RecordSwap(None, EAST),), "test")
    assert told.value.remedy.startswith("Wait 5 s")
    zone.swap((RecordSwap(None, EAST),), "test")


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_server_error_may_come_after_the_change_was_stored(vendor: Route53Provider, status: int) -> None:
    zone = vendor.connect()
    vendor.break_(status=status, code="InternalError", fail_next=1)

    with pytest.raises(OutcomeUnknownError):
        zone.swap((RecordSwap(None, EAST),), "test")


def test_reads_are_tried_again_and_writes_never(vendor: Route53Provider) -> None:
    zone = vendor.connect()
    vendor.break_(status=500, code="InternalError", fail_next=2)
    assert zone.record(NAME, "A") is None
    assert vendor.requests("GET") == 3

    vendor.break_(status=500, code="InternalError")
    with pytest.raises(OutcomeUnknownError):
        zone.swap((RecordSwap(None, EAST),), "test")
    assert vendor.requests("POST") == 1


def test_after_an_unanswered_write_nobody_knows_what_the_newest_change_is(vendor: Route53Provider) -> None:
    zone = vendor.connect()
    zone.swap((RecordSwap(None, EAST),), "test")
    vendor.lose_next_answer()
    with pytest.raises(OutcomeUnknownError):
        zone.swap(SWITCH, "test")

    assert zone.propagation() is Propagation.UNKNOWN


def test_a_change_is_pending_before_it_is_in_sync(vendor: Route53Provider) -> None:
    vendor.break_(pending_seconds=60)
    zone = vendor.connect()

    zone.swap((RecordSwap(None, EAST),), "test")

    assert zone.propagation() is Propagation.PENDING


def test_no_connection_means_that_nothing_was_sent() -> None:
    # Port 1 of loopback takes no connection.
    zone = Route53Zone(ZONE, ZONE_ID, Clients(Keys("AKID", "secret"), "http://127.0.0.1:1", WAIT))

    with pytest.raises(UnreachableError):
        zone.swap(SWITCH, "test")
    zone.close()


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>Please log in</html>")

    do_POST = do_GET  # noqa: N815 - http.server's own naming

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _QuietServer(HTTPServer):
    def handle_error(self, *_: object) -> None:
        """Say nothing: clients that refuse a certificate hang up."""


@contextmanager
def _login_page(context: ssl.SSLContext | None = None) -> Iterator[int]:
    server = _QuietServer(("127.0.0.1", 0), _Page)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_page_from_something_in_between_is_no_answer() -> None:
    with _login_page() as port:
        zone = Route53Zone(ZONE, ZONE_ID, Clients(Keys("AKID", "secret"), f"http://127.0.0.1:{port}", WAIT))
        with pytest.raises(UnreachableError, match="not Route 53"):
            zone.record(NAME, "A")
        with pytest.raises(OutcomeUnknownError, match="not Route 53"):
            zone.swap(SWITCH, "test")
        zone.close()


def test_nothing_is_sent_to_a_server_that_is_not_trusted() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with _login_page(context) as port:
        zone = Route53Zone(ZONE, ZONE_ID, Clients(Keys("AKID", "secret"), f"https://127.0.0.1:{port}", WAIT))
        with pytest.raises(UnreachableError, match="certificate"):
            zone.swap(SWITCH, "test")
        zone.close()


def test_a_silent_vendor_costs_a_read_its_timeout_and_the_pauses_between_its_tries(vendor: Route53Provider) -> None:
    zone = vendor.connect()
    zone.record(NAME, "A")
    vendor.fall_silent()

    began = time.monotonic()
    with pytest.raises(UnreachableError):
        zone.record(NAME, "A")
    assert time.monotonic() - began < 1.5 + 3 + 1


def test_without_keys_anywhere_the_remedy_says_where_they_go(
    vendor: Route53Provider, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    zone = Route53Zone(ZONE, ZONE_ID, Clients(Keys(), vendor.server.api_url, WAIT))

    began = time.monotonic()
    with pytest.raises(DeniedError, match="no credentials") as told:
        zone.record(NAME, "A")
    assert "access_key_id" in told.value.remedy
    # No look at EC2's metadata address, which costs seconds where nobody answers.
    assert time.monotonic() - began < 1
    zone.close()


def test_without_keys_aws_own_chain_is_used(vendor: Route53Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDLAB")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    zone = Route53Zone(ZONE, ZONE_ID, Clients(Keys(), vendor.server.api_url, WAIT))

    assert zone.record(NAME, "A") is None
    zone.close()


def test_keys_of_drctl_do_not_depend_on_the_shells_profile(
    vendor: Route53Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")

    assert vendor.connect().record(NAME, "A") is None


def test_a_loopback_endpoint_is_never_asked_through_a_proxy(
    vendor: Route53Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")

    assert vendor.connect().record(NAME, "A") is None


def test_a_key_is_not_shown() -> None:
    assert "hidden" not in repr(Keys("AKID", "hidden"))


def test_every_client_of_the_sdk_has_its_limits() -> None:
    clients = Clients(Keys("AKID", "secret"), "", timedelta(seconds=10))

    reading, writing = (cast("Any", client.meta.config) for client in (clients.reading(), clients.writing()))
    assert (reading.connect_timeout, reading.read_timeout) == pytest.approx((3, 10 / 3))
    assert (writing.connect_timeout, writing.read_timeout) == pytest.approx((3, 10))
    assert reading.retries["total_max_attempts"] == 3
    assert writing.retries["total_max_attempts"] == 1
    assert clients.reading() is clients.reading()
    assert clients.writing().meta.endpoint_url == "https://route53.amazonaws.com"
    clients.close()
