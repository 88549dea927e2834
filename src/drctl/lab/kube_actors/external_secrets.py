"""The External Secrets operator: one ExternalSecret after the other, by the controller's own rules (shouldRefresh)."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from drctl.lab.kube_actors import go_text
from drctl.lab.kube_actors.events import Recorder
from drctl.lab.kube_actors.secret_stores import StoreError, read_store
from drctl.lab.kube_actors.writing import find_condition, transition, write_spec, write_status
from drctl.lab.kube_api.cluster import Writer
from drctl.lab.kube_api.kinds import EXTERNAL_SECRET, SECRET
from drctl.lab.kube_api.objects import Ref, owner_reference, timestamp

if TYPE_CHECKING:
    from drctl.lab.kube_api.cluster import Cluster
    from drctl.lab.kube_api.objects import JsonObject

_MANAGER = "external-secrets"
_MANAGED = {"reconcile.external-secrets.io/managed": "true"}
_DATA_HASH = "reconcile.external-secrets.io/data-hash"
_AT_REST_SECONDS = 30.0
# controller-runtime starts with milliseconds and ends at some ten minutes; an annotation always comes at once.
_RETRY_SECONDS_MIN = 1.0
_RETRY_SECONDS_MAX = 600.0


@dataclass(frozen=True, slots=True)
class _Failed:
    """The last failure: of which state of the object, how often, and when to try the same again."""

    version: str
    times: int
    again_at: float


class ExternalSecrets:
    """Acts on every ExternalSecret."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._events = Recorder(cluster, "external-secrets")
        self._failures: dict[str, _Failed] = {}

    def act(self) -> float:
        """Sync what is due; return when to look again."""
        return min(
            (self._act_on(item) for item in self._cluster.store.items(EXTERNAL_SECRET)), default=_AT_REST_SECONDS
        )

    def _act_on(self, item: JsonObject) -> float:
        item = self._with_canonical_interval(item)
        is_due, next_seconds = _refresh(item)
        if not is_due and self._is_secret_whole(item):
            return next_seconds
        uid, version = item["metadata"]["uid"], go_text.resource_version(item)
        failed = self._failures.get(uid)
        if failed and failed.version == version and time.monotonic() < failed.again_at:
            return failed.again_at - time.monotonic()
        began = timestamp()
        try:
            data = read_store(self._cluster, item)
        except StoreError as problem:
            return self._fail(item, version, str(problem))
        self._failures.pop(uid, None)
        self._write_secret(item, data)
        self._succeed(item, version, began)
        return _refresh(self._cluster.get(Ref.of(EXTERNAL_SECRET, item)))[1]

    def _with_canonical_interval(self, item: JsonObject) -> JsonObject:
        """Write the interval as Go does: the real operator rewrites the spec once, and generation grows (measured)."""
        try:
            canonical = go_text.write_duration(go_text.parse_duration(item["spec"]["refreshInterval"]))
        except ValueError:
            return item
        if canonical == item["spec"]["refreshInterval"]:
            return item
        write_spec(self._cluster, EXTERNAL_SECRET, item, {"refreshInterval": canonical}, _MANAGER)
        return self._cluster.get(Ref.of(EXTERNAL_SECRET, item))

    def _is_secret_whole(self, item: JsonObject) -> bool:
        if item["spec"]["target"]["creationPolicy"] == "None":
            return True
        secret = self._cluster.store.get(_target(item))
        if secret is None:
            return False
        data = {key: base64.b64decode(value) for key, value in (secret.get("data") or {}).items()}
        return bool((secret["metadata"].get("annotations") or {}).get(_DATA_HASH) == go_text.data_hash(data))

    def _write_secret(self, item: JsonObject, data: dict[str, bytes]) -> None:
        target = _target(item)
        coded = {key: base64.b64encode(value).decode() for key, value in data.items()}
        annotations, labels = {_DATA_HASH: go_text.data_hash(data)}, _MANAGED
        writer = Writer(f"externalsecrets.external-secrets.io/{item['metadata']['name']}")
        if self._cluster.store.get(target) is None:
            metadata: JsonObject = {"name": target.name, "annotations": annotations, "labels": labels}
            if item["spec"]["target"]["creationPolicy"] == "Owner":
                metadata["ownerReferences"] = [owner_reference(EXTERNAL_SECRET, item)]
            self._cluster.create(SECRET, target.namespace, {"metadata": metadata, "data": coded}, writer)
            return

        def change(now: JsonObject) -> JsonObject:
            metadata = now["metadata"]
            merged = {
                "annotations": (metadata.get("annotations") or {}) | annotations,
                "labels": (metadata.get("labels") or {}) | labels,
            }
            return now | {"metadata": metadata | merged, "data": coded}

        self._cluster.patch(target, change, writer)

    def _succeed(self, item: JsonObject, version: str, began: str) -> None:
        wanted = {"type": "Ready", "status": "True", "reason": "SecretSynced", "message": "secret synced"}
        status = {
            "binding": {"name": _target(item).name},
            "conditions": [transition(find_condition(item, "Ready"), wanted)],
            "refreshTime": began,
            "syncedResourceVersion": version,
        }
        write_status(self._cluster, EXTERNAL_SECRET, item, status, _MANAGER)

    def _fail(self, item: JsonObject, version: str, problem: str) -> float:
        """Say so; refreshTime and syncedResourceVersion stay, and a repeated failure shows as an event only."""
        uid = item["metadata"]["uid"]
        before = self._failures.get(uid)
        times = before.times + 1 if before and before.version == version else 1
        pause = min(_RETRY_SECONDS_MIN * 2.0 ** min(times - 1, 20), _RETRY_SECONDS_MAX)
        self._failures[uid] = _Failed(version, times, time.monotonic() + pause)
        self._events.warn(EXTERNAL_SECRET, item, "UpdateFailed", problem)
        message = "could not get secret data from provider"
        wanted = {"type": "Ready", "status": "False", "reason": "SecretSyncedError", "message": message}
        before_status = item.get("status") or {"refreshTime": None}
        status = before_status | {"conditions": [transition(find_condition(item, "Ready"), wanted)]}
        write_status(self._cluster, EXTERNAL_SECRET, item, status, _MANAGER)
        return pause


def _target(item: JsonObject) -> Ref:
    metadata = item["metadata"]
    return Ref(SECRET, metadata["namespace"], item["spec"]["target"].get("name") or metadata["name"])


def _refresh(item: JsonObject) -> tuple[bool, float]:
    """Return whether a sync is due, and if not in how many seconds it will be (kubernetes.md 10.3)."""
    status, spec = item.get("status") or {}, item["spec"]
    synced, at = status.get("syncedResourceVersion"), status.get("refreshTime")
    has_synced = bool(synced and at)
    is_current = synced == go_text.resource_version(item)
    if spec["refreshPolicy"] == "CreatedOnce":
        return not has_synced, _AT_REST_SECONDS
    if spec["refreshPolicy"] == "OnChange":
        return not (has_synced and is_current), _AT_REST_SECONDS
    try:
        interval = go_text.parse_duration(spec["refreshInterval"])
    except ValueError:
        return False, _AT_REST_SECONDS
    if interval <= timedelta(0) and synced:
        return False, _AT_REST_SECONDS
    if not is_current or at is None:
        return True, 0.0
    age = datetime.now(UTC) - datetime.fromisoformat(at)
    left = (interval - age).total_seconds()
    return left <= 0 or age < timedelta(0), min(max(left, 0.0), _AT_REST_SECONDS)
