"""What may stand in drctl.yaml. The models say what one key holds; `rules` says how keys must agree."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.functional_validators import BeforeValidator

from drctl.config import fields
from drctl.config.fields import LITERAL_SECRET, mistake
from drctl.core.topology import ProbeKind, ReplicasFrom, RtoFrom, Serves, Timing
from drctl.core.verdict import Tier

API_VERSION = "drctl/v1"
VENDORS = ("route53", "cloudflare")
_TIMING = Timing()
_REFERENCE = "Put it into a file of your own (mode 600) and write {file: PATH}, or write {env: NAME}."


class Strict(BaseModel):
    """Unknown keys are refused; nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class FileReference(Strict):
    """A secret by reference: a file."""

    file: fields.FilePath
    """The file's path, relative to this file."""

    @model_validator(mode="before")
    @classmethod
    def _is_no_literal(cls, value: object) -> object:
        return _refuse_literal(value)


class SecretReference(Strict):
    """A secret by reference: a file or an environment variable. It is read when it is needed, and kept nowhere."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["file"]}, {"required": ["env"]}]})

    file: fields.FilePath | None = None
    """The path of a file that holds the secret and nothing else, relative to this file."""
    env: fields.Variable | None = None
    """The name of an environment variable."""

    @model_validator(mode="before")
    @classmethod
    def _is_no_literal(cls, value: object) -> object:
        return _refuse_literal(value)

    @model_validator(mode="after")
    def _names_one_place(self) -> SecretReference:
        if (self.file is None) == (self.env is None):
            raise mistake("must name a file or an environment variable, one of them", _REFERENCE)
        return self


def _refuse_literal(value: object) -> object:
    if isinstance(value, dict | FileReference | SecretReference):
        return value
    raise mistake("is no reference: secrets never stand in this file", _REFERENCE, kind=LITERAL_SECRET)


class Kubernetes(Strict):
    """How drctl reaches a region's Kubernetes API."""

    kubeconfig: fields.FilePath
    """The kubeconfig file."""
    context: fields.Text
    """The context in it; named, because a current context changes under one's feet."""


class Nats(Strict):
    """How drctl reaches a region's NATS."""

    url: fields.NatsUrl
    """The region's own address, not one that another region may answer."""
    domain: str = ""
    """The region's JetStream domain; empty without domains."""
    user: str = ""
    """The user, with `password`."""
    password: SecretReference | None = None
    """The user's password, by reference."""
    creds: FileReference | None = None
    """A credentials file, instead of user and password."""


class Region(Strict):
    """A place where the service can run."""

    name: fields.Name
    """What the region is called, here and in consents, journals and reports."""
    addresses: Annotated[tuple[fields.Address, ...], Field(min_length=1)]
    """What the public name's records hold while this region is active."""
    https_port: fields.Port = 443
    """Where HTTPS answers at those addresses."""
    serves: Serves = Serves.NONE
    """What the region can do as a standby, before any promotion."""
    kubernetes: Kubernetes
    """How drctl reaches the region's Kubernetes API."""
    nats: Nats
    """How drctl reaches the region's NATS."""


class Record(Strict):
    """A name that moves with the service."""

    name: fields.RecordName
    """The full name."""
    type: Literal["A", "AAAA"] = "A"
    """The record's type; its values are the active region's addresses."""
    awaited: bool = True
    """Whether a run waits until the record's old TTL has passed."""


class _Zone(Strict):
    zone: fields.Hostname
    """The zone's name."""
    zone_id: fields.Text
    """The zone's id at the vendor; with it drctl needs no right to list zones."""
    endpoint: fields.HttpUrl | None = None
    """Another address of the vendor's API."""
    nameservers: tuple[fields.Server, ...] = ()
    """Every authoritative server as address:port; empty: found by the zone's NS records."""
    records: tuple[Record, ...] = ()
    """The names that move with the service."""


class Route53Zone(_Zone):
    """A zone at Route 53. Without keys, AWS' own chain of credentials is used."""

    vendor: Literal["route53"]
    """Whose API changes the zone."""
    access_key_id: SecretReference | None = None
    """The key's id, with `secret_access_key`."""
    secret_access_key: SecretReference | None = None
    """The key."""


class CloudflareZone(_Zone):
    """A zone at Cloudflare."""

    vendor: Literal["cloudflare"]
    """Whose API changes the zone."""
    api_token: SecretReference
    """A token for this zone only, with the right to edit DNS."""


Zone = Annotated[Route53Zone | CloudflareZone, Field(discriminator="vendor")]


class Selector(Strict):
    """Which Kubernetes objects a rule is about. What is left out matches everything in the namespace."""

    namespace: fields.Name
    """Their namespace."""
    names: Annotated[tuple[fields.Text, ...], Field(min_length=1)] = ("*",)
    """Patterns of names, with * and ?."""
    labels: dict[str, str] = {}
    """Labels that they must all have."""


def _replicas(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    if isinstance(value, str) and value in tuple(ReplicasFrom):
        return ReplicasFrom(value)
    if isinstance(value, ReplicasFrom):
        return value
    raise mistake("is no number of replicas", "Give a number from 1 on, source_max or source_now.")


class Workload(Strict):
    """A rule for workloads to scale. The first rule that matches a workload decides."""

    select: Selector
    """Which workloads."""
    tier: Tier = Tier.CRITICAL
    """How much they matter."""
    replicas: Annotated[int | ReplicasFrom, BeforeValidator(_replicas)] = ReplicasFrom.SOURCE_MAX
    """How many are wanted: a number, or what the source had at most, or now."""
    after: Literal["promote"] | None = None
    """`promote`: they start when the data is there."""
    standby_floor: fields.Count = 0
    """How many run while the region is a standby."""


class Secret(Strict):
    """A rule for ExternalSecrets whose sync is forced before anything starts."""

    select: Selector
    """Which ExternalSecrets."""
    tier: Tier = Tier.CRITICAL
    """How much they matter."""


class Stream(Strict):
    """A rule for streams, and the streams behind KV buckets and object stores."""

    names: Annotated[tuple[fields.Text, ...], Field(min_length=1)]
    """Patterns of names, with * and ?."""
    tier: Tier = Tier.CRITICAL
    """How much they matter."""


class Probe(Strict):
    """A request that acts as a user."""

    name: fields.Name
    """What the probe is called."""
    kind: ProbeKind = ProbeKind.READ
    """`write` changes something, marked as a test."""
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    """The request's method."""
    path: fields.UrlPath
    """The path at the public name."""
    body: str = ""
    """What is sent, as text."""
    expect_status: Annotated[tuple[fields.HttpStatus, ...], Field(min_length=1)] = (200,)
    """The answers that are right."""
    marker_header: fields.Header | None = None
    """The request header that carries `drctl-smoke-<run>`, so that a write is never taken for a customer's."""
    region_header: fields.Header = "X-Region"
    """The response header in which the service names the region that answered."""


class StatelessContract(Strict):
    """A promise where nothing is stored."""

    rto_minutes: fields.Minutes | None = None
    """How long it may be away."""


class StoredContract(StatelessContract):
    """A promise about stored data."""

    rpo_minutes: fields.Minutes | None = None
    """How much may be lost, in minutes before the outage."""


class Contracts(Strict):
    """What was promised. A component that this file names has its default; one that it does not name has none."""

    rto_from: RtoFrom = _TIMING.rto_from
    """Which moment an RTO counts from."""
    api: StatelessContract | None = None
    """Served from the target; 5 minutes."""
    nats: StoredContract | None = None
    """Streams and consumers; 15 minutes, 5 minutes of loss."""
    secrets: StoredContract | None = None
    """Forced syncs; 30 minutes, 1 hour of age."""
    observability: StatelessContract | None = None
    """Rules and dashboards; 1 hour."""


class TimingSettings(Strict):
    """Windows and deadlines."""

    stability_seconds: fields.Seconds = _TIMING.stability.total_seconds()
    """How long a workload must stay ready before it counts."""
    settle_seconds: fields.Seconds = _TIMING.settle.total_seconds()
    """How long the public name must answer from the target."""
    revert_reread_seconds: fields.Seconds = _TIMING.revert_reread.total_seconds()
    """How long after the switch the records are read again, for somebody who puts them back."""
    step_deadline_seconds: fields.Seconds = _TIMING.step_deadline.total_seconds()
    """How long one step may take."""
    client_retry_seconds: fields.Seconds = _TIMING.client_retry.total_seconds()
    """How long clients wait before they try again."""
    inventory_age_max_hours: fields.Hours = _TIMING.inventory_age_max.total_seconds() / 3600
    """How old the source's recorded facts may be."""


class Settings(Strict):
    """drctl.yaml: one service, its two regions, and the rules that say what moves."""

    apiVersion: Literal["drctl/v1"]  # noqa: N815 - as Kubernetes spells it, for people who write both
    """The version of this file's form."""
    service: fields.Name
    """The service."""
    environment: fields.Name
    """The environment; consents say SERVICE-ENVIRONMENT."""
    public_name: fields.Hostname
    """What users type."""
    state_dir: fields.FilePath | None = None
    """Where runs and the lock are kept; by default under the XDG state directory."""
    resolvers: tuple[fields.Server, ...] = ()
    """Caching resolvers as address:port that probes ask as users would; empty: the system's."""
    ca_file: fields.FilePath | None = None
    """Certificates that probes trust instead of the system's."""
    home: fields.Name
    """The region where the service lives when all is well."""
    standby: fields.Name | None = None
    """The region to move to; by default the other one."""
    regions: tuple[Region, ...]
    """The two regions."""
    dns: tuple[Zone, ...] = ()
    """The zones whose records move."""
    workloads: tuple[Workload, ...] = ()
    """Which workloads are scaled."""
    secrets: tuple[Secret, ...] = ()
    """Which ExternalSecrets are forced."""
    streams: tuple[Stream, ...] = ()
    """Which streams are promoted."""
    probes: tuple[Probe, ...] = ()
    """How drctl acts as a user."""
    contracts: Contracts = Contracts()
    """What was promised."""
    timing: TimingSettings = TimingSettings()
    """Windows and deadlines."""


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | Settings.model_json_schema()
