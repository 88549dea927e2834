"""How the regions' NATS servers are joined: which servers there are, where they listen, and what each dials."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_REGIONS = ("east", "west")
ARBITER = "arbiter"
_OCTETS = {"east": 11, "west": 12, ARBITER: 13}


class Joined(StrEnum):
    """The ways that real services are built. The last two are traps: without one region nothing can be promoted."""

    LEAF = "leaf"
    """Two JetStream domains over a leaf link: the recommended way."""
    SUPERCLUSTER = "supercluster"
    """Three sites joined by gateways, the third an arbiter: one meta group that survives the loss of any site."""
    TWO_SITE = "two-site"
    """Two equal sites joined by gateways: one meta group that no half of it can lead."""
    SHARED_LEAF = "shared-leaf"
    """A leaf link without domains that carries the system account too: one meta group again."""


@dataclass(frozen=True, slots=True)
class NatsServer:
    """One nats-server. The first one of a site has the site's name, the second one is `east-2`."""

    name: str
    site: str
    address: str


@dataclass(frozen=True, slots=True)
class Wire:
    """One end of the link: at `address`, `site` reaches `server` for as long as the link between the two carries."""

    site: str
    server: NatsServer
    address: str


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Every server of both regions. `hub` is the region that a leaf link is dialled to."""

    joined: Joined = Joined.LEAF
    servers_per_region: int = 1
    hub: str = "east"

    @property
    def sites(self) -> tuple[str, ...]:
        """Where servers stand: the regions, and an arbiter if there is one."""
        return (*_REGIONS, ARBITER) if self.joined is Joined.SUPERCLUSTER else _REGIONS

    @property
    def servers(self) -> tuple[NatsServer, ...]:
        """Every server, site by site."""
        return tuple(server for site in self.sites for server in self.of(site))

    def of(self, site: str) -> tuple[NatsServer, ...]:
        """Return the servers of one site; an arbiter has one."""
        count = 1 if site == ARBITER else self.servers_per_region
        return tuple(_server(site, number) for number in range(count))

    @property
    def has_gateways(self) -> bool:
        """Whether the sites are clusters of one super-cluster."""
        return self.joined in {Joined.SUPERCLUSTER, Joined.TWO_SITE}

    @property
    def has_domains(self) -> bool:
        """Whether each region has a JetStream domain, so a meta group, of its own."""
        return self.joined is Joined.LEAF

    @property
    def is_clustered(self) -> bool:
        """Whether a region's servers form a cluster; a lone server with a domain of its own does not."""
        return self.servers_per_region > 1 or not self.has_domains

    @property
    def meta_groups(self) -> tuple[tuple[str, ...], ...]:
        """The sites of each meta group: the servers that elect one leader for all their streams' assignments."""
        return tuple((site,) for site in self.sites) if self.has_domains else (self.sites,)

    def suffix_of(self, region: str) -> str:
        """Return what a region's streams' names end in; one meta group has no name twice."""
        return "" if self.has_domains or region == self.hub else f"_{region.upper()}"

    def wires_from(self, site: str) -> tuple[Wire, ...]:
        """Return what a site's servers dial at other sites."""
        if self.has_gateways:
            targets = tuple(server for server in self.servers if server.site != site)
        else:
            targets = () if site == self.hub else self.of(self.hub)
        return tuple(Wire(site, server, _wire_address(site, server)) for server in targets)

    @property
    def wires(self) -> tuple[Wire, ...]:
        """Every wire between two sites."""
        return tuple(wire for site in self.sites for wire in self.wires_from(site))


def _server(site: str, number: int) -> NatsServer:
    name = site if number == 0 else f"{site}-{number + 1}"
    return NatsServer(name, site, f"127.0.0.{_OCTETS[site] + 10 * number}")


def _wire_address(site: str, server: NatsServer) -> str:
    """Return the server's address as seen from a site: one port number is enough for all wires."""
    return f"127.0.{_OCTETS[site]}.{server.address.rpartition('.')[2]}"
