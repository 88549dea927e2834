"""One question to one name server: by UDP, and by TCP where the answer was cut."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

from drctl.core.observed import ServerAnswer
from drctl.core.record_values import canonical

if TYPE_CHECKING:
    from dns.rdata import Rdata
    from dns.rdtypes.ANY.TXT import TXT

    from drctl.adapters.names.servers import Server

# What all big servers agreed on at DNS flag day 2020: never fragmented.
_UDP_PAYLOAD_MAX = 1232
_TEXTS = frozenset({dns.rdatatype.TXT, dns.rdatatype.SPF})
_ANSWERS = frozenset({dns.rcode.NOERROR, dns.rcode.NXDOMAIN})


async def ask(server: Server, name: str, record_type: str, seconds: float, *, recursive: bool) -> ServerAnswer:
    """Return what a server says within that time. Silence and refusals are answers with an error; nothing is raised.

    `recursive` is how a resolver is asked. Without it the server must have authority (the flag AA): one without
    would answer from somewhere else, or from the past. TXT values come as their text, one character per byte.
    """
    try:
        query = dns.message.make_query(name, record_type, use_edns=0, payload=_UDP_PAYLOAD_MAX)
        if not recursive:
            query.flags &= ~dns.flags.RD
        async with asyncio.timeout(seconds):
            reply = await _exchange(query, server, seconds)
        return _heard(server, reply, recursive=recursive)
    except (TimeoutError, dns.exception.Timeout):
        return silent(str(server), f"no answer in {seconds:g} s")
    except (dns.exception.DNSException, OSError, EOFError, ValueError) as error:
        return silent(str(server), str(error) or type(error).__name__)


def silent(server: str, error: str) -> ServerAnswer:
    """Return the answer of a server that gave none."""
    return ServerAnswer(server, (), 0, "", authoritative=False, error=error, observed_at=datetime.now(UTC))


async def _exchange(query: dns.message.Message, server: Server, seconds: float) -> dns.message.QueryMessage:
    async def once(limit: float) -> dns.message.QueryMessage:
        # Replies that are not to this question may come from anybody, and are waited out.
        reply, _by_tcp = await dns.asyncquery.udp_with_fallback(
            query, server.address, timeout=limit, port=server.port, ignore_unexpected=True, ignore_errors=True
        )
        return cast("dns.message.QueryMessage", reply)

    try:
        return await once(seconds / 2)
    except dns.exception.Timeout:
        # A datagram may get lost, which says nothing about the server.
        return await once(seconds / 2)


def _heard(server: Server, reply: dns.message.QueryMessage, *, recursive: bool) -> ServerAnswer:
    authoritative = bool(reply.flags & dns.flags.AA)
    rcode = dns.rcode.to_text(reply.rcode())
    error = ""
    if reply.rcode() not in _ANSWERS:
        error = f"answered {rcode}"
    elif not recursive and not authoritative:
        error = "answered without authority for the zone"
    # A CNAME is followed by the server itself, as far as it knows the names.
    chain = reply.resolve_chaining()
    values = sorted(_shown(rdata) for rdata in chain.answer or ())
    return ServerAnswer(
        server=str(server),
        values=tuple(values),
        ttl=0 if error else chain.minimum_ttl,
        rcode=rcode,
        authoritative=authoritative,
        error=error,
        observed_at=datetime.now(UTC),
    )


def _shown(rdata: Rdata) -> str:
    if rdata.rdtype in _TEXTS:
        return b"".join(cast("TXT", rdata).strings).decode("latin-1")
    return canonical(dns.rdatatype.to_text(rdata.rdtype), rdata.to_text())
