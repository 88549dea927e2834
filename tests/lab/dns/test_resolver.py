"""The lab's caching resolver: it keeps what it was told for as long as the TTL lets it, and no longer."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from drctl.lab.dns.hosting import in_background
from drctl.lab.dns.resolver import CachingResolver, ForwardedZone, running
from drctl.lab.dns.transport import Endpoint, listening, refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

NAME = "shop.lab.test"


@dataclass
class Upstream:
    """An authoritative server that counts."""

    endpoint: Endpoint = field(default_factory=lambda: Endpoint("", 0))
    address: str | None = "192.0.2.1"
    ttl: int = 30
    minimum: int = 5
    rcode: dns.rcode.Rcode = dns.rcode.NOERROR
    has_authority: bool = True
    asked: int = 0

    async def respond(self, query: dns.message.Message) -> dns.message.Message:
        self.asked += 1
        if self.rcode not in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
            return refusal(query, self.rcode)
        response = dns.message.make_response(query)
        response.set_rcode(self.rcode)
        if self.has_authority:
            response.flags |= dns.flags.AA
        if self.address is None:
            soa = f"ns.lab.test. admin.lab.test. 1 7200 900 1209600 {self.minimum}"
            response.authority.append(dns.rrset.from_text("lab.test.", self.ttl, "IN", "SOA", soa))
        else:
            response.answer.append(dns.rrset.from_text(query.question[0].name, self.ttl, "IN", "A", self.address))
        return response


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    known = Upstream()

    @asynccontextmanager
    async def service() -> AsyncIterator[Endpoint]:
        async with listening("127.0.0.1", 0, known.respond) as endpoint:
            yield endpoint

    with in_background(service) as endpoint:
        known.endpoint = endpoint
        yield known


class Caching:
    """A resolver over one upstream, and the clock that it goes by."""

    def __init__(self, upstream: Upstream) -> None:
        self.now = 1000.0
        zones = (ForwardedZone("lab.test", (upstream.endpoint,)),)
        self._resolver = CachingResolver(zones, server_timeout_seconds=1.0, clock=lambda: self.now)

    def ask(self, name: str = NAME) -> dns.message.Message:
        return asyncio.run(self._resolver.respond(dns.message.make_query(name, "A")))


@pytest.fixture
def resolver(upstream: Upstream) -> Caching:
    return Caching(upstream)


def told(reply: dns.message.Message) -> tuple[list[str], int]:
    """Return the values and the TTL of an answer."""
    return [rdata.to_text() for rdata in reply.answer[0]], reply.answer[0].ttl


def test_an_answer_is_kept_while_its_ttl_lasts_and_counts_down(upstream: Upstream, resolver: Caching) -> None:
    assert told(resolver.ask()) == (["192.0.2.1"], 30)
    upstream.address = "198.51.100.1"

    resolver.now += 10
    assert told(resolver.ask()) == (["192.0.2.1"], 20)
    resolver.now += 19.9
    assert told(resolver.ask()) == (["192.0.2.1"], 0)
    assert upstream.asked == 1


def test_an_answer_is_asked_for_anew_when_its_ttl_is_over(upstream: Upstream, resolver: Caching) -> None:
    resolver.ask()
    upstream.address = "198.51.100.1"

    resolver.now += 30
    assert told(resolver.ask()) == (["198.51.100.1"], 30)
    assert upstream.asked == 2


def test_a_ttl_of_zero_is_not_kept(upstream: Upstream, resolver: Caching) -> None:
    upstream.ttl = 0
    resolver.ask()
    resolver.ask()

    assert upstream.asked == 2


@pytest.mark.parametrize("rcode", [dns.rcode.NXDOMAIN, dns.rcode.NOERROR], ids=["no name", "no type"])
@pytest.mark.parametrize(("ttl", "minimum"), [(30, 5), (5, 30), (900, 86_400)])
def test_absence_is_kept_for_the_smaller_of_the_soas_ttl_and_its_minimum(
    upstream: Upstream, resolver: Caching, rcode: dns.rcode.Rcode, ttl: int, minimum: int
) -> None:
    upstream.address, upstream.rcode, upstream.ttl, upstream.minimum = None, rcode, ttl, minimum
    assert resolver.ask().rcode() == rcode

    upstream.address, upstream.rcode = "192.0.2.1", dns.rcode.NOERROR
    resolver.now += min(ttl, minimum) - 0.1
    assert resolver.ask().answer == []
    resolver.now += 0.1
    assert resolver.ask().answer != []


def test_names_are_kept_apart(upstream: Upstream, resolver: Caching) -> None:
    resolver.ask()
    upstream.address = "198.51.100.1"

    assert told(resolver.ask("other.lab.test"))[0] == ["198.51.100.1"]


@pytest.mark.parametrize("rcode", [dns.rcode.SERVFAIL, dns.rcode.REFUSED])
def test_a_failing_server_is_a_servfail_and_is_not_remembered(
    upstream: Upstream, resolver: Caching, rcode: dns.rcode.Rcode
) -> None:
    upstream.rcode = rcode
    assert resolver.ask().rcode() == dns.rcode.SERVFAIL

    upstream.rcode = dns.rcode.NOERROR
    assert told(resolver.ask())[0] == ["192.0.2.1"]


def test_a_server_without_authority_is_not_believed(upstream: Upstream, resolver: Caching) -> None:
    upstream.has_authority = False

    assert resolver.ask().rcode() == dns.rcode.SERVFAIL


def test_a_name_of_no_zone_that_it_knows_is_refused(resolver: Caching) -> None:
    assert resolver.ask("shop.example.com").rcode() == dns.rcode.REFUSED


def test_over_the_wire_it_offers_recursion_and_claims_no_authority(upstream: Upstream) -> None:
    with running((ForwardedZone("lab.test", (upstream.endpoint,)),)) as endpoint:
        query = dns.message.make_query(NAME, "A")
        reply = dns.query.udp(query, endpoint.address, port=endpoint.port, timeout=3)

    assert reply.flags & dns.flags.RA
    assert not reply.flags & dns.flags.AA
    assert told(reply)[0] == ["192.0.2.1"]


def test_one_dead_server_of_two_is_passed_over(upstream: Upstream) -> None:
    dead = Endpoint("127.0.0.1", 1)
    zones = (ForwardedZone("lab.test", (dead, upstream.endpoint)),)
    resolver = CachingResolver(zones, server_timeout_seconds=0.1)

    for number in range(6):
        reply = asyncio.run(resolver.respond(dns.message.make_query(f"n{number}.lab.test", "A")))
        assert told(reply)[0] == ["192.0.2.1"]
