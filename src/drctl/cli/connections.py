"""Every adapter of one command: made when first asked for, closed together. The one place that knows them all."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar, assert_never, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from types import TracebackType
    from typing import Self

    from drctl.adapters.aws.routing_controls import RoutingControls
    from drctl.adapters.aws.stop_object import StopObject
    from drctl.adapters.clock import SystemClock
    from drctl.adapters.cloudflare.zone import CloudflareZone
    from drctl.adapters.journal.evidence import FileEvidence
    from drctl.adapters.journal.samples import SampleFile
    from drctl.adapters.kubernetes.client import KubernetesApi
    from drctl.adapters.kubernetes.external_secrets import ExternalSecrets
    from drctl.adapters.kubernetes.workloads import Workloads
    from drctl.adapters.names.observer import DnsObserver
    from drctl.adapters.nats.datastore import NatsDatastore
    from drctl.adapters.nats.naming import Naming
    from drctl.adapters.probes.http import HttpProbes
    from drctl.adapters.rfc2136.zone import Rfc2136Zone
    from drctl.adapters.route53.zone import Route53Zone
    from drctl.config import schema
    from drctl.config.load import LoadedConfig
    from drctl.config.schema import Nats, SystemAccount, Zone
    from drctl.core.topology import RecordMode
    from drctl.ports.dns import DnsZone

    Switch = StopObject | RoutingControls

_Made = TypeVar("_Made")

SAMPLES_FILE = "samples.jsonl"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one call to each kind of system may take. Explicit everywhere: no SDK's default is used."""

    kubernetes: timedelta = timedelta(seconds=10)
    nats: timedelta = timedelta(seconds=5)
    dns_vendor: timedelta = timedelta(seconds=10)
    switch: timedelta = timedelta(seconds=4)
    name_servers: timedelta = timedelta(seconds=2)
    http: timedelta = timedelta(seconds=5)


# A status must be there in 3 s, one region dead; and whoever watches looks again in a second.
QUICK = Patience(*(timedelta(seconds=seconds) for seconds in (2, 2, 2, 1, 1, 2)))


class Connections:
    """Adapters by what they speak to. Safe to share between threads; nothing is opened before the first call."""

    def __init__(self, config: LoadedConfig, clock: SystemClock, patience: Patience) -> None:
        self.clock = clock
        self._config = config
        self._patience = patience
        self._made: dict[Hashable, object] = {}
        self._closing: list[Callable[[], None]] = []
        self._turn = threading.RLock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for close in reversed(self._closing):
            close()

    def workloads(self, region: str) -> Workloads:
        """Return a region's workloads."""

        def make() -> Workloads:
            from drctl.adapters.kubernetes.workloads import Workloads

            return Workloads(self._kubernetes(region))

        return self._once(("workloads", region), make)

    def external_secrets(self, region: str) -> ExternalSecrets:
        """Return a region's External Secrets."""

        def make() -> ExternalSecrets:
            from drctl.adapters.kubernetes.external_secrets import ExternalSecrets

            return ExternalSecrets(self._kubernetes(region))

        return self._once(("external secrets", region), make)

    def datastore(self, region: str) -> NatsDatastore:
        """Return a region's NATS."""

        def make() -> NatsDatastore:
            from drctl.adapters.nats.credentials import Credentials
            from drctl.adapters.nats.datastore import NatsDatastore
            from drctl.config.secrets import read_secret

            def login(of: Nats | SystemAccount, system: Credentials | None = None) -> Credentials:
                creds = str(of.creds.file) if of.creds else ""
                return Credentials(of.user, read_secret(of.password), creds, system)

            nats = self._config.region(region).nats
            system = login(nats.system) if nats.system else None
            credentials, naming = login(nats, system), self._naming(region)
            opened = NatsDatastore(region, nats.url, nats.domain, credentials, self._patience.nats, naming=naming)
            return self._closed(opened)

        return self._once(("nats", region), make)

    def zone(self, name: str) -> DnsZone:
        """Return a zone at its vendor."""
        return self._once(("zone", name), lambda: self._open_zone(self._config.zone(name)))

    def switch(self, name: str) -> Switch:
        """Return a switch beside the records."""
        settings = next(one for one in self._config.settings.switches if one.name == name)
        return self._once(("switch", name), lambda: self._open_switch(settings))

    @property
    def names(self) -> DnsObserver:
        """Return the name servers, and the configured resolvers."""

        def make() -> DnsObserver:
            from drctl.adapters.names.observer import DnsObserver

            settings = self._config.settings
            servers = {zone.zone: zone.nameservers for zone in settings.dns}
            return DnsObserver(servers, settings.resolvers, self._patience.name_servers)

        return self._once("names", make)

    @property
    def http(self) -> HttpProbes:
        """Return the user's view."""

        def make() -> HttpProbes:
            from drctl.adapters.probes.http import HttpProbes, Limits, PublicName

            settings = self._config.settings
            public = PublicName(settings.public_name, self._config.public_port, str(settings.ca_file or ""))
            limits = Limits(connect=min(timedelta(seconds=2), self._patience.http), total=self._patience.http)
            return HttpProbes(public, self.names.resolve, self.clock, limits)

        return self._once("http", make)

    @property
    def samples(self) -> SampleFile:
        """Return what `watch` kept."""

        def make() -> SampleFile:
            from drctl.adapters.journal.samples import SampleFile

            return SampleFile(self._config.state_dir / SAMPLES_FILE)

        return self._once("samples", make)

    def evidence(self, run_id: str) -> FileEvidence:
        """Return a run's folder."""

        def make() -> FileEvidence:
            from drctl.adapters.journal.evidence import FileEvidence
            from drctl.adapters.journal.runs import run_folder

            return FileEvidence(run_folder(self._config.state_dir, run_id))

        return self._once(("evidence", run_id), make)

    def _naming(self, region: str) -> Naming:
        from drctl.adapters.nats.naming import Naming

        own = self._config.region(region).nats
        other = next(other for other in self._config.settings.regions if other.name != region).nats
        return Naming(own.stream_suffix, other.stream_suffix, own.cluster, other.cluster)

    def _kubernetes(self, region: str) -> KubernetesApi:
        def make() -> KubernetesApi:
            from drctl.adapters.kubernetes.client import KubernetesApi

            access = self._config.region(region).kubernetes
            return self._closed(KubernetesApi(access.kubeconfig, access.context, region, self._patience.kubernetes))

        return self._once(("kubernetes", region), make)

    def _open_zone(self, zone: Zone) -> DnsZone:
        from drctl.config import schema

        match zone:
            case schema.Route53Zone():
                return self._closed(self._at_route53(zone))
            case schema.CloudflareZone():
                return self._closed(self._at_cloudflare(zone))
            case schema.OutsideZone():
                return self._closed(self._from_outside(zone))
            case schema.Rfc2136Zone():
                return self._closed(self._at_own_server(zone))
            case _:
                assert_never(zone)

    def _at_route53(self, zone: schema.Route53Zone) -> Route53Zone:
        from drctl.adapters.route53.zone import Clients, Keys, Route53Zone
        from drctl.config.secrets import read_secret

        keys = Keys(read_secret(zone.access_key_id), read_secret(zone.secret_access_key))
        clients = Clients(keys, zone.endpoint or "", self._at_vendor(zone))
        return Route53Zone(zone.zone, zone.zone_id, clients, _modes(zone))

    def _at_vendor(self, zone: Zone) -> timedelta:
        """Return how long the vendor is waited for: where records have other ways, no longer than one's budget."""
        budget = timedelta(seconds=self._config.settings.timing.way_budget_seconds)
        has_others = any(len(record.ladder) > 1 for record in zone.records)
        return min(self._patience.dns_vendor, budget) if has_others else self._patience.dns_vendor

    def _at_cloudflare(self, zone: schema.CloudflareZone) -> CloudflareZone:
        from drctl.adapters.cloudflare.zone import Client, CloudflareZone
        from drctl.config.secrets import read_secret

        client = Client(read_secret(zone.api_token), zone.endpoint or "", self._patience.dns_vendor)
        return CloudflareZone(zone.zone, zone.zone_id, client)

    def _open_switch(self, switch: schema.Switch) -> Switch:
        from drctl.adapters.aws.clients import Clients, Keys, Service
        from drctl.adapters.aws.routing_controls import RoutingControls
        from drctl.adapters.aws.stop_object import Place, StopObject
        from drctl.config import schema
        from drctl.config.secrets import read_secret

        keys = Keys(read_secret(switch.access_key_id), read_secret(switch.secret_access_key))
        match switch:
            case schema.StopObject():
                service = Service("s3", switch.aws_region)
                clients = Clients(keys, switch.endpoint or "", self._patience.switch, service)
                return self._closed(StopObject(Place(switch.bucket, switch.key, switch.leads_to), clients))
            case schema.RoutingControls():
                endpoints = [
                    Clients(keys, one.url, self._patience.switch, Service("route53-recovery-cluster", one.aws_region))
                    for one in switch.endpoints
                ]
                return self._closed(RoutingControls(switch.controls, endpoints))
            case _:
                assert_never(switch)

    def _from_outside(self, zone: schema.OutsideZone) -> DnsZone:
        from drctl.cli.providers import open_outside
        from drctl.config.secrets import read_secret

        options = zone.options | {name: read_secret(reference) for name, reference in zone.secrets.items()}
        return open_outside(zone.provider, zone.zone, options, self._patience.dns_vendor)

    def _at_own_server(self, zone: schema.Rfc2136Zone) -> Rfc2136Zone:
        from drctl.adapters.rfc2136.zone import Rfc2136Zone
        from drctl.config.secrets import read_secret

        key = (zone.key_name, zone.key_algorithm, read_secret(zone.key))
        return Rfc2136Zone(zone.zone, zone.server, key, self._patience.dns_vendor)

    def _once(self, key: Hashable, make: Callable[[], _Made]) -> _Made:
        with self._turn:
            if key not in self._made:
                self._made[key] = make()
            return cast("_Made", self._made[key])

    def _closed(self, opened: _Made) -> _Made:
        self._closing.append(opened.close)  # type: ignore[attr-defined]
        return opened


def _modes(zone: Zone) -> dict[tuple[str, str], RecordMode]:
    return {(record.name, record.type): record.mode for record in zone.records}
