"""Undo: take a stopped run back while its target holds nothing that a user was promised. product.md, section 4.

The order: close the target, prove that going back loses nothing, give the source its writers back, see it serve,
and only then make the target the standby that it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from drctl.core.finding import Finding
from drctl.core.intent import Intent, Operation
from drctl.core.inventory import Inventory
from drctl.core.observed import StreamRole, StreamState
from drctl.core.run_state import RunState
from drctl.core.topology import Topology
from drctl.core.verdict import Tier
from drctl.planning.phases import settle_phase, smoke_phase, switch_phase
from drctl.planning.plan import GIVE_BACK, STAND_DOWN, TAKE_BACK, Phase, Plan, Wave, make_plan
from drctl.planning.planned import replicas
from drctl.planning.selection import workloads_to_stop
from drctl.steps.await_sync import AwaitSync
from drctl.steps.await_workloads import AwaitWorkloads
from drctl.steps.fence_streams import FenceItem, FenceStreams
from drctl.steps.fence_workloads import FenceWorkloads
from drctl.steps.fork_writes import marker_of
from drctl.steps.promote_stream import PromoteItem, PromoteStream
from drctl.steps.prove_unwritten import NO_RETURN_PASSED, ProveUnwritten
from drctl.steps.rebuild_mirror import RebuildItem, RebuildMirror
from drctl.steps.scale_workload import ScaleWorkload
from drctl.steps.scaling import WorkloadItem
from drctl.steps.unfence_streams import UnfenceStreams


@dataclass(frozen=True, slots=True)
class Undone:
    """The run that is taken back: what it was to do, and its history, which says what somebody agreed to."""

    plan: Plan
    state: RunState


def plan_undo(topology: Topology, intent: Intent, inventory: Inventory, undone: Undone) -> Plan:
    """Return the way back from where a run stopped; pure.

    `intent.source` is what the run moved to, `intent.target` what it left. Every step that the run may have done,
    or may still be doing at a vendor, has its counterpart here, and finds nothing to do where it was not done.
    """
    promoted = _promoted(undone, intent.source)
    started = _started_again(intent, undone)
    lesser = tuple(item for item in started if item.tier is not Tier.CRITICAL)
    phases = (
        _take_back(topology, intent, promoted, started, undone),
        _give_back(topology, intent, started, undone),
        smoke_phase(topology, intent),
        switch_phase(topology, intent),
        settle_phase(topology, intent, started, lesser),
        _stand_down(topology, intent, inventory, promoted, undone),
    )
    recorded = inventory.source.observed_at if inventory.source else None
    return make_plan(topology, intent, phases, _findings(intent, inventory, promoted, undone), recorded)


def _take_back(
    topology: Topology,
    intent: Intent,
    promoted: tuple[PromoteItem, ...],
    started: tuple[WorkloadItem, ...],
    undone: Undone,
) -> Phase:
    left, back, deadline = intent.source, intent.target, topology.timing.step_deadline
    items, run = replicas(promoted), undone.state.run_id
    fenced = tuple(FenceItem(item.name, item.tier) for item in promoted)
    # Twice: before the fence, so that nobody's writers are taken away for an undo that is refused; and behind it,
    # where no write can come any more.
    before = ProveUnwritten(f"prove_unwritten:{left}", left, back, items, run, deadline)
    behind = ProveUnwritten(f"prove_unwritten:{left}:fenced", left, back, items, run, deadline)
    fence = FenceStreams(f"fence_streams:{left}", left, fenced, deadline)
    scale = ScaleWorkload(f"scale_workload:{back}", back, started, deadline)
    return Phase(
        TAKE_BACK,
        (
            Wave((before,) if promoted else ()),
            Wave((*((fence,) if promoted else ()), *((scale,) if started else ()))),
            Wave((behind,) if promoted else ()),
        ),
    )


def _give_back(topology: Topology, intent: Intent, started: tuple[WorkloadItem, ...], undone: Undone) -> Phase:
    left, back, timing = intent.source, intent.target, topology.timing
    fences = (step for step in undone.plan.steps() if isinstance(step, FenceStreams) and step.region == back)
    items = tuple(dict.fromkeys(item for step in fences for item in step.items))
    critical = tuple(item for item in started if item.tier is Tier.CRITICAL)
    unfence = UnfenceStreams(f"unfence_streams:{back}", back, left, items, timing.step_deadline)
    wait = AwaitWorkloads(f"await_workloads:{back}", back, critical, timing.step_deadline, timing.stability)
    return Phase(GIVE_BACK, (Wave((unfence,) if items else ()), Wave((wait,) if critical else ())))


def _stand_down(
    topology: Topology, intent: Intent, inventory: Inventory, promoted: tuple[PromoteItem, ...], undone: Undone
) -> Phase:
    left, back, deadline = intent.source, intent.target, topology.timing.step_deadline
    stopped = _stopped_again(topology, intent, inventory, undone)
    marker = marker_of(undone.state.run_id)
    rebuilt = tuple(RebuildItem(item.name, item.tier, marker=marker) for item in promoted)
    stop = FenceWorkloads(f"fence_workloads:{left}", left, stopped, deadline)
    rebuild = RebuildMirror(f"rebuild_mirror:{left}", left, back, rebuilt, deadline)
    wait = AwaitSync(f"await_sync:{left}", back, left, replicas(promoted), deadline)
    return Phase(
        STAND_DOWN,
        (
            Wave((stop,) if stopped else ()),
            Wave((rebuild,) if promoted else ()),
            Wave((wait,) if promoted else ()),
        ),
    )


def _promoted(undone: Undone, region: str) -> tuple[PromoteItem, ...]:
    steps = (step for step in undone.plan.steps() if isinstance(step, PromoteStream) and step.region == region)
    return tuple(item for step in steps for item in step.items)


def _started_again(intent: Intent, undone: Undone) -> tuple[WorkloadItem, ...]:
    """Return what the run was to stop in the region that is given back, with the replicas that it had."""
    steps = (step for step in undone.plan.steps() if isinstance(step, FenceWorkloads) and step.region == intent.target)
    return tuple(
        replace(item, replicas=before[item.name])
        for step in steps
        for before in (dict(_replicas_before(undone, step.id)),)
        for item in step.items
        if item.name in before
    )


def _stopped_again(
    topology: Topology, intent: Intent, inventory: Inventory, undone: Undone
) -> tuple[WorkloadItem, ...]:
    """Return what the run was to start, with its standby floor, or with what it had if that was more."""
    before = {
        name: replicas
        for step in undone.plan.steps()
        if isinstance(step, ScaleWorkload) and step.region == intent.source
        for name, replicas in _replicas_before(undone, step.id)
    }
    return tuple(
        replace(item, replicas=max(item.replicas, before[item.name]))
        for item in workloads_to_stop(topology, inventory.source)
        if item.name in before
    )


def _replicas_before(undone: Undone, step_id: str) -> Iterator[tuple[str, int]]:
    """Yield the replicas that each workload had when somebody agreed to the step."""
    for prediction in undone.state.predictions:
        for change in prediction.diff.changes if prediction.step_id == step_id else ():
            if change.field == "spec.replicas" and isinstance(change.before, int):
                yield change.item, change.before


def _findings(
    intent: Intent, inventory: Inventory, promoted: tuple[PromoteItem, ...], undone: Undone
) -> tuple[Finding, ...]:
    there = {stream.name: stream for stream in inventory.source.streams} if inventory.source else {}
    is_failback = undone.plan.intent.operation is Operation.FAILBACK
    if is_failback and (finding := _not_on_its_way(intent, promoted, there, undone)):
        return (finding,)
    taken = [item.name for item in promoted if item.name in there and there[item.name].role is not StreamRole.MIRROR]
    if not taken:
        return ()
    back = {stream.name for stream in inventory.target.streams if stream.role is StreamRole.ACTIVE}
    if unfenced := [name for name in taken if name in back] or (taken if _was_left_open(intent, undone) else []):
        run = undone.state.run_id
        message = (
            f"the point of no return is passed: {intent.source} was promoted over {intent.target}, which was not "
            f"fenced ({', '.join(sorted(unfenced))}). Both may have taken writes."
        )
        remedy = f"Bring it to its end, then come home with `drctl failback`; first go on: `drctl resume {run}`."
        return (Finding(NO_RETURN_PASSED, message, remedy, subject=unfenced[0]),)
    return ()


def _was_left_open(intent: Intent, undone: Undone) -> bool:
    """Say whether the region that is to be given back was never seen fenced, and that was accepted."""
    return f"fence_streams:{intent.target}" in undone.state.open_steps


def _not_on_its_way(
    intent: Intent, promoted: tuple[PromoteItem, ...], there: dict[str, StreamState], undone: Undone
) -> Finding | None:
    """Return why a failback cannot be undone: until it has made mirrors of the returned region, it moved nothing."""
    for item in promoted:
        stream = there.get(item.name)
        is_promoted = stream is not None and stream.fork_seq is not None and stream.epoch == undone.state.epoch
        if stream is None or (stream.role is not StreamRole.MIRROR and not is_promoted):
            message = (
                f"{intent.source} is not protected again yet ({item.name} is no mirror there): the run moved nothing "
                f"that could be taken back, and {intent.target} serves."
            )
            remedy = f"Stop it for good with `drctl abort {undone.state.run_id}`, or go on: `drctl resume"
            return Finding("undo-impossible", message, f"{remedy} {undone.state.run_id}`.", subject=item.name)
    return None
