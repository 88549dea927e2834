"""The endpoint slice controller: which pods stand behind a Service."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from drctl.lab.kube_actors.replica_sets import is_ready
from drctl.lab.kube_api.cluster import Writer
from drctl.lab.kube_api.kinds import ENDPOINT_SLICE, POD, SERVICE
from drctl.lab.kube_api.objects import Ref, owner_reference

if TYPE_CHECKING:
    from drctl.lab.kube_api.cluster import Cluster
    from drctl.lab.kube_api.objects import JsonObject

_MANAGER = "kube-controller-manager"
_AT_REST_SECONDS = 30.0


class EndpointSlices:
    """Acts on every Service that selects pods."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def act(self) -> float:
        """Bring the slices up to date; return when to look again."""
        for service in self._cluster.store.items(SERVICE):
            if service["spec"].get("selector"):
                self._act_on(service)
        return _AT_REST_SECONDS

    def _act_on(self, service: JsonObject) -> None:
        namespace = service["metadata"]["namespace"]
        wanted = _slices(service, self._cluster.store.items(POD, namespace))
        labels = {
            "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
            "kubernetes.io/service-name": service["metadata"]["name"],
        }
        there: dict[str, JsonObject] = {}
        for item in self._cluster.store.items(ENDPOINT_SLICE, namespace):
            if labels.items() <= (item["metadata"].get("labels") or {}).items():
                there[json.dumps(item["ports"])] = item
        for key, body in wanted.items():
            if present := there.pop(key, None):
                self._cluster.replace(Ref.of(ENDPOINT_SLICE, present), present | body, Writer(_MANAGER))
                continue
            metadata = {
                "generateName": f"{service['metadata']['name']}-",
                "labels": labels,
                "ownerReferences": [owner_reference(SERVICE, service)],
            }
            fresh = {"metadata": metadata, "addressType": "IPv4"} | body
            self._cluster.create(ENDPOINT_SLICE, namespace, fresh, Writer(_MANAGER))
        for item in there.values():
            self._cluster.delete(Ref.of(ENDPOINT_SLICE, item), Writer(_MANAGER))


def _slices(service: JsonObject, pods: list[JsonObject]) -> dict[str, JsonObject]:
    """Return one slice for each set of ports; with no pod at all an empty one, `endpoints: null` (measured)."""
    found: dict[str, JsonObject] = {}
    selector = service["spec"]["selector"].items()
    for pod in pods:
        labels, status = pod["metadata"].get("labels") or {}, pod["status"]
        if not selector <= labels.items() or not status.get("podIP") or status["phase"] in {"Failed", "Succeeded"}:
            continue
        ports = [_port(one, pod) for one in service["spec"].get("ports") or ()]
        body = found.setdefault(json.dumps(ports), {"ports": ports, "endpoints": []})
        body["endpoints"].append(_endpoint(pod))
    return found or {"null": {"ports": None, "endpoints": None}}


def _port(port: JsonObject, pod: JsonObject) -> JsonObject:
    target = port["targetPort"]
    if isinstance(target, str):
        declared = (one for container in pod["spec"]["containers"] for one in container.get("ports") or ())
        target = next((one["containerPort"] for one in declared if one.get("name") == target), port["port"])
    return {"name": port.get("name", ""), "port": target, "protocol": port["protocol"]}


def _endpoint(pod: JsonObject) -> JsonObject:
    metadata = pod["metadata"]
    serving, ending = is_ready(pod), bool(metadata.get("deletionTimestamp"))
    return {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {"ready": serving and not ending, "serving": serving, "terminating": ending},
        "nodeName": pod["spec"]["nodeName"],
        "targetRef": {
            "kind": "Pod",
            "namespace": metadata["namespace"],
            "name": metadata["name"],
            "uid": metadata["uid"],
        },
    }
