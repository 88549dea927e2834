"""How a person reaches each system by the vendor's own command, for `by_hand`. Secrets stay references."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from drctl.core.lock import Stamp

BY_HAND = "by-hand"
_UNSIGNED = Stamp(BY_HAND, 0)


class DnsVendor(StrEnum):
    """Whose API changes a zone."""

    ROUTE53 = "route53"
    CLOUDFLARE = "cloudflare"
    RFC2136 = "rfc2136"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class DnsAccess:
    """How a zone is reached: `aws route53 --hosted-zone-id=...`, or `curl ... URL` where the URL is the zone's.

    For a server of one's own, `command` prints how nsupdate begins, and `look` is `dig` at that server. For a vendor
    from outside, `command` is the operator's own line with {name}, {type} and {values} in it.
    """

    zone: str
    vendor: DnsVendor
    command: str
    look: str = ""


@dataclass(frozen=True, slots=True)
class SwitchAccess:
    """How a switch is turned: a line that looks, and one for each region that it can lead to."""

    name: str
    look: str
    turns: tuple[tuple[str, str], ...]

    def lines(self, region: str) -> tuple[Command, ...]:
        """Return what looks, and what leads to a region."""
        turn = dict(self.turns)[region]
        return (
            Command(f"look at the switch {self.name}", self.look, writes=False),
            Command(f"turn the switch {self.name} to {region}", turn, writes=True),
        )


@dataclass(frozen=True, slots=True)
class Access:
    """Command prefixes, ready for a shell: `kubectl --context west ...`, `nats --server ...`, `aws route53 ...`.

    `domains` are the regions' JetStream domains; one that is not named is called as its region. `stamp` is what the
    lines that write leave on what they touch, as a run does: without it the next move could not tell who was last.
    `system_nats` are the prefixes of users of the system accounts.
    """

    kubectl: tuple[tuple[str, str], ...]
    nats: tuple[tuple[str, str], ...]
    dns: tuple[DnsAccess, ...]
    curl: str
    public_name: str
    domains: tuple[tuple[str, str], ...] = ()
    system_nats: tuple[tuple[str, str], ...] = ()
    stream_suffixes: tuple[tuple[str, str], ...] = ()
    switches: tuple[SwitchAccess, ...] = ()
    stamp: Stamp = _UNSIGNED

    def signed(self, stamp: Stamp) -> Access:
        """Return this access with lines that sign so."""
        return replace(self, stamp=stamp)

    def kubectl_in(self, region: str) -> str:
        """Return the kubectl of a region."""
        return dict(self.kubectl)[region]

    def nats_in(self, region: str) -> str:
        """Return the nats of a region."""
        return dict(self.nats)[region]

    def stream_in(self, region: str, name: str) -> str:
        """Return what a region's servers call a stream: in one meta group it has a suffix."""
        return f"{name}{dict(self.stream_suffixes).get(region, '')}"

    def system_nats_in(self, region: str) -> str:
        """Return the nats of a region as a user of its system account, which the operator names if drctl has none."""
        return dict(self.system_nats).get(region, f"nats --context SYSTEM-ACCOUNT-OF-{region.upper()}")

    def domain_of(self, region: str) -> str:
        """Return the JetStream domain of a region."""
        return dict(self.domains).get(region, region)

    def switch(self, name: str) -> SwitchAccess:
        """Return how a switch is turned."""
        return next(one for one in self.switches if one.name == name)

    def dns_of(self, zone: str) -> DnsAccess:
        """Return the vendor's command for a zone."""
        return next(access for access in self.dns if access.zone == zone)


@dataclass(frozen=True, slots=True)
class Command:
    """One shell line, and what it does. A line that only looks has `writes` False."""

    does: str
    line: str
    writes: bool
