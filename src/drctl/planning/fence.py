"""Fence one region, at any time: what a failover could not reach, or what must stop now."""

from __future__ import annotations

from drctl.core.intent import Intent
from drctl.core.inventory import Inventory
from drctl.core.topology import Topology
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
    return make_plan(topology, intent, (Phase("fence", (Wave(steps),)),), (), inventory.target.observed_at)
