"""Merge, JSON and strategic-merge patches, as functions from an object to a new object."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from drctl.lab.kube_api.errors import rejected

if TYPE_CHECKING:
    from drctl.lab.kube_api.objects import JsonObject

# Lists that strategic patches merge by a key instead of replacing them (struct tags of the API types).
_MERGE_KEYS: dict[str, tuple[str, ...]] = {
    "containers": ("name",),
    "initContainers": ("name",),
    "ephemeralContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "imagePullSecrets": ("name",),
    "volumeMounts": ("mountPath",),
    "ports": ("containerPort", "port"),
    "conditions": ("type",),
    "ownerReferences": ("uid",),
    "hostAliases": ("ip",),
    "topologySpreadConstraints": ("topologyKey",),
}
_PRIMITIVE_LISTS = frozenset({"finalizers"})


def merge(target: object, patch: object) -> Any:  # noqa: ANN401 - JSON in, JSON out
    """Apply a merge patch (RFC 7386)."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge(result.get(key), value)
    return result


def strategic(target: JsonObject, patch: JsonObject) -> JsonObject:
    """Apply a strategic merge patch: lists with a merge key are merged item by item, others replaced."""
    if patch.get("$patch") == "replace":
        return {key: copy.deepcopy(value) for key, value in patch.items() if not key.startswith("$")}
    result = dict(target)
    for key, value in patch.items():
        if key.startswith("$deleteFromPrimitiveList/"):
            name = key.partition("/")[2]
            result[name] = [item for item in result.get(name) or [] if item not in value]
        elif key.startswith("$"):
            continue  # $setElementOrder and $retainKeys only order or prune what kubectl apply computes
        elif value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            below = result.get(key)
            result[key] = strategic(below if isinstance(below, dict) else {}, value)
        elif isinstance(value, list):
            result[key] = _merged_list(key, result.get(key) or [], value)
        else:
            result[key] = value
    return {key: value for key, value in result.items() if not _is_deleted(value)}


def _is_deleted(value: object) -> bool:
    return isinstance(value, dict) and value.get("$patch") == "delete"


def _merged_list(field: str, target: list[Any], patch: list[Any]) -> list[Any]:
    if field in _PRIMITIVE_LISTS:
        return target + [item for item in patch if item not in target]
    key = next(
        (name for name in _MERGE_KEYS.get(field, ()) if all(isinstance(i, dict) and name in i for i in patch)), ""
    )
    if not key:
        return copy.deepcopy(patch)
    merged = {item.get(key): item for item in target}
    for item in patch:
        if item.get("$patch") == "delete":
            merged.pop(item[key], None)
        else:
            merged[item[key]] = strategic(merged.get(item[key], {}), item)
    return list(merged.values())


def json_patch(target: JsonObject, operations: list[JsonObject]) -> JsonObject:
    """Apply a JSON patch (RFC 6902).

    Raises:
        ApiError: 422 when a test fails, a path does not exist, or an operation is none.
    """
    document: Any = {"": copy.deepcopy(target)}
    for operation in operations:
        try:
            _apply(document, operation)
        except (KeyError, IndexError, ValueError, TypeError) as exc:
            raise rejected() from exc
    result = document[""]
    if not isinstance(result, dict):
        raise rejected()
    return result


def _apply(document: Any, operation: JsonObject) -> None:  # noqa: ANN401 - any JSON value has paths
    parent, key = _locate(document, operation["path"])
    match operation.get("op"):
        case "test":
            found = parent.get(key) if isinstance(parent, dict) else _read(parent, key)
            if found != operation.get("value"):
                raise rejected()
        case "add":
            _add(parent, key, copy.deepcopy(operation.get("value")))
        case "replace":
            # A key that is not there is added (measured); an index that is not there is refused.
            parent[_index(parent, key)] = copy.deepcopy(operation.get("value"))
        case "remove":
            del parent[_index(parent, key)]
        case "move" | "copy" as op:
            source, source_key = _locate(document, operation["from"])
            value = copy.deepcopy(_read(source, source_key))
            if op == "move":
                del source[_index(source, source_key)]
            _add(parent, key, value)
        case _:
            raise rejected()


def _locate(document: Any, pointer: str) -> tuple[Any, str]:  # noqa: ANN401 - any JSON value has paths
    if pointer and not pointer.startswith("/"):
        raise KeyError(pointer)
    *path, last = ["", *(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])]
    for part in path:
        document = _read(document, part)
    return document, last


def _index(parent: object, key: str) -> Any:  # noqa: ANN401 - a key of a dict or an index of a list
    return int(key) if isinstance(parent, list) else key


def _read(parent: Any, key: str) -> Any:  # noqa: ANN401 - any JSON value
    return parent[_index(parent, key)]


def _add(parent: Any, key: str, value: object) -> None:  # noqa: ANN401 - any JSON value
    if isinstance(parent, list):
        parent.insert(len(parent) if key == "-" else int(key), value)
    elif isinstance(parent, dict):
        parent[key] = value
    else:
        raise TypeError(key)
