"""What name servers answer: each authoritative one, and the resolvers that users ask."""

from __future__ import annotations

import ipaddress
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from drctl.core.errors import UnreachableError
from drctl.core.observed import ServerAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping

    import dns.message

_AT_ONCE = 16
_DNS_PORT = 53


class DnsObserver:
    """`NameObserver`, and the resolution that probes use.

    `nameservers` are a zone's authoritative servers as `address:port`; for a zone without any they are found
    through its NS records. `resolvers` are those that users ask; none means the system's own. `timeout` is what
    one question may take, by UDP and then TCP where the answer was cut.
    """

    def __init__(
        self, nameservers: Mapping[str, tuple[str, ...]], resolvers: tuple[str, ...], timeout: timedelta
    ) -> None:
        self._nameservers = nameservers
        self._resolvers = resolvers
        self._seconds = timeout.total_seconds()

    def authoritative(self, zone: str, name: str, record_type: str) -> tuple[ServerAnswer, ...]:
        """Return what each authoritative server of the zone answers, silent ones included with their error."""
        try:
            servers = self._nameservers.get(zone) or self._found(zone)
        except UnreachableError as error:
            return (_silent(f"NS of {zone}", error.message),)
        return self._ask_all(servers, name, record_type, recursive=False)

    def resolvers(self, name: str, record_type: str) -> tuple[ServerAnswer, ...]:
        """Return what each resolver answers, silent ones included with their error."""
        return self._ask_all(self._resolvers or _system_resolvers(), name, record_type, recursive=True)

    def resolve(self, name: str) -> tuple[str, ...]:
        """Return a name's addresses as a user gets them: from the first resolver that answers.

        Raises:
            UnreachableError: No resolver answers, or the name has no address.
        """
        said = []
        for server in self._resolvers or _system_resolvers():
            answer = self._ask(server, name, "A", recursive=True)
            if answer.values:
                return answer.values
            said.append(f"{server}: {answer.error or answer.rcode or 'no address'}")
            if not answer.error:
                break
        raise UnreachableError(f"{name} cannot be resolved: {'; '.join(said)}", remedy=f"Look at it: `dig {name}`.")

    def _found(self, zone: str) -> tuple[str, ...]:
        """Return the addresses of a zone's own name servers."""
        servers = []
        for resolver in self._resolvers or _system_resolvers():
            listed = self._ask(resolver, zone, "NS", recursive=True)
            for host in listed.values:
                servers += [_joined(address) for address in self.resolve(host)]
            if servers:
                return tuple(servers)
        raise UnreachableError(
            f"the name servers of {zone} cannot be found", remedy="Name them in drctl.yaml: `nameservers:`."
        )

    def _ask_all(
        self, servers: tuple[str, ...], name: str, record_type: str, *, recursive: bool
    ) -> tuple[ServerAnswer, ...]:
        if not servers:
            return ()
        with ThreadPoolExecutor(max_workers=min(_AT_ONCE, len(servers))) as pool:
            return tuple(pool.map(lambda server: self._ask(server, name, record_type, recursive=recursive), servers))

    def _ask(self, server: str, name: str, record_type: str, *, recursive: bool) -> ServerAnswer:
        import dns.exception  # noqa: PLC0415 - lazy SDK
        import dns.flags  # noqa: PLC0415 - lazy SDK
        import dns.message  # noqa: PLC0415 - lazy SDK
        import dns.query  # noqa: PLC0415 - lazy SDK

        address, port = _parted(server)
        query = dns.message.make_query(name, record_type, use_edns=0, payload=1232)
        if not recursive:
            query.flags &= ~dns.flags.RD
        try:
            reply, _ = dns.query.udp_with_fallback(query, address, timeout=self._seconds, port=port)
        except (dns.exception.DNSException, OSError, EOFError) as error:
            return _silent(server, str(error) or type(error).__name__)
        return _answer(server, reply, record_type)


def _silent(server: str, error: str) -> ServerAnswer:
    return ServerAnswer(
        server=server, values=(), ttl=0, rcode="", authoritative=False, error=error, observed_at=datetime.now(UTC)
    )


def _answer(server: str, reply: dns.message.Message, record_type: str) -> ServerAnswer:
    import dns.flags  # noqa: PLC0415 - lazy SDK
    import dns.rcode  # noqa: PLC0415 - lazy SDK
    import dns.rdatatype  # noqa: PLC0415 - lazy SDK

    wanted = dns.rdatatype.from_text(record_type)
    # An alias is followed by the server itself: what counts is the type that was asked for.
    found = [rrset for rrset in reply.answer if rrset.rdtype == wanted]
    values = tuple(sorted(rdata.to_text().removesuffix(".") for rrset in found for rdata in rrset))
    return ServerAnswer(
        server=server,
        values=values,
        ttl=min((rrset.ttl for rrset in reply.answer), default=0),
        rcode=dns.rcode.to_text(reply.rcode()),
        authoritative=bool(reply.flags & dns.flags.AA),
        error="",
        observed_at=datetime.now(UTC),
    )


def _system_resolvers() -> tuple[str, ...]:
    import dns.exception  # noqa: PLC0415 - lazy SDK
    import dns.resolver  # noqa: PLC0415 - lazy SDK

    try:
        system = dns.resolver.Resolver()
    except dns.exception.DNSException:
        return ()
    return tuple(_joined(str(server)) for server in system.nameservers)


def _joined(address: str) -> str:
    return f"[{address}]:{_DNS_PORT}" if ipaddress.ip_address(address).version == 6 else f"{address}:{_DNS_PORT}"


def _parted(server: str) -> tuple[str, int]:
    host, _, port = server.rpartition(":")
    return host.strip("[]"), int(port)
