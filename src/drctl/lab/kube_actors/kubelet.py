"""The scheduler and the kubelet of the region's one node: pods in the store become processes on this machine."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from drctl.lab.kube_actors.events import Recorder
from drctl.lab.kube_actors.pod import PodLife
from drctl.lab.kube_actors.writing import find_condition, transition, write_spec, write_status
from drctl.lab.kube_api.kinds import NODE, POD
from drctl.lab.kube_api.objects import Ref

if TYPE_CHECKING:
    from drctl.lab.kube_actors.node import Node
    from drctl.lab.kube_api.cluster import Cluster
    from drctl.lab.kube_api.objects import JsonObject

_AT_REST_SECONDS = 30.0


class Scheduler:
    """Places pods on the node, unless it is cordoned or gone."""

    def __init__(self, cluster: Cluster, node: Node) -> None:
        self._cluster = cluster
        self._node = node
        self._events = Recorder(cluster, "default-scheduler")

    def act(self) -> float:
        """Place what has no place; return when to look again."""
        found = self._cluster.store.get(Ref(NODE, "", self._node.name))
        for pod in self._cluster.store.items(POD):
            if pod["spec"].get("nodeName") or pod["metadata"].get("deletionTimestamp"):
                continue
            if found is not None and not found["spec"].get("unschedulable"):
                write_spec(self._cluster, POD, pod, {"nodeName": self._node.name}, "kube-scheduler")
                continue
            message = "0/1 nodes are available: 1 node(s) were unschedulable."
            wanted = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
            status = pod["status"] | {"conditions": [transition(find_condition(pod, "PodScheduled"), wanted)]}
            write_status(self._cluster, POD, pod, status, "kube-scheduler")
            self._events.warn_once(POD, pod, "FailedScheduling", message)
        return _AT_REST_SECONDS


class Kubelet:
    """Runs the pods that are placed on the node. Ends all of their processes when it is closed."""

    def __init__(self, cluster: Cluster, node: Node) -> None:
        self._cluster = cluster
        self._node = node
        self._events = Recorder(cluster, "kubelet")
        self._lives: dict[str, PodLife] = {}

    def act(self) -> float:
        """Start what is new and end what is to go; return when to look again."""
        there: set[str] = set()
        for pod in self._cluster.store.items(POD):
            if pod["spec"].get("nodeName") == self._node.name:
                there.add(pod["metadata"]["uid"])
                self._act_on(pod)
        for uid in self._lives.keys() - there:
            self._lives[uid].end(0)  # deleted by force, when it is not gone in order
            if self._lives[uid].is_gone:
                del self._lives[uid]
        return _AT_REST_SECONDS

    async def close(self, grace_seconds: float) -> None:
        """End every process of every pod, and wait until all are gone."""
        lives, self._lives = list(self._lives.values()), {}
        for life in lives:
            life.end(grace_seconds)
        await asyncio.gather(*(life.gone() for life in lives))

    def _act_on(self, pod: JsonObject) -> None:
        metadata = pod["metadata"]
        life = self._lives.get(metadata["uid"])
        if life is None:
            life = self._lives[metadata["uid"]] = PodLife(self._cluster, self._node, self._events, pod)
        if metadata.get("deletionTimestamp"):
            life.end(metadata["deletionGracePeriodSeconds"])
