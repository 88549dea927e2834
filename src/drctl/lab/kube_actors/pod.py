"""One pod on the node: its address, its containers, its status, and its end."""

from __future__ import annotations

import asyncio
import sys
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING

from drctl.lab.kube_actors.container import Container
from drctl.lab.kube_actors.node import free_address
from drctl.lab.kube_actors.writing import find_condition, transition, write_status
from drctl.lab.kube_api.cluster import Preconditions, Writer
from drctl.lab.kube_api.errors import ApiError
from drctl.lab.kube_api.kinds import POD
from drctl.lab.kube_api.objects import Ref, timestamp
from drctl.lab.layout import ADDRESSES
from drctl.lab.processes import POD_NAME

if TYPE_CHECKING:
    from drctl.lab.kube_actors.events import Recorder
    from drctl.lab.kube_actors.node import Node
    from drctl.lab.kube_api.cluster import Cluster
    from drctl.lab.kube_api.objects import JsonObject

_MANAGER = "kubelet"


class PodLife:
    """Starts the pod at once; `end` it, and its object goes when its processes are gone."""

    def __init__(self, cluster: Cluster, node: Node, events: Recorder, pod: JsonObject) -> None:
        self._cluster = cluster
        self._node = node
        self._events = events
        self._ref = Ref.of(POD, pod)
        self._uid = pod["metadata"]["uid"]
        self._began = timestamp()
        ports = [port["containerPort"] for one in pod["spec"]["containers"] for port in one.get("ports") or ()]
        self._address = free_address(ports)
        self._containers = [
            Container(one, self._environment(one), node, self._publish, self._warn) for one in pod["spec"]["containers"]
        ]
        self._publish()
        self._running = [asyncio.create_task(one.run(cluster, pod)) for one in self._containers]
        self._ending: asyncio.Task[None] | None = None
        for task in self._running:
            task.add_done_callback(_report)

    def end(self, grace_seconds: float) -> None:
        """Ask its processes to end, and kill them after the grace period. Asked again, nothing more happens."""
        if self._ending is None:
            self._ending = asyncio.create_task(self._end(grace_seconds))

    async def gone(self) -> None:
        """Return when its processes are gone; call `end` first."""
        if self._ending is not None:
            await self._ending

    @property
    def is_gone(self) -> bool:
        """Say whether its processes are gone."""
        return self._ending is not None and self._ending.done()

    async def _end(self, grace_seconds: float) -> None:
        for container, task in zip(self._containers, self._running, strict=True):
            container.grace_seconds = grace_seconds
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        with suppress(ApiError):  # deleted by force, and perhaps made anew under the same name
            self._cluster.delete(self._ref, Writer(_MANAGER), Preconditions(uid=self._uid), grace_seconds=0)

    def _environment(self, container: JsonObject) -> dict[str, str]:
        own = {POD_NAME: self._ref.name, "HOSTNAME": self._ref.name, "POD_IP": self._address}
        ports = container.get("ports") or ()
        if ports:
            own["PORT"] = str(ports[0]["containerPort"])
        return self._node.environment() | own

    def _present(self) -> JsonObject | None:
        found = self._cluster.store.get(self._ref)
        return found if found is not None and found["metadata"]["uid"] == self._uid else None

    def _warn(self, reason: str, message: str) -> None:
        if (pod := self._present()) is not None:
            self._events.warn(POD, pod, reason, message)

    def _publish(self) -> None:
        pod = self._present()
        if pod is None:
            return
        statuses = [one.status() for one in self._containers]
        unready = [one.spec["name"] for one in self._containers if not one.is_ready]
        started = any(one["state"].keys() & {"running", "terminated"} or one["lastState"] for one in statuses)
        status = {
            "phase": "Running" if started else "Pending",
            "conditions": [transition(find_condition(pod, one["type"]), one) for one in _conditions(unready)],
            "hostIP": ADDRESSES[self._node.region],
            "podIP": self._address,
            "podIPs": [{"ip": self._address}],
            "startTime": self._began,
            "containerStatuses": statuses,
            "qosClass": "BestEffort",
        }
        write_status(self._cluster, POD, pod, status, _MANAGER)


def _conditions(unready: list[str]) -> list[JsonObject]:
    met: list[JsonObject] = [{"type": one, "status": "True"} for one in ("PodReadyToStartContainers", "Initialized")]
    if not unready:
        met += [{"type": one, "status": "True"} for one in ("Ready", "ContainersReady")]
    else:
        why = {
            "status": "False",
            "reason": "ContainersNotReady",
            "message": f"containers with unready status: [{' '.join(unready)}]",
        }
        met += [{"type": one} | why for one in ("Ready", "ContainersReady")]
    return [*met, {"type": "PodScheduled", "status": "True"}]


def _report(task: asyncio.Task[None]) -> None:
    """Print what a container's life ended of, if it was no end on purpose: a bug must not be silent."""
    if not task.cancelled() and (problem := task.exception()) is not None:
        traceback.print_exception(problem, file=sys.stderr)
