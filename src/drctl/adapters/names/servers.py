"""Name servers: where they are, and those that this machine was told to ask."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

import dns.resolver

DNS_PORT = 53


@dataclass(frozen=True, slots=True)
class Server:
    """One name server. `host` is its name where it was found by one."""

    address: str
    port: int = DNS_PORT
    host: str = ""

    def __str__(self) -> str:
        shown = f"[{self.address}]" if ":" in self.address else self.address
        place = f"{shown}:{self.port}"
        return f"{self.host} ({place})" if self.host else place

    @classmethod
    def read(cls, text: str) -> Server:
        """Return the server at `address:port`, `[address]:port` or an address alone.

        Raises:
            ValueError: It is none of these.
        """
        try:
            return cls(str(ipaddress.ip_address(text.strip("[]"))))
        except ValueError:
            host, _, port = text.rpartition(":")
            return cls(str(ipaddress.ip_address(host.strip("[]"))), int(port))


def found_by_name(host: str, address: str) -> Server:
    """Return a server that a delegation names; those listen where everybody's do."""
    return Server(address, DNS_PORT, host)


def system_resolvers() -> tuple[Server, ...]:
    """Return the resolvers of this machine's own configuration, in its order; none if it has none."""
    try:
        system = dns.resolver.Resolver()
    except dns.resolver.NoResolverConfiguration:
        return ()
    return tuple(Server(str(address), system.port) for address in system.nameservers)
