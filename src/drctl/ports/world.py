"""The three capabilities. A check holds ReadPorts and so cannot write; only the executor holds WritePorts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
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


class ReadPorts(Protocol):
    """Everything that can be looked at. Nothing reachable from here sends a write request."""

    @property
    def stamp(self) -> Stamp:
        """Return the run's id and epoch; an empty id and 0 while no run exists (a dry run never has one)."""
        ...

    @property
    def clock(self) -> Clock:
        """Return the clock."""
        ...

    @property
    def names(self) -> NameObserver:
        """Return the name servers' view."""
        ...

    @property
    def http(self) -> HttpReader:
        """Return the user's view."""
        ...

    @property
    def evidence(self) -> EvidenceReader:
        """Return the files that the run keeps beside its journal."""
        ...

    @property
    def samples(self) -> SampleReader:
        """Return what `watch` kept."""
        ...

    def cluster(self, region: str) -> ClusterReader:
        """Return a region's workloads."""
        ...

    def secrets(self, region: str) -> SecretsReader:
        """Return a region's External Secrets."""
        ...

    def datastore(self, region: str) -> DatastoreReader:
        """Return a region's datastore."""
        ...

    def dns(self, zone: str) -> DnsReader:
        """Return a zone at its vendor."""
        ...

    def switch(self, name: str) -> SwitchReader:
        """Return a switch beside the records."""
        ...


class ProbePorts(ReadPorts, Protocol):
    """Reading, and probes that touch the world without changing it for anyone."""

    @property
    def prober(self) -> HttpProber:
        """Return the marked write."""
        ...

    def datastore_prober(self, region: str) -> DatastoreProber:
        """Return a region's binder probe."""
        ...


class WritePorts(ProbePorts, Protocol):
    """Everything. Handed to the executor only, after the lock is held and the plan is confirmed."""

    def cluster_writer(self, region: str) -> ClusterWriter:
        """Return a region's scale."""
        ...

    def secrets_writer(self, region: str) -> SecretsWriter:
        """Return a region's force-sync."""
        ...

    def datastore_writer(self, region: str) -> DatastoreWriter:
        """Return a region's fence and promotion."""
        ...

    def dns_writer(self, zone: str) -> DnsWriter:
        """Return a zone's change batch."""
        ...

    def switch_writer(self, name: str) -> SwitchWriter:
        """Return a switch's turning."""
        ...

    @property
    def evidence(self) -> EvidenceWriter:
        """Return where the run keeps what it exports."""
        ...


class WatchPorts(ReadPorts, Protocol):
    """Reading, and writing down what was read: heartbeats into the active region, samples on this machine."""

    @property
    def sample_writer(self) -> SampleWriter:
        """Return where samples are kept."""
        ...

    def heartbeat_writer(self, region: str) -> HeartbeatWriter:
        """Return a region's heartbeat stream."""
        ...
