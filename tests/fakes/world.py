"""Two regions, a zone and a machine, held in memory; and the capabilities over them, as steps and commands get them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fakes.calls import Calls
from fakes.clock import FakeClock
from fakes.cluster import FakeCluster
from fakes.datastore import FakeDatastore
from fakes.dns import FakeNames, FakeSwitch, FakeZone
from fakes.http import FakeHttp, Shop
from fakes.jetstream import Domain, Link
from fakes.keeping import FakeEvidence, FakeLockStore, FakeRunStore, FakeSamples
from fakes.secrets import FakeSecrets

if TYPE_CHECKING:
    from drctl.core.lock import Stamp


@dataclass
class FakeRegion:
    """One region's systems. `jetstream` is the server's own side, which tests and clients use."""

    name: str
    cluster: FakeCluster
    secrets: FakeSecrets
    jetstream: Domain
    datastore: FakeDatastore


class World:
    """Everything there is. `region("east")` and `zone(...)` are its state; `reads`, `writes` ... are capabilities."""

    def __init__(self, regions: tuple[str, str]) -> None:
        self.clock, self.calls = FakeClock(), Calls()
        self.clock.each_wait = self.calls.require_alive
        self.link = Link()
        self.regions = {name: self._region(name) for name in regions}
        one, other = (self.regions[name].jetstream for name in regions)
        one.peer, other.peer = other, one
        self.zones: dict[str, FakeZone] = {}
        self.switches: dict[str, FakeSwitch] = {}
        self.names = FakeNames(self.zones, self.calls, self.clock)
        self.http = FakeHttp(self.names, self.calls, self.clock)
        self.http.shops = {name: Shop(region.cluster, region.jetstream) for name, region in self.regions.items()}
        self.samples, self.evidence = FakeSamples(), FakeEvidence()
        self.runs, self.lock = FakeRunStore(self.clock, self.calls), FakeLockStore()

    def _region(self, name: str) -> FakeRegion:
        domain = Domain(name, self.clock, self.link)
        datastore = FakeDatastore(name, domain, self.calls, self.clock)
        cluster = FakeCluster(name, self.calls, self.clock)
        return FakeRegion(name, cluster, FakeSecrets(name, self.calls, self.clock), domain, datastore)

    def region(self, name: str) -> FakeRegion:
        return self.regions[name]

    def cut_link(self) -> None:
        """Let nothing cross any more; nobody is told."""
        self.link.is_up = False

    def heal_link(self) -> None:
        self.link.is_up = True
        for region in self.regions.values():
            region.jetstream.pull()

    def kill(self, region: str) -> None:
        """Let a whole region stop answering."""
        self.calls.dark.add(region)
        self.regions[region].jetstream.is_up = False

    def bring_back(self, region: str) -> None:
        self.calls.dark.discard(region)
        self.regions[region].jetstream.is_up = True

    def start_new_process(self) -> None:
        """Start drctl anew after it was killed: its lock is free, and what it only remembered is gone."""
        self.calls.revive()
        self.lock.kill_holder()
        for zone in self.zones.values():
            zone.forget_sender()

    def reads(self, stamp: Stamp) -> FakeReads:
        return FakeReads(self, stamp)

    def probes(self, stamp: Stamp) -> FakeProbes:
        return FakeProbes(self, stamp)

    def writes(self, stamp: Stamp) -> FakeWrites:
        return FakeWrites(self, stamp)

    def watches(self, stamp: Stamp) -> FakeWatches:
        return FakeWatches(self, stamp)


@dataclass(frozen=True)
class FakeReads:
    """The port `ReadPorts`."""

    world: World
    stamp: Stamp

    @property
    def clock(self) -> FakeClock:
        return self.world.clock

    @property
    def names(self) -> FakeNames:
        return self.world.names

    @property
    def http(self) -> FakeHttp:
        return self.world.http

    @property
    def samples(self) -> FakeSamples:
        return self.world.samples

    @property
    def evidence(self) -> FakeEvidence:
        return self.world.evidence

    def cluster(self, region: str) -> FakeCluster:
        return self.world.region(region).cluster

    def secrets(self, region: str) -> FakeSecrets:
        return self.world.region(region).secrets

    def datastore(self, region: str) -> FakeDatastore:
        return self.world.region(region).datastore

    def dns(self, zone: str) -> FakeZone:
        return self.world.zones[zone]

    def switch(self, name: str) -> FakeSwitch:
        return self.world.switches[name]


class FakeProbes(FakeReads):
    """The port `ProbePorts`."""

    @property
    def prober(self) -> FakeHttp:
        return self.world.http

    def datastore_prober(self, region: str) -> FakeDatastore:
        return self.world.region(region).datastore


class FakeWrites(FakeProbes):
    """The port `WritePorts`."""

    def cluster_writer(self, region: str) -> FakeCluster:
        return self.world.region(region).cluster

    def secrets_writer(self, region: str) -> FakeSecrets:
        return self.world.region(region).secrets

    def datastore_writer(self, region: str) -> FakeDatastore:
        return self.world.region(region).datastore

    def dns_writer(self, zone: str) -> FakeZone:
        return self.world.zones[zone]

    def switch_writer(self, name: str) -> FakeSwitch:
        return self.world.switches[name]

    @property
    def evidence(self) -> FakeEvidence:
        return self.world.evidence


class FakeWatches(FakeReads):
    """The port `WatchPorts`."""

    @property
    def sample_writer(self) -> FakeSamples:
        return self.world.samples

    def heartbeat_writer(self, region: str) -> FakeDatastore:
        return self.world.region(region).datastore
