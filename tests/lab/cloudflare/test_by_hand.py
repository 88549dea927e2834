"""The lines that drctl prints for people: each is run by a shell, as it is, against the stand-in of its vendor."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from contract.dns.providers import route53 as route53_vendor
from contract.dns.ways import WEST_ADDRESS, ByMembers
from drctl.adapters.route53.zone import Clients, Keys, Route53Zone
from drctl.config.by_hand import _dns
from drctl.config.schema import CloudflareZone, SecretReference
from drctl.config.schema import Route53Zone as Route53Settings
from drctl.core.access import DnsAccess, DnsVendor
from drctl.core.observed import RecordState
from drctl.core.topology import RecordMode
from drctl.lab.credentials import CLOUDFLARE_TOKEN
from drctl.lab.layout import CLOUDFLARE_NAME, CLOUDFLARE_ZONE, CLOUDFLARE_ZONE_ID, PUBLIC_NAME, ZONE, ZONE_ID
from drctl.lab.route53_api.http_api import ACCESS_KEY_ID
from drctl.lab.route53_api.server import running as route53_running
from drctl.ports.dns import RecordSwap
from drctl.steps.dns_lines import lines

if TYPE_CHECKING:
    from lab.cloudflare.conftest import Lab, Records

WEST = ("198.51.100.1",)


def run(line: str) -> subprocess.CompletedProcess[str]:
    """Run a line as somebody would who has drctl's environment active."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": os.environ.get("HOME", "/"), "NO_PROXY": "*"}
    return subprocess.run(["sh", "-c", line], capture_output=True, text=True, env=environment, timeout=60, check=False)


@pytest.fixture
def cloudflare(lab: Lab, tmp_path: Path) -> DnsAccess:
    """How drctl.yaml reaches the stand-in: its token in a file whose path has a blank."""
    token = tmp_path / "my token"
    token.write_text(f"{CLOUDFLARE_TOKEN}\n")
    settings = CloudflareZone(
        zone=CLOUDFLARE_ZONE,
        vendor="cloudflare",
        zone_id=CLOUDFLARE_ZONE_ID,
        endpoint=lab.server.api_url,
        api_token=SecretReference(file=token),
    )
    return DnsAccess(CLOUDFLARE_ZONE, DnsVendor.CLOUDFLARE, _dns(settings))


def switched(access: DnsAccess, values: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    """Run both lines of the name."""
    look, switch = lines(access, CLOUDFLARE_NAME, "A", values)
    assert not look.writes
    assert switch.writes
    assert run(look.line).returncode == 0
    return run(switch.line)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (("192.0.2.1",), WEST),
        (("192.0.2.1", "192.0.2.2", "192.0.2.3"), WEST),
        (("192.0.2.1",), ("198.51.100.1", "198.51.100.2")),
        (("192.0.2.1", "192.0.2.2"), ("198.51.100.1", "198.51.100.2")),
    ],
    ids=["one to one", "three to one", "one to two", "two to two"],
)
def test_a_line_switches_a_name_at_cloudflare_and_nothing_else(
    cloudflare: DnsAccess, records: Records, before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    for value in before:
        records.post(value, ttl=60)
    records.post("192.0.2.1", name="other")
    records.post("hello", kind="TXT")

    done = switched(cloudflare, after)

    assert done.returncode == 0, done.stderr
    assert records.contents(type="A", name={"exact": CLOUDFLARE_NAME}, order="content") == list(after)
    assert records.contents(name={"startswith": "other"}) == ["192.0.2.1"]
    assert records.contents(type="TXT") == ["hello"]


def test_a_line_keeps_the_ttl_at_cloudflare(cloudflare: DnsAccess, lab: Lab, records: Records) -> None:
    records.post("192.0.2.1", ttl=120)
    switched(cloudflare, WEST)

    assert lab.zone().record(CLOUDFLARE_NAME, "A") == RecordState(CLOUDFLARE_NAME, "A", 120, WEST)


def test_the_same_line_again_changes_nothing(cloudflare: DnsAccess, records: Records) -> None:
    records.post("192.0.2.1")
    switched(cloudflare, WEST)

    assert switched(cloudflare, WEST).returncode == 0
    assert records.contents() == list(WEST)


def test_a_name_that_is_not_there_fails_and_makes_nothing(cloudflare: DnsAccess, records: Records) -> None:
    done = switched(cloudflare, WEST)

    assert done.returncode != 0
    assert "no such record" in done.stderr
    assert records.contents() == []


def test_a_refused_edit_fails_and_deletes_nothing(cloudflare: DnsAccess, lab: Lab, records: Records) -> None:
    for number in (1, 2):
        records.post(f"192.0.2.{number}")
    lab.break_(code=10000, only="writes")

    done = switched(cloudflare, WEST)

    assert done.returncode != 0
    assert "10000" in done.stdout
    assert records.contents(order="content") == ["192.0.2.1", "192.0.2.2"]


def test_a_line_switches_a_name_at_route_53_and_keeps_its_ttl(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(ACCESS_KEY_ID)
    before, after = (RecordState(PUBLIC_NAME, "A", 2, values) for values in (("192.0.2.1", "192.0.2.2"), WEST))
    with route53_running() as server:
        reference = SecretReference(file=key)
        settings = Route53Settings(
            zone=ZONE,
            vendor="route53",
            zone_id=ZONE_ID,
            endpoint=server.api_url,
            access_key_id=reference,
            secret_access_key=reference,
        )
        zone = Route53Zone(ZONE, ZONE_ID, Clients(Keys(ACCESS_KEY_ID, "secret"), server.api_url))
        zone.swap((RecordSwap(None, before),), "test")

        look, switch = lines(DnsAccess(ZONE, DnsVendor.ROUTE53, _dns(settings)), PUBLIC_NAME, "A", WEST)
        looked, done = run(look.line), run(switch.line)

        assert (looked.returncode, looked.stderr, done.returncode, done.stderr) == (0, "", 0, "")
        assert zone.record(PUBLIC_NAME, "A") == after
        zone.close()


@pytest.mark.parametrize("mode", [RecordMode.WEIGHTED, RecordMode.FAILOVER])
def test_route_53s_members_change_places_by_hand(tmp_path: Path, mode: RecordMode) -> None:
    key = tmp_path / "key"
    key.write_text(ACCESS_KEY_ID)
    with route53_vendor() as vendor:
        way = ByMembers(vendor, mode)
        way.prepare()
        reference, place = SecretReference(file=key), vendor.server.api_url
        settings = Route53Settings(
            zone=ZONE,
            vendor="route53",
            zone_id=ZONE_ID,
            endpoint=place,
            access_key_id=reference,
            secret_access_key=reference,
        )
        access = DnsAccess(ZONE, DnsVendor.ROUTE53, _dns(settings))

        look, switch = lines(access, way.name, "A", (WEST_ADDRESS,), mode)
        looked, done = run(look.line), run(switch.line)

        assert (looked.returncode, done.returncode, done.stderr) == (0, 0, "")
        assert WEST_ADDRESS in looked.stdout
        assert vendor.connect().record(way.name, "A") == RecordState(way.name, "A", 60, (WEST_ADDRESS,))
