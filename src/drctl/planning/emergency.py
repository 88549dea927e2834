"""Emergency failover: the source is dead or not to be trusted. The order of product.md, section 4.

Nothing here waits for the source, and nothing is undone: what was lost is stated, and the old region is fenced
as far as it can be reached.
"""

from __future__ import annotations

from drctl.core.finding import Finding, Severity
from drctl.core.intent import Intent
from drctl.core.inventory import Inventory
from drctl.core.observed import StreamRole, StreamState
from drctl.core.topology import HEARTBEAT_STREAM, ProbeKind, Topology
from drctl.core.verdict import Tier
from drctl.planning.phases import (
    freeze_phase,
    promote_phase,
    settle_phase,
    smoke_phase,
    start_phase,
    switch_phase,
)
from drctl.planning.plan import CLOSE, Phase, Plan, Wave, make_plan
from drctl.planning.selection import (
    secrets_to_force,
    streams_to_promote,
    workloads_to_start,
    workloads_to_stop,
)
from drctl.steps.fence_streams import FenceItem, FenceStreams
from drctl.steps.fence_workloads import FenceWorkloads
from drctl.steps.promote_stream import PromoteItem
from drctl.steps.resync_secret import ResyncSecret
from drctl.steps.scale_workload import ScaleWorkload
from drctl.steps.scaling import WorkloadItem

DATA_LOSS = "data-loss"


def plan_emergency(topology: Topology, intent: Intent, inventory: Inventory) -> Plan:
    """Return the emergency failover from what is known; pure."""
    early = workloads_to_start(topology, inventory, after_promote=False)
    late = workloads_to_start(topology, inventory, after_promote=True)
    lesser = tuple(item for item in (*early, *late) if item.tier is not Tier.CRITICAL)
    streams = streams_to_promote(topology, inventory)
    phases = (
        _close(topology, intent, inventory, early),
        freeze_phase(topology, intent, streams),
        promote_phase(topology, intent, inventory, streams),
        start_phase(topology, intent, early, late),
        smoke_phase(topology, intent),
        switch_phase(topology, intent),
        settle_phase(topology, intent, (*early, *late), lesser),
    )
    recorded = inventory.source.observed_at if inventory.source else None
    return make_plan(topology, intent, phases, _findings(topology, inventory, streams), recorded)


def _close(topology: Topology, intent: Intent, inventory: Inventory, early: tuple[WorkloadItem, ...]) -> Phase:
    source, target, deadline = intent.source, intent.target, topology.timing.step_deadline
    known = inventory.source.streams if inventory.source else inventory.target.streams
    fenced = tuple(FenceItem(item.name, item.tier) for item in streams_to_promote(topology, inventory))
    stopped = workloads_to_stop(topology, inventory.source)
    secrets = secrets_to_force(topology, inventory.target)
    return Phase(
        CLOSE,
        (
            Wave(
                (
                    *((FenceStreams(f"fence_streams:{source}", source, fenced, deadline),) if known else ()),
                    *((FenceWorkloads(f"fence_workloads:{source}", source, stopped, deadline),) if stopped else ()),
                    *((ResyncSecret(f"resync_secret:{target}", target, secrets, deadline),) if secrets else ()),
                )
            ),
            Wave((ScaleWorkload(f"scale_workload:{target}", target, early, deadline),) if early else ()),
        ),
    )


def _data_loss(inventory: Inventory, streams: tuple[PromoteItem, ...]) -> tuple[Finding, ...]:
    """Return the finding that something may be lost, unless all mirrors are proved to hold all of their origins.

    An emergency drains nothing. So only a fenced origin that ends where its mirror does proves it: one that still
    takes writes takes more until it is fenced, however equal both were when they were looked at.
    """
    # The heartbeats are in no RPO (product.md, section 7).
    moved = {item.name for item in streams} - {HEARTBEAT_STREAM}
    mirrors = [one for one in inventory.target.streams if one.name in moved and one.role is StreamRole.MIRROR]
    if not inventory.source_is_live:
        message = "the source cannot be asked: what it took after the last replication is lost to the target."
        remedy = "Accept it with --accept data-loss; the amount is stated above."
        return (Finding(DATA_LOSS, message, remedy, acceptable=True),) if streams else ()
    origins = {stream.name: stream for stream in inventory.source.streams} if inventory.source else {}
    unproven = [mirror.name for mirror in mirrors if not _is_all_of(mirror, origins.get(mirror.name))]
    if not unproven:
        return ()
    message = (
        f"the source answers, and an emergency waits for nothing: what it takes of {', '.join(unproven)} and has not "
        "crossed when the target takes over is lost to the target."
    )
    remedy = "Accept it with --accept data-loss; or lose nothing, by plan: `drctl failover`."
    return (Finding(DATA_LOSS, message, remedy, acceptable=True),)


def _is_all_of(mirror: StreamState, origin: StreamState | None) -> bool:
    return origin is not None and origin.role is StreamRole.FENCED and mirror.last_seq == origin.last_seq


def _record(topology: Topology, inventory: Inventory, streams: tuple[PromoteItem, ...]) -> tuple[Finding, ...]:
    """Return what speaks against the record of a source that cannot be asked."""
    if inventory.source is None:
        message = "no inventory of the source: replicas fall back to 1, and consumers cannot be carried over."
        remedy = "Accept it with --accept inventory-missing, or look for another state directory."
        return (Finding("inventory-missing", message, remedy, acceptable=True),)
    if inventory.source_is_live:
        return ()
    found, age = [], inventory.target.observed_at - inventory.source.observed_at
    if age > topology.timing.inventory_age_max:
        message = f"the source's inventory is {age} old (limit {topology.timing.inventory_age_max})."
        found.append(Finding("inventory-stale", message, "Accept it with --accept inventory-stale.", acceptable=True))
    if streams and not inventory.source.consumers:
        # It may have been recorded in the middle of a move, between the promotion and the carrying.
        at = inventory.source.observed_at.isoformat(timespec="seconds")
        message = f"the source's inventory of {at} names no durable consumer: none is carried over."
        remedy = "If the service has some, create them in the target by hand after the promotion."
        found.append(Finding("consumers-unrecorded", message, remedy, Severity.WARN))
    return tuple(found)


def _findings(topology: Topology, inventory: Inventory, streams: tuple[PromoteItem, ...]) -> tuple[Finding, ...]:
    found = []
    for item in streams:
        if not item.subjects:
            message = f"nobody knows which subjects {item.name} is to take: no inventory of its origin, no metadata."
            remedy = (
                f"Set metadata drctl.subjects on the mirror {item.name}, or run `drctl watch` while the source lives."
            )
            found.append(Finding("subjects-unknown", message, remedy, subject=item.name))
    found += _data_loss(inventory, streams)
    found += _record(topology, inventory, streams)
    for secret in inventory.target.secrets:
        if secret.forceable:
            message = f"{secret.ref} cannot be forced ({secret.forceable}); last refreshed {secret.refreshed_at}."
            remedy = "Set refreshPolicy: OnChange, or compare it by hand."
            found.append(Finding("secret-not-forceable", message, remedy, Severity.WARN, subject=str(secret.ref)))
    if not any(probe.kind is ProbeKind.WRITE for probe in topology.probes):
        message = "no write probe is configured: whether the target takes a write stays unknown."
        found.append(Finding("write-probe-missing", message, "Add a probe of kind write.", Severity.WARN))
    return tuple(found)
