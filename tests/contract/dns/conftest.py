from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from contract.dns.bind import NotInstalledError, bind
from contract.dns.providers import PATIENCE, FakeProvider, cloudflare, route53

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contract.dns.bind import Bind
    from contract.dns.providers import Provider, Route53Provider


@pytest.fixture(params=["fake", "route53", "cloudflare", pytest.param("bind", marks=pytest.mark.bind)])
def provider(request: pytest.FixtureRequest) -> Iterator[Provider]:
    """Every vendor, one after the other."""
    match request.param:
        case "fake":
            yield FakeProvider()
        case "route53":
            with route53() as provider:
                yield provider
        case "cloudflare":
            with cloudflare() as second:
                yield second
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
