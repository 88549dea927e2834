"""Warning events, counted up while the same thing goes on."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from drctl.lab.kube_api.cluster import Writer
from drctl.lab.kube_api.kinds import EVENT, Kind
from drctl.lab.kube_api.objects import Ref, micro_timestamp, timestamp

if TYPE_CHECKING:
    from drctl.lab.kube_api.cluster import Cluster
    from drctl.lab.kube_api.objects import JsonObject


class Recorder:
    """Writes events as one component does."""

    def __init__(self, cluster: Cluster, component: str) -> None:
        self._cluster = cluster
        self._component = component
        self._names: dict[tuple[str, str, str], str] = {}

    def warn(self, kind: Kind, about: JsonObject, reason: str, message: str) -> None:
        """Say that something is wrong with an object; said before, its `count` and `lastTimestamp` grow."""
        namespace = about["metadata"].get("namespace") or "default"
        key = (about["metadata"]["uid"], reason, message)
        known = self._cluster.store.get(Ref(EVENT, namespace, self._names.get(key, "")))
        if known is not None:
            fresh = {"count": known["count"] + 1, "lastTimestamp": timestamp()}
            self._cluster.patch(Ref.of(EVENT, known), lambda now: now | fresh, Writer(self._component))
            return
        times = {"firstTimestamp": timestamp(), "lastTimestamp": timestamp(), "count": 1}
        self._names[key] = self._create(kind, about, reason, message, times)

    def warn_once(self, kind: Kind, about: JsonObject, reason: str, message: str) -> None:
        """Say it by the newer events API, as the scheduler does: only `eventTime` is set (measured)."""
        key = (about["metadata"]["uid"], reason, message)
        if key not in self._names:
            times = {"firstTimestamp": None, "lastTimestamp": None, "eventTime": micro_timestamp()}
            self._names[key] = self._create(kind, about, reason, message, times)

    def _create(self, kind: Kind, about: JsonObject, reason: str, message: str, times: JsonObject) -> str:
        metadata = about["metadata"]
        namespace = metadata.get("namespace") or "default"
        name = f"{metadata['name']}.{time.time_ns():x}"
        involved = {
            "kind": kind.name,
            "apiVersion": kind.api_version,
            "namespace": namespace,
            "name": metadata["name"],
            "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"],
        }
        body = {
            "metadata": {"name": name, "namespace": namespace},
            "involvedObject": involved,
            "type": "Warning",
            "reason": reason,
            "message": message,
            "source": {"component": self._component},
        }
        self._cluster.create(EVENT, namespace, body | times, Writer(self._component))
        return name
