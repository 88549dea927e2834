"""What is protected and by which rules, without addresses of control planes and without credentials."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from fnmatch import fnmatchcase

from drctl.core.record_values import canonical, family_of
from drctl.core.verdict import Tier


class Serves(StrEnum):
    """What a standby can do at its floor, before any promotion."""

    NONE = "none"
    READ_ONLY = "read_only"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Region:
    """A place where the service can run.

    `addresses` are what the public names' records hold when this region is active; `port` is where HTTPS
    answers there (443 unless the lab says otherwise).
    """

    name: str
    addresses: tuple[str, ...]
    port: int = 443
    serves: Serves = Serves.NONE


@dataclass(frozen=True, slots=True)
class Selector:
    """Which Kubernetes objects a rule is about. Empty parts match everything in the namespace."""

    namespace: str
    names: tuple[str, ...] = ("*",)
    labels: tuple[tuple[str, str], ...] = ()

    def matches(self, namespace: str, name: str, labels: tuple[tuple[str, str], ...]) -> bool:
        """Say whether an object is meant: namespace equal, name like one of the patterns, every label there."""
        return (
            namespace == self.namespace
            and any(fnmatchcase(name, pattern) for pattern in self.names)
            and set(self.labels) <= set(labels)
        )


class ReplicasFrom(StrEnum):
    """Where a workload's wanted replicas come from: the source's recorded maximum, or its recorded present."""

    SOURCE_MAX = "source_max"
    SOURCE_NOW = "source_now"


@dataclass(frozen=True, slots=True)
class WorkloadRule:
    """Workloads to scale up. The first rule that matches a workload decides.

    `replicas` is a number, or taken from the source's inventory (never below 1). `after_promote` workloads
    start when the data is there.
    """

    select: Selector
    tier: Tier = Tier.CRITICAL
    replicas: int | ReplicasFrom = ReplicasFrom.SOURCE_MAX
    after_promote: bool = False
    standby_floor: int = 0


@dataclass(frozen=True, slots=True)
class SecretRule:
    """ExternalSecrets whose sync is forced in the target before anything starts there."""

    select: Selector
    tier: Tier = Tier.CRITICAL


@dataclass(frozen=True, slots=True)
class StreamRule:
    """Streams (and the streams behind KV buckets and object stores) to promote, by name pattern."""

    names: tuple[str, ...] = ("*",)
    tier: Tier = Tier.CRITICAL


@dataclass(frozen=True, slots=True)
class Zone:
    """One DNS zone at one vendor. `nameservers` are `address:port`; empty means: found through the zone's NS."""

    name: str
    vendor: str
    nameservers: tuple[str, ...] = ()


class Plane(StrEnum):
    """What must be alive for something to work."""

    DATA = "data"
    REGIONAL_CONTROL = "regional control"
    GLOBAL_CONTROL = "global control"


VENDOR = "vendor"
US_EAST_1 = "us-east-1"


@dataclass(frozen=True, slots=True)
class Rung:
    """One way to move a record: by the vendor's own API (`vendor`), or by the switch of that name.

    `needs` is the region of this service without which it does not work, or `us-east-1`; empty for neither. After
    `budget` without reaching it, the next rung is tried.
    """

    name: str
    plane: Plane
    needs: str = ""
    budget: timedelta = timedelta(seconds=15)


AT_VENDOR = (Rung(VENDOR, Plane.GLOBAL_CONTROL),)


class RecordMode(StrEnum):
    """What a move changes at the vendor: the record's own values, or which of its prepared members is answered."""

    VALUES = "values"
    WEIGHTED = "weighted"
    FAILOVER = "failover"


@dataclass(frozen=True, slots=True)
class RecordRule:
    """One public name that moves with the service.

    `values` are by region; a region that is not named there has its addresses of the type's family.
    """

    zone: str
    name: str
    type: str = "A"
    awaited: bool = True
    values: tuple[tuple[str, tuple[str, ...]], ...] = ()
    mode: RecordMode = RecordMode.VALUES
    ladder: tuple[Rung, ...] = AT_VENDOR

    def values_in(self, region: Region) -> tuple[str, ...]:
        """Return what the record holds while a region is active, sorted."""
        given = dict(self.values).get(region.name)
        if given is None:
            given = tuple(one for one in region.addresses if family_of(one) == self.type)
        return tuple(sorted(canonical(self.type, value) for value in given))


class ProbeKind(StrEnum):
    """What a probe does to the service: nothing, or one marked write."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class ProbeRule:
    """One request that acts as a user.

    `region_header` names the response header in which the service says which region answered; `marker_header`
    carries `drctl-smoke-<run>` in a write, so that it is never counted as the application's own.
    """

    name: str
    path: str
    kind: ProbeKind = ProbeKind.READ
    method: str = "GET"
    body: str = ""
    expect_status: tuple[int, ...] = (200,)
    marker_header: str = ""
    region_header: str = ""


@dataclass(frozen=True, slots=True)
class ContractRule:
    """What was promised for one component; `rpo` is None where nothing is stored."""

    component: str
    rto: timedelta
    rpo: timedelta | None


class RtoFrom(StrEnum):
    """Which moment an RTO counts from."""

    FIRST_FAILED_SAMPLE = "first_failed_sample"
    DECLARED = "declared"
    STARTED = "started"


@dataclass(frozen=True, slots=True)
class Timing:
    """Windows and deadlines; the lab shortens them, products keep the defaults."""

    stability: timedelta = timedelta(seconds=15)
    settle: timedelta = timedelta(seconds=30)
    revert_reread: timedelta = timedelta(seconds=60)
    step_deadline: timedelta = timedelta(minutes=5)
    client_retry: timedelta = timedelta(seconds=5)
    inventory_age_max: timedelta = timedelta(hours=24)
    rto_from: RtoFrom = RtoFrom.FIRST_FAILED_SAMPLE
    drain: timedelta = timedelta(minutes=1)
    dns_change: timedelta = timedelta(minutes=1)


DEFAULT_CONTRACTS = (
    ContractRule("api", timedelta(minutes=5), None),
    ContractRule("nats", timedelta(minutes=15), timedelta(minutes=5)),
    ContractRule("secrets", timedelta(minutes=30), timedelta(hours=1)),
    ContractRule("observability", timedelta(hours=1), None),
)

HEARTBEAT_STREAM = "DRCTL_HB"


@dataclass(frozen=True, slots=True)
class Topology:
    """The service, its regions, and the rules that say what moves. Immutable; its digest is in every plan."""

    service: str
    environment: str
    regions: tuple[Region, ...]
    home: str
    standby: str
    public_name: str
    zones: tuple[Zone, ...] = ()
    records: tuple[RecordRule, ...] = ()
    workloads: tuple[WorkloadRule, ...] = ()
    secrets: tuple[SecretRule, ...] = ()
    streams: tuple[StreamRule, ...] = ()
    probes: tuple[ProbeRule, ...] = ()
    contracts: tuple[ContractRule, ...] = field(default=())
    timing: Timing = field(default_factory=Timing)

    @property
    def title(self) -> str:
        """Return `service-environment`, the first word of a consent."""
        return f"{self.service}-{self.environment}"

    def region(self, name: str) -> Region:
        """Return the region of that name.

        Raises:
            KeyError: There is none; names are checked when the configuration is loaded.
        """
        return next(region for region in self.regions if region.name == name)

    def other(self, name: str) -> str:
        """Return the name of the other region of the pair."""
        return self.standby if name == self.home else self.home

    def zone(self, name: str) -> Zone:
        """Return the zone of that name."""
        return next(zone for zone in self.zones if zone.name == name)
