"""A region's workloads: specs, and a controller that follows them one look at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from drctl.core.errors import ConflictError, NotFoundError
from drctl.core.observed import ObjectRef, WorkloadState

if TYPE_CHECKING:
    from drctl.core.topology import Selector
    from fakes.calls import Calls
    from fakes.clock import FakeClock


@dataclass
class FakeWorkload:
    """One Deployment. Its pods are complete `ready_after` looks after each change of its replicas."""

    name: str
    replicas: int
    has_service: bool = False
    namespace: str = "shop"
    labels: tuple[tuple[str, str], ...] = ()
    ready_after: int = 2
    paused: bool = False
    failure: str = ""
    last_writer: str = ""
    version: int = 1
    generation: int = 1
    observed_generation: int = 1
    pods: int = 0
    looks: int = field(default=0, repr=False)

    def __post_init__(self) -> None:
        self.pods = self.replicas

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef("deployment", self.namespace, self.name)

    def set_replicas(self, replicas: int, writer: str = "") -> None:
        """Change the spec; a value that it has already changes nothing."""
        if replicas != self.replicas:
            self.replicas, self.last_writer, self.looks = replicas, writer, 0
            self.version += 1
            self.generation += 1

    def step(self) -> None:
        """Let the controller work for one look. Its status writes move the resourceVersion too."""
        self.looks += 1
        if self.observed_generation != self.generation:
            self.observed_generation = self.generation
            self.version += 1
        may_change = not (self.paused and not self.pods) and not self.failure
        if may_change and self.pods != self.replicas and self.looks > self.ready_after:
            self.pods = self.replicas
            self.version += 1


class FakeCluster:
    """The ports `ClusterReader` and `ClusterWriter` of one region."""

    def __init__(self, region: str, calls: Calls, clock: FakeClock) -> None:
        self._region, self._calls, self._clock = region, calls, clock
        self.deployed: dict[ObjectRef, FakeWorkload] = {}
        self.skew = timedelta(0)

    def deploy(self, *workloads: FakeWorkload) -> None:
        """Create workloads."""
        self.deployed |= {workload.ref: workload for workload in workloads}

    def named(self, name: str) -> FakeWorkload:
        """Return one workload of the example's namespace."""
        return self.deployed[ObjectRef("deployment", "shop", name)]

    def clock_skew(self) -> timedelta:
        with self._calls.read(f"{self._region}/cluster/clock_skew"):
            return self.skew

    def workloads(self, select: Selector) -> tuple[WorkloadState, ...]:
        with self._calls.read(f"{self._region}/cluster/workloads"):
            found = (w for w in self.deployed.values() if select.matches(w.namespace, w.name, w.labels))
            return tuple(self._state(workload) for workload in sorted(found, key=lambda w: w.name))

    def workload(self, ref: ObjectRef) -> WorkloadState:
        with self._calls.read(f"{self._region}/cluster/workload {ref}"):
            return self._state(self._existing(ref))

    def diagnose(self, ref: ObjectRef) -> str:
        with self._calls.read(f"{self._region}/cluster/diagnose {ref}"):
            workload = self._existing(ref)
            return "" if workload.pods == workload.replicas else "ContainerCreating"

    def scale(self, ref: ObjectRef, replicas: int, expected_version: str) -> None:
        with self._calls.write(f"{self._region}/cluster/scale {ref}"):
            workload = self._existing(ref)
            if str(workload.version) != expected_version:
                raise ConflictError(f"{ref} in {self._region} is at {workload.version}, not {expected_version}")
            workload.set_replicas(replicas, "drctl")

    def _existing(self, ref: ObjectRef) -> FakeWorkload:
        if ref not in self.deployed:
            raise NotFoundError(f"{ref} does not exist in {self._region}", remedy="Deploy it.")
        return self.deployed[ref]

    def _state(self, workload: FakeWorkload) -> WorkloadState:
        workload.step()
        return WorkloadState(
            ref=workload.ref,
            uid=f"{self._region}-{workload.name}",
            resource_version=str(workload.version),
            generation=workload.generation,
            observed_generation=workload.observed_generation,
            replicas=workload.replicas,
            replicas_seen=workload.pods,
            updated=workload.pods,
            available=workload.pods,
            paused=workload.paused,
            failure=workload.failure,
            labels=workload.labels,
            endpoints_ready=workload.pods if workload.has_service else None,
            last_writer=workload.last_writer,
            observed_at=self._clock.now(),
        )
