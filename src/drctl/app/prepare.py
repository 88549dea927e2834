"""From a wish to what is shown before anybody agrees: plan, diffs, loss, findings. Reads only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from drctl.app.gather import CLUSTER, DATASTORE, gather
from drctl.app.items import first_of
from drctl.app.preview import StepPreview, is_there_already, obstacles, preview
from drctl.core.errors import AdapterError
from drctl.core.finding import Finding
from drctl.core.intent import Mode, Operation
from drctl.core.observed import StreamRole
from drctl.planning.emergency import DATA_LOSS, plan_emergency
from drctl.planning.failback import plan_failback
from drctl.planning.fence import plan_fence
from drctl.planning.leaving_out import without
from drctl.planning.outage import predict_outage
from drctl.planning.planned import plan_planned
from drctl.planning.undo import Undone, plan_undo
from drctl.steps.freeze_point import state_loss

if TYPE_CHECKING:
    from drctl.core.intent import Intent
    from drctl.core.inventory import Inventory, RegionInventory
    from drctl.core.item import ItemRef
    from drctl.core.loss import Loss
    from drctl.core.topology import Topology
    from drctl.planning.outage import Outage
    from drctl.planning.plan import Plan
    from drctl.ports.codec import Codec
    from drctl.ports.world import ReadPorts


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the consent screen shows, and the dry run is. `previews` are without what is left out of the plan."""

    plan: Plan
    inventory: Inventory
    previews: tuple[StepPreview, ...]
    losses: tuple[Loss, ...]
    findings: tuple[Finding, ...]
    left_out: tuple[ItemRef, ...] = ()
    outage: Outage | None = None

    @property
    def is_there_already(self) -> bool:
        """Say whether nothing is to be done. An undo has always something to do: it ends the run that it takes back."""
        return self.plan.intent.operation is not Operation.UNDO and is_there_already(self.previews)

    @property
    def part(self) -> Plan:
        """Return what is to be done now: the plan without what is left out of it."""
        return without(self.plan, self.left_out)

    def missing(self, accepted: frozenset[str]) -> tuple[Finding, ...]:
        """Return the findings that can be accepted and were not."""
        return tuple(finding for finding in self.findings if finding.acceptable and finding.code not in accepted)

    @property
    def final(self) -> tuple[Finding, ...]:
        """Return the findings that nobody can accept."""
        return tuple(finding for finding in self.findings if not finding.acceptable)


def prepare(
    world: ReadPorts,
    topology: Topology,
    intent: Intent,
    codec: Codec[RegionInventory],
    undone: Undone | None = None,
) -> Prepared:
    """Look at everything, plan, ask every step, and state the loss. `undone` is the run that an undo takes back."""
    inventory = gather(world, topology, intent, codec)
    plan = plan_undo(topology, intent, inventory, undone) if undone else _plan(topology, intent, inventory)
    previews = preview(plan, world)
    findings = _findings(world, topology, plan, inventory, previews)
    losses, outage = _losses(world, inventory, intent), predict_outage(topology, plan, inventory.records)
    return Prepared(plan, inventory, previews, losses, findings, outage=outage)


def leave_out(world: ReadPorts, topology: Topology, whole: Prepared, names: tuple[str, ...]) -> Prepared:
    """Ask every step anew without the named items; an obstacle of theirs is none any more.

    Raises:
        ConfigError: The plan has no item of such a name.
        BlockedError: One is never left out.
    """
    refs = first_of(whole.plan, names)
    gone = {ref.item for ref in refs}
    plan = replace(whole.plan, findings=tuple(found for found in whole.plan.findings if found.subject not in gone))
    previews = preview(without(plan, refs), world)
    findings = _findings(world, topology, plan, whole.inventory, previews)
    return replace(whole, plan=plan, previews=previews, findings=findings, left_out=refs)


def _findings(
    world: ReadPorts, topology: Topology, plan: Plan, inventory: Inventory, previews: tuple[StepPreview, ...]
) -> tuple[Finding, ...]:
    found = obstacles(plan, previews)
    # That nothing can be taken back any more is to be read before that a region is silent: repairing it would not help.
    first = plan.findings if plan.intent.undoes else ()
    mode = _mode_findings(topology, plan.intent, inventory, found)
    silent = (
        *_group_findings(plan.intent, inventory),
        *_target_findings(plan.intent, inventory),
        *_quorum_findings(world, inventory),
    )
    return tuple(dict.fromkeys((*first, *mode, *silent, *found)))


def _plan(topology: Topology, intent: Intent, inventory: Inventory) -> Plan:
    match intent.operation, intent.mode:
        case Operation.FENCE, _:
            return plan_fence(topology, intent, inventory)
        case Operation.FAILBACK, _:
            return plan_failback(topology, intent, inventory)
        case _, Mode.PLANNED:
            return plan_planned(topology, intent, inventory)
        case _:
            return plan_emergency(topology, intent, inventory)


def _losses(world: ReadPorts, inventory: Inventory, intent: Intent) -> tuple[Loss, ...]:
    mirrors = tuple(stream for stream in inventory.target.streams if stream.role is StreamRole.MIRROR)
    if not mirrors or intent.mode is Mode.PLANNED or intent.operation is Operation.FENCE:
        return ()
    try:
        return state_loss(world, intent.source, intent.target, mirrors)
    except AdapterError:
        return ()


def _mode_findings(
    topology: Topology, intent: Intent, inventory: Inventory, found: tuple[Finding, ...]
) -> tuple[Finding, ...]:
    if intent.mode is Mode.EMERGENCY or inventory.source_is_live:
        return ()
    wish = "an undo" if intent.operation is Operation.UNDO else f"a planned {intent.operation.value}"
    message = f"{intent.source} does not answer, and {wish} needs it."
    if intent.operation is Operation.UNDO:
        remedy = f"Repair {intent.source}: what it took must be known before {intent.target} gets its writers back."
        return (Finding("source-unreachable", message, remedy, subject=intent.source),)
    if intent.operation is Operation.FAILBACK:
        remedy = f"Repair {intent.source}, which serves now; going home needs both regions."
        return (Finding("source-unreachable", message, remedy, subject=intent.source),)
    return (Finding("source-unreachable", message, _emergency(topology, intent, found), subject=intent.source),)


def _emergency(topology: Topology, intent: Intent, found: tuple[Finding, ...]) -> str:
    needed = sorted({finding.code for finding in found if finding.acceptable} | {DATA_LOSS})
    accepts = " ".join(f"--accept {code}" for code in needed)
    command = f'drctl failover --mode emergency --confirm "{topology.title} {intent.target}" {accepts}'
    return f"If it is dead: `{command}`"


def _target_findings(intent: Intent, inventory: Inventory) -> tuple[Finding, ...]:
    found = []
    is_fence = intent.operation is Operation.FENCE
    for system, message in inventory.target.unknown:
        if system in {CLUSTER, DATASTORE}:
            where = intent.target if is_fence else f"{intent.target}, the target,"
            text = f"the {system} of {where} does not answer: {message}"
            remedy = "Repair it; nothing can be moved there now."
            if is_fence:
                remedy = f"It cannot be fenced before it answers; then fence it at once: `drctl fence {intent.target}`."
            elif intent.undoes:
                remedy = f"It cannot serve again now. Go on without it: `drctl resume {intent.undoes}`."
            found.append(Finding("target-unreachable", text, remedy))
    return tuple(found)


def _quorum_findings(world: ReadPorts, inventory: Inventory) -> tuple[Finding, ...]:
    """Say why the target's datastore is silent, where its servers live and are too few to decide anything."""
    target = inventory.target.region
    if inventory.target.answered(DATASTORE):
        return ()
    try:
        group = world.datastore(target).meta_group()
    except AdapterError:
        return ()
    if group is None or len(group.servers) >= group.majority:
        return ()
    message = (
        f"{target} is unpromotable: {len(group.servers)} of the {group.size} servers that vote on its streams answer, "
        f"and {group.majority} must agree."
    )
    remedy = f"See what is left to do by hand, META.RESCUE with its danger too: `drctl verify --to {target}`."
    return (Finding("unpromotable", message, remedy, subject=target),)


def _group_findings(intent: Intent, inventory: Inventory) -> tuple[Finding, ...]:
    """Refuse what makes mirrors anew inside one meta group: drctl does not do that yet."""
    shared = any(stream.stored_name for stream in inventory.target.streams)
    if not shared or intent.operation is Operation.FENCE or _is_emergency_failover(intent):
        return ()
    message = "both regions' streams are in one meta group, in which drctl fences and promotes, and rebuilds no mirror."
    remedy = (
        "In an outage: `drctl failover --mode emergency`. Rebuild mirrors by hand, or move to two JetStream domains."
    )
    return (Finding("one-meta-group", message, remedy),)


def _is_emergency_failover(intent: Intent) -> bool:
    return intent.operation is Operation.FAILOVER and intent.mode is Mode.EMERGENCY
