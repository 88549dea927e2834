"""Failback: bring the old region back, keep what only it has, protect the service again, then go home by plan.

The order of product.md, section 4, with the algorithm of nats.md 11.3.
"""

from __future__ import annotations

from drctl.core.finding import Finding
from drctl.core.intent import Intent
from drctl.core.inventory import Inventory
from drctl.core.observed import StreamRole
from drctl.core.tail import rescue_name
from drctl.core.topology import HEARTBEAT_STREAM, Topology
from drctl.planning.plan import ISOLATE, LINK, REBUILD, RESCUE, Phase, Plan, Wave, make_plan
from drctl.planning.planned import planned_phases, replicas
from drctl.planning.selection import streams_to_move, workloads_to_stop
from drctl.planning.sides import side_findings
from drctl.steps.await_link import AwaitLink
from drctl.steps.await_sync import AwaitSync
from drctl.steps.fence_streams import FenceItem, FenceStreams
from drctl.steps.fence_workloads import FenceWorkloads
from drctl.steps.promote_stream import PromoteItem
from drctl.steps.rebuild_mirror import RebuildItem, RebuildMirror
from drctl.steps.rescue_tail import RescueTail, TailItem
from drctl.steps.seal_tail import SealTail


def plan_failback(topology: Topology, intent: Intent, inventory: Inventory) -> Plan:
    """Return the way home from what is known; pure. `intent.source` is the active region, `intent.target` home."""
    streams = streams_to_move(topology, inventory)
    phases = reprotect_phases(topology, intent, inventory, streams)
    if not intent.reprotect_only:
        phases = (*phases, *planned_phases(topology, intent, inventory))
    recorded = inventory.source.observed_at if inventory.source else None
    findings = (*side_findings(topology, inventory), *_fork_findings(intent, inventory))
    return make_plan(topology, intent, phases, findings, recorded)


def reprotect_phases(
    topology: Topology, intent: Intent, inventory: Inventory, streams: tuple[PromoteItem, ...]
) -> tuple[Phase, ...]:
    """Return what makes the returned region a standby again, with nothing lost by it."""
    back, active, deadline = intent.target, intent.source, topology.timing.step_deadline
    tails = _tails(inventory, streams)
    rescued = {item.name: item for item in tails}
    there = {stream.name for stream in inventory.target.streams}
    rebuilt = tuple(
        RebuildItem(
            item.name,
            item.tier,
            tail.fork_seq if tail else 0,
            tail.rescue if tail else "",
            existed=item.name in there,
        )
        for item in streams
        for tail in (rescued.get(item.name),)
    )
    if not streams:
        return ()
    rescue = RescueTail(f"rescue_tail:{back}", back, active, tails, deadline)
    seal = SealTail(f"seal_tail:{back}", back, active, tails, deadline)
    return (
        _isolate(topology, intent, inventory, streams),
        Phase(LINK, (Wave((AwaitLink("await_link", back, active, deadline),)),)),
        Phase(RESCUE, (Wave((rescue,)), Wave((seal,))) if tails else ()),
        Phase(
            REBUILD,
            (
                Wave((RebuildMirror(f"rebuild_mirror:{back}", back, active, rebuilt, deadline),)),
                Wave((AwaitSync(f"await_sync:{back}", active, back, replicas(streams), deadline),)),
            ),
        ),
    )


def _isolate(topology: Topology, intent: Intent, inventory: Inventory, streams: tuple[PromoteItem, ...]) -> Phase:
    back, deadline = intent.target, topology.timing.step_deadline
    fenced = tuple(FenceItem(item.name, item.tier) for item in streams)
    # Where all streams are mirrors it is a standby, and its workloads are about to be started. A run that is taken up
    # could not tell them from those that came back: nothing of that region is signed by it before the promotion.
    is_standby = not intent.reprotect_only and _mirrors_all(inventory, streams)
    stopped = () if is_standby else workloads_to_stop(topology, inventory.target)
    stop = FenceWorkloads(f"fence_workloads:{back}", back, stopped, deadline, returns=True)
    return Phase(
        ISOLATE,
        (
            Wave((FenceStreams(f"fence_streams:{back}", back, fenced, deadline),)),
            Wave((stop,) if stopped else ()),
        ),
    )


def _mirrors_all(inventory: Inventory, streams: tuple[PromoteItem, ...]) -> bool:
    mirrors = {stream.name for stream in inventory.target.streams if stream.role is StreamRole.MIRROR}
    return {item.name for item in streams} <= mirrors


def _tails(inventory: Inventory, streams: tuple[PromoteItem, ...]) -> tuple[TailItem, ...]:
    """Return the streams that forked. Heartbeats are drctl's own, and nobody's loss."""
    active = {stream.name: stream for stream in inventory.source.streams} if inventory.source else {}
    forks = dict(inventory.forks) | {
        name: stream.fork_seq for name, stream in active.items() if stream.fork_seq is not None
    }
    return tuple(
        TailItem(item.name, item.tier, fork_seq, rescue_name(item.name, active[item.name].epoch, fork_seq))
        for item in streams
        if item.name != HEARTBEAT_STREAM and (fork_seq := forks.get(item.name)) is not None
    )


def _fork_findings(intent: Intent, inventory: Inventory) -> tuple[Finding, ...]:
    """Return the streams of which nobody knows where they forked: what only the returned region has cannot be told."""
    remedy = (
        "Compare both by hand. If you know the last sequence that both share, write it into the active stream's "
        "metadata as drctl.fork_seq."
    )
    return tuple(
        Finding(
            "fork-unknown",
            f"{name} was promoted in {intent.source} without drctl, and the messages of both sides do not tell where "
            f"it forked from {intent.target}.",
            remedy,
            subject=name,
        )
        for name, fork_seq in inventory.forks
        if fork_seq is None and name != HEARTBEAT_STREAM
    )
