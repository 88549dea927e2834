"""The replica set controller: as many pods as wanted, and a count of them."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from drctl.lab.kube_actors.events import Recorder
from drctl.lab.kube_actors.quota import refuse_beyond_quota
from drctl.lab.kube_actors.writing import find_condition, seconds_since, transition, write_status
from drctl.lab.kube_api.cluster import Writer
from drctl.lab.kube_api.errors import ApiError
from drctl.lab.kube_api.kinds import POD, REPLICA_SET
from drctl.lab.kube_api.objects import Ref, controlled_by, owner_reference

if TYPE_CHECKING:
    from drctl.lab.kube_api.cluster import Cluster
    from drctl.lab.kube_api.objects import JsonObject

_MANAGER = "kube-controller-manager"
_AT_REST_SECONDS = 30.0
_READY_LOOK_SECONDS = 0.1
_REFUSED_LOOK_SECONDS = 1.0


class ReplicaSets:
    """Acts on every ReplicaSet."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._events = Recorder(cluster, "replicaset-controller")

    def act(self) -> float:
        """Create and delete pods and write what there is; return when to look again."""
        return min((self._act_on(item) for item in self._cluster.store.items(REPLICA_SET)), default=_AT_REST_SECONDS)

    def _act_on(self, item: JsonObject) -> float:
        problem = ""
        pods = self._pods_of(item)
        missing = item["spec"]["replicas"] - len(pods)
        try:
            for _ in range(missing):
                self._create_pod(item)
        except ApiError as refused:
            problem = f"Error creating: {refused.message}"
            self._events.warn(REPLICA_SET, item, "FailedCreate", problem)
        for pod in sorted(pods, key=_worth)[: max(0, -missing)]:
            self._cluster.delete(Ref.of(POD, pod), Writer(_MANAGER))
        pods = self._pods_of(item)
        available = [pod for pod in pods if is_available(pod, item["spec"].get("minReadySeconds", 0))]
        ready = sum(is_ready(pod) for pod in pods)
        write_status(
            self._cluster, REPLICA_SET, item, _status(item, len(pods), ready, len(available), problem), _MANAGER
        )
        if problem:
            return _REFUSED_LOOK_SECONDS
        return _READY_LOOK_SECONDS if len(available) < ready else _AT_REST_SECONDS

    def _pods_of(self, item: JsonObject) -> list[JsonObject]:
        """Return the set's pods that count: not ended, and not about to be."""
        return [
            pod
            for pod in self._cluster.store.items(POD, item["metadata"]["namespace"])
            if controlled_by(pod, item)
            and not pod["metadata"].get("deletionTimestamp")
            and pod["status"].get("phase") not in {"Failed", "Succeeded"}
        ]

    def _create_pod(self, item: JsonObject) -> None:
        namespace = item["metadata"]["namespace"]
        template = copy.deepcopy(item["spec"]["template"])
        metadata = template["metadata"] | {
            "generateName": f"{item['metadata']['name']}-",
            "ownerReferences": [owner_reference(REPLICA_SET, item)],
        }
        refuse_beyond_quota(self._cluster, namespace, metadata["generateName"])
        body = {"metadata": metadata, "spec": template["spec"]}
        self._cluster.create(POD, namespace, body, Writer(_MANAGER))


def is_ready(pod: JsonObject) -> bool:
    """Say whether a pod's Ready condition is true."""
    condition = find_condition(pod, "Ready")
    return condition is not None and condition["status"] == "True"


def is_available(pod: JsonObject, min_ready_seconds: int) -> bool:
    """Say whether a pod has been ready for long enough."""
    condition = find_condition(pod, "Ready")
    if condition is None or condition["status"] != "True":
        return False
    return not min_ready_seconds or seconds_since(condition["lastTransitionTime"]) >= min_ready_seconds


def _worth(pod: JsonObject) -> tuple[bool, bool, float]:
    """Order pods by how little is lost with them: not placed, not ready, the youngest."""
    age = seconds_since(pod["metadata"]["creationTimestamp"])
    return bool(pod["spec"].get("nodeName")), is_ready(pod), age


def _status(item: JsonObject, replicas: int, ready: int, available: int, problem: str) -> JsonObject:
    status: JsonObject = {"replicas": replicas, "observedGeneration": item["metadata"]["generation"]}
    counts = {"fullyLabeledReplicas": replicas, "readyReplicas": ready, "availableReplicas": available}
    status |= {name: count for name, count in counts.items() if count}
    if problem:
        wanted = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": problem}
        status["conditions"] = [transition(find_condition(item, "ReplicaFailure"), wanted)]
    return status
