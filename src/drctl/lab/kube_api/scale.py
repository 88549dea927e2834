"""The scale subresource: a Scale as a view of a workload, and a write to it as a write to `spec.replicas`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drctl.lab.kube_api import selectors
from drctl.lab.kube_api.errors import invalid

if TYPE_CHECKING:
    from drctl.lab.kube_api.objects import JsonObject

_INT32_END = 2**31
_METADATA = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")


def scale_of(workload: JsonObject) -> JsonObject:
    """Return the Scale; at zero its `spec` is empty, as the real server leaves the field out."""
    replicas = workload["spec"].get("replicas", 0)
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: workload["metadata"][key] for key in _METADATA if key in workload["metadata"]},
        "spec": {"replicas": replicas} if replicas else {},
        "status": {
            "replicas": (workload.get("status") or {}).get("replicas", 0),
            "selector": selectors.as_text(selectors.from_object(workload["spec"]["selector"])),
        },
    }


def scaled(workload: JsonObject, scale: JsonObject) -> JsonObject:
    """Return the workload as a written Scale wants it.

    Raises:
        ApiError: 422 when the number is none, or negative.
    """
    replicas = (scale.get("spec") or {}).get("replicas", 0)
    name = workload["metadata"]["name"]
    if not isinstance(replicas, int) or isinstance(replicas, bool) or abs(replicas) >= _INT32_END:
        problem = f"Invalid value: {replicas!r}: json: cannot unmarshal into ScaleSpec.spec.replicas of type int32"
        raise invalid("", "", "patch", problem)
    if replicas < 0:
        problem = f"Invalid value: {replicas}: must be greater than or equal to 0"
        raise invalid("Scale.autoscaling", name, "spec.replicas", problem)
    metadata = dict(workload["metadata"])
    if version := (scale.get("metadata") or {}).get("resourceVersion"):
        metadata["resourceVersion"] = version
    return workload | {"metadata": metadata, "spec": workload["spec"] | {"replicas": replicas}}
