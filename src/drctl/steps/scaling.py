"""Judging workloads; shared by the steps that scale, await and re-read them."""

from __future__ import annotations

from dataclasses import dataclass

from drctl.core.change import Change
from drctl.core.errors import AdapterError, NotFoundError
from drctl.core.observed import ObjectRef, WorkloadState
from drctl.core.verdict import Health, ItemVerdict, Tier
from drctl.ports.world import ReadPorts


@dataclass(frozen=True, slots=True)
class WorkloadItem:
    """One workload and the replicas that it is to have."""

    ref: ObjectRef
    tier: Tier
    replicas: int

    @property
    def name(self) -> str:
        """What the item is called in diffs and verdicts."""
        return str(self.ref)


def replicas_change(region: str, item: WorkloadItem, before: int) -> Change:
    """Return the change of a workload's replicas."""
    return Change(item.name, f"{region}/{item.ref}", "spec.replicas", before, item.replicas)


def judge_complete(item: WorkloadItem, state: WorkloadState) -> ItemVerdict:
    """Say whether a workload really has its replicas: about the present generation, updated, available, reachable.

    kubectl's own rule counts zero replicas as rolled out and never times out on a scale-up; this one does not
    (kubernetes.md, section 8).
    """
    name, want = item.name, item.replicas
    if state.failure:
        return ItemVerdict(name, item.tier, Health.FAILED, f"its pods cannot be made: {state.failure}")
    if state.observed_generation < state.generation:
        return ItemVerdict(name, item.tier, Health.PROGRESSING, "its controller has not seen the change yet")
    if state.replicas < want:
        return ItemVerdict(name, item.tier, Health.PROGRESSING, f"wants {state.replicas} replicas, not {want}")
    if state.updated < state.replicas or state.replicas_seen != state.updated or state.available < want:
        return ItemVerdict(name, item.tier, Health.PROGRESSING, f"{state.available} of {want} available")
    if state.endpoints_ready == 0:
        return ItemVerdict(name, item.tier, Health.PROGRESSING, "no ready endpoint in its Service")
    return ItemVerdict(name, item.tier, Health.HEALTHY, f"{state.available} of {want} available")


def judge_kept(item: WorkloadItem, state: WorkloadState) -> ItemVerdict:
    """Say whether a workload still wants the replicas that it was given, or somebody took them back."""
    if state.replicas >= item.replicas:
        return ItemVerdict(item.name, item.tier, Health.HEALTHY, f"wants {state.replicas}")
    who = state.last_writer or "somebody (no writer is recorded: an HPA, KEDA or Argo CD could)"
    message = f"was scaled back to {state.replicas} by {who}"
    return ItemVerdict(item.name, item.tier, Health.FAILED, message)


def look(world: ReadPorts, region: str, item: WorkloadItem) -> WorkloadState | ItemVerdict:
    """Read one workload; a missing one has failed, a silent server is unknown and so still progressing."""
    try:
        return world.cluster(region).workload(item.ref)
    except NotFoundError as error:
        return ItemVerdict(item.name, item.tier, Health.FAILED, error.message)
    except AdapterError as error:
        return ItemVerdict(item.name, item.tier, Health.PROGRESSING, f"unknown: {error.message}")
