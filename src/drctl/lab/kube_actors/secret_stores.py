"""SecretStores of the provider `lab`: a folder of JSON files, one for each key, each an object of strings."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

from drctl.lab.kube_actors.events import Recorder
from drctl.lab.kube_actors.writing import find_condition, transition, write_status
from drctl.lab.kube_api.kinds import CLUSTER_SECRET_STORE, SECRET_STORE, Kind
from drctl.lab.kube_api.objects import Ref

if TYPE_CHECKING:
    from drctl.lab.kube_api.cluster import Cluster
    from drctl.lab.kube_api.objects import JsonObject

_MANAGER = "external-secrets"
_AT_REST_SECONDS = 30.0
# The operator's own default: a store's Ready may be five minutes old (kubernetes.md 10.5).
_LOOK_AGAIN_SECONDS = 300.0


class StoreError(Exception):
    """A value cannot be had: in the operator's words."""


class SecretStores:
    """Says of every store whether it can be used, now and then."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._events = Recorder(cluster, "secret-store")
        self._looked: dict[tuple[str, int], float] = {}

    def act(self) -> float:
        """Look at every store that is new, changed, or was not looked at for long; return when to look again."""
        for kind in (SECRET_STORE, CLUSTER_SECRET_STORE):
            for item in self._cluster.store.items(kind):
                key = (item["metadata"]["uid"], item["metadata"]["generation"])
                if time.monotonic() >= self._looked.get(key, 0.0):
                    self._looked[key] = time.monotonic() + _LOOK_AGAIN_SECONDS
                    self._look(kind, item)
        return _AT_REST_SECONDS

    def _look(self, kind: Kind, item: JsonObject) -> None:
        wanted = {"type": "Ready", "status": "True", "reason": "Valid", "message": "store validated"}
        try:
            _folder(item)
        except StoreError as problem:
            reason = "InvalidProviderConfig"
            self._events.warn(kind, item, reason, str(problem))
            wanted = {"type": "Ready", "status": "False", "reason": reason, "message": "unable to validate store"}
        status = {"capabilities": "ReadOnly", "conditions": [transition(find_condition(item, "Ready"), wanted)]}
        write_status(self._cluster, kind, item, status, _MANAGER)


def read_store(cluster: Cluster, external_secret: JsonObject) -> dict[str, bytes]:
    """Return what an ExternalSecret asks its store for.

    Raises:
        StoreError: The store is missing, not ready or down, or has no such key.
    """
    spec = external_secret["spec"]
    folder = _usable_folder(cluster, spec.get("secretStoreRef") or {}, external_secret["metadata"]["namespace"])
    found: dict[str, bytes] = {}
    for source in spec.get("dataFrom") or ():
        wanted = source.get("extract") or {}
        found |= {name: value.encode() for name, value in _read(folder, wanted.get("key", "")).items()}
    for number, entry in enumerate(spec.get("data") or ()):
        reference = entry["remoteRef"]
        values = _read(folder, reference["key"])
        name = reference.get("property")
        if name is not None and name not in values:
            where = f"error processing spec.data[{number}] (key: {reference['key']})"
            raise StoreError(f"{where}, err: property {name} does not exist in key {reference['key']}")
        found[entry["secretKey"]] = (values[name] if name is not None else json.dumps(values)).encode()
    return found


def _usable_folder(cluster: Cluster, reference: JsonObject, namespace: str) -> Path:
    name = reference.get("name", "")
    if reference.get("kind", SECRET_STORE.name) == CLUSTER_SECRET_STORE.name:
        ref = Ref(CLUSTER_SECRET_STORE, "", name)
    else:
        ref = Ref(SECRET_STORE, namespace, name)
    store = cluster.store.get(ref)
    if store is None:
        raise StoreError(f'could not get {ref.kind.name} "{name}", {ref.kind.qualified} "{name}" not found')
    ready = find_condition(store, "Ready")
    if ready is None or ready["status"] != "True":
        raise StoreError(f'the desired {ref.kind.name} "{name}" is not ready')
    return _folder(store)


def _folder(store: JsonObject) -> Path:
    provider = (store.get("spec") or {}).get("provider") or {}
    path = (provider.get("lab") or {}).get("path", "")
    if not path:
        raise StoreError("the lab's operator knows only the provider `lab` with a `path`")
    if not Path(path).is_dir():
        raise StoreError(f"the store does not answer: no folder {path}")
    return Path(path)


def _read(folder: Path, key: str) -> dict[str, str]:
    try:
        values = json.loads((folder / f"{key}.json").read_text())
    except FileNotFoundError as problem:
        raise StoreError(f"error retrieving secret, key: {key}, err: Secret does not exist") from problem
    except (OSError, ValueError) as problem:
        raise StoreError(f"error retrieving secret, key: {key}, err: {problem}") from problem
    return {str(name): str(value) for name, value in values.items()}
