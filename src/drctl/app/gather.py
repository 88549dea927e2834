"""Look at both regions and put an inventory together. Reads only."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from drctl.app.fanout import fan_out
from drctl.core.errors import AdapterError, DrctlError
from drctl.core.intent import Operation
from drctl.core.inventory import Inventory, RegionInventory, ReplicasSeen
from drctl.core.observed import StreamRole
from drctl.core.topology import HEARTBEAT_STREAM
from drctl.planning.selection import streams_to_move
from drctl.steps.forks import Side, find_fork

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from drctl.core.intent import Intent
    from drctl.core.observed import ConsumerState, RecordState, SecretState, StreamState, WorkloadState
    from drctl.core.topology import Topology
    from drctl.ports.codec import Codec
    from drctl.ports.world import ReadPorts

CLUSTER, SECRETS, DATASTORE = "cluster", "secrets", "datastore"


def gather_region(world: ReadPorts, topology: Topology, region: str) -> RegionInventory:
    """Return a region as it is now; a system that does not answer is named in `unknown`, with its reason."""
    found = RegionInventory(region, world.clock.now())

    def attempt(part: tuple[str, Callable[[], RegionInventory]]) -> tuple[str, RegionInventory | AdapterError]:
        system, read = part
        try:
            return system, read()
        except AdapterError as error:
            return system, error

    return joined(found, dict(fan_out(attempt, systems(world, topology, found).items())))


def systems(world: ReadPorts, topology: Topology, found: RegionInventory) -> dict[str, Callable[[], RegionInventory]]:
    """Return what reads each system of a region: a call that returns `found` with that system's part."""
    return {
        CLUSTER: partial(_workloads, world, topology, found),
        SECRETS: partial(_secrets, world, topology, found),
        DATASTORE: partial(_streams, world, found),
    }


def joined(found: RegionInventory, parts: Mapping[str, object]) -> RegionInventory:
    """Return a region from what came of each of `systems`: its part, or the error that says why there is none."""
    cluster, secrets, datastore = (
        part if isinstance(part, RegionInventory) else found
        for part in (parts[CLUSTER], parts[SECRETS], parts[DATASTORE])
    )
    return replace(
        found,
        workloads=cluster.workloads,
        replicas=cluster.replicas,
        secrets=secrets.secrets,
        streams=datastore.streams,
        consumers=datastore.consumers,
        unknown=tuple(sorted((system, e.message) for system, e in parts.items() if isinstance(e, DrctlError))),
    )


def _workloads(world: ReadPorts, topology: Topology, found: RegionInventory) -> RegionInventory:
    seen: dict[str, WorkloadState] = {}
    for rule in topology.workloads:
        for state in world.cluster(found.region).workloads(rule.select):
            seen.setdefault(str(state.ref), state)
    states = tuple(seen.values())
    replicas = tuple(ReplicasSeen(state.ref, state.replicas, state.replicas) for state in states)
    return replace(found, workloads=states, replicas=replicas)


def _secrets(world: ReadPorts, topology: Topology, found: RegionInventory) -> RegionInventory:
    seen: dict[str, SecretState] = {}
    for rule in topology.secrets:
        for state in world.secrets(found.region).secrets(rule.select):
            seen.setdefault(str(state.ref), state)
    return replace(found, secrets=tuple(seen.values()))


def _streams(world: ReadPorts, found: RegionInventory) -> RegionInventory:
    datastore = world.datastore(found.region)
    streams: tuple[StreamState, ...] = datastore.streams()
    consumers: list[ConsumerState] = []
    for durable in fan_out(lambda stream: datastore.consumers(stream.name), streams):
        consumers.extend(durable)
    return replace(found, streams=streams, consumers=tuple(consumers))


def gather(world: ReadPorts, topology: Topology, intent: Intent, codec: Codec[RegionInventory]) -> Inventory:
    """Return all that a planner may know: the target as it is, the source as it is or, in parts, as recorded."""
    target, source = fan_out(lambda region: gather_region(world, topology, region), (intent.target, intent.source))
    recorded = _recorded(world, intent, codec) if target.answered(DATASTORE) else None
    records: list[tuple[str, RecordState]] = []
    for rule in topology.records:
        try:
            record = world.dns(rule.zone).record(rule.name, rule.type)
        except AdapterError:
            continue
        if record is not None:
            records.append((rule.zone, record))
    known = Inventory(target, merge(source, recorded), source.answered(DATASTORE), tuple(records))
    return replace(known, forks=_forks(world, topology, known)) if intent.operation is Operation.FAILBACK else known


def _forks(world: ReadPorts, topology: Topology, known: Inventory) -> tuple[tuple[str, int | None], ...]:
    """Search the forks that no metadata names, with both regions there to be read."""
    if known.source is None or not known.source_is_live or not known.target.answered(DATASTORE):
        return ()
    left = {stream.name: stream for stream in known.target.streams if stream.role is not StreamRole.MIRROR}
    active = {stream.name: stream for stream in known.source.streams if stream.fork_seq is None}
    here, there = world.datastore(known.source.region), world.datastore(known.target.region)
    moved = tuple(item.name for item in streams_to_move(topology, known) if item.name != HEARTBEAT_STREAM)
    names = tuple(name for name in moved if name in left and name in active)
    return tuple(fan_out(lambda name: (name, _fork(Side(here, active[name]), Side(there, left[name]))), names))


def _fork(active: Side, left: Side) -> int | None:
    try:
        return find_fork(active, left)
    except AdapterError:
        return None


def _recorded(world: ReadPorts, intent: Intent, codec: Codec[RegionInventory]) -> RegionInventory | None:
    try:
        payload = world.datastore(intent.target).recorded_inventory(intent.source)
        return codec.decode(payload) if payload else None
    except AdapterError:
        return None


def merge(live: RegionInventory, recorded: RegionInventory | None) -> RegionInventory | None:
    """Return the live facts, with what did not answer taken from the record; None when nothing is known."""
    if recorded is None:
        silent = {system for system, _ in live.unknown}
        return None if {CLUSTER, DATASTORE} <= silent else live
    return replace(
        recorded if live.unknown else live,
        workloads=live.workloads if live.answered(CLUSTER) else recorded.workloads,
        replicas=highest(live.replicas, recorded.replicas) if live.answered(CLUSTER) else recorded.replicas,
        secrets=live.secrets if live.answered(SECRETS) else recorded.secrets,
        streams=live.streams if live.answered(DATASTORE) else recorded.streams,
        consumers=live.consumers if live.answered(DATASTORE) else recorded.consumers,
        unknown=live.unknown,
    )


def highest(now: tuple[ReplicasSeen, ...], before: tuple[ReplicasSeen, ...]) -> tuple[ReplicasSeen, ...]:
    """Return what is now, each with the most it ever had."""
    most = {str(seen.ref): seen.highest for seen in before}
    return tuple(ReplicasSeen(seen.ref, seen.now, max(seen.highest, most.get(str(seen.ref), 0))) for seen in now)
