"""The rules by which objects are written: what clients reach over HTTP and controllers use directly."""

from __future__ import annotations

import copy
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING

from drctl.lab.kube_api import admission, errors, managed_fields
from drctl.lab.kube_api.kinds import KINDS, NAMESPACE, POD, Generation, Kind
from drctl.lab.kube_api.objects import Ref, name_suffix, timestamp
from drctl.lab.kube_api.scale import scale_of, scaled
from drctl.lab.kube_api.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from drctl.lab.kube_api.objects import JsonObject


class Part(Enum):
    """Which part of an object a request is about: the value is the subresource."""

    MAIN = ""
    STATUS = "status"
    SCALE = "scale"


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes: the field manager. With `dry_run` everything is checked and nothing kept."""

    manager: str
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Preconditions:
    """What must hold for a delete; empty is not asked for."""

    uid: str = ""
    resource_version: str = ""


class Cluster:
    """One region's objects behind the API server's rules. Objects handed out must not be changed."""

    def __init__(self) -> None:
        self.store = Store()
        for name in ("default", "kube-system"):
            self.create(NAMESPACE, "", {"metadata": {"name": name}}, Writer("kube-apiserver"))

    def get(self, ref: Ref, part: Part = Part.MAIN) -> JsonObject:
        """Return an object, or its Scale.

        Raises:
            ApiError: 404.
        """
        found = self.store.get(ref)
        if found is None:
            raise errors.not_found(ref.kind, ref.name)
        return scale_of(found) if part is Part.SCALE else found

    def create(self, kind: Kind, namespace: str, body: JsonObject, by: Writer) -> JsonObject:
        """Keep a new object; a status in it is dropped.

        Raises:
            ApiError: 400, 404 (no such namespace), 409 (exists), 422.
        """
        if kind.namespaced and self.store.get(Ref(NAMESPACE, "", namespace)) is None:
            raise errors.not_found(NAMESPACE, namespace)
        item = _typed(kind, body)
        admission.require_readable(kind, item)
        metadata = item["metadata"]
        if kind.namespaced:
            _require_namespace(metadata, namespace)
        if not metadata.get("name") and metadata.get("generateName"):
            metadata["name"] = metadata["generateName"] + name_suffix()
        if not metadata.get("name"):
            raise errors.invalid(
                kind.qualified_name,
                "",
                "metadata.name",
                "Required value: name or generateName is required",
                reason="FieldValueRequired",
            )
        if metadata.get("resourceVersion"):
            raise errors.ApiError(500, "", "resourceVersion should not be set on objects to be created")
        if self.store.get(Ref.of(kind, item)) is not None:
            raise errors.already_exists(kind, metadata["name"])
        if kind.status:
            item.pop("status", None)
        if kind.status and not kind.custom:
            item["status"] = admission.initial_status(kind)
        admission.add_defaults(kind, item)
        admission.validate(kind, item, None)
        metadata |= {"uid": str(uuid.uuid4()), "creationTimestamp": timestamp()}
        if kind.generation is not Generation.NEVER:
            metadata["generation"] = 1
        owned = {key: value for key, value in item.items() if key != "status"}
        metadata["managedFields"] = managed_fields.record(None, owned, _author(kind, by, Part.MAIN))
        return item if by.dry_run else self.store.put(kind, item)

    def replace(self, ref: Ref, body: JsonObject, by: Writer, part: Part = Part.MAIN) -> JsonObject:
        """Put a whole object (or its status, or its Scale) in the place of the present one.

        Raises:
            ApiError: 400, 404, 409 (stale resourceVersion), 422.
        """
        present = self.get(ref)
        if not (body.get("metadata") or {}).get("name"):
            raise errors.no_name(ref.name)
        admission.require_readable(ref.kind, body)
        if ref.kind.needs_version and part is Part.MAIN and not (body.get("metadata") or {}).get("resourceVersion"):
            problem = "Invalid value: 0: must be specified for an update"
            raise errors.invalid(ref.kind.qualified, ref.name, "metadata.resourceVersion", problem)
        return self._write(ref, present, body, by, part)

    def patch(
        self, ref: Ref, change: Callable[[JsonObject], JsonObject], by: Writer, part: Part = Part.MAIN
    ) -> JsonObject:
        """Replace an object by what `change` makes of it (of the Scale, for that part).

        Raises:
            ApiError: 400, 404, 409 (when the change sets a stale resourceVersion), 422.
        """
        wanted = change(self.get(ref, part))
        if part is Part.MAIN:
            _require_same_type(ref, wanted)
        return self._write(ref, self.get(ref), wanted, by, part)

    def _write(self, ref: Ref, present: JsonObject, body: JsonObject, by: Writer, part: Part) -> JsonObject:
        kind = ref.kind
        _require_same_place(ref, body)
        uid = (body.get("metadata") or {}).get("uid")
        if part is Part.SCALE and uid and uid != present["metadata"]["uid"]:
            raise errors.another_uid(kind, part.value, ref.name, uid, present["metadata"]["uid"])
        wanted = scaled(present, body) if part is Part.SCALE else _typed(kind, body)
        version = wanted["metadata"].get("resourceVersion")
        if version and not str(version).isdigit():
            raise errors.ApiError(500, "", f'strconv.ParseUint: parsing "{version}": invalid syntax')
        if version and version != present["metadata"]["resourceVersion"]:
            raise errors.conflict(kind, ref.name)
        item = copy.deepcopy(_limited_to(part, kind, present, wanted))
        admission.add_defaults(kind, item)
        admission.validate(kind, item, present)
        _restore_metadata(item, present)
        if item != present:
            if _grows(kind, present, item, part):
                item["metadata"]["generation"] += 1
            item["metadata"]["managedFields"] = managed_fields.record(present, item, _author(kind, by, part))
            item = item if by.dry_run else self.store.put(kind, item)
        elif part is Part.SCALE and (settled := managed_fields.settle(item)) != item["metadata"]["managedFields"]:
            item["metadata"]["managedFields"] = settled
            item = item if by.dry_run else self.store.put(kind, item)
        return scale_of(item) if part is Part.SCALE else item

    def delete(
        self, ref: Ref, by: Writer, preconditions: Preconditions | None = None, grace_seconds: int | None = None
    ) -> JsonObject:
        """Remove an object; a namespace with all that is in it. Return its last state.

        A pod on a node is only marked, for its kubelet to end and remove it, unless `grace_seconds` is 0.

        Raises:
            ApiError: 404; 409 when a precondition does not hold.
        """
        present = self.get(ref)
        _require_preconditions(ref, present["metadata"], preconditions or Preconditions())
        if by.dry_run:
            return present
        if ref.kind is POD and present["spec"].get("nodeName") and grace_seconds != 0:
            return self._mark_deleted(present, grace_seconds)
        if ref.kind is NAMESPACE:
            for kind in KINDS:
                for item in self.store.items(kind, ref.name) if kind.namespaced else ():
                    self.delete(Ref.of(kind, item), by)
        return self.store.remove(ref)

    def _mark_deleted(self, pod: JsonObject, grace_seconds: int | None) -> JsonObject:
        if pod["metadata"].get("deletionTimestamp"):
            return pod
        seconds = pod["spec"]["terminationGracePeriodSeconds"] if grace_seconds is None else grace_seconds
        marked = copy.deepcopy(pod)
        # The time at which the grace period ends, not that of the request.
        ends = timestamp(datetime.now(UTC) + timedelta(seconds=seconds))
        marked["metadata"] |= {"deletionTimestamp": ends, "deletionGracePeriodSeconds": seconds}
        marked["metadata"]["generation"] += 1
        return self.store.put(POD, marked)


def _typed(kind: Kind, body: JsonObject) -> JsonObject:
    """Return a private copy of a body that is of this kind, or says nothing else."""
    api_version, name = body.get("apiVersion") or kind.api_version, body.get("kind") or kind.name
    if (api_version, name) != (kind.api_version, kind.name):
        message = f'{name} in version "{api_version}" cannot be handled as a {kind.name}'
        raise errors.bad_request(message)
    if not isinstance(body.get("metadata", {}), dict):
        raise errors.bad_request(f'{kind.name} in version "{kind.version}" cannot be handled: metadata is no object')
    rest = {key: value for key, value in body.items() if key not in {"kind", "apiVersion", "metadata"}}
    return {
        "kind": kind.name,
        "apiVersion": kind.api_version,
        "metadata": copy.deepcopy(body.get("metadata") or {}),
    } | copy.deepcopy(rest)


def _require_namespace(metadata: JsonObject, namespace: str) -> None:
    if metadata.setdefault("namespace", namespace) != namespace:
        raise errors.bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )


def _require_same_place(ref: Ref, body: JsonObject) -> None:
    metadata = body.get("metadata") or {}
    name = metadata.get("name", ref.name)
    if name != ref.name:
        raise errors.bad_request(f"the name of the object ({name}) does not match the name on the URL ({ref.name})")
    if ref.kind.namespaced:
        _require_namespace({"namespace": metadata.get("namespace") or ref.namespace}, ref.namespace)


def _require_same_type(ref: Ref, body: JsonObject) -> None:
    kind = ref.kind
    if (body.get("apiVersion"), body.get("kind")) == (kind.api_version, kind.name):
        return
    if kind.custom and body.get("kind") != kind.name:
        problem = f'Invalid value: "{body.get("kind")}": must be {kind.name}'
        raise errors.invalid(kind.qualified_name, ref.name, "kind", problem)
    problem = f'Invalid value: no kind "{body.get("kind")}" is registered for version "{body.get("apiVersion")}"'
    raise errors.invalid("", "", "patch", problem)


def _require_preconditions(ref: Ref, metadata: JsonObject, wanted: Preconditions) -> None:
    if wanted.uid and wanted.uid != metadata["uid"]:
        why = (
            f"the UID in the precondition ({wanted.uid}) does not match the UID in record ({metadata['uid']}). "
            "The object might have been deleted and then recreated"
        )
        raise errors.failed_precondition(ref.kind, ref.name, why)
    if wanted.resource_version and wanted.resource_version != metadata["resourceVersion"]:
        why = (
            f"the ResourceVersion in the precondition ({wanted.resource_version}) does not match the "
            f"ResourceVersion in record ({metadata['resourceVersion']}). The object might have been modified"
        )
        raise errors.failed_precondition(ref.kind, ref.name, why)


def _limited_to(part: Part, kind: Kind, present: JsonObject, wanted: JsonObject) -> JsonObject:
    """Return what a write of this part may change: a main write keeps the status, a status write the rest."""
    if part is Part.STATUS:
        # Built-in kinds take annotations through /status (measured: labels are not); custom resources nothing.
        metadata = present["metadata"]
        if not kind.custom and "annotations" in wanted["metadata"]:
            metadata = metadata | {"annotations": wanted["metadata"]["annotations"]}
        return present | {"metadata": metadata, "status": wanted.get("status") or {}}
    if kind.status and "status" in present:
        return wanted | {"status": present["status"]}
    return {key: value for key, value in wanted.items() if key != "status" or not kind.status}


def _restore_metadata(item: JsonObject, present: JsonObject) -> None:
    kept = present["metadata"]
    for key in ("namespace", "name", "uid", "resourceVersion", "creationTimestamp", "generation", "managedFields"):
        if key in kept:
            item["metadata"][key] = kept[key]
    for key in ("deletionTimestamp", "deletionGracePeriodSeconds"):
        item["metadata"].pop(key, None)
        if key in kept:
            item["metadata"][key] = kept[key]
    for key in ("labels", "annotations"):
        if not item["metadata"].get(key):
            item["metadata"].pop(key, None)


def _grows(kind: Kind, present: JsonObject, item: JsonObject, part: Part) -> bool:
    if kind.generation is Generation.NEVER or part is Part.STATUS:
        return False
    if kind.generation is Generation.CONTENT:
        left_out = {"metadata", "status"} if kind.status else {"metadata"}
        return any(present.get(key) != item.get(key) for key in (present.keys() | item.keys()) - left_out)
    if kind.generation is Generation.SPEC_OR_ANNOTATIONS:
        annotations = present["metadata"].get("annotations"), item["metadata"].get("annotations")
        return bool(present["spec"] != item["spec"]) or annotations[0] != annotations[1]
    return bool(present["spec"] != item["spec"])


def _author(kind: Kind, by: Writer, part: Part) -> managed_fields.Author:
    return managed_fields.Author(by.manager, kind.api_version, part.value)
