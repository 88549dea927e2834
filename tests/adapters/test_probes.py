from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from drctl.adapters.clock import SystemClock
from drctl.adapters.probes.http import HttpProbes, Limits, PublicName
from drctl.core.errors import RefusedError, UnreachableError
from drctl.core.topology import ProbeKind, ProbeRule, Region

if TYPE_CHECKING:
    from pathlib import Path

    from adapters.conftest import Site

NAME = "shop.lab.test"
HOME = ProbeRule("home", "/", region_header="X-Region")
ORDER = ProbeRule("order", "/orders", ProbeKind.WRITE, "POST", '{"id": "drctl-smoke"}', (201,), "X-Drctl-Smoke")
# A loopback address on which nobody listens.
DEAD = "127.0.0.77"


def probes(site: Site, *addresses: str, ca_file: str | None = None, limits: Limits | None = None) -> HttpProbes:
    public = PublicName(NAME, site.port, site.ca_file if ca_file is None else ca_file)
    return HttpProbes(public, lambda _name: addresses, SystemClock(threading.Event()), limits)


def region(site: Site, *addresses: str) -> Region:
    return Region("east", addresses or ("127.0.0.1",), site.port)


def test_a_region_is_asked_by_address_with_the_public_names_host_and_sni(site: Site) -> None:
    site.headers["X-Region"] = "east"

    answer = probes(site).pinned(HOME, region(site))

    assert (answer.status, answer.region, answer.body, answer.error) == (200, "east", "hello", "")
    assert answer.elapsed > timedelta(0)
    assert site.asked[0].headers["Host"] == f"{NAME}:{site.port}"
    assert site.handshakes == [NAME]


def test_the_host_has_no_port_where_it_is_https_own() -> None:
    assert PublicName(NAME).host == NAME


def test_the_public_name_is_resolved_on_each_call(site: Site) -> None:
    asked: list[str] = []

    def resolve(name: str) -> tuple[str, ...]:
        asked.append(name)
        return ("127.0.0.1",)

    http = HttpProbes(PublicName(NAME, site.port, site.ca_file), resolve, SystemClock(threading.Event()))

    assert http.public(HOME).status == 200
    assert http.public(HOME).status == 200
    assert asked == [NAME, NAME]


def test_each_attempt_has_a_connection_of_its_own(site: Site) -> None:
    http = probes(site, "127.0.0.1")

    for _ in range(3):
        assert http.public(HOME).status == 200

    assert len({asked.peer for asked in site.asked}) == 3


def test_a_name_that_does_not_resolve_is_an_answer_with_an_error(site: Site) -> None:
    def resolve(name: str) -> tuple[str, ...]:
        raise UnreachableError(f"{name}: no resolver answered")

    http = HttpProbes(PublicName(NAME, site.port, site.ca_file), resolve, SystemClock(threading.Event()))

    answer = http.public(HOME)

    assert (answer.status, answer.error) == (0, f"{NAME}: no resolver answered")


def test_a_name_without_addresses_is_an_answer_with_an_error(site: Site) -> None:
    assert probes(site).public(HOME).error == f"{NAME} has no address"


def test_a_second_address_is_asked_where_the_first_takes_no_connection(site: Site) -> None:
    assert probes(site, DEAD, "127.0.0.1").public(HOME).status == 200


def test_a_region_where_nobody_listens_is_an_answer_with_an_error(site: Site) -> None:
    answer = probes(site).pinned(HOME, region(site, DEAD))

    assert answer.status == 0
    assert DEAD in answer.error


def test_a_certificate_of_another_authority_is_an_error(site: Site) -> None:
    answer = probes(site, ca_file=site.other_ca_file).pinned(HOME, region(site))

    assert answer.status == 0
    assert "CERTIFICATE_VERIFY_FAILED" in answer.error
    assert site.asked == []


def test_the_systems_trust_store_does_not_know_the_lab(site: Site) -> None:
    assert "CERTIFICATE_VERIFY_FAILED" in probes(site, ca_file="").pinned(HOME, region(site)).error


def test_a_certificate_of_another_name_is_an_error(site: Site) -> None:
    public = PublicName("other.lab.test", site.port, site.ca_file)
    http = HttpProbes(public, lambda _name: (), SystemClock(threading.Event()))

    assert "other.lab.test" in http.pinned(HOME, region(site)).error


def test_a_redirect_is_not_followed(site: Site) -> None:
    site.status, site.headers["Location"] = 302, "/elsewhere"

    assert probes(site).pinned(HOME, region(site)).status == 302
    assert [asked.path for asked in site.asked] == ["/"]


def test_a_servers_failure_is_an_answer_with_its_status(site: Site) -> None:
    site.status = 503

    answer = probes(site).pinned(HOME, region(site))

    assert (answer.status, answer.error, answer.region) == (503, "", "")


def test_a_server_that_does_not_answer_ends_in_time(site: Site) -> None:
    site.hold = threading.Event()
    limits = Limits(connect=timedelta(seconds=1), total=timedelta(milliseconds=300))

    answer = probes(site, limits=limits).pinned(HOME, region(site))

    assert answer.status == 0
    assert answer.error
    assert timedelta(milliseconds=250) < answer.elapsed < timedelta(seconds=5)


def test_a_shells_proxy_is_not_on_the_way(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")

    assert probes(site).pinned(HOME, region(site)).status == 200


def test_a_write_carries_its_marker_and_its_body(site: Site) -> None:
    site.status = 201

    answer = probes(site).write(ORDER, region(site), "drctl-smoke-r1")

    assert answer.status == 201
    (asked,) = site.asked
    assert (asked.method, asked.path, asked.body) == ("POST", "/orders", b'{"id": "drctl-smoke"}')
    assert asked.headers["X-Drctl-Smoke"] == "drctl-smoke-r1"


def test_a_write_without_an_answer_is_not_sent_to_a_second_address(site: Site) -> None:
    site.hold = threading.Event()
    limits = Limits(total=timedelta(milliseconds=300))

    answer = probes(site, limits=limits).write(ORDER, region(site, "127.0.0.1", "127.0.0.1"), "m")

    assert answer.error
    assert len(site.asked) == 1


def test_a_long_body_is_cut(site: Site) -> None:
    site.body = b"x" * 300_000

    assert len(probes(site).pinned(HOME, region(site)).body) == 64 * 1024


def test_a_trust_store_that_is_not_there_is_refused(site: Site, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="cannot be read as certificates"):
        probes(site, ca_file=str(tmp_path / "nothing.pem"))


def test_a_trust_store_that_is_no_certificate_is_refused(site: Site, tmp_path: Path) -> None:
    (tmp_path / "nonsense.pem").write_text("nonsense")

    with pytest.raises(RefusedError, match="cannot be read as certificates"):
        probes(site, ca_file=str(tmp_path / "nonsense.pem"))
