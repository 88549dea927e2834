"""Which region is active, by each system's own evidence, within a budget even with one region dead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial, reduce
from typing import TYPE_CHECKING

from drctl.app.fanout import within
from drctl.app.gather import CLUSTER, DATASTORE, SECRETS, joined, systems
from drctl.app.locking import largest_epoch
from drctl.core.errors import AdapterError, DrctlError
from drctl.core.events import StepOutcome
from drctl.core.invariants import taken_twice
from drctl.core.inventory import RegionInventory
from drctl.core.observed import HttpAnswer, StreamKind, StreamRole
from drctl.core.run_state import RunState, fold
from drctl.core.topology import HEARTBEAT_STREAM, ProbeKind
from drctl.core.verdict import Health

if TYPE_CHECKING:
    from collections.abc import Callable

    from drctl.core.item import OpenItem
    from drctl.core.lock import LockRecord
    from drctl.core.observed import StreamState
    from drctl.core.topology import Topology
    from drctl.ports.journal import RunStore
    from drctl.ports.lock import LockStore
    from drctl.ports.world import ReadPorts

BUDGET = timedelta(seconds=2.5)


_RUNS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Kept:
    """Where runs and the lock are kept."""

    runs: RunStore
    locks: tuple[LockStore, ...]


class Role(StrEnum):
    """What a region is, by the evidence of its datastore."""

    ACTIVE = "active"
    STANDBY = "standby"
    FENCED = "fenced"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RegionStatus:
    """One region. Each text is evidence, or says `unknown` and why."""

    region: str
    role: Role
    traffic: str
    writers: str
    workloads: str
    secrets: str
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class ReplicationLine:
    """One mirror: how long ago it heard its origin, and how far behind it is (None: the origin is not there)."""

    region: str
    stream: str
    contact_age: timedelta | None
    behind_messages: int | None


@dataclass(frozen=True, slots=True)
class RunItem:
    """An item that a run left open, until that run, or the step of its kind in a later one, was seen to do it."""

    run_id: str
    is_finished: bool
    item: OpenItem


@dataclass(frozen=True, slots=True)
class Status:
    """The service, as seen within the budget. `active` is empty when no region can be called so.

    Where `public` is None, `public_unknown` says why; it is empty where no read probe is configured.
    """

    service: str
    observed_at: datetime
    active: str
    public: HttpAnswer | None
    public_unknown: str
    regions: tuple[RegionStatus, ...]
    replication: tuple[ReplicationLine, ...]
    taken_twice: tuple[str, ...]
    lock: LockRecord | None
    epoch: int
    unfinished: tuple[RunState, ...]
    pending_fences: tuple[tuple[str, str], ...]
    elapsed: timedelta
    open_items: tuple[RunItem, ...] = ()


def look(world: ReadPorts, topology: Topology, stores: Kept, budget: timedelta = BUDGET) -> Status:
    """Return the status; what did not answer within the budget is unknown, and said so."""
    began, now = world.clock.elapsed(), world.clock.now()
    calls: dict[str, Callable[[], object]] = {
        "public name": partial(_public, world, topology),
        "records": partial(_pointed, world, topology),
    }
    found = tuple(RegionInventory(region.name, now) for region in topology.regions)
    for region in found:
        reads = systems(world, topology, region)
        calls |= {f"{system} of {region.region}": read for system, read in reads.items()}
    answers = within(budget, calls)
    inventories = tuple(
        joined(region, {system: answers[f"{system} of {region.region}"] for system in (CLUSTER, SECRETS, DATASTORE)})
        for region in found
    )
    public, pointed = answers["public name"], answers["records"]
    states = tuple(_state(stores.runs, run_id) for run_id in stores.runs.run_ids()[-_RUNS_SHOWN:])
    return Status(
        service=topology.title,
        observed_at=now,
        active=_active(inventories, public),
        public=public if isinstance(public, HttpAnswer) else None,
        public_unknown=public.message if isinstance(public, DrctlError) else "",
        regions=tuple(_region(found, topology, public, pointed) for found in inventories),
        replication=_replication(inventories),
        taken_twice=taken_twice(inventories[0].streams, inventories[1].streams),
        lock=_holder(stores.locks),
        epoch=max([largest_epoch(stores.locks), *(s.epoch for found in inventories for s in found.streams)]),
        unfinished=tuple(state for state in states if state.run_id and not state.is_finished),
        pending_fences=_pending(states, inventories),
        elapsed=world.clock.elapsed() - began,
        open_items=_open_items(states),
    )


def standby_by_evidence(seen: Status, topology: Topology) -> str:
    """Return the region beside the one that takes writes; the configured standby where not exactly one does."""
    active = [region.region for region in seen.regions if region.role is Role.ACTIVE]
    return topology.other(active[0]) if len(active) == 1 else topology.standby


def _public(world: ReadPorts, topology: Topology) -> HttpAnswer | None:
    reads = [probe for probe in topology.probes if probe.kind is ProbeKind.READ]
    return world.http.public(reads[0]) if reads else None


def _pointed(world: ReadPorts, topology: Topology) -> dict[str, str]:
    """Return, by region, which records point at it."""
    pointed: dict[str, list[str]] = {}
    for rule in topology.records:
        record = world.dns(rule.zone).record(rule.name, rule.type)
        for region in topology.regions:
            if record is not None and record.values == rule.values_in(region):
                pointed.setdefault(region.name, []).append(f"{rule.name} {rule.type}")
    return {region: ", ".join(records) for region, records in pointed.items()}


def _role(found: RegionInventory) -> Role:
    if not found.answered(DATASTORE) or not found.streams:
        return Role.UNKNOWN
    roles = {stream.role for stream in _live(found) if stream.name != HEARTBEAT_STREAM}
    if StreamRole.ACTIVE in roles:
        return Role.ACTIVE
    return Role.FENCED if StreamRole.FENCED in roles else Role.STANDBY


def _active(inventories: tuple[RegionInventory, ...], public: object) -> str:
    """Return the one region that takes writes, unless users are answered from another one."""
    active = [found.region for found in inventories if _role(found) is Role.ACTIVE]
    elsewhere = isinstance(public, HttpAnswer) and not public.error and public.region not in {"", *active}
    return active[0] if len(active) == 1 and not elsewhere else ""


def _region(found: RegionInventory, topology: Topology, public: object, pointed: object) -> RegionStatus:
    return RegionStatus(
        region=found.region,
        role=_role(found),
        traffic=_traffic(found.region, public, pointed),
        writers=_writers(found),
        workloads=_workloads(found),
        secrets=_secrets(found, topology),
        observed_at=found.observed_at,
    )


def _traffic(region: str, public: object, pointed: object) -> str:
    said = []
    if isinstance(public, HttpAnswer) and public.region == region and not public.error:
        said.append(f"answers the public name ({public.status})")
    if isinstance(pointed, dict):
        if region in pointed:
            said.append(f"{pointed[region]} points here")
    elif isinstance(pointed, DrctlError):
        said.append(f"records unknown: {pointed.message}")
    return "; ".join(said) or "none"


def _writers(found: RegionInventory) -> str:
    if not found.answered(DATASTORE):
        return f"unknown: {dict(found.unknown)[DATASTORE]}"
    count = {role.value: sum(stream.role is role for stream in _live(found)) for role in StreamRole}
    count["rescued tail"] = len(found.streams) - len(_live(found))
    return ", ".join(f"{number} {what}" for what, number in count.items() if number) or "no streams"


def _live(found: RegionInventory) -> tuple[StreamState, ...]:
    """Return the streams of the service itself: a rescued tail is evidence, not service."""
    return tuple(stream for stream in found.streams if stream.kind is not StreamKind.RESCUE)


def _workloads(found: RegionInventory) -> str:
    if not found.answered(CLUSTER):
        return f"unknown: {dict(found.unknown)[CLUSTER]}"
    return ", ".join(f"{w.ref.name} {w.available}/{w.replicas}" for w in found.workloads) or "none match a rule"


def _secrets(found: RegionInventory, topology: Topology) -> str:
    if not topology.secrets:
        return "not configured"
    if not found.answered(SECRETS):
        return f"unknown: {dict(found.unknown)[SECRETS]}"
    ages = [found.observed_at - secret.refreshed_at for secret in found.secrets if secret.refreshed_at]
    if len(ages) < len(found.secrets):
        return f"{len(found.secrets) - len(ages)} of {len(found.secrets)} never synced"
    return f"{len(ages)} synced, oldest {max(ages, default=timedelta(0)).total_seconds():.0f} s ago"


def _replication(inventories: tuple[RegionInventory, ...]) -> tuple[ReplicationLine, ...]:
    lines = []
    for found, other in zip(inventories, reversed(inventories), strict=True):
        origins = {stream.name: stream for stream in other.streams}
        for stream in _live(found):
            if stream.role is StreamRole.MIRROR:
                origin = origins.get(stream.name)
                behind = max(origin.last_seq - stream.last_seq, 0) if origin else None
                lines.append(ReplicationLine(found.region, stream.name, stream.contact_age, behind))
    return tuple(lines)


def _holder(locks: tuple[LockStore, ...]) -> LockRecord | None:
    for store in locks:
        try:
            record = store.read()
        except AdapterError:
            continue
        if record is not None and record.run_id:
            return record
    return None


def _state(runs: RunStore, run_id: str) -> RunState:
    try:
        records = runs.read(run_id)
    except DrctlError:
        return RunState()
    return reduce(lambda state, record: fold(state, record.at, record.event), records, RunState())


def _open_items(states: tuple[RunState, ...]) -> tuple[RunItem, ...]:
    found: dict[tuple[str, str], RunItem] = {}
    for state in states:
        for name, step in state.steps:
            for item in step.items:
                if item.health is Health.HEALTHY:
                    found.pop((name.partition(":")[0], item.item), None)
        for left in state.open_items:
            kind = left.ref.step_id.partition(":")[0]
            found[kind, left.ref.item] = RunItem(state.run_id, state.is_finished, left)
    return tuple(found.values())


def _pending(states: tuple[RunState, ...], inventories: tuple[RegionInventory, ...]) -> tuple[tuple[str, str], ...]:
    """Return the fences that some run left open, by region, until that region is seen to take no writes."""
    closed = {found.region for found in inventories if _role(found) in {Role.STANDBY, Role.FENCED}}
    pending: dict[str, str] = {}
    for state in states:
        for name, step in state.steps:
            kind, _, _ = name.partition(":")
            if state.is_finished and kind.startswith("fence_"):
                if step.outcome is StepOutcome.OPEN:
                    pending[name] = state.run_id
                elif step.outcome is StepOutcome.DONE:
                    # A later run has fenced it.
                    pending.pop(name, None)
    return tuple(
        {name.partition(":")[2]: run for name, run in pending.items() if name.partition(":")[2] not in closed}.items()
    )
