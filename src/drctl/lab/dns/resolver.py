"""The lab's caching resolver: `python -m drctl.lab.dns.resolver --root LABROOT`.

It stands between clients and the authoritative servers as a provider's resolver does, so that a client sees
a change when the TTL lets it. It knows the lab's zones only; other names are REFUSED.
"""

from __future__ import annotations

import argparse
import random
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode

from drctl.lab.dns.cache import Cache
from drctl.lab.dns.hosting import in_background, until_signalled
from drctl.lab.dns.transport import UDP_PAYLOAD_MAX, Endpoint, listening, refusal
from drctl.lab.layout import CLOUDFLARE_ZONE, OUTSIDE, ZONE, Layout

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractContextManager

    from drctl.lab.dns.cache import Question, Remembered


@dataclass(frozen=True, slots=True)
class ForwardedZone:
    """A zone, and the servers that are asked for it, one after the other from a random start."""

    name: str
    servers: tuple[Endpoint, ...]


class CachingResolver:
    """Answers from its cache, else from a zone's authoritative servers; SERVFAIL when none of them answers."""

    def __init__(
        self,
        zones: tuple[ForwardedZone, ...],
        server_timeout_seconds: float = 0.5,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._servers = {dns.name.from_text(zone.name): zone.servers for zone in zones}
        self._timeout = server_timeout_seconds
        self._cache = Cache(clock)

    async def respond(self, query: dns.message.Message) -> dns.message.Message:
        """Return the answer to one plain question."""
        question = (query.question[0].name, query.question[0].rdtype)
        servers = self._servers_for(question[0])
        if not servers:
            return refusal(query, dns.rcode.REFUSED)
        known = self._cache.get(question) or await self._ask(question, servers)
        if known is None:
            return refusal(query, dns.rcode.SERVFAIL)
        response = dns.message.make_response(query, recursion_available=True, our_payload=UDP_PAYLOAD_MAX)
        response.set_rcode(known.rcode)
        response.answer.extend(known.answer)
        response.authority.extend(known.authority)
        return response

    def _servers_for(self, name: dns.name.Name) -> tuple[Endpoint, ...]:
        fitting = [zone for zone in self._servers if name.is_subdomain(zone)]
        return self._servers[max(fitting, key=len)] if fitting else ()

    async def _ask(self, question: Question, servers: tuple[Endpoint, ...]) -> Remembered | None:
        for server in random.sample(servers, len(servers)):
            response = await self._ask_one(question, server)
            if response is not None:
                return self._cache.put(question, response)
        return None

    async def _ask_one(self, question: Question, server: Endpoint) -> dns.message.Message | None:
        query = dns.message.make_query(*question, use_edns=0, payload=UDP_PAYLOAD_MAX)
        query.flags &= ~dns.flags.RD
        try:
            response, _over_tcp = await dns.asyncquery.udp_with_fallback(
                query, server.address, timeout=self._timeout, port=server.port
            )
        except (dns.exception.DNSException, OSError):
            return None
        usable = response.flags & dns.flags.AA and response.rcode() in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}
        return response if usable else None


@asynccontextmanager
async def _serving(resolver: CachingResolver, address: str, port: int) -> AsyncIterator[Endpoint]:
    async with listening(address, port, resolver.respond) as endpoint:
        yield endpoint


def running(
    zones: tuple[ForwardedZone, ...], *, port: int = 0, server_timeout_seconds: float = 0.5
) -> AbstractContextManager[Endpoint]:
    """Run a resolver in a background thread for as long as the context lasts; yield where it listens."""
    return in_background(lambda: _serving(CachingResolver(zones, server_timeout_seconds), OUTSIDE, port))


def main() -> None:
    """Run the resolver of one lab until it is told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="the lab's folder, with lab.json in it")
    ports = Layout.load(parser.parse_args().root).ports
    zones = (
        ForwardedZone(ZONE, (Endpoint(OUTSIDE, ports.dns_a), Endpoint(OUTSIDE, ports.dns_b))),
        ForwardedZone(CLOUDFLARE_ZONE, (Endpoint(OUTSIDE, ports.dns_c), Endpoint(OUTSIDE, ports.dns_d))),
    )
    resolver = CachingResolver(zones)
    until_signalled(lambda: _serving(resolver, OUTSIDE, ports.resolver))


if __name__ == "__main__":
    main()
