"""The phases that every move has in common. How they are put in order is the planners' part."""

from __future__ import annotations

from drctl.core.intent import Intent
from drctl.core.inventory import Inventory
from drctl.core.observed import StreamKind
from drctl.core.record_values import family_of
from drctl.core.stream_config import kind_of
from drctl.core.topology import ProbeKind, RecordMode, RecordRule, Region, Topology
from drctl.core.verdict import Tier
from drctl.planning.plan import FREEZE, PROMOTE, SETTLE, SMOKE, START, SWITCH, Phase, Wave
from drctl.planning.selection import consumers_to_carry
from drctl.steps.await_workloads import AwaitWorkloads
from drctl.steps.carry_consumers import CarryConsumers
from drctl.steps.freeze_point import FreezePoint
from drctl.steps.promote_stream import PromoteItem, PromoteStream
from drctl.steps.scale_workload import ScaleWorkload
from drctl.steps.scaling import WorkloadItem
from drctl.steps.settle import Settle
from drctl.steps.smoke import Smoke
from drctl.steps.switch_dns import RecordItem, SwitchDns

_BUCKETS = frozenset({StreamKind.KV, StreamKind.OBJECT_STORE})


def freeze_phase(topology: Topology, intent: Intent, streams: tuple[PromoteItem, ...]) -> Phase:
    """Return where the standby takes over, and what that loses."""
    names = tuple(sorted(item.name for item in streams))
    step = FreezePoint("freeze_point", intent.source, intent.target, names, topology.timing.step_deadline)
    return Phase(FREEZE, (Wave((step,) if names else ()),))


def promote_phase(topology: Topology, intent: Intent, inventory: Inventory, streams: tuple[PromoteItem, ...]) -> Phase:
    """Return buckets, then streams, then consumers."""
    target, deadline = intent.target, topology.timing.step_deadline
    first = tuple(item for item in streams if kind_of(item.name) in _BUCKETS)
    second = tuple(item for item in streams if kind_of(item.name) is StreamKind.STREAM)
    buckets = PromoteStream(f"promote_stream:{target}:buckets", target, first, deadline, probed_later=bool(second))
    others = PromoteStream(f"promote_stream:{target}:streams", target, second, deadline, probes_too=first)
    carried = consumers_to_carry(topology, inventory)
    carry = CarryConsumers(f"carry_consumers:{target}", intent.source, target, carried, deadline)
    return Phase(
        PROMOTE,
        (
            Wave((buckets,) if first else ()),
            Wave((others,) if second else ()),
            Wave((carry,) if carried else ()),
        ),
    )


def start_phase(
    topology: Topology, intent: Intent, early: tuple[WorkloadItem, ...], late: tuple[WorkloadItem, ...]
) -> Phase:
    """Return what starts when the data is there, and the wait for what is critical: users wait for nothing else."""
    target, timing = intent.target, topology.timing
    scale = ScaleWorkload(f"scale_workload:{target}:rest", target, late, timing.step_deadline)
    items = tuple(item for item in (*early, *late) if item.tier is Tier.CRITICAL)
    wait = AwaitWorkloads(f"await_workloads:{target}", target, items, timing.step_deadline, timing.stability)
    return Phase(START, (Wave((scale,) if late else ()), Wave((wait,) if items else ())))


def smoke_phase(topology: Topology, intent: Intent) -> Phase:
    """Return the user's part before any traffic moves."""
    region = topology.region(intent.target)
    step = Smoke(f"smoke:{intent.target}", region, topology.probes, topology.timing.step_deadline)
    return Phase(SMOKE, (Wave((step,) if topology.probes else ()),))


def switch_phase(topology: Topology, intent: Intent) -> Phase:
    """Return the public names' change: one step for each zone, and each ladder in it."""
    target, timing = topology.region(intent.target), topology.timing
    steps = []
    for zone in topology.zones:
        rules = [rule for rule in topology.records if rule.zone == zone.name]
        ladders = tuple(dict.fromkeys(rule.ladder for rule in rules))
        for ladder in ladders:
            items = tuple(_record_item(rule, target) for rule in rules if rule.ladder == ladder)
            ways = f":{'+'.join(rung.name for rung in ladder)}" if len(ladders) > 1 else ""
            name = f"switch_dns:{zone.name}{ways}"
            deadline, retry = timing.step_deadline, timing.client_retry
            steps.append(SwitchDns(name, zone.name, target.name, items, deadline, retry, ladder))
    return Phase(SWITCH, (Wave(tuple(steps)),))


def _record_item(rule: RecordRule, target: Region) -> RecordItem:
    values = rule.values_in(target)
    addresses = tuple(sorted(one for one in target.addresses if family_of(one) == rule.type))
    # A member that is an alias holds a name, and is answered with what that stands for.
    answers = addresses if rule.mode is not RecordMode.VALUES and values != addresses else ()
    return RecordItem(rule.name, rule.type, values, rule.awaited, answers, rule.mode)


def settle_phase(
    topology: Topology, intent: Intent, items: tuple[WorkloadItem, ...], awaited: tuple[WorkloadItem, ...]
) -> Phase:
    """Return the window in which nothing may come back, and the wait for what nobody had to wait for before."""
    reads = [probe for probe in topology.probes if probe.kind is ProbeKind.READ]
    target, timing = intent.target, topology.timing
    window = max(timing.settle, timing.revert_reread)
    region = topology.region(target)
    settle = [Settle(f"settle:{target}", region, probe, items, timing.step_deadline, window) for probe in reads[:1]]
    wait = AwaitWorkloads(f"await_workloads:{target}:rest", target, awaited, timing.step_deadline, timing.stability)
    return Phase(SETTLE, (Wave(tuple(settle)), Wave((wait,) if awaited else ())))
