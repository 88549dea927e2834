"""What the name servers answer for a zone's records."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from drctl.lab.cloudflare_api.content import rdata_of
from drctl.lab.cloudflare_api.model import AUTOMATIC_SECONDS, AUTOMATIC_TTL
from drctl.lab.dns.zone import ServedSet, ServedZone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from drctl.lab.cloudflare_api.model import LoadBalancer, Record

NAME_SERVERS = ("ada.ns.cloudflare.test.", "bob.ns.cloudflare.test.")
# Stand for Cloudflare's own edge: a proxied name is answered with these whatever its records hold (dns.md 3.1).
_EDGE = {"A": ("203.0.113.1", "203.0.113.2"), "AAAA": ("2001:db8:cf::1", "2001:db8:cf::2")}
# The service's are 86400 and 1800 s. So that a name that was missing for a moment is not missed for half an hour.
_NS_TTL, _SOA_TTL = 60, 2
_SOA = f"{NAME_SERVERS[0]} dns.cloudflare.com. 1 10000 2400 604800 {_SOA_TTL}"


def served_zone(zone_name: str, records: Iterable[Record], balancers: Iterable[LoadBalancer]) -> ServedZone:
    """Return one version of a zone."""
    origin = dns.name.from_text(zone_name)
    return ServedZone.of(origin, _sets(origin, records, {one.name for one in balancers if one.enabled}))


def _sets(origin: dns.name.Name, records: Iterable[Record], balanced: set[str]) -> Iterator[ServedSet]:
    yield _served(origin, "NS", _NS_TTL, NAME_SERVERS)
    yield _served(origin, "SOA", _SOA_TTL, (_SOA,))
    groups: defaultdict[tuple[str, str], list[Record]] = defaultdict(list)
    edge = set(balanced)
    for record in records:
        if record.proxied:
            edge.add(record.name)
        groups[record.name, record.type].append(record)
    for (name, record_type), group in groups.items():
        if name not in edge or record_type not in {*_EDGE, "CNAME"}:
            rdatas = tuple(rdata_of(record) for record in group)
            ttl = min(AUTOMATIC_SECONDS if one.ttl == AUTOMATIC_TTL else one.ttl for one in group)
            yield ServedSet(dns.name.from_text(name), dns.rdatatype.from_text(record_type), ttl, rdatas)
    for name in sorted(edge):
        for record_type, addresses in _EDGE.items():
            yield _served(dns.name.from_text(name), record_type, AUTOMATIC_SECONDS, addresses)


def _served(name: dns.name.Name, record_type: str, ttl: int, values: tuple[str, ...]) -> ServedSet:
    rdtype = dns.rdatatype.from_text(record_type)
    rdatas = tuple(dns.rdata.from_text(dns.rdataclass.IN, rdtype, value) for value in values)
    return ServedSet(name, rdtype, ttl, rdatas)
