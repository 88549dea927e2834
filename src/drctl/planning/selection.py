"""What the rules match: items with tiers, from topology and inventory."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase

from drctl.core.inventory import Inventory, RegionInventory
from drctl.core.observed import StreamKind, StreamRole, StreamState
from drctl.core.sides import Serving, serving
from drctl.core.stream_config import REFUSED_BY_MIRRORS
from drctl.core.topology import ReplicasFrom, StreamRule, Topology, WorkloadRule
from drctl.core.verdict import Tier
from drctl.steps.carry_consumers import ConsumerItem
from drctl.steps.promote_stream import PromoteItem
from drctl.steps.resync_secret import SecretItem
from drctl.steps.scaling import WorkloadItem


def workloads_to_start(topology: Topology, inventory: Inventory, *, after_promote: bool) -> tuple[WorkloadItem, ...]:
    """Return the target's workloads with the replicas that they are to have. The first rule that matches decides."""
    items = []
    for state in inventory.target.workloads:
        rule = _rule_of(topology, state.ref.namespace, state.ref.name, state.labels)
        if rule is not None and rule.after_promote is after_promote:
            wanted = _replicas(rule, inventory.source, str(state.ref))
            items.append(WorkloadItem(state.ref, rule.tier, wanted))
    return tuple(items)


def workloads_to_stop(topology: Topology, region: RegionInventory | None) -> tuple[WorkloadItem, ...]:
    """Return a region's workloads with their standby floors."""
    items = []
    for state in region.workloads if region else ():
        rule = _rule_of(topology, state.ref.namespace, state.ref.name, state.labels)
        if rule is not None:
            items.append(WorkloadItem(state.ref, rule.tier, rule.standby_floor))
    return tuple(items)


def secrets_to_force(topology: Topology, region: RegionInventory) -> tuple[SecretItem, ...]:
    """Return a region's ExternalSecrets that an annotation forces."""
    items = []
    for state in region.secrets:
        for rule in topology.secrets:
            if rule.select.matches(state.ref.namespace, state.ref.name, state.labels):
                if not state.forceable:
                    items.append(SecretItem(state.ref, rule.tier))
                break
    return tuple(items)


def streams_to_promote(topology: Topology, inventory: Inventory) -> tuple[PromoteItem, ...]:
    """Return the target's mirrors, what they were made into since, and its fenced streams, with their subjects.

    A fenced one stands in the way, and is to be seen there: without it the move would leave it behind unsaid.
    """
    origins = {stream.name: stream for stream in inventory.source.streams} if inventory.source else {}
    items = []
    for stream in inventory.target.streams:
        tier, origin = stream_tier(topology.streams, stream.name), origins.get(stream.name)
        if tier is not None and stream.kind is not StreamKind.RESCUE and _is_of_both(stream, origin):
            items.append(PromoteItem(stream.name, tier, subjects_of(stream, origin)))
    return tuple(items)


def _is_of_both(stream: StreamState, origin: StreamState | None) -> bool:
    """Say whether the target's stream is one side of two; one that takes writes may be the target's own."""
    if stream.role is not StreamRole.ACTIVE or stream.fork_seq is not None:
        return True
    return origin is not None and origin.role is not StreamRole.MIRROR


def streams_to_move(topology: Topology, inventory: Inventory) -> tuple[PromoteItem, ...]:
    """Return what a living source serves, with its subjects, whatever the target holds of it now.

    Why others are not moved say `planning.sides.side_findings`.
    """
    if inventory.source is None:
        return ()
    there = {stream.name: stream for stream in inventory.target.streams}
    return tuple(
        PromoteItem(stream.name, tier, subjects_of(there.get(stream.name, stream), stream), deferred_of(stream))
        for stream in inventory.source.streams
        if stream.kind is not StreamKind.RESCUE
        and serving(stream, there.get(stream.name)) is Serving.SOURCE
        and (tier := stream_tier(topology.streams, stream.name)) is not None
    )


def deferred_of(origin: StreamState) -> tuple[tuple[str, str], ...]:
    """Return the features of an origin that its mirror could not have, as (field, JSON text) pairs."""
    config = json.loads(origin.config)
    return tuple((key, json.dumps(config[key])) for key in sorted(REFUSED_BY_MIRRORS) if config.get(key))


def subjects_of(stream: StreamState, origin: StreamState | None) -> tuple[str, ...]:
    """Return the subjects that a promoted stream is to take; empty when nobody knows them.

    From its origin's inventory (what it takes, or what a fence took away), else from the mirror's own metadata
    (first, where both regions share a meta group), else, for a bucket or an object store, from its name.
    """
    known: tuple[str, ...] = ()
    if origin is not None:
        known = origin.original_subjects if origin.role is StreamRole.FENCED else origin.subjects
    # In one meta group the mirror may have an alias of its own (nats.md 2.4 a); its origin's would be refused.
    if stream.stored_name and stream.original_subjects:
        known = stream.original_subjects
    if known:
        return known
    if stream.role is StreamRole.ACTIVE:
        return stream.subjects
    if stream.original_subjects:
        return stream.original_subjects
    bucket = stream.name.partition("_")[2]
    if stream.kind is StreamKind.KV:
        return (f"$KV.{bucket}.>",)
    if stream.kind is StreamKind.OBJECT_STORE:
        return (f"$O.{bucket}.C.>", f"$O.{bucket}.M.>")
    return ()


def consumers_to_carry(topology: Topology, inventory: Inventory) -> tuple[ConsumerItem, ...]:
    """Return the source's recorded durables of every stream that moves."""
    present = {stream.name for stream in inventory.target.streams}
    return tuple(
        ConsumerItem(consumer.stream, consumer.name, tier, consumer.floor, consumer.config)
        for consumer in (inventory.source.consumers if inventory.source else ())
        if consumer.stream in present and (tier := stream_tier(topology.streams, consumer.stream)) is not None
    )


def stream_tier(rules: tuple[StreamRule, ...], name: str) -> Tier | None:
    """Return the tier of the first rule that matches a stream, or None."""
    for rule in rules:
        if any(fnmatchcase(name, pattern) for pattern in rule.names):
            return rule.tier
    return None


def _rule_of(topology: Topology, namespace: str, name: str, labels: tuple[tuple[str, str], ...]) -> WorkloadRule | None:
    return next((rule for rule in topology.workloads if rule.select.matches(namespace, name, labels)), None)


def _replicas(rule: WorkloadRule, source: RegionInventory | None, name: str) -> int:
    if isinstance(rule.replicas, int):
        return rule.replicas
    for seen in source.replicas if source else ():
        if str(seen.ref) == name:
            return max(seen.highest if rule.replicas is ReplicasFrom.SOURCE_MAX else seen.now, 1)
    return 1
