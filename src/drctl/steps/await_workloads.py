"""Wait until workloads really serve, and stay so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from drctl.core.access import Access, Command
from drctl.core.change import Diff
from drctl.core.check import Check, Converged
from drctl.core.errors import AdapterError
from drctl.core.topology import Plane
from drctl.core.verdict import Health, ItemVerdict, Verdict, judge_items
from drctl.ports.world import ProbePorts, ReadPorts, WritePorts
from drctl.steps.scaling import WorkloadItem, judge_complete, look


@dataclass(frozen=True, slots=True)
class AwaitWorkloads:
    """Write nothing; be healthy when every workload is complete, stable for the window, with a ready endpoint."""

    id: str
    region: str
    items: tuple[WorkloadItem, ...]
    deadline: timedelta
    stable_for: timedelta
    component: str = "api"
    kind: Literal["await_workloads"] = "await_workloads"

    @property
    def title(self) -> str:
        """Return what the operator reads."""
        return f"Wait for {len(self.items)} workloads in {self.region}"

    @property
    def regions(self) -> tuple[str, ...]:
        """Return the regions that the step calls."""
        return (self.region,)

    @property
    def plane(self) -> Plane:
        """Return what must be alive."""
        return Plane.REGIONAL_CONTROL

    def check(self, world: ReadPorts) -> Check:  # noqa: ARG002 - nothing is ever to be written
        """Say that nothing is to be written."""
        return Converged()

    def apply(self, world: WritePorts, diff: Diff) -> None:
        """Do nothing: `check` never finds a difference."""

    def verify(self, world: ProbePorts) -> Verdict:
        """Judge every workload; one that is not complete says what its pods and events say."""
        return judge_items(tuple(self._judge(world, item) for item in self.items))

    def _judge(self, world: ProbePorts, item: WorkloadItem) -> ItemVerdict:
        seen = look(world, self.region, item)
        if isinstance(seen, ItemVerdict):
            return seen
        verdict = judge_complete(item, seen)
        if verdict.health is Health.HEALTHY:
            return verdict
        try:
            why = world.cluster(self.region).diagnose(item.ref)
        except AdapterError as error:
            why = f"no diagnosis: {error.message}"
        return replace(verdict, message=f"{verdict.message}; {why}") if why else verdict

    def by_hand(self, access: Access) -> Sequence[Command]:
        """Return kubectl's own waits."""
        kubectl = access.kubectl_in(self.region)
        limit = int(self.deadline.total_seconds())
        return tuple(
            Command(
                f"wait for {item.ref.name}",
                f"{kubectl} rollout status -n {item.ref.namespace} {item.ref.kind}/{item.ref.name} --timeout={limit}s",
                writes=False,
            )
            for item in self.items
        )
