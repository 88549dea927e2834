"""What a resolver remembers, positive and negative, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

if TYPE_CHECKING:
    from collections.abc import Callable

    Question: TypeAlias = tuple[dns.name.Name, dns.rdatatype.RdataType]


@dataclass(frozen=True, slots=True)
class Remembered:
    """One answer as it came, and when."""

    rcode: dns.rcode.Rcode
    answer: tuple[dns.rrset.RRset, ...]
    authority: tuple[dns.rrset.RRset, ...]
    stored_at: float
    lifetime: int

    def aged(self, now: float) -> Remembered:
        """Return the answer with the TTLs that are left, rounded down: nobody keeps it longer than we do."""
        age = now - self.stored_at
        return Remembered(self.rcode, _aged(self.answer, age), _aged(self.authority, age), now, self.lifetime)


class Cache:
    """Answers by question. `clock` counts seconds and only moves forward."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._held: dict[Question, Remembered] = {}

    def get(self, question: Question) -> Remembered | None:
        """Return what is still alive, with remaining TTLs, or None."""
        now = self._clock()
        held = self._held.get(question)
        if held is None or now >= held.stored_at + held.lifetime:
            self._held.pop(question, None)
            return None
        return held.aged(now)

    def put(self, question: Question, response: dns.message.Message) -> Remembered:
        """Remember an answer for as long as its TTLs allow (possibly not at all), and return it."""
        fresh = Remembered(
            response.rcode(),
            tuple(response.answer),
            tuple(rrset for rrset in response.authority if rrset.rdtype == dns.rdatatype.SOA),
            self._clock(),
            _lifetime(question, response),
        )
        if fresh.lifetime > 0:
            self._held[question] = fresh
        return fresh


def _lifetime(question: Question, response: dns.message.Message) -> int:
    ttls = [rrset.ttl for rrset in response.answer]
    if not any(rrset.rdtype == question[1] for rrset in response.answer):
        ttls.append(_negative_ttl(response))
    return min(ttls)


def _negative_ttl(response: dns.message.Message) -> int:
    """Return the smaller of the SOA's TTL and its minimum; 0 without one: not to be cached (RFC 2308, 5)."""
    soas = [rrset for rrset in response.authority if rrset.rdtype == dns.rdatatype.SOA]
    return min(soas[0].ttl, soas[0][0].minimum) if soas else 0


def _aged(rrsets: tuple[dns.rrset.RRset, ...], age: float) -> tuple[dns.rrset.RRset, ...]:
    return tuple(dns.rrset.from_rdata_list(rrset.name, max(0, int(rrset.ttl - age)), list(rrset)) for rrset in rrsets)
