"""A region's Kubernetes control plane: workloads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import timedelta

    from drctl.core.observed import ObjectRef, WorkloadState
    from drctl.core.topology import Selector


class ClusterReader(Protocol):
    """Reads workloads. Sends GET requests only."""

    def clock_skew(self) -> timedelta:
        """Return the server's clock minus ours, from its `Date` header; proves that it answers.

        Raises:
            UnreachableError: No answer within the adapter's timeout.
            DeniedError: The credentials were refused.
        """
        ...

    def workloads(self, select: Selector) -> tuple[WorkloadState, ...]:
        """Return the Deployments and StatefulSets that the selector means, ordered by name.

        Raises:
            UnreachableError: No answer within the adapter's timeout.
            DeniedError: Not allowed to list.
        """
        ...

    def workload(self, ref: ObjectRef) -> WorkloadState:
        """Return one workload, with `endpoints_ready` filled in where a Service selects it.

        Raises:
            NotFoundError: It does not exist.
            UnreachableError: No answer within the adapter's timeout.
            DeniedError: Not allowed to get.
        """
        ...

    def diagnose(self, ref: ObjectRef) -> str:
        """Return one line on why a workload is not complete: its pods' reasons and warning events; may be empty.

        Raises:
            UnreachableError: No answer within the adapter's timeout.
        """
        ...


class ClusterWriter(Protocol):
    """Changes the number of replicas, and nothing else."""

    def scale(self, ref: ObjectRef, replicas: int, expected_version: str) -> None:
        """Set `spec.replicas` through the scale subresource, if the object is still at `expected_version`.

        Raises:
            ConflictError: Somebody wrote in between; nothing was written.
            OutcomeUnknownError: No answer; look again.
            NotFoundError: It does not exist.
            DeniedError: Not allowed to patch the scale.
            RefusedError: The server refused the value.
            ThrottledError: The server asked for patience; nothing was written.
        """
        ...
