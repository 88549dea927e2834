"""The world as it will be when the steps before have run: what a dry run asks the later steps about.

Without it a plan that fences, promotes and rebuilds the same stream would predict each as if the others were not.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from drctl.core.errors import NotFoundError
from drctl.core.observed import StreamRole, StreamState
from drctl.core.stream_config import StreamConfig, kind_of, role_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drctl.core.change import Diff, Value
    from drctl.core.lock import Stamp
    from drctl.core.meta_group import MetaGroup
    from drctl.core.observed import (
        ConsumerState,
        DatastoreInfo,
        Heartbeat,
        ObjectRef,
        StoredMessage,
        WorkloadState,
    )
    from drctl.core.topology import Selector
    from drctl.ports.clock import Clock
    from drctl.ports.cluster import ClusterReader
    from drctl.ports.datastore import DatastoreReader
    from drctl.ports.dns import DnsReader, NameObserver
    from drctl.ports.evidence import EvidenceReader
    from drctl.ports.prober import HttpReader
    from drctl.ports.samples import SampleReader
    from drctl.ports.secrets import SecretsReader
    from drctl.ports.switches import SwitchReader
    from drctl.ports.world import ReadPorts

_Fields = dict[str, "Value"]


@dataclass(slots=True)
class Expected:
    """Every field that earlier steps will have written, by object; `remade` are the streams made anew as mirrors."""

    objects: dict[str, _Fields] = field(default_factory=dict)
    remade: set[str] = field(default_factory=set)

    def add(self, diff: Diff) -> None:
        """Take a step's changes as made."""
        for change in diff.changes:
            self.objects.setdefault(change.object, {})[change.field] = change.after
            if change.field == "mirror" and change.after is not None:
                self.remade.add(change.object)

    def of(self, name: str) -> _Fields:
        """Return what an object's fields will hold."""
        return self.objects.get(name, {})


@dataclass(frozen=True, slots=True)
class ProjectedWorld:
    """`ReadPorts`, with streams and replicas as they will be. The rest is as it is."""

    world: ReadPorts
    expected: Expected

    @property
    def stamp(self) -> Stamp:
        """Return the stamp of a run that does not exist."""
        return self.world.stamp

    @property
    def clock(self) -> Clock:
        """Return the clock."""
        return self.world.clock

    @property
    def names(self) -> NameObserver:
        """Return the name servers' view."""
        return self.world.names

    @property
    def http(self) -> HttpReader:
        """Return the user's view."""
        return self.world.http

    @property
    def evidence(self) -> EvidenceReader:
        """Return the run's files."""
        return self.world.evidence

    @property
    def samples(self) -> SampleReader:
        """Return what `watch` kept."""
        return self.world.samples

    def cluster(self, region: str) -> ClusterReader:
        """Return a region's workloads."""
        return _Cluster(self.world.cluster(region), region, self.expected)

    def secrets(self, region: str) -> SecretsReader:
        """Return a region's External Secrets."""
        return self.world.secrets(region)

    def datastore(self, region: str) -> DatastoreReader:
        """Return a region's datastore."""
        return _Datastore(self.world.datastore(region), region, self.expected)

    def dns(self, zone: str) -> DnsReader:
        """Return a zone at its vendor."""
        return self.world.dns(zone)

    def switch(self, name: str) -> SwitchReader:
        """Return a switch beside the records."""
        return self.world.switch(name)


@dataclass(frozen=True, slots=True)
class _Cluster:
    reader: ClusterReader
    region: str
    expected: Expected

    def clock_skew(self) -> timedelta:
        return self.reader.clock_skew()

    def workloads(self, select: Selector) -> tuple[WorkloadState, ...]:
        return tuple(self._projected(state) for state in self.reader.workloads(select))

    def workload(self, ref: ObjectRef) -> WorkloadState:
        return self._projected(self.reader.workload(ref))

    def diagnose(self, ref: ObjectRef) -> str:
        return self.reader.diagnose(ref)

    def _projected(self, state: WorkloadState) -> WorkloadState:
        replicas = self.expected.of(f"{self.region}/{state.ref}").get("spec.replicas")
        return replace(state, replicas=replicas) if isinstance(replicas, int) else state


@dataclass(frozen=True, slots=True)
class _Datastore:
    reader: DatastoreReader
    region: str
    expected: Expected

    def info(self) -> DatastoreInfo:
        return self.reader.info()

    def meta_group(self) -> MetaGroup | None:
        return self.reader.meta_group()

    def streams(self) -> tuple[StreamState, ...]:
        there = {state.name: self._projected(state) for state in self.reader.streams()}
        made = {name: self._made(name) for name in self._to_be_made() if name not in there}
        return tuple(there[name] if name in there else made[name] for name in sorted(there.keys() | made.keys()))

    def stream(self, name: str) -> StreamState:
        try:
            return self._projected(self.reader.stream(name))
        except NotFoundError:
            if name in self._to_be_made():
                return self._made(name)
            raise

    def consumers(self, stream: str) -> tuple[ConsumerState, ...]:
        # A stream that is made anew has no durable any more, whatever became of it since.
        return () if self._is_remade(stream) else self.reader.consumers(stream)

    def heartbeats(self, region: str, newest: int) -> tuple[Heartbeat, ...]:
        return self.reader.heartbeats(region, newest)

    def recorded_inventory(self, region: str) -> bytes | None:
        return self.reader.recorded_inventory(region)

    def other_answers(self, domain: str) -> bool:
        return self.reader.other_answers(domain)

    def messages(self, stream: str, first: int, last: int) -> Iterator[StoredMessage]:
        return self.reader.messages(stream, first, last)

    def _is_remade(self, stream: str) -> bool:
        return f"{self.region}/stream/{stream}" in self.expected.remade

    def _to_be_made(self) -> tuple[str, ...]:
        place = f"{self.region}/stream/"
        return tuple(name.removeprefix(place) for name in self.expected.objects if name.startswith(place))

    def _made(self, name: str) -> StreamState:
        now = datetime.now(UTC)
        config = json.dumps({"name": name})
        kind = kind_of(name)
        bare = StreamState(name, kind, StreamRole.ACTIVE, (), (), 0, 0, 0, None, None, "", None, None, 0, config, now)
        return self._projected(bare)

    def _fields(self, stream: str) -> _Fields:
        return self.expected.of(f"{self.region}/stream/{stream}")

    def _projected(self, state: StreamState) -> StreamState:
        fields = self._fields(state.name)
        if not fields:
            return state
        config = _with(json.loads(state.config), fields)
        metadata = config.get("metadata") or {}
        role = role_of(config)
        taken_away = fields.get("metadata.drctl.subjects", "")
        known = json.loads(taken_away) if isinstance(taken_away, str) and taken_away else state.original_subjects
        return replace(
            state,
            role=role,
            subjects=tuple(config.get("subjects") or ()),
            original_subjects=tuple(known),
            mirror_of=state.name if role is StreamRole.MIRROR else "",
            fork_seq=state.last_seq if "drctl.fork_seq" in metadata else None,
            # A mirror that is made anew is waited for until it hears its origin.
            contact_age=timedelta(0)
            if f"{self.region}/stream/{state.name}" in self.expected.remade
            else state.contact_age,
            config=json.dumps(config, separators=(",", ":")),
        )


def _with(config: StreamConfig, fields: _Fields) -> StreamConfig:
    """Return a configuration with fields as a diff names them."""
    metadata = dict(config.get("metadata") or {})
    for name, value in fields.items():
        section, _, key = name.partition(".")
        place, key = (metadata, key) if section == "metadata" and key else (config, name)
        if value is None:
            place.pop(key, None)
        elif name == "mirror":
            config[key] = {"name": value}
        else:
            place[key] = list(value) if isinstance(value, tuple) else value if isinstance(value, int) else str(value)
    return config | {"metadata": metadata}
