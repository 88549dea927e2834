"""The four capabilities over real adapters. A check is given a `ReadWorld`, which has nothing that writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from drctl.cli.connections import Connections
    from drctl.core.lock import Stamp
    from drctl.ports.clock import Clock
    from drctl.ports.cluster import ClusterReader, ClusterWriter
    from drctl.ports.datastore import DatastoreProber, DatastoreReader, DatastoreWriter, HeartbeatWriter
    from drctl.ports.dns import DnsReader, DnsWriter, NameObserver
    from drctl.ports.evidence import EvidenceReader, EvidenceWriter
    from drctl.ports.prober import HttpProber, HttpReader
    from drctl.ports.samples import SampleReader, SampleWriter
    from drctl.ports.secrets import SecretsReader, SecretsWriter
    from drctl.ports.switches import SwitchReader, SwitchWriter


@dataclass(frozen=True, slots=True)
class ReadWorld:
    """`ReadPorts` over real adapters."""

    connections: Connections
    stamp: Stamp

    @property
    def clock(self) -> Clock:
        """Return the clock."""
        return self.connections.clock

    @property
    def names(self) -> NameObserver:
        """Return the name servers' view."""
        return self.connections.names

    @property
    def http(self) -> HttpReader:
        """Return the user's view."""
        return self.connections.http

    @property
    def evidence(self) -> EvidenceReader:
        """Return the files that the run keeps."""
        return self.connections.evidence(self.stamp.run_id)

    @property
    def samples(self) -> SampleReader:
        """Return what `watch` kept."""
        return self.connections.samples

    def cluster(self, region: str) -> ClusterReader:
        """Return a region's workloads."""
        return self.connections.workloads(region)

    def secrets(self, region: str) -> SecretsReader:
        """Return a region's External Secrets."""
        return self.connections.external_secrets(region)

    def datastore(self, region: str) -> DatastoreReader:
        """Return a region's datastore."""
        return self.connections.datastore(region)

    def dns(self, zone: str) -> DnsReader:
        """Return a zone at its vendor."""
        return self.connections.zone(zone)

    def switch(self, name: str) -> SwitchReader:
        """Return a switch beside the records."""
        return self.connections.switch(name)


class ProbeWorld(ReadWorld):
    """`ProbePorts` over real adapters."""

    @property
    def prober(self) -> HttpProber:
        """Return the marked write."""
        return self.connections.http

    def datastore_prober(self, region: str) -> DatastoreProber:
        """Return a region's binder probe."""
        return self.connections.datastore(region)


class WriteWorld(ProbeWorld):
    """`WritePorts` over real adapters."""

    def cluster_writer(self, region: str) -> ClusterWriter:
        """Return a region's scale."""
        return self.connections.workloads(region)

    def secrets_writer(self, region: str) -> SecretsWriter:
        """Return a region's force-sync."""
        return self.connections.external_secrets(region)

    def datastore_writer(self, region: str) -> DatastoreWriter:
        """Return a region's fence and promotion."""
        return self.connections.datastore(region)

    def dns_writer(self, zone: str) -> DnsWriter:
        """Return a zone's change batch."""
        return self.connections.zone(zone)

    def switch_writer(self, name: str) -> SwitchWriter:
        """Return a switch's turning."""
        return self.connections.switch(name)

    @property
    def evidence(self) -> EvidenceWriter:
        """Return where the run keeps what it exports."""
        return self.connections.evidence(self.stamp.run_id)


class WatchWorld(ReadWorld):
    """`WatchPorts` over real adapters."""

    @property
    def sample_writer(self) -> SampleWriter:
        """Return where samples are kept."""
        return self.connections.samples

    def heartbeat_writer(self, region: str) -> HeartbeatWriter:
        """Return a region's heartbeat stream."""
        return self.connections.datastore(region)
