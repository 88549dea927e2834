"""What a Deployment's status says: the counts and conditions of kube-controller-manager. Pure but for the time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from drctl.lab.kube_actors.writing import find_condition, seconds_since
from drctl.lab.kube_api.objects import timestamp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from drctl.lab.kube_api.objects import JsonObject

_DONE = "NewReplicaSetAvailable"


def status_of(deployment: JsonObject, new: JsonObject | None, sets: Sequence[JsonObject]) -> JsonObject:
    """Return the status; counts of zero are left out, as on the real server.

    Args:
        deployment: The Deployment, with its present status.
        new: The ReplicaSet of its present template; None while it is paused and has none.
        sets: All of its ReplicaSets.
    """
    counts = {
        name: sum(_count(one, name) for one in sets) for name in ("replicas", "readyReplicas", "availableReplicas")
    }
    counts["updatedReplicas"] = _count(new, "replicas") if new else 0
    counts["unavailableReplicas"] = max(0, sum(one["spec"]["replicas"] for one in sets) - counts["availableReplicas"])
    status: JsonObject = {"observedGeneration": deployment["metadata"]["generation"]}
    status |= {name: count for name, count in counts.items() if count}
    conditions = [_available(deployment, counts), _progressing(deployment, new, counts), _failure(sets)]
    status["conditions"] = [_kept(deployment, one) for one in conditions if one is not None]
    return status


def _count(replica_set: JsonObject, name: str) -> int:
    return int((replica_set.get("status") or {}).get(name, 0))


def _available(deployment: JsonObject, counts: dict[str, int]) -> JsonObject:
    if counts["availableReplicas"] >= deployment["spec"]["replicas"] - _max_unavailable(deployment):
        return _condition("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    message = "Deployment does not have minimum availability."
    return _condition("Available", "False", "MinimumReplicasUnavailable", message)


def _max_unavailable(deployment: JsonObject) -> int:
    rolling = deployment["spec"]["strategy"].get("rollingUpdate")
    if not rolling:
        return 0
    value: str | int = rolling["maxUnavailable"]
    replicas: int = deployment["spec"]["replicas"]
    if isinstance(value, str):
        return math.floor(replicas * int(value.rstrip("%")) / 100)
    return min(value, replicas)


def _progressing(deployment: JsonObject, new: JsonObject | None, counts: dict[str, int]) -> JsonObject | None:
    before = find_condition(deployment, "Progressing")
    if deployment["spec"].get("paused"):
        return _condition("Progressing", "Unknown", "DeploymentPaused", "Deployment is paused")
    if new is None:
        return before
    # A Deployment that was complete stays so while it is only scaled: no deadline ever passes (kubernetes.md 8).
    if before and before["reason"] == _DONE and counts["replicas"] == counts["updatedReplicas"]:
        return before
    name, wanted = new["metadata"]["name"], deployment["spec"]["replicas"]
    if all(counts[one] == wanted for one in ("replicas", "updatedReplicas", "availableReplicas")):
        return _condition("Progressing", "True", _DONE, f'ReplicaSet "{name}" has successfully progressed.')
    if before is None or before["reason"] == "DeploymentPaused" or _has_moved(deployment, counts):
        moved = _condition("Progressing", "True", "ReplicaSetUpdated", f'ReplicaSet "{name}" is progressing.')
        return moved | {"lastUpdateTime": timestamp()}
    return _stalled(deployment, name, before)


def _stalled(deployment: JsonObject, name: str, before: JsonObject) -> JsonObject:
    deadline = deployment["spec"]["progressDeadlineSeconds"]
    if before["status"] != "True" or seconds_since(before["lastUpdateTime"]) <= deadline:
        return before
    message = f'ReplicaSet "{name}" has timed out progressing.'
    return _condition("Progressing", "False", "ProgressDeadlineExceeded", message)


def _has_moved(deployment: JsonObject, counts: dict[str, int]) -> bool:
    before = deployment.get("status") or {}
    return any(counts[one] > before.get(one, 0) for one in ("updatedReplicas", "readyReplicas", "availableReplicas"))


def _failure(sets: Sequence[JsonObject]) -> JsonObject | None:
    failures = (find_condition(one, "ReplicaFailure") for one in sets)
    found = next((one for one in failures if one is not None), None)
    return None if found is None else _condition("ReplicaFailure", found["status"], found["reason"], found["message"])


def _condition(kind: str, status: str, reason: str, message: str) -> JsonObject:
    return {"type": kind, "status": status, "reason": reason, "message": message}


def _kept(deployment: JsonObject, wanted: JsonObject) -> JsonObject:
    """Return the present condition where nothing is new, else the wanted one with its times."""
    before = find_condition(deployment, wanted["type"])
    said = ("status", "reason", "lastUpdateTime") if "lastUpdateTime" in wanted else ("status", "reason")
    if before and all(before[key] == wanted[key] for key in said):
        return before
    same_status = before is not None and before["status"] == wanted["status"]
    since = before["lastTransitionTime"] if before and same_status else timestamp()
    return {"lastUpdateTime": timestamp(), "lastTransitionTime": since} | wanted
