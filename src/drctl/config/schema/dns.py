"""The zones whose records move, each at its vendor."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from drctl.config import fields
from drctl.config.schema.base import SecretReference, Strict
from drctl.core.topology import RecordMode

VENDORS = ("route53", "cloudflare", "rfc2136", "outside")


class Record(Strict):
    """A name that moves with the service."""

    name: fields.RecordName
    """The full name."""
    type: Literal["A", "AAAA", "CNAME", "HTTPS", "SVCB"] = "A"
    """The record's type. Everything at a name moves together: what is there and not here blocks a run."""
    values: dict[fields.Name, Annotated[tuple[fields.Text, ...], Field(min_length=1)]] = Field(default_factory=dict)
    """What it holds, by region; without, A and AAAA hold the active region's addresses of that family."""
    mode: RecordMode = RecordMode.VALUES
    """What a move changes: the record's values, or which of its members, prepared for each region, is answered."""
    ladder: Annotated[tuple[fields.Name, ...], Field(min_length=1)] = ("vendor",)
    """The ways to move it, tried in order: `vendor`, and names of `switches:`. To list them is to agree to each."""
    awaited: bool = True
    """Whether a run waits until the record's old TTL has passed."""


class _Zone(Strict):
    zone: fields.Hostname
    """The zone's name."""
    nameservers: tuple[fields.Server, ...] = ()
    """Every authoritative server as address:port; empty: found by the zone's NS records."""
    records: tuple[Record, ...] = ()
    """The names that move with the service."""


class _HostedZone(_Zone):
    zone_id: fields.Text
    """The zone's id at the vendor; with it drctl needs no right to list zones."""
    endpoint: fields.HttpUrl | None = None
    """Another address of the vendor's API."""


class Route53Zone(_HostedZone):
    """A zone at Route 53. Without keys, AWS' own chain of credentials is used."""

    vendor: Literal["route53"]
    """Whose API changes the zone."""
    access_key_id: SecretReference | None = None
    """The key's id, with `secret_access_key`."""
    secret_access_key: SecretReference | None = None
    """The key."""


class CloudflareZone(_HostedZone):
    """A zone at Cloudflare."""

    vendor: Literal["cloudflare"]
    """Whose API changes the zone."""
    api_token: SecretReference
    """A token for this zone only, with the right to edit DNS."""


class Rfc2136Zone(_Zone):
    """A zone on a server of one's own that takes dynamic updates: BIND, Knot, PowerDNS."""

    vendor: Literal["rfc2136"]
    """How the zone is changed."""
    server: fields.Server
    """The zone's primary, as address:port."""
    key_name: fields.Text
    """The TSIG key's name."""
    key_algorithm: Literal["hmac-sha256", "hmac-sha384", "hmac-sha512"] = "hmac-sha256"
    """The TSIG key's algorithm."""
    key: SecretReference
    """The TSIG key's secret, in base64."""
    region: fields.Name | None = None
    """The region in which the primary stands, if it is one of this file's: with it, the zone cannot be changed."""


class OutsideZone(_Zone):
    """A zone at a vendor that another installed package knows (entry points, group `drctl.dns_providers`)."""

    vendor: Literal["outside"]
    """How the zone is changed."""
    provider: fields.Text
    """The provider's name in that group."""
    options: dict[fields.Text, str] = Field(default_factory=dict)
    """What the provider takes."""
    secrets: dict[fields.Text, SecretReference] = Field(default_factory=dict)
    """What it takes and nobody may read, by reference."""
    by_hand: str = ""
    """A shell line that moves a record without drctl; {name}, {type} and {values} are filled in."""


Zone = Annotated[Route53Zone | CloudflareZone | Rfc2136Zone | OutsideZone, Field(discriminator="vendor")]
