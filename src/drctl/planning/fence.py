"""Fence one region, at any time: what a failover could not reach, or what must stop now."""

from __future__ import annotations

from drctl.core.finding import Finding
from drctl.core.intent import Intent
from drctl.core.inventory import Inventory
from drctl.core.observed import StreamKind, StreamRole
from drctl.core.topology import HEARTBEAT_STREAM, Topology
from drctl.core.verdict import Tier
from drctl.planning.plan import Phase, Plan, Wave, make_plan
from drctl.planning.selection import stream_tier, workloads_to_stop
from drctl.steps.fence_streams import FenceItem, FenceStreams
from drctl.steps.fence_workloads import FenceWorkloads


def plan_fence(topology: Topology, intent: Intent, inventory: Inventory) -> Plan:
    """Return the fence of `intent.target`: its streams, then its workloads. `inventory.target` is that region."""
    region, deadline = intent.target, topology.timing.step_deadline
    streams = tuple(
        FenceItem(stream.name, tier)
        for stream in inventory.target.streams
        if (tier := stream_tier(topology.streams, stream.name)) is not None
    )
    stopped = workloads_to_stop(topology, inventory.target)
    steps = (
        FenceStreams(f"fence_streams:{region}", region, streams, deadline),
        FenceWorkloads(f"fence_workloads:{region}", region, stopped, deadline),
    )
    phases, findings = (Phase("fence", (Wave(steps),)),), _findings(topology, intent, inventory)
    return make_plan(topology, intent, phases, findings, inventory.target.observed_at)


def _findings(topology: Topology, intent: Intent, inventory: Inventory) -> tuple[Finding, ...]:
    """Say what ends for everybody. What was only recorded of the other region is no sign that it takes over."""
    region, written = intent.target, _written_only_here(topology, inventory)
    serving = _serves_only_here(topology, inventory)
    if not written and not serving:
        return ()
    does = [
        *([f"to take writes to {', '.join(written)}"] if written else []),
        *([f"to run {', '.join(serving)}"] if serving else []),
    ]
    ends = "writes" if written else "service"
    message = f"{region} alone is seen {' and '.join(does)}: the fence ends {ends} for everybody."
    remedy = "Accept it with --accept fences-the-active-region, if that is meant; to move instead: `drctl failover`."
    return (Finding("fences-the-active-region", message, remedy, acceptable=True, subject=region),)


def _written_only_here(topology: Topology, inventory: Inventory) -> tuple[str, ...]:
    other = inventory.source.streams if inventory.source is not None and inventory.source_is_live else ()
    elsewhere = {stream.name for stream in other if stream.role is StreamRole.ACTIVE}
    return tuple(
        stream.name
        for stream in inventory.target.streams
        if stream.role is StreamRole.ACTIVE
        and stream.kind is not StreamKind.RESCUE
        and stream.name not in elsewhere | {HEARTBEAT_STREAM}
        and stream_tier(topology.streams, stream.name) is not None
    )


def _serves_only_here(topology: Topology, inventory: Inventory) -> tuple[str, ...]:
    other = inventory.source
    asked = other.workloads if other is not None and other.answered("cluster") else ()
    elsewhere = {str(state.ref) for state in asked if state.available}
    running = {str(state.ref) for state in inventory.target.workloads if state.available}
    return tuple(
        item.ref.name
        for item in workloads_to_stop(topology, inventory.target)
        if item.tier is Tier.CRITICAL and str(item.ref) in running - elsewhere
    )
