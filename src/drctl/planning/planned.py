"""Planned failover: the source lives and is trusted. No outage before it must, and no loss. product.md, section 4.

Everything that can fail slowly is done while the source serves; only then is it fenced.
"""

from __future__ import annotations

from drctl.core.finding import Finding
from drctl.core.intent import Intent
from drctl.core.inventory import Inventory
from drctl.core.topology import ProbeKind, Topology
from drctl.planning.phases import freeze_phase, promote_phase, settle_phase, smoke_phase, switch_phase
from drctl.planning.plan import FENCE, STAND_DOWN, START, WARM, Phase, Plan, Wave, make_plan
from drctl.planning.selection import secrets_to_force, streams_to_move, workloads_to_start, workloads_to_stop
from drctl.planning.sides import side_findings
from drctl.steps.await_sync import AwaitSync
from drctl.steps.await_workloads import AwaitWorkloads
from drctl.steps.drain_streams import DrainStreams
from drctl.steps.fence_streams import FenceItem, FenceStreams
from drctl.steps.fence_workloads import FenceWorkloads
from drctl.steps.promote_stream import PromoteItem
from drctl.steps.rebuild_mirror import RebuildItem, RebuildMirror
from drctl.steps.replication import ReplicaItem
from drctl.steps.resync_secret import ResyncSecret
from drctl.steps.scale_workload import ScaleWorkload
from drctl.steps.scaling import WorkloadItem
from drctl.steps.smoke import Smoke

# How far a mirror may be behind when a planned move begins: what is missing is waited for with nobody writing.
_BEHIND_MAX_MESSAGES = 10_000


def plan_planned(topology: Topology, intent: Intent, inventory: Inventory) -> Plan:
    """Return the planned failover from what is known; pure."""
    recorded = inventory.source.observed_at if inventory.source else None
    findings = (*side_findings(topology, inventory), *lag_findings(topology, inventory))
    return make_plan(topology, intent, planned_phases(topology, intent, inventory), findings, recorded)


def planned_phases(topology: Topology, intent: Intent, inventory: Inventory) -> tuple[Phase, ...]:
    """Return the planned order, from warming the target to the source's stand-down."""
    early = workloads_to_start(topology, inventory, after_promote=False)
    late = workloads_to_start(topology, inventory, after_promote=True)
    streams = streams_to_move(topology, inventory)
    return (
        _warm(topology, intent, inventory, early),
        _fence(topology, intent, streams),
        freeze_phase(topology, intent, streams),
        promote_phase(topology, intent, inventory, streams),
        _start(topology, intent, late),
        smoke_phase(topology, intent),
        switch_phase(topology, intent),
        settle_phase(topology, intent, (*early, *late), late),
        _stand_down(topology, intent, inventory, streams),
    )


def _warm(topology: Topology, intent: Intent, inventory: Inventory, early: tuple[WorkloadItem, ...]) -> Phase:
    target, timing = intent.target, topology.timing
    secrets = secrets_to_force(topology, inventory.target)
    reads = tuple(probe for probe in topology.probes if probe.kind is ProbeKind.READ)
    wait = AwaitWorkloads(f"await_workloads:{target}", target, early, timing.step_deadline, timing.stability)
    smoke = Smoke(f"smoke:{target}:reads", topology.region(target), reads, timing.step_deadline)
    return Phase(
        WARM,
        (
            Wave((ResyncSecret(f"resync_secret:{target}", target, secrets, timing.step_deadline),) if secrets else ()),
            Wave((ScaleWorkload(f"scale_workload:{target}", target, early, timing.step_deadline),) if early else ()),
            Wave((wait,) if early else ()),
            Wave((smoke,) if reads and early else ()),
        ),
    )


def _fence(topology: Topology, intent: Intent, streams: tuple[PromoteItem, ...]) -> Phase:
    source, target, deadline = intent.source, intent.target, topology.timing.step_deadline
    fenced = tuple(FenceItem(item.name, item.tier) for item in streams)
    fence = FenceStreams(f"fence_streams:{source}", source, fenced, deadline, mirrored_in=target)
    # In the outage: a drain that does not end is undone, not waited for.
    drain = DrainStreams(f"drain_streams:{source}", source, target, replicas(streams), topology.timing.drain)
    return Phase(FENCE, (Wave((fence,)), Wave((drain,))) if streams else ())


def _start(topology: Topology, intent: Intent, late: tuple[WorkloadItem, ...]) -> Phase:
    # Awaited in settle: clients are waiting for the switch meanwhile.
    step = ScaleWorkload(f"scale_workload:{intent.target}:rest", intent.target, late, topology.timing.step_deadline)
    return Phase(START, (Wave((step,) if late else ()),))


def _stand_down(topology: Topology, intent: Intent, inventory: Inventory, streams: tuple[PromoteItem, ...]) -> Phase:
    source, target, deadline = intent.source, intent.target, topology.timing.step_deadline
    stopped = workloads_to_stop(topology, inventory.source)
    rebuilt = tuple(RebuildItem(item.name, item.tier) for item in streams)
    stop = FenceWorkloads(f"fence_workloads:{source}", source, stopped, deadline)
    rebuild = RebuildMirror(f"rebuild_mirror:{source}", source, target, rebuilt, deadline)
    wait = AwaitSync(f"await_sync:{source}", target, source, replicas(streams), deadline)
    return Phase(
        STAND_DOWN,
        (
            Wave((stop,) if stopped else ()),
            Wave((rebuild,) if streams else ()),
            Wave((wait,) if streams else ()),
        ),
    )


def replicas(streams: tuple[PromoteItem, ...]) -> tuple[ReplicaItem, ...]:
    """Return the streams as pairs of origin and mirror."""
    return tuple(ReplicaItem(item.name, item.tier) for item in streams)


def lag_findings(topology: Topology, inventory: Inventory) -> tuple[Finding, ...]:
    """Return the mirrors that are so far behind that draining them would be an outage of its own."""
    if inventory.source is None or not inventory.source_is_live:
        return ()
    there = {stream.name: stream for stream in inventory.target.streams}
    moving = {item.name for item in streams_to_move(topology, inventory)}
    found = []
    for origin in inventory.source.streams:
        mirror = there.get(origin.name) if origin.name in moving else None
        behind = origin.last_seq - mirror.last_seq if mirror is not None else 0
        if behind > _BEHIND_MAX_MESSAGES:
            message = f"mirror {origin.name} in {inventory.target.region} is {behind} messages behind its origin."
            remedy = "Wait until it has caught up: `drctl status`."
            found.append(Finding("replication-lag", message, remedy, subject=origin.name))
    return tuple(found)
