from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from contract.dns.acme import acme
from contract.dns.bind import NotInstalledError, bind
from contract.dns.providers import PATIENCE, FakeProvider, Route53Provider, cloudflare, route53
from contract.dns.ways import ByMembers, ByValue
from drctl.core.topology import RecordMode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contract.dns.bind import Bind
    from contract.dns.providers import Provider
    from contract.dns.ways import Way


_BIND = pytest.param("bind", marks=pytest.mark.bind)


@pytest.fixture(params=["fake", "route53", "cloudflare", "acme", _BIND])
def provider(request: pytest.FixtureRequest) -> Iterator[Provider]:
    """Every vendor, one after the other."""
    with opened(request.param) as provider:
        yield provider


@pytest.fixture(params=["fake", "route53", "route53-weighted", "route53-failover", "cloudflare", "acme", _BIND])
def way(request: pytest.FixtureRequest) -> Iterator[Way]:
    """Every way to move a record, one after the other."""
    vendor, _, mode = request.param.partition("-")
    with opened(vendor) as provider:
        yield (
            ByMembers(provider, RecordMode(mode))
            if isinstance(provider, Route53Provider) and mode
            else ByValue(provider)
        )


@contextmanager
def opened(vendor: str) -> Iterator[Provider]:
    """Run a vendor."""
    match vendor:
        case "fake":
            yield FakeProvider()
        case "route53":
            with route53() as first:
                yield first
        case "cloudflare":
            with cloudflare() as second:
                yield second
        case "acme":
            with acme(PATIENCE) as outsider:
                yield outsider
        case _:
            with own_server() as third:
                yield third


@contextmanager
def own_server() -> Iterator[Bind]:
    """A real BIND, or a skip that says what is missing."""
    try:
        with bind(PATIENCE) as server:
            yield server
    except NotInstalledError as missing:
        pytest.skip(f"no BIND here ({missing}): apt-get install bind9")


@pytest.fixture
def own() -> Iterator[Bind]:
    """BIND alone, for what only it has."""
    with own_server() as server:
        yield server


@pytest.fixture
def vendor() -> Iterator[Route53Provider]:
    """Route 53 alone, for what only it has."""
    with route53() as provider:
        yield provider
