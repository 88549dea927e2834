"""Scale workloads up, without waiting for their pods: `await_workloads` does that later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from drctl.core.access import Access, Command
from drctl.core.change import Diff
from drctl.core.check import Blocked, Check, Converged, Diverged
from drctl.core.errors import NotFoundError
from drctl.core.finding import Finding
from drctl.core.observed import WorkloadState
from drctl.core.topology import Plane
from drctl.core.verdict import Health, ItemVerdict, Verdict, judge_items
from drctl.ports.world import ProbePorts, ReadPorts, WritePorts
from drctl.steps.scaling import WorkloadItem, look, replicas_change


@dataclass(frozen=True, slots=True)
class ScaleWorkload:
    """Give each workload of a region at least its wanted replicas; never fewer than it has."""

    id: str
    region: str
    items: tuple[WorkloadItem, ...]
    deadline: timedelta
    stable_for: timedelta = timedelta(0)
    component: str = "api"
    kind: Literal["scale_workload"] = "scale_workload"

    @property
    def title(self) -> str:
        """Return what the operator reads."""
        return f"Scale {len(self.items)} workloads up in {self.region}"

    @property
    def regions(self) -> tuple[str, ...]:
        """Return the regions that the step calls."""
        return (self.region,)

    @property
    def plane(self) -> Plane:
        """Return what must be alive."""
        return Plane.REGIONAL_CONTROL

    def check(self, world: ReadPorts) -> Check:
        """Compare `spec.replicas` with what is wanted; a Deployment paused at zero blocks: it would get no pods."""
        cluster = world.cluster(self.region)
        changes, findings = [], []
        for item in self.items:
            try:
                state = cluster.workload(item.ref)
            except NotFoundError as error:
                findings.append(Finding("workload-missing", error.message, error.remedy, subject=item.name))
                continue
            findings.extend(_stuck(item, state))
            if state.replicas < item.replicas:
                changes.append(replicas_change(self.region, item, state.replicas))
        if findings:
            return Blocked(tuple(findings))
        return Diverged(Diff(tuple(changes))) if changes else Converged()

    def apply(self, world: WritePorts, diff: Diff) -> None:
        """Scale one workload, if nobody wrote to it since it was read here."""
        item = next(item for item in self.items if item.name == diff.changes[0].item)
        state = world.cluster(self.region).workload(item.ref)
        if state.replicas < item.replicas:
            world.cluster_writer(self.region).scale(item.ref, item.replicas, state.resource_version)

    def verify(self, world: ProbePorts) -> Verdict:
        """See the wanted replicas stand in the workload; its pods are awaited later."""
        return judge_items(tuple(self._judge(item, look(world, self.region, item)) for item in self.items))

    @staticmethod
    def _judge(item: WorkloadItem, seen: WorkloadState | ItemVerdict) -> ItemVerdict:
        if isinstance(seen, ItemVerdict):
            return seen
        health = Health.HEALTHY if seen.replicas >= item.replicas else Health.PROGRESSING
        return ItemVerdict(item.name, item.tier, health, f"wants {seen.replicas} of {item.replicas}")

    def by_hand(self, access: Access) -> Sequence[Command]:
        """Return kubectl's own scale and its check."""
        return scale_by_hand(access.kubectl_in(self.region), self.items)


def scale_by_hand(kubectl: str, items: tuple[WorkloadItem, ...]) -> tuple[Command, ...]:
    """Return the kubectl lines that set and show each workload's replicas."""
    lines = []
    for item in items:
        target = f"-n {item.ref.namespace} {item.ref.kind}/{item.ref.name}"
        lines.append(
            Command(f"scale {item.ref.name}", f"{kubectl} scale {target} --replicas={item.replicas}", writes=True)
        )
        lines.append(
            Command(f"show {item.ref.name}", f"{kubectl} get {target} -o jsonpath='{{.spec.replicas}}'", writes=False)
        )
    return tuple(lines)


def _stuck(item: WorkloadItem, state: WorkloadState) -> tuple[Finding, ...]:
    # A Deployment that was paused before it ever had a ReplicaSet gets no pods at all (kubernetes.md 6.5).
    if not (state.paused and state.replicas == 0):
        return ()
    return (
        Finding(
            "workload-paused",
            f"{item.name} is paused at zero replicas: scaling it would start no pod.",
            f"Run `kubectl rollout resume -n {item.ref.namespace} {item.ref.kind}/{item.ref.name}`.",
            subject=item.name,
        ),
    )
