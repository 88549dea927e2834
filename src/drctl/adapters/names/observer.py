"""What name servers answer: each authoritative one, and the resolvers that users ask."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from drctl.adapters.names.asking import ask, silent
from drctl.adapters.names.servers import Server, found_by_name, system_resolvers
from drctl.core.errors import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from drctl.core.observed import ServerAnswer

# A delegation hardly ever changes; a watch runs for months.
_DELEGATION_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class _Delegation:
    """The servers of a zone, and those whose address was not found."""

    servers: tuple[Server, ...]
    lost: tuple[ServerAnswer, ...]
    found_at: float


class DnsObserver:
    """`NameObserver`, and the resolution that probes use. Safe to share between threads.

    `nameservers` are each zone's authoritative servers as `address:port`; those of a zone without any are found
    through its NS records. `resolvers` are those that users ask; none means the system's. All servers are asked
    at the same time, and `timeout` is what that may take in all; finding a zone's servers may take as much again.
    """

    def __init__(
        self, nameservers: Mapping[str, tuple[str, ...]], resolvers: tuple[str, ...], timeout: timedelta
    ) -> None:
        self._nameservers = {zone: tuple(map(Server.read, servers)) for zone, servers in nameservers.items()}
        self._resolvers = tuple(map(Server.read, resolvers))
        self._seconds = timeout.total_seconds()
        self._delegations: dict[str, _Delegation] = {}

    def authoritative(self, zone: str, name: str, record_type: str) -> tuple[ServerAnswer, ...]:
        """Return what each authoritative server of the zone answers, silent ones included with their error.

        Where the servers themselves cannot be found, that is the one answer, with its error.
        """
        return asyncio.run(self._authoritative(zone, name, record_type))

    def resolvers(self, name: str, record_type: str) -> tuple[ServerAnswer, ...]:
        """Return what each resolver answers, silent ones included with their error."""
        resolvers = self._asked_by_users()
        if not resolvers:
            return (silent("resolver", _NO_RESOLVER),)
        return asyncio.run(self._ask_all(resolvers, name, record_type, recursive=True))

    def resolve(self, name: str) -> tuple[str, ...]:
        """Return a name's addresses as a user gets them, from the first resolver that answers.

        IPv6 is asked for where there is no IPv4; none at all is an answer too.

        Raises:
            UnreachableError: No resolver answers.
        """
        return asyncio.run(self._resolve(name))

    async def _authoritative(self, zone: str, name: str, record_type: str) -> tuple[ServerAnswer, ...]:
        if servers := self._nameservers.get(zone, ()):
            return await self._ask_all(servers, name, record_type, recursive=False)
        try:
            found = await self._delegation(zone)
        except UnreachableError as error:
            return (silent(f"NS of {zone}", error.message),)
        return (*await self._ask_all(found.servers, name, record_type, recursive=False), *found.lost)

    async def _ask_all(
        self, servers: tuple[Server, ...], name: str, record_type: str, *, recursive: bool
    ) -> tuple[ServerAnswer, ...]:
        asked = (ask(server, name, record_type, self._seconds, recursive=recursive) for server in servers)
        return tuple(await asyncio.gather(*asked))

    async def _resolve(self, name: str) -> tuple[str, ...]:
        for record_type in ("A", "AAAA"):
            if addresses := (await self._first_answer(name, record_type)).values:
                return addresses
        return ()

    async def _first_answer(self, name: str, record_type: str) -> ServerAnswer:
        """Ask the resolvers one after the other, as this machine's own stub would, within the timeout."""
        resolvers, said = self._asked_by_users(), []
        for resolver in resolvers:
            answer = await ask(resolver, name, record_type, self._seconds / len(resolvers), recursive=True)
            if not answer.error:
                return answer
            said.append(f"{answer.server}: {answer.error}")
        raise UnreachableError(
            f"No resolver tells {record_type} of {name}: {'; '.join(said) or _NO_RESOLVER}",
            remedy=f"Check them with `dig {name} {record_type}`, or name others under `resolvers:` in drctl.yaml.",
        )

    async def _delegation(self, zone: str) -> _Delegation:
        known = self._delegations.get(zone)
        if known is None or time.monotonic() - known.found_at > _DELEGATION_SECONDS:
            known = self._delegations[zone] = await self._find(zone)
        return known

    async def _find(self, zone: str) -> _Delegation:
        try:
            async with asyncio.timeout(self._seconds):
                hosts = (await self._first_answer(zone, "NS")).values
                found = await asyncio.gather(*(self._servers_of(host) for host in hosts))
        except TimeoutError as error:
            raise UnreachableError(f"the name servers of {zone} were not found in {self._seconds:g} s") from error
        if not any(found):
            raise UnreachableError(f"{zone} has no name server with an address: {', '.join(hosts) or 'no NS record'}")
        lost = (silent(host, "has no address") for host, servers in zip(hosts, found, strict=True) if not servers)
        return _Delegation(tuple(one for servers in found for one in servers), tuple(lost), time.monotonic())

    async def _servers_of(self, host: str) -> tuple[Server, ...]:
        found = await asyncio.gather(self._addresses(host, "A"), self._addresses(host, "AAAA"))
        return tuple(found_by_name(host, address) for addresses in found for address in addresses)

    async def _addresses(self, host: str, record_type: str) -> tuple[str, ...]:
        try:
            return (await self._first_answer(host, record_type)).values
        except UnreachableError:
            return ()

    def _asked_by_users(self) -> tuple[Server, ...]:
        return self._resolvers or system_resolvers()


_NO_RESOLVER = "this machine has no resolver configured"
