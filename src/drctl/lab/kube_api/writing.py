"""POST, PUT, PATCH, DELETE: from the body's format to a write on the cluster."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from drctl.lab.kube_api import errors, patches
from drctl.lab.kube_api.cluster import Part, Preconditions, Writer
from drctl.lab.kube_api.kinds import NAMESPACE, POD

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from drctl.lab.kube_api.cluster import Cluster
    from drctl.lab.kube_api.kinds import Kind
    from drctl.lab.kube_api.objects import JsonObject, Ref

_UNKNOWN_FORMAT = "the body of the request was in an unknown format - accepted media types include: "
_OPTIONS = {"POST": "CreateOptions", "PUT": "UpdateOptions", "PATCH": "PatchOptions", "DELETE": "DeleteOptions"}


class MediaType(StrEnum):
    """The formats of a PATCH."""

    MERGE = "application/merge-patch+json"
    STRATEGIC = "application/strategic-merge-patch+json"
    JSON_PATCH = "application/json-patch+json"
    APPLY = "application/apply-patch+yaml"


@dataclass(frozen=True, slots=True)
class Payload:
    """The body of a write, with what the request says about it."""

    method: str
    content_type: str
    body: bytes
    query: Mapping[str, str]
    user_agent: str

    def writer(self) -> Writer:
        """Return the field manager: as asked, else the user agent up to its slash.

        Raises:
            ApiError: 422, a `dryRun` that is not `All`.
        """
        dry_run = self.query.get("dryRun", "")
        if dry_run not in {"", "All"}:
            problem = f'Unsupported value: ["{dry_run}"]: supported values: "All"'
            options = f"{_OPTIONS[self.method]}.meta.k8s.io"
            raise errors.invalid(options, "", "dryRun", problem, reason="FieldValueNotSupported")
        manager = self.query.get("fieldManager") or self.user_agent.partition("/")[0]
        return Writer(manager or "unknown", dry_run=bool(dry_run))

    def item(self, kind: Kind) -> JsonObject:
        """Return the object in the body.

        Raises:
            ApiError: 400, no JSON object, or a custom resource that does not say what it is; 415, no JSON.
        """
        if self.content_type not in {"", "application/json"}:
            raise errors.unsupported_media_type(f"{_UNKNOWN_FORMAT}application/json")
        try:
            found = json.loads(self.body)
        except ValueError as exc:
            message = f"the object provided is unrecognized (must be of type {kind.name}): {exc}"
            raise errors.bad_request(message) from exc
        if not isinstance(found, dict):
            raise errors.bad_request(f"the object provided is unrecognized (must be of type {kind.name})")
        if kind.custom and self.method != "DELETE":
            _require_type(kind, found)
        return found


def _require_type(kind: Kind, body: JsonObject) -> None:
    """Refuse a custom resource without its type; the types of the server's own kinds are known from the path."""
    if not body.get("kind"):
        raise errors.bad_request(
            f"the object provided is unrecognized (must be of type {kind.name}): Object 'Kind' is missing"
        )
    if body.get("apiVersion") != kind.api_version:
        version = body.get("apiVersion") or ""
        message = f"the API version in the data ({version}) does not match the expected API version"
        raise errors.bad_request(f"{message} ({kind.api_version})")


def patch(cluster: Cluster, ref: Ref, payload: Payload, part: Part) -> JsonObject:
    """Carry a PATCH out.

    Raises:
        ApiError: 400, 404, 409, 415, 422.
    """
    return cluster.patch(ref, _change(ref.kind, payload), payload.writer(), part)


def _change(kind: Kind, payload: Payload) -> Callable[[JsonObject], JsonObject]:
    match payload.content_type:
        case MediaType.MERGE:
            wanted = _patch_object(payload.body)
            return lambda item: patches.merge(item, wanted)
        case MediaType.STRATEGIC if not kind.custom:
            wanted = _patch_object(payload.body)
            return lambda item: patches.strategic(item, wanted)
        case MediaType.JSON_PATCH:
            operations = _decode_patch(payload.body)
            if not isinstance(operations, list) or not all(isinstance(one, dict) for one in operations):
                raise errors.bad_request("error decoding patch: json: cannot unmarshal into []handlers.jsonPatchOp")
            return lambda item: patches.json_patch(item, operations)
        case MediaType.APPLY:
            raise _apply_refused(payload)
        case MediaType.STRATEGIC:
            raise errors.unsupported_media_type(
                f"{_UNKNOWN_FORMAT}{MediaType.JSON_PATCH}, {MediaType.MERGE}, {MediaType.APPLY}"
            )
        case _:
            raise errors.unsupported_media_type()


def _apply_refused(payload: Payload) -> errors.ApiError:
    if not payload.query.get("fieldManager"):
        options = "PatchOptions.meta.k8s.io"
        problem = "Required value: is required for apply patch"
        return errors.invalid(options, "", "fieldManager", problem, reason="FieldValueRequired")
    # The one gap that a client can run into: a real server merges an apply. Said, instead of approximated.
    return errors.unsupported_media_type("415: the lab's simulator does not do server-side apply")


def _patch_object(body: bytes) -> JsonObject:
    found = _decode_patch(body)
    if not isinstance(found, dict):
        raise errors.bad_request(
            "error decoding patch: json: cannot unmarshal into Go value of type map[string]interface {}"
        )
    return found


def _decode_patch(body: bytes) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return json.loads(body)
    except ValueError as exc:
        why = str(exc) if body else "unexpected end of JSON input"
        raise errors.bad_request(f"error decoding patch: {why}") from exc


def delete(cluster: Cluster, ref: Ref, payload: Payload) -> JsonObject:
    """Carry a DELETE out; the answer is the object for pods and namespaces, else a Status.

    Raises:
        ApiError: 404, 409.
    """
    options = payload.item(ref.kind) if payload.body else {}
    wanted = options.get("preconditions") or {}
    grace = options.get("gracePeriodSeconds", payload.query.get("gracePeriodSeconds"))
    last = cluster.delete(
        ref,
        payload.writer(),
        Preconditions(wanted.get("uid", ""), wanted.get("resourceVersion", "")),
        None if grace is None else int(grace),
    )
    if ref.kind in {POD, NAMESPACE}:
        return last
    details = {"name": ref.name, "kind": ref.kind.plural, "uid": last["metadata"]["uid"]}
    if ref.kind.group:
        details["group"] = ref.kind.group
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
