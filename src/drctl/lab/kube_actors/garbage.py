"""The garbage collector: what a controller owned goes when the controller is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drctl.lab.kube_api.cluster import Writer
from drctl.lab.kube_api.kinds import ENDPOINT_SLICE, POD, REPLICA_SET, SECRET, kind_named
from drctl.lab.kube_api.objects import Ref

if TYPE_CHECKING:
    from drctl.lab.kube_api.cluster import Cluster
    from drctl.lab.kube_api.objects import JsonObject

_MANAGER = "kube-controller-manager"
_AT_REST_SECONDS = 30.0
# The order of ownership, so that one look is enough.
_OWNED_KINDS = (REPLICA_SET, POD, ENDPOINT_SLICE, SECRET)


class Garbage:
    """Deletes what has lost its owner."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def act(self) -> float:
        """Delete it; return when to look again."""
        for kind in _OWNED_KINDS:
            for item in self._cluster.store.items(kind):
                if self._is_orphan(item) and not item["metadata"].get("deletionTimestamp"):
                    self._cluster.delete(Ref.of(kind, item), Writer(_MANAGER))
        return _AT_REST_SECONDS

    def _is_orphan(self, item: JsonObject) -> bool:
        owners = item["metadata"].get("ownerReferences") or ()
        return bool(owners) and not any(self._exists(owner, item) for owner in owners)

    def _exists(self, owner: JsonObject, item: JsonObject) -> bool:
        kind = kind_named(owner["apiVersion"], owner["kind"])
        if kind is None:
            return True
        namespace = item["metadata"]["namespace"] if kind.namespaced else ""
        found = self._cluster.store.get(Ref(kind, namespace, owner["name"]))
        return found is not None and found["metadata"]["uid"] == owner["uid"]
