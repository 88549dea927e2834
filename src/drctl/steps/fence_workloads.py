"""Take the source's writers away: the second rung of the fence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from drctl.core.access import Access, Command
from drctl.core.change import Diff
from drctl.core.check import Blocked, Check, Converged, Diverged
from drctl.core.errors import AdapterError, NotFoundError, UnreachableError
from drctl.core.observed import WorkloadState
from drctl.core.topology import Plane
from drctl.core.verdict import Health, ItemVerdict, Verdict, judge_items
from drctl.ports.world import ProbePorts, ReadPorts, WritePorts
from drctl.steps.fence_streams import writers_unknown
from drctl.steps.progress import is_past_fence
from drctl.steps.scale_workload import scale_by_hand
from drctl.steps.scaling import WorkloadItem, look, replicas_change


@dataclass(frozen=True, slots=True)
class FenceWorkloads:
    """Scale a region's workloads down to their standby floor, where its control plane can be reached.

    `returns` says that the same plan starts them again later: a run that is taken up must not stop them then.
    """

    id: str
    region: str
    items: tuple[WorkloadItem, ...]
    deadline: timedelta
    returns: bool = False
    stable_for: timedelta = timedelta(0)
    component: str = ""
    kind: Literal["fence_workloads"] = "fence_workloads"

    @property
    def title(self) -> str:
        """Return what the operator reads."""
        return f"Fence the workloads of {self.region}"

    @property
    def regions(self) -> tuple[str, ...]:
        """Return the regions that the step calls."""
        return (self.region,)

    @property
    def plane(self) -> Plane:
        """Return what must be alive."""
        return Plane.REGIONAL_CONTROL

    def check(self, world: ReadPorts) -> Check:
        """Compare replicas with the floor; a silent source leaves its writers unknown, and says so."""
        cluster, changes = world.cluster(self.region), []
        try:
            cluster.clock_skew()
            for item in self.items:
                try:
                    state = cluster.workload(item.ref)
                except NotFoundError:
                    continue
                if state.replicas > item.replicas:
                    changes.append(replicas_change(self.region, item, state.replicas))
        except UnreachableError as error:
            return Blocked((writers_unknown(self.region, "its workloads", error),))
        if not changes or self._has_gone_on(world):
            return Converged()
        return Diverged(Diff(tuple(changes)))

    def apply(self, world: WritePorts, diff: Diff) -> None:
        """Scale one workload down, if nobody wrote to it since it was read here."""
        item = next(item for item in self.items if item.name == diff.changes[0].item)
        state = world.cluster(self.region).workload(item.ref)
        if state.replicas > item.replicas:
            world.cluster_writer(self.region).scale(item.ref, item.replicas, state.resource_version)

    def verify(self, world: ProbePorts) -> Verdict:
        """See that no pod is left above the floor."""
        verdict = judge_items(tuple(self._judge(item, look(world, self.region, item)) for item in self.items))
        try:
            if verdict.health is Health.PROGRESSING and self._has_gone_on(world):
                return Verdict(Health.HEALTHY, "were fenced, and started since by this run")
        except AdapterError as error:
            return Verdict(Health.PROGRESSING, f"unknown: {error.message}")
        return verdict

    def _has_gone_on(self, world: ReadPorts) -> bool:
        return self.returns and any(
            is_past_fence(stream, world.stamp) for stream in world.datastore(self.region).streams()
        )

    @staticmethod
    def _judge(item: WorkloadItem, seen: WorkloadState | ItemVerdict) -> ItemVerdict:
        if isinstance(seen, ItemVerdict):
            return seen
        down = seen.replicas <= item.replicas and seen.replicas_seen <= item.replicas
        health = Health.HEALTHY if down else Health.PROGRESSING
        return ItemVerdict(item.name, item.tier, health, f"{seen.replicas_seen} pods, floor {item.replicas}")

    def by_hand(self, access: Access) -> Sequence[Command]:
        """Return kubectl's own scale and its check."""
        return scale_by_hand(access.kubectl_in(self.region), self.items)
