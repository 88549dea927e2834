from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from contract.dns.providers import FakeProvider, route53

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contract.dns.providers import Provider, Route53Provider


@pytest.fixture(params=["fake", "route53"])
def provider(request: pytest.FixtureRequest) -> Iterator[Provider]:
    """Every vendor, one after the other."""
    if request.param == "fake":
        yield FakeProvider()
    else:
        with route53() as provider:
            yield provider


@pytest.fixture
def vendor() -> Iterator[Route53Provider]:
    """Route 53 alone, for what only it has."""
    with route53() as provider:
        yield provider
