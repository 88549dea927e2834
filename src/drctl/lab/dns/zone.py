"""A zone as its servers see it at one moment: record sets, some of which are chosen by weight or by health."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    IsHealthy: TypeAlias = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class ServedSet:
    """One record set. Of several at one name and type, one is chosen for each answer.

    `alias` names another record set of the zone, of the same type, that is answered in its place.
    """

    name: dns.name.Name
    type: dns.rdatatype.RdataType
    ttl: int
    rdatas: tuple[dns.rdata.Rdata, ...]
    weight: int | None = None
    failover: str = ""
    health_check_id: str = ""
    alias: dns.name.Name | None = None


@dataclass(frozen=True, slots=True)
class ServedZone:
    """One version of a zone."""

    origin: dns.name.Name
    sets: Mapping[tuple[dns.name.Name, dns.rdatatype.RdataType], tuple[ServedSet, ...]]
    _existing: frozenset[dns.name.Name] = field(init=False)

    def __post_init__(self) -> None:
        names: set[dns.name.Name] = {self.origin}
        for name, _type in self.sets:
            # Empty non-terminals exist too: NODATA, not NXDOMAIN (RFC 8020).
            while name != self.origin and name not in names:
                names.add(name)
                name = name.parent()  # noqa: PLW2901 - climbs to the apex
        object.__setattr__(self, "_existing", frozenset(names))

    @classmethod
    def of(cls, origin: dns.name.Name, served: Iterable[ServedSet]) -> ServedZone:
        """Group record sets by name and type."""
        groups: dict[tuple[dns.name.Name, dns.rdatatype.RdataType], tuple[ServedSet, ...]] = {}
        for one in served:
            place = (one.name, one.type)
            groups[place] = (*groups.get(place, ()), one)
        return cls(origin, groups)

    def source_of(self, name: dns.name.Name) -> dns.name.Name | None:
        """Return the name whose record sets answer for `name`: itself, a wildcard, or None where it does not exist."""
        if name in self._existing:
            return name
        encloser = name
        while encloser not in self._existing:
            encloser = encloser.parent()
        wildcard = dns.name.Name((b"*", *encloser.labels))
        return wildcard if wildcard in self._existing else None

    def choose(
        self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType, healthy: IsHealthy, depth: int = 0
    ) -> ServedSet | None:
        """Return the record set that answers now, aliases followed; None if there is none."""
        candidates = self.sets.get((name, rdtype), ())
        if not candidates or depth > 8:
            return None
        chosen = _choose(candidates, healthy)
        return chosen if chosen.alias is None else self.choose(chosen.alias, rdtype, healthy, depth + 1)


def _choose(candidates: tuple[ServedSet, ...], healthy: IsHealthy) -> ServedSet:
    if candidates[0].failover:
        return _choose_failover(candidates, healthy)
    if candidates[0].weight is not None:
        return _choose_weighted(candidates, healthy)
    return candidates[0]


def _choose_failover(candidates: tuple[ServedSet, ...], healthy: IsHealthy) -> ServedSet:
    """Primary if healthy, else secondary if healthy, else primary: Route 53 fails open (dns.md 2.1)."""
    ranked = sorted(candidates, key=lambda one: one.failover)  # PRIMARY before SECONDARY
    return next((one for one in ranked if _is_healthy(one, healthy)), ranked[0])


def _choose_weighted(candidates: tuple[ServedSet, ...], healthy: IsHealthy) -> ServedSet:
    """By weight among healthy ones above zero; else among healthy ones; else among all (dns.md 12.1)."""
    fit = [one for one in candidates if _is_healthy(one, healthy)]
    weighed = [one for one in fit if one.weight]
    if weighed:
        return random.choices(weighed, [one.weight or 0 for one in weighed])[0]
    return random.choice(fit or candidates)


def _is_healthy(one: ServedSet, healthy: IsHealthy) -> bool:
    return not one.health_check_id or healthy(one.health_check_id)


def as_rrset(name: dns.name.Name, served: ServedSet) -> dns.rrset.RRset:
    """Return a record set under the name that was asked for (a wildcard's answer carries that name)."""
    return dns.rrset.from_rdata_list(name, served.ttl, list(served.rdatas))
