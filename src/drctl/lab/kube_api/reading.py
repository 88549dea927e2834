"""GET: one object, a list in pages, a watch."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from drctl.lab.kube_api import errors, selectors
from drctl.lab.kube_api.rendering import View, dumps
from drctl.lab.kube_api.routing import is_true

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drctl.lab.kube_api.cluster import Cluster
    from drctl.lab.kube_api.kinds import Kind
    from drctl.lab.kube_api.objects import JsonObject
    from drctl.lab.kube_api.store import Change

_WATCH_SECONDS = 1800.0
_INITIAL_EVENTS_END = {"k8s.io/initial-events-end": "true"}


@dataclass(frozen=True, slots=True)
class Query:
    """What a list or a watch asks for. `version` is None when none was named."""

    kind: Kind
    namespace: str
    selection: selectors.Selection
    view: View
    version: int | None
    parameters: Mapping[str, str]

    @classmethod
    def read(cls, kind: Kind, namespace: str, parameters: Mapping[str, str], view: View, name: str = "") -> Query:
        """Read the query of a request.

        Raises:
            ApiError: 400, something in it cannot be understood.
        """
        fields = parameters.get("fieldSelector", "")
        if name:
            fields = ",".join(filter(None, (fields, f"metadata.name={name}")))
        selection = selectors.Selection(
            selectors.parse_labels(parameters.get("labelSelector", "")), selectors.parse_fields(fields, kind)
        )
        text = parameters.get("resourceVersion", "")
        if text and not text.isdigit():
            parsing = f'strconv.ParseUint: parsing "{text}": invalid syntax'
            message = f'invalid resource version: resourceVersion: Invalid value: "{text}": {parsing}'
            raise errors.bad_request(message)
        return cls(kind, namespace, selection, view, int(text) if text else None, parameters)

    def wants(self, item: JsonObject) -> bool:
        """Say whether an object is in the namespace and selected."""
        inside = not self.namespace or item["metadata"].get("namespace") == self.namespace
        return inside and self.selection.matches(item)


def require_version(cluster: Cluster, text: str) -> None:
    """Refuse a read at a resourceVersion that does not exist yet.

    Raises:
        ApiError: 504; 500, it is no number (measured, for one object).
    """
    if text and not text.isdigit():
        parsing = f'strconv.ParseUint: parsing "{text}": invalid syntax'
        raise errors.ApiError(500, "", f'resourceVersion: Invalid value: "{text}": {parsing}')
    if text and int(text) > cluster.store.version:
        raise errors.too_large_version(int(text), cluster.store.version)


def list_page(cluster: Cluster, query: Query) -> JsonObject:
    """Return a list, or a page of it where `limit` is given.

    Raises:
        ApiError: 400, a bad `limit` or `continue`; 504, a version from the future.
    """
    require_version(cluster, str(query.version or ""))
    items = [item for item in cluster.store.items(query.kind, query.namespace) if query.wants(item)]
    if token := query.parameters.get("continue"):
        after = _decode_token(token)
        items = [item for item in items if _place(item) > after]
    metadata: JsonObject = {"resourceVersion": str(cluster.store.version)}
    limit = query.parameters.get("limit", "")
    if limit and not limit.removeprefix("-").isdigit():
        raise errors.bad_request(f'strconv.ParseInt: parsing "{limit}": invalid syntax')
    if limit and 0 < int(limit) < len(items):
        if query.selection == selectors.Selection():
            metadata["remainingItemCount"] = len(items) - int(limit)
        items = items[: int(limit)]
        metadata["continue"] = _encode_token(_place(items[-1]))
    return query.view.listed(query.kind, items, metadata)


def _place(item: JsonObject) -> list[str]:
    return [item["metadata"].get("namespace", ""), item["metadata"]["name"]]


def _encode_token(place: list[str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _decode_token(token: str) -> list[str]:
    try:
        place = json.loads(base64.urlsafe_b64decode(token))
    except (binascii.Error, ValueError) as exc:
        raise errors.bad_request("invalid continue token: continue key is not valid") from exc
    return list(place)


async def watch(cluster: Cluster, query: Query, request: web.Request) -> web.StreamResponse:
    """Stream changes until the client's `timeoutSeconds` are over, or it goes away.

    Raises:
        ApiError: 422, a streaming list without `resourceVersionMatch=NotOlderThan`.
    """
    streaming_list = is_true(query.parameters.get("sendInitialEvents"))
    if streaming_list and query.parameters.get("resourceVersionMatch") != "NotOlderThan":
        problem = "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        raise errors.invalid(
            "ListOptions.meta.k8s.io", "", "resourceVersionMatch", problem, reason="FieldValueForbidden"
        )
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Cache-Control": "no-cache, private"})
    await response.prepare(request)
    timeout = query.parameters.get("timeoutSeconds", "")
    try:
        async with asyncio.timeout(float(timeout) if timeout.isdigit() else _WATCH_SECONDS):
            await _stream(cluster, query, response, streaming_list=streaming_list)
    except TimeoutError:
        pass
    except ConnectionError:
        return response  # the client went away
    await response.write_eof()
    return response


async def _stream(cluster: Cluster, query: Query, response: web.StreamResponse, *, streaming_list: bool) -> None:
    version = query.version or 0
    if streaming_list or not version:
        version = cluster.store.version
        for item in cluster.store.items(query.kind, query.namespace):
            if query.wants(item):
                await response.write(_event("ADDED", query.view.item(item)))
    if streaming_list:
        await response.write(_event("BOOKMARK", _bookmark(query.kind, version)))
    while True:
        try:
            changes = cluster.store.changes_after(version)
        except errors.ApiError as exc:
            await response.write(_event("ERROR", exc.body()))
            return
        for change in changes:
            version = change.version
            if event := _seen(query, change):
                await response.write(event)
        await cluster.store.wait_beyond(version)


def _seen(query: Query, change: Change) -> bytes | None:
    """Return the event that a watch sees, if any: leaving the selection looks like a deletion."""
    if change.kind is not query.kind:
        return None
    was = change.before is not None and query.wants(change.before)
    now = change.type != "DELETED" and query.wants(change.item)
    if not was and not now:
        return None
    kind = "ADDED" if not was else "MODIFIED" if now else "DELETED"
    return _event(kind, query.view.item(change.item))


def _bookmark(kind: Kind, version: int) -> JsonObject:
    metadata = {"resourceVersion": str(version), "annotations": _INITIAL_EVENTS_END}
    return {"kind": kind.name, "apiVersion": kind.api_version, "metadata": metadata}


def _event(kind: str, item: JsonObject) -> bytes:
    return dumps({"type": kind, "object": item})
