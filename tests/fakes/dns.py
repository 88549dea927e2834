"""A zone at its vendor, its name servers that follow some looks later, and a resolver that keeps answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from drctl.core.errors import ConflictError
from drctl.core.observed import RecordState, ServerAnswer
from drctl.ports.dns import Light, MemberHealth, Propagation
from drctl.ports.switches import SwitchState

if TYPE_CHECKING:
    from drctl.ports.dns import RecordSwap
    from fakes.calls import Calls
    from fakes.clock import FakeClock

_Records = dict[tuple[str, str], RecordState]


@dataclass
class NameServer:
    """One authoritative server: it takes a change over after `lag` looks. `error` keeps it silent."""

    name: str
    lag: int = 0
    error: str = ""
    looks: int = 0


class FakeZone:
    """The ports `DnsReader` and `DnsWriter` of one zone."""

    def __init__(self, name: str, calls: Calls, servers: tuple[NameServer, ...]) -> None:
        self.name, self._calls = name, calls
        self.records: _Records = {}
        self.servers = servers
        self._published: dict[str, _Records] = {server.name: {} for server in servers}
        self._was_sent = False
        self.light = Light.NONE
        self.taken_out: _Records = {}
        """What servers answer instead of a record whose health check is red."""

    def put(self, record: RecordState) -> None:
        """Set a record set, published everywhere."""
        self.records[record.name, record.type] = record
        for published in self._published.values():
            published[record.name, record.type] = record

    def forget_sender(self) -> None:
        """Start a new process: it does not know which change was sent."""
        self._was_sent = False

    def record(self, name: str, record_type: str) -> RecordState | None:
        with self._calls.read(f"{self.name}/dns/record {name} {record_type}"):
            return self.records.get((name, record_type))

    def record_types(self, name: str) -> tuple[str, ...]:
        with self._calls.read(f"{self.name}/dns/record_types {name}"):
            return tuple(sorted(kind for owner, kind in self.records if owner == name))

    def member_health(self, name: str, record_type: str, values: tuple[str, ...]) -> MemberHealth:  # noqa: ARG002 - one light
        with self._calls.read(f"{self.name}/dns/member_health {name} {record_type}"):
            return MemberHealth(self.light, f"its checkers say {self.light}")

    def propagation(self) -> Propagation:
        with self._calls.read(f"{self.name}/dns/propagation"):
            if not self._was_sent:
                return Propagation.UNKNOWN
            done = all(published == self.records for published in self._published.values())
            return Propagation.IN_SYNC if done else Propagation.PENDING

    def swap(self, swaps: tuple[RecordSwap, ...], comment: str) -> None:  # noqa: ARG002 - for people only
        with self._calls.write(f"{self.name}/dns/swap"):
            for swap in swaps:
                found = self.records.get((swap.after.name, swap.after.type))
                if found != swap.before:
                    raise ConflictError(f"{swap.after.name} {swap.after.type} is {found}, not as read")
            self.records |= {(swap.after.name, swap.after.type): swap.after for swap in swaps}
            self._was_sent = True
            for server in self.servers:
                server.looks = 0

    def answer(self, server: NameServer, name: str, record_type: str) -> RecordState | None:
        """Ask one server."""
        server.looks += 1
        if server.looks > server.lag:
            self._published[server.name] = dict(self.records)
        return self.taken_out.get((name, record_type)) or self._published[server.name].get((name, record_type))


class FakeSwitch:
    """The ports `SwitchReader` and `SwitchWriter`: while it leads to a region, servers answer that one's records."""

    def __init__(self, name: str, calls: Calls, zone: FakeZone, led_to: dict[str, tuple[RecordState, ...]]) -> None:
        self.name, self._calls, self._zone, self._led_to = name, calls, zone, led_to
        self.now = SwitchState("")

    def state(self) -> SwitchState:
        with self._calls.read(f"{self.name}/switch/state"):
            return self.now

    def turn(self, before: SwitchState, region: str) -> None:
        with self._calls.write(f"{self.name}/switch/turn"):
            if before != self.now:
                raise ConflictError(f"{self.name} is {self.now}, not as read")
            self.lead_to(region)

    def lead_to(self, region: str) -> None:
        """Turn it; a region that it cannot lead to leaves the answers to the records."""
        led = self._led_to.get(region, ())
        self.now = SwitchState(region if led else "", f"{self.now.version}+")
        self._zone.taken_out = {(record.name, record.type): record for record in led}


class FakeNames:
    """The port `NameObserver`, and the resolver that clients ask: it keeps an answer until its TTL is over."""

    def __init__(self, zones: dict[str, FakeZone], calls: Calls, clock: FakeClock) -> None:
        self._zones, self._calls, self._clock = zones, calls, clock
        self._cached: dict[tuple[str, str], tuple[RecordState, datetime]] = {}

    def authoritative(self, zone: str, name: str, record_type: str) -> tuple[ServerAnswer, ...]:
        with self._calls.read(f"{zone}/names/authoritative {name} {record_type}"):
            found = self._zones[zone]
            return tuple(self._asked(found, server, name, record_type) for server in found.servers)

    def resolvers(self, name: str, record_type: str) -> tuple[ServerAnswer, ...]:
        with self._calls.read(f"resolver/names/{name} {record_type}"):
            record, left = self._resolved(name, record_type)
            return (self._said("resolver", record, left, ""),)

    def resolve(self, name: str) -> tuple[str, ...]:
        """Return the addresses that a client gets; empty for none."""
        record, _ = self._resolved(name, "A")
        return record.values if record else ()

    def _resolved(self, name: str, record_type: str) -> tuple[RecordState | None, int]:
        now = self._clock.now()
        kept = self._cached.get((name, record_type))
        if kept is not None and kept[1] > now:
            return kept[0], int((kept[1] - now).total_seconds())
        for zone in self._zones.values():
            record = next((zone.answer(server, name, record_type) for server in zone.servers if not server.error), None)
            if record is not None:
                self._cached[name, record_type] = (record, now + timedelta(seconds=record.ttl))
                return record, record.ttl
        return None, 0

    def _asked(self, zone: FakeZone, server: NameServer, name: str, record_type: str) -> ServerAnswer:
        # A server that nobody reaches from here is published to nevertheless.
        published = zone.answer(server, name, record_type)
        record = None if server.error else published
        return self._said(server.name, record, record.ttl if record else 0, server.error)

    def _said(self, server: str, record: RecordState | None, ttl: int, error: str) -> ServerAnswer:
        values = record.values if record else ()
        rcode = "" if error else "NOERROR" if record else "NXDOMAIN"
        return ServerAnswer(server, values, ttl, rcode, server != "resolver", error, self._clock.now())
