"""The API over HTTP: who may ask, what goes wrong on purpose, and one JSON envelope for every request."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from aiohttp import web

from drctl.lab.cloudflare_api.access import TooManyRequestsError, bearer, identified
from drctl.lab.cloudflare_api.model import ApiError

if TYPE_CHECKING:
    from drctl.lab.cloudflare_api.access import RateLimit
    from drctl.lab.cloudflare_api.faults import FaultBox
    from drctl.lab.cloudflare_api.routes import Reply, Routes

    AuditEntry: TypeAlias = dict[str, Any]

_AUDIT_LENGTH_MAX = 10_000
_BATCH_PARTS = ("deletes", "patches", "puts", "posts")


class Api:
    """Answers everybody's requests."""

    def __init__(self, routes: Routes, box: FaultBox, limit: RateLimit) -> None:
        self.audit: deque[AuditEntry] = deque(maxlen=_AUDIT_LENGTH_MAX)
        self._routes = routes
        self._box = box
        self._limit = limit

    def app(self) -> web.Application:
        """Return the application."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        raw, meant = await request.read(), (request.method, request.path)
        entry = self._audited(request, raw)
        if await self._box.hold_while_hanging(*meant):
            return _cut(request)
        if self._box.faults.is_about(*meant):
            await asyncio.sleep(self._box.faults.latency_seconds)
        headers: dict[str, str] = {}
        try:
            reply = self._reply(request, raw, headers)
        except ApiError as error:
            entry["status"] = error.status
            return _refused(error, headers)
        entry["status"] = 200
        if request.method != "GET" and self._box.take_drop():
            return _cut(request)
        return _enveloped(200, reply.result, headers, info=reply.info)

    def _audited(self, request: web.Request, raw: bytes) -> AuditEntry:
        """Remember a request. `status` stays None for one that was never looked at."""
        entry = {
            "at": datetime.now(tz=UTC).isoformat(),
            "method": request.method,
            "path": request.path,
            "actions": 0 if request.method == "GET" else _actions(raw),
            "status": None,
        }
        self.audit.append(entry)
        return entry

    def _reply(self, request: web.Request, raw: bytes, headers: dict[str, str]) -> Reply:
        text = bearer(request.headers.get("Authorization", ""))
        headers.update(self._limit.admit(text))
        token = identified(text)
        refusal = self._box.take_refusal(request.method, request.path)
        if refusal is not None:
            if refusal[0] == 429:
                headers["retry-after"] = str(self._box.faults.retry_after_seconds)
            raise ApiError(*refusal, "as the lab was told")
        return self._routes.answer(token, request.method, request.path, request.query, _parsed(raw))


def _parsed(raw: bytes) -> object:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        raise ApiError(400, 6007, "Malformed JSON in request body") from None


def _actions(raw: bytes) -> int:
    """Return how many changes a write asks for."""
    try:
        body = json.loads(raw)
    except ValueError:
        return 1
    parts = [body[part] for part in _BATCH_PARTS if body.get(part)] if isinstance(body, Mapping) else []
    return sum(map(len, parts)) if parts else 1


def _refused(error: ApiError, headers: dict[str, str]) -> web.Response:
    if isinstance(error, TooManyRequestsError):
        headers = headers | {"retry-after": str(error.retry_after_seconds)}
    if error.status >= 500:
        page = f"<html><head><title>{error.status}</title></head><body>cloudflare</body></html>\n"
        return web.Response(status=error.status, text=page, content_type="text/html", headers=headers)
    return _enveloped(error.status, None, headers, errors=[error.as_json()])


def _enveloped(
    status: int,
    result: object,
    headers: Mapping[str, str],
    *,
    errors: list[dict[str, Any]] | None = None,
    info: Mapping[str, int] | None = None,
) -> web.Response:
    body: dict[str, Any] = {"result": result, "success": not errors, "errors": errors or [], "messages": []}
    if info:
        body["result_info"] = dict(info)
    return web.json_response(body, status=status, headers=headers)


def _cut(request: web.Request) -> web.StreamResponse:
    """Close the connection without a word."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
