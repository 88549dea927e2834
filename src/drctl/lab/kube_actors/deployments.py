"""The deployment controller: a Deployment's ReplicaSets, and what its status says of them."""

from __future__ import annotations

import copy
import hashlib
import json
from typing import TYPE_CHECKING

from drctl.lab.kube_actors.deployment_status import status_of
from drctl.lab.kube_actors.writing import write_spec
from drctl.lab.kube_api.cluster import Part, Writer
from drctl.lab.kube_api.kinds import DEPLOYMENT, REPLICA_SET
from drctl.lab.kube_api.objects import Ref, controlled_by, owner_reference

if TYPE_CHECKING:
    from drctl.lab.kube_api.cluster import Cluster
    from drctl.lab.kube_api.objects import JsonObject

_MANAGER = "kube-controller-manager"
_HASH_LABEL = "pod-template-hash"
_REVISION = "deployment.kubernetes.io/revision"
# A progress deadline passes without anybody writing anything.
_LOOK_SECONDS = 1.0


class Deployments:
    """Acts on every Deployment."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def act(self) -> float:
        """Bring every Deployment's ReplicaSets and status nearer to its spec; return when to look again."""
        for deployment in self._cluster.store.items(DEPLOYMENT):
            sets = self._sets_of(deployment)
            new = _current(deployment, sets)
            if new is None and not deployment["spec"].get("paused"):
                new = self._create_set(deployment, len(sets) + 1)
            self._scale_sets(deployment, new, sets)
            self._write_status(deployment, new)
        return _LOOK_SECONDS

    def _sets_of(self, deployment: JsonObject) -> list[JsonObject]:
        found = self._cluster.store.items(REPLICA_SET, deployment["metadata"]["namespace"])
        return [item for item in found if controlled_by(item, deployment)]

    def _create_set(self, deployment: JsonObject, revision: int) -> JsonObject:
        metadata, template = deployment["metadata"], copy.deepcopy(deployment["spec"]["template"])
        mark = {_HASH_LABEL: _template_hash(template)}
        template["metadata"]["labels"] = (template["metadata"].get("labels") or {}) | mark
        selector = copy.deepcopy(deployment["spec"]["selector"])
        selector["matchLabels"] = (selector.get("matchLabels") or {}) | mark
        spec = {
            "replicas": 0,
            "selector": selector,
            "template": template,
            "minReadySeconds": deployment["spec"].get("minReadySeconds", 0),
        }
        body = {
            "metadata": {
                "name": f"{metadata['name']}-{mark[_HASH_LABEL]}",
                "labels": template["metadata"]["labels"],
                "annotations": {_REVISION: str(revision)},
                "ownerReferences": [owner_reference(DEPLOYMENT, deployment)],
            },
            "spec": spec,
        }
        return self._cluster.create(REPLICA_SET, metadata["namespace"], body, Writer(_MANAGER))

    def _scale_sets(self, deployment: JsonObject, new: JsonObject | None, sets: list[JsonObject]) -> None:
        wanted = deployment["spec"]["replicas"]
        if new is None:
            # Paused: the newest set that there is is scaled, and where there is none nothing ever starts (measured).
            newest = max(sets, key=_revision, default=None)
            if newest is not None:
                self._scale_set(newest, wanted)
            return
        self._scale_set(new, wanted)
        available = (new.get("status") or {}).get("availableReplicas", 0)
        for old in sets:
            if old["metadata"]["uid"] != new["metadata"]["uid"]:
                self._scale_set(old, min(old["spec"]["replicas"], max(0, wanted - available)))

    def _scale_set(self, item: JsonObject, replicas: int) -> None:
        if item["spec"]["replicas"] != replicas:
            write_spec(self._cluster, REPLICA_SET, item, {"replicas": replicas}, _MANAGER)

    def _write_status(self, deployment: JsonObject, new: JsonObject | None) -> None:
        ref = Ref.of(DEPLOYMENT, deployment)
        sets = self._sets_of(deployment)
        new = next((one for one in sets if new and one["metadata"]["uid"] == new["metadata"]["uid"]), None)
        metadata = deployment["metadata"]
        if new is not None:
            # Through /status, where an annotation does not make the generation grow.
            annotations = (metadata.get("annotations") or {}) | {_REVISION: str(_revision(new))}
            metadata = metadata | {"annotations": annotations}
        status = status_of(deployment, new, sets)
        self._cluster.patch(
            ref, lambda now: now | {"metadata": metadata, "status": status}, Writer(_MANAGER), Part.STATUS
        )


def _current(deployment: JsonObject, sets: list[JsonObject]) -> JsonObject | None:
    wanted = deployment["spec"]["template"]
    return next((item for item in sets if _without_mark(item["spec"]["template"]) == wanted), None)


def _without_mark(template: JsonObject) -> JsonObject:
    labels = {key: value for key, value in template["metadata"]["labels"].items() if key != _HASH_LABEL}
    return template | {"metadata": template["metadata"] | {"labels": labels}}


def _template_hash(template: JsonObject) -> str:
    return hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:10]


def _revision(item: JsonObject) -> int:
    return int((item["metadata"].get("annotations") or {}).get(_REVISION, 0))
