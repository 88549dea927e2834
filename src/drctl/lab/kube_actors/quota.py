"""A namespace's limit on the number of its pods, as the ResourceQuota admission plugin keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drctl.lab.kube_api.errors import ApiError
from drctl.lab.kube_api.kinds import POD, RESOURCE_QUOTA

if TYPE_CHECKING:
    from drctl.lab.kube_api.cluster import Cluster

_POD_COUNTS = ("pods", "count/pods")


def refuse_beyond_quota(cluster: Cluster, namespace: str, pod: str) -> None:
    """Let one more pod pass.

    Raises:
        ApiError: 403, there are as many as allowed.
    """
    used = sum(one["status"].get("phase") not in {"Failed", "Succeeded"} for one in cluster.store.items(POD, namespace))
    for quota in cluster.store.items(RESOURCE_QUOTA, namespace):
        hard = (quota.get("spec") or {}).get("hard") or {}
        for name in _POD_COUNTS:
            if name in hard and used >= int(hard[name]):
                message = (
                    f'pods "{pod}" is forbidden: exceeded quota: {quota["metadata"]["name"]}, '
                    f"requested: {name}=1, used: {name}={used}, limited: {name}={hard[name]}"
                )
                raise ApiError(403, "Forbidden", message, {"name": pod, "kind": "pods"})
