"""Emergency failover: the source is dead or not to be trusted. The order of product.md, section 4.

Nothing here waits for the source, and nothing is undone: what was lost is stated, and the old region is fenced
as far as it can be reached.
"""

from __future__ import annotations

from drctl.core.finding import Finding, Severity
from drctl.core.intent import Intent
from drctl.core.inventory import Inventory
from drctl.core.observed import StreamKind
from drctl.core.topology import ProbeKind, Topology
from drctl.planning.plan import CLOSE, FREEZE, PROMOTE, SETTLE, SMOKE, START, SWITCH, Phase, Plan, Wave, make_plan
from drctl.planning.selection import (
    consumers_to_carry,
    secrets_to_force,
    streams_to_promote,
    workloads_to_start,
    workloads_to_stop,
)
from drctl.steps.await_workloads import AwaitWorkloads
from drctl.steps.carry_consumers import CarryConsumers
from drctl.steps.fence_streams import FenceItem, FenceStreams
from drctl.steps.fence_workloads import FenceWorkloads
from drctl.steps.freeze_point import FreezePoint
from drctl.steps.promote_stream import PromoteItem, PromoteStream
from drctl.steps.resync_secret import ResyncSecret
from drctl.steps.scale_workload import ScaleWorkload
from drctl.steps.scaling import WorkloadItem
from drctl.steps.settle import Settle
from drctl.steps.smoke import Smoke
from drctl.steps.switch_dns import RecordItem, SwitchDns

_FIRST = frozenset({StreamKind.KV, StreamKind.OBJECT_STORE})
_SECOND = frozenset({StreamKind.STREAM})


def plan_emergency(topology: Topology, intent: Intent, inventory: Inventory) -> Plan:
    """Return the emergency failover from what is known; pure."""
    early = workloads_to_start(topology, inventory, after_promote=False)
    late = workloads_to_start(topology, inventory, after_promote=True)
    first = streams_to_promote(topology, inventory, _FIRST)
    second = streams_to_promote(topology, inventory, _SECOND)
    phases = (
        _close(topology, intent, inventory, early),
        _freeze(topology, intent, (*first, *second)),
        _promote(topology, intent, inventory, first, second),
        _start(topology, intent, early, late),
        _smoke(topology, intent),
        _switch(topology, intent),
        _settle(topology, intent, (*early, *late)),
    )
    recorded = inventory.source.observed_at if inventory.source else None
    return make_plan(topology, intent, phases, _findings(topology, inventory, (*first, *second)), recorded)


def _close(topology: Topology, intent: Intent, inventory: Inventory, early: tuple[WorkloadItem, ...]) -> Phase:
    source, target, deadline = intent.source, intent.target, topology.timing.step_deadline
    known = inventory.source.streams if inventory.source else inventory.target.streams
    fenced = tuple(FenceItem(item.name, item.tier) for item in _all_streams(topology, inventory))
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


def _all_streams(topology: Topology, inventory: Inventory) -> tuple[PromoteItem, ...]:
    return streams_to_promote(topology, inventory, _FIRST | _SECOND)


def _freeze(topology: Topology, intent: Intent, streams: tuple[PromoteItem, ...]) -> Phase:
    names = tuple(sorted(item.name for item in streams))
    step = FreezePoint("freeze_point", intent.source, intent.target, names, topology.timing.step_deadline)
    return Phase(FREEZE, (Wave((step,) if names else ()),))


def _promote(
    topology: Topology,
    intent: Intent,
    inventory: Inventory,
    first: tuple[PromoteItem, ...],
    second: tuple[PromoteItem, ...],
) -> Phase:
    target, deadline = intent.target, topology.timing.step_deadline
    carried = consumers_to_carry(topology, inventory)
    carry = CarryConsumers(f"carry_consumers:{target}", intent.source, target, carried, deadline)
    return Phase(
        PROMOTE,
        (
            Wave((PromoteStream(f"promote_stream:{target}:buckets", target, first, deadline),) if first else ()),
            Wave((PromoteStream(f"promote_stream:{target}:streams", target, second, deadline),) if second else ()),
            Wave((carry,) if carried else ()),
        ),
    )


def _start(
    topology: Topology, intent: Intent, early: tuple[WorkloadItem, ...], late: tuple[WorkloadItem, ...]
) -> Phase:
    target, timing = intent.target, topology.timing
    scale = ScaleWorkload(f"scale_workload:{target}:rest", target, late, timing.step_deadline)
    items = (*early, *late)
    wait = AwaitWorkloads(f"await_workloads:{target}", target, items, timing.step_deadline, timing.stability)
    return Phase(START, (Wave((scale,) if late else ()), Wave((wait,) if items else ())))


def _smoke(topology: Topology, intent: Intent) -> Phase:
    region = topology.region(intent.target)
    step = Smoke(f"smoke:{intent.target}", region, topology.probes, topology.timing.step_deadline)
    return Phase(SMOKE, (Wave((step,) if topology.probes else ()),))


def _switch(topology: Topology, intent: Intent) -> Phase:
    addresses, timing = topology.region(intent.target).addresses, topology.timing
    steps = []
    for zone in topology.zones:
        items = tuple(
            RecordItem(rule.name, rule.type, addresses) for rule in topology.records if rule.zone == zone.name
        )
        if items:
            name = f"switch_dns:{zone.name}"
            steps.append(SwitchDns(name, zone.name, intent.target, items, timing.step_deadline, timing.client_retry))
    return Phase(SWITCH, (Wave(tuple(steps)),))


def _settle(topology: Topology, intent: Intent, items: tuple[WorkloadItem, ...]) -> Phase:
    reads = [probe for probe in topology.probes if probe.kind is ProbeKind.READ]
    if not reads:
        return Phase(SETTLE, ())
    timing = topology.timing
    window = max(timing.settle, timing.revert_reread)
    region = topology.region(intent.target)
    step = Settle(f"settle:{intent.target}", region, reads[0], items, timing.step_deadline, window)
    return Phase(SETTLE, (Wave((step,)),))


def _findings(topology: Topology, inventory: Inventory, streams: tuple[PromoteItem, ...]) -> tuple[Finding, ...]:
    found = []
    for item in streams:
        if not item.subjects:
            message = f"nobody knows which subjects {item.name} is to take: no inventory of its origin, no metadata."
            remedy = (
                f"Set metadata drctl.subjects on the mirror {item.name}, or run `drctl watch` while the source lives."
            )
            found.append(Finding("subjects-unknown", message, remedy, subject=item.name))
    if streams and not inventory.source_is_live:
        message = "the source cannot be asked: what it took after the last replication is lost to the target."
        remedy = "Accept it with --accept data-loss; the amount is stated above."
        found.append(Finding("data-loss", message, remedy, acceptable=True))
    if inventory.source is None:
        message = "no inventory of the source: replicas fall back to 1, and consumers cannot be carried over."
        remedy = "Accept it with --accept inventory-missing, or look for another state directory."
        found.append(Finding("inventory-missing", message, remedy, acceptable=True))
    elif not inventory.source_is_live:
        age = inventory.target.observed_at - inventory.source.observed_at
        if age > topology.timing.inventory_age_max:
            message = f"the source's inventory is {age} old (limit {topology.timing.inventory_age_max})."
            remedy = "Accept it with --accept inventory-stale."
            found.append(Finding("inventory-stale", message, remedy, acceptable=True))
    for secret in inventory.target.secrets:
        if secret.forceable:
            message = f"{secret.ref} cannot be forced ({secret.forceable}); last refreshed {secret.refreshed_at}."
            remedy = "Set refreshPolicy: OnChange, or compare it by hand."
            found.append(Finding("secret-not-forceable", message, remedy, Severity.WARN, subject=str(secret.ref)))
    if not any(probe.kind is ProbeKind.WRITE for probe in topology.probes):
        message = "no write probe is configured: whether the target takes a write stays unknown."
        found.append(Finding("write-probe-missing", message, "Add a probe of kind write.", Severity.WARN))
    return tuple(found)
