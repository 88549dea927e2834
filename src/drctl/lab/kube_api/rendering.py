"""How objects leave the server: whole or as metadata only, single, listed or watched; and errors."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from drctl.lab.kube_api.errors import not_acceptable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from drctl.lab.kube_api.errors import ApiError
    from drctl.lab.kube_api.kinds import Kind
    from drctl.lab.kube_api.objects import JsonObject

_JSON = {"application/json", "application/*", "*/*"}
_ONE, _LIST = "PartialObjectMetadata", "PartialObjectMetadataList"


@dataclass(frozen=True, slots=True)
class View:
    """What the client wants to see of an object. `metadata_only` is `as=PartialObjectMetadata`."""

    metadata_only: bool = False

    def item(self, item: JsonObject) -> JsonObject:
        """Return an object as the client wants it."""
        if not self.metadata_only:
            return item
        return {"kind": _ONE, "apiVersion": "meta.k8s.io/v1", "metadata": item["metadata"]}

    def listed(self, kind: Kind, items: Sequence[JsonObject], metadata: JsonObject) -> JsonObject:
        """Return a list. Its items name their kind for custom resources only, as on the real server."""
        if self.metadata_only:
            shown = [self.item(item) for item in items]
            return {"kind": _LIST, "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "items": shown}
        shown = list(items) if kind.custom else [_without_type(item) for item in items]
        return {"kind": f"{kind.name}List", "apiVersion": kind.api_version, "metadata": metadata, "items": shown}


def _without_type(item: JsonObject) -> JsonObject:
    return {key: value for key, value in item.items() if key not in {"kind", "apiVersion"}}


def negotiate(accept: str, *, verb: str, kind: Kind) -> View:
    """Choose the first clause of an `Accept` header that this server can serve; Tables are not among them.

    Raises:
        ApiError: 406, none of them; or the metadata of one object asked of a list, or the other way round.
    """
    if not accept:
        return View()
    for clause in accept.split(","):
        media_type, *parameters = (part.strip() for part in clause.split(";"))
        wanted = next((p.removeprefix("as=") for p in parameters if p.startswith("as=")), "")
        if media_type not in _JSON or wanted not in {"", _ONE, _LIST}:
            continue
        if wanted == _ONE and verb == "list":
            message = f"you requested {_ONE}, but the requested object is a list (*{kind.group}.{kind.name}List)"
            raise not_acceptable(message)
        if wanted == _LIST and verb == "get":
            message = f"you requested {_LIST}, but the requested object is not a list (*{kind.group}.{kind.name})"
            raise not_acceptable(message)
        return View(metadata_only=bool(wanted))
    raise not_acceptable("406: Not Acceptable\n\nAvailable representations: application/json")


def respond(body: JsonObject, status: int = 200) -> web.Response:
    """Answer with JSON."""
    headers = {"Audit-Id": str(uuid.uuid4()), "Cache-Control": "no-cache, private"}
    return web.Response(body=dumps(body), status=status, content_type="application/json", headers=headers)


def refuse(error: ApiError) -> web.Response:
    """Answer with a Status."""
    response = respond(error.body(), error.code)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def dumps(body: JsonObject) -> bytes:
    """Write JSON as the real server does: compact, with a newline."""
    return json.dumps(body, separators=(",", ":")).encode() + b"\n"
