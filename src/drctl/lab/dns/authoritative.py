"""What an authoritative server answers: AA set, SOA in negative answers, CNAMEs followed inside the zone."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from drctl.lab.dns.transport import UDP_PAYLOAD_MAX, refusal
from drctl.lab.dns.zone import as_rrset

if TYPE_CHECKING:
    from dns.rdtypes.ANY.CNAME import CNAME
    from dns.rdtypes.ANY.SOA import SOA

    from drctl.lab.dns.zone import IsHealthy, ServedZone

_CNAME_CHAIN_MAX = 8


def answer(query: dns.message.Message, zone: ServedZone, healthy: IsHealthy) -> dns.message.Message:
    """Return the zone's answer to one plain question; REFUSED outside of the zone."""
    name, rdtype = query.question[0].name, query.question[0].rdtype
    if not name.is_subdomain(zone.origin):
        return refusal(query, dns.rcode.REFUSED)
    response = dns.message.make_response(query, our_payload=UDP_PAYLOAD_MAX)
    response.flags |= dns.flags.AA
    if not _answer_name(response, zone, name, rdtype, healthy):
        response.authority.append(_soa_of_absence(zone, healthy))
    return response


def _answer_name(
    response: dns.message.Message,
    zone: ServedZone,
    name: dns.name.Name,
    rdtype: dns.rdatatype.RdataType,
    healthy: IsHealthy,
) -> bool:
    """Fill the answer section; say whether the last name of the chain had what was asked for."""
    for _ in range(_CNAME_CHAIN_MAX):
        if not name.is_subdomain(zone.origin):
            return True  # The chain leaves the zone: the resolver goes on by itself.
        source = zone.source_of(name)
        if source is None:
            response.set_rcode(dns.rcode.NXDOMAIN)
            return False
        found = zone.choose(source, rdtype, healthy)
        if found is not None:
            response.answer.append(as_rrset(name, found))
            return True
        link = zone.choose(source, dns.rdatatype.CNAME, healthy)
        if link is None:
            return False
        response.answer.append(as_rrset(name, link))
        name = cast("CNAME", link.rdatas[0]).target
    return True


def _soa_of_absence(zone: ServedZone, healthy: IsHealthy) -> dns.rrset.RRset:
    """Return the SOA with the TTL of a negative answer: the smaller of its TTL and its minimum (RFC 2308, 3)."""
    soa = zone.choose(zone.origin, dns.rdatatype.SOA, healthy)
    if soa is None:
        msg = f"zone {zone.origin} has no SOA"
        raise LookupError(msg)
    rrset = as_rrset(zone.origin, soa)
    rrset.ttl = min(soa.ttl, cast("SOA", soa.rdatas[0]).minimum)
    return rrset
