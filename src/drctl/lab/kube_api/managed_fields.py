"""Who owns which field: `metadata.managedFields` as an Update leaves it (lists count as one field here)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from drctl.lab.kube_api.objects import timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drctl.lab.kube_api.objects import JsonObject

Path: TypeAlias = tuple[str, ...]

REPLICAS: Path = ("spec", "replicas")
_OWNED_METADATA = ("labels", "annotations", "ownerReferences", "finalizers", "generateName")


@dataclass(frozen=True, slots=True)
class Author:
    """Whose entry a write goes into. An entry through `/scale` has no time (measured)."""

    manager: str
    api_version: str
    subresource: str = ""


def record(before: JsonObject | None, after: JsonObject, author: Author) -> list[JsonObject]:
    """Return the managedFields of `after`: what changed belongs to `author` alone, what vanished to nobody."""
    old = dict(_leaves(before)) if before else {}
    new = dict(_leaves(after))
    changed = {path for path, value in new.items() if path not in old or old[path] != value}
    gone = old.keys() - new.keys()
    entries = _distinct(before)
    if author.subresource == "scale" and not _records_scale(entries, after):
        gone, changed = gone | changed, set()
    kept: list[JsonObject] = []
    mine: set[Path] = set(changed)
    for entry in entries:
        paths = set(_paths(entry["fieldsV1"])) - changed - gone
        if _is_of(entry, author) and changed:
            mine |= paths
        elif paths:
            kept.append(entry | {"fieldsV1": _tree(paths)})
    if changed:
        kept.append(_entry(author, mine))
    return sorted(kept, key=_order)


def settle(item: JsonObject) -> list[JsonObject]:
    """Return the managedFields after a scale to what is there already, which the real server also records (measured).

    The first one takes `spec.replicas` out of the entry that has it among others, into one without a time. The
    two have one identity, so that the next write of any kind keeps the last only: nobody owns the field then.
    """
    settled: list[JsonObject] = []
    for entry in _distinct(item):
        paths = set(_paths(entry["fieldsV1"]))
        if REPLICAS in paths and len(paths) > 1 and "time" in entry:
            timeless = {key: value for key, value in entry.items() if key != "time"}
            settled.append(timeless | {"fieldsV1": _tree({REPLICAS})})
            paths -= {REPLICAS}
        settled.append(entry | {"fieldsV1": _tree(paths)})
    return sorted(settled, key=_order)


def _distinct(item: JsonObject | None) -> list[JsonObject]:
    """Return the entries; of those with one identity the last, as they are read into a map."""
    entries = (item or {}).get("metadata", {}).get("managedFields") or []
    return list({(e["manager"], e["apiVersion"], e.get("subresource", "")): e for e in entries}.values())


def _order(entry: JsonObject) -> tuple[str, str]:
    return entry.get("time", ""), entry["manager"]


def _records_scale(entries: list[JsonObject], after: JsonObject) -> bool:
    # Scaling to 0 through /scale leaves spec.replicas without an owner, because the Scale at zero has no such
    # field; and a field that nobody owns is not recorded by the next scale either (measured, kubernetes.md 1.5).
    owned = any(REPLICAS in _paths(entry["fieldsV1"]) for entry in entries)
    return owned and bool(after["spec"].get("replicas"))


def _is_of(entry: JsonObject, author: Author) -> bool:
    theirs = (entry["manager"], entry["apiVersion"], entry.get("subresource", ""))
    return theirs == (author.manager, author.api_version, author.subresource)


def _entry(author: Author, paths: set[Path]) -> JsonObject:
    entry: JsonObject = {"manager": author.manager, "operation": "Update", "apiVersion": author.api_version}
    if author.subresource != "scale":
        entry["time"] = timestamp()
    entry |= {"fieldsType": "FieldsV1", "fieldsV1": _tree(paths)}
    if author.subresource:
        entry["subresource"] = author.subresource
    return entry


def _leaves(item: JsonObject) -> Iterator[tuple[Path, object]]:
    owned = {key: value for key, value in item.items() if key not in {"apiVersion", "kind", "metadata"}}
    owned["metadata"] = {key: item["metadata"][key] for key in _OWNED_METADATA if key in item["metadata"]}
    yield from _walk(owned, ())


def _walk(value: object, path: Path) -> Iterator[tuple[Path, object]]:
    if isinstance(value, dict) and value:
        for key, below in value.items():
            yield from _walk(below, (*path, key))
    elif path and value is not None:
        yield path, value


def _paths(tree: JsonObject, path: Path = ()) -> Iterator[Path]:
    for key, below in tree.items():
        here = (*path, key.removeprefix("f:"))
        if below:
            yield from _paths(below, here)
        else:
            yield here


def _tree(paths: set[Path]) -> JsonObject:
    root: JsonObject = {}
    for path in sorted(paths):
        node = root
        for key in path:
            node = node.setdefault(f"f:{key}", {})
    return root
