from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from contract.dns.providers import FakeProvider, cloudflare, route53

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contract.dns.providers import Provider, Route53Provider


@pytest.fixture(params=["fake", "route53", "cloudflare"])
def provider(request: pytest.FixtureRequest) -> Iterator[Provider]:
    """Every vendor, one after the other."""
    match request.param:
        case "fake":
            yield FakeProvider()
        case "route53":
            with route53() as provider:
                yield provider
        case _:
            with cloudflare() as second:
                yield second


@pytest.fixture
def vendor() -> Iterator[Route53Provider]:
    """Route 53 alone, for what only it has."""
    with route53() as provider:
        yield provider
