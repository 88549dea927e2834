"""Look at the service every second, and write down what a failover will need when the source is gone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from drctl.app.fanout import fan_out
from drctl.app.gather import CLUSTER, DATASTORE, gather_region, highest
from drctl.core.errors import AdapterError
from drctl.core.observed import Heartbeat, HttpAnswer, Sample, StreamRole
from drctl.core.topology import HEARTBEAT_STREAM, ProbeKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from drctl.core.inventory import RegionInventory, ReplicasSeen
    from drctl.core.observed import StreamState
    from drctl.core.topology import Topology
    from drctl.ports.codec import Codec
    from drctl.ports.world import WatchPorts

INTERVAL = timedelta(seconds=1)
INVENTORY_EVERY = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Look:
    """One round: the sample that was kept, and the regions whose heartbeat was taken."""

    sample: Sample
    beaten: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]


class Watcher:
    """Samples one service. Two watchers at once are safe: both write the same kind of facts."""

    def __init__(self, world: WatchPorts, topology: Topology, codec: Codec[RegionInventory]) -> None:
        self._world = world
        self._topology = topology
        self._codec = codec
        self._recorded: dict[str, timedelta] = {}
        self._durables: dict[str, frozenset[str]] = {}
        self._replicas: dict[str, tuple[ReplicasSeen, ...]] = {}

    def run(self, stopped: Callable[[], bool], tell: Callable[[Look], None]) -> None:
        """Look once per interval until stopped."""
        clock = self._world.clock
        while not stopped():
            began = clock.elapsed()
            tell(self.look())
            clock.wait(max(INTERVAL - (clock.elapsed() - began), timedelta(0)))

    def look(self) -> Look:
        """Take one sample, keep it, and beat in every region whose heartbeat stream takes writes."""
        regions = tuple(region.name for region in self._topology.regions)
        began = self._world.clock.now()
        public = self._public()
        seen = dict(zip(regions, fan_out(self._streams, regions), strict=True))
        dark = tuple((region, found) for region, found in seen.items() if isinstance(found, str))
        heads = tuple((region, _heads(found)) for region, found in seen.items() if not isinstance(found, str))
        sample = Sample(self._world.clock.now(), public, heads, dark, self._ttls())
        self._world.sample_writer.keep(sample)
        beaten, refused = [], []
        for region, found in seen.items():
            if isinstance(found, str) or not _takes_beats(found):
                continue
            try:
                self._beat(region, found, began)
                beaten.append(region)
            except AdapterError as error:
                refused.append((region, error.message))
        return Look(sample, tuple(beaten), tuple(refused))

    def _public(self) -> HttpAnswer:
        reads = [probe for probe in self._topology.probes if probe.kind is ProbeKind.READ]
        if reads:
            return self._world.http.public(reads[0])
        return HttpAnswer(0, "", "no read probe is configured", timedelta(0), self._world.clock.now())

    def _streams(self, region: str) -> tuple[StreamState, ...] | str:
        try:
            return self._world.datastore(region).streams()
        except AdapterError as error:
            return error.message

    def _ttls(self) -> tuple[tuple[str, int], ...]:
        ttls = []
        for rule in self._topology.records:
            answers = self._world.names.authoritative(rule.zone, rule.name, rule.type)
            seen = [answer.ttl for answer in answers if not answer.error]
            if seen:
                ttls.append((f"{rule.name} {rule.type}", max(seen)))
        return tuple(ttls)

    def _beat(self, region: str, streams: tuple[StreamState, ...], at: datetime) -> None:
        # `at` is from before the heads were read: everything older than it is in them.
        datastore, floors = self._world.datastore(region), []
        for stream in streams:
            if stream.role is StreamRole.ACTIVE and stream.name != HEARTBEAT_STREAM:
                floors += [
                    (f"{durable.stream}/{durable.name}", durable.floor) for durable in datastore.consumers(stream.name)
                ]
        writer = self._world.heartbeat_writer(region)
        writer.beat(Heartbeat(region, at, _heads(streams), tuple(floors)))
        now, durables = self._world.clock.elapsed(), frozenset(name for name, _ in floors)
        # A durable that is in no inventory is carried by nobody. A promotion is a moment without any: the inventory
        # of that moment must not be the newest one for ten seconds.
        is_known = durables == self._durables.get(region)
        if is_known and now - self._recorded[region] < INVENTORY_EVERY:
            return
        inventory = gather_region(self._world, self._topology, region)
        if inventory.answered(CLUSTER) and inventory.answered(DATASTORE):
            self._replicas[region] = highest(inventory.replicas, self._replicas.get(region, inventory.replicas))
            known = replace(inventory, replicas=self._replicas[region])
            writer.record_inventory(region, self._codec.encode(known), known.observed_at)
            self._recorded[region], self._durables[region] = now, durables


def _heads(streams: tuple[StreamState, ...]) -> tuple[tuple[str, int], ...]:
    return tuple((stream.name, stream.last_seq) for stream in streams if stream.name != HEARTBEAT_STREAM)


def _takes_beats(streams: tuple[StreamState, ...]) -> bool:
    return any(stream.name == HEARTBEAT_STREAM and stream.role is StreamRole.ACTIVE for stream in streams)
