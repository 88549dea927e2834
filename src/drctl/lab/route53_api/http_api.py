"""The control plane over HTTP: who may ask, what goes wrong on purpose, and one XML answer for every request."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from aiohttp import web

from drctl.lab.route53_api.model import ApiError
from drctl.lab.route53_api.routes_health import HealthRoutes
from drctl.lab.route53_api.routes_zones import ZoneRoutes
from drctl.lab.route53_api.writing import error_document, old_invalid_batch_document

if TYPE_CHECKING:
    from drctl.lab.route53_api.account import Account
    from drctl.lab.route53_api.faults import FaultBox
    from drctl.lab.route53_api.routes_zones import Reply

    AuditEntry: TypeAlias = dict[str, Any]

ACCESS_KEY_ID = "AKIDLAB"
_AUDIT_LENGTH_MAX = 10_000
# The signature is not checked: a key's id is all that this service knows of it.
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/\d{8}/[^/]+/route53/aws4_request, "
    r"SignedHeaders=[^,]+, Signature=[0-9a-f]{64}"
)


class ControlPlane:
    """Answers one account's requests."""

    def __init__(self, account: Account, box: FaultBox, access_key_id: str = ACCESS_KEY_ID) -> None:
        self.audit: deque[AuditEntry] = deque(maxlen=_AUDIT_LENGTH_MAX)
        self._box = box
        self._access_key_id = access_key_id
        self._routes = {**ZoneRoutes(account).table(), **HealthRoutes(account).table()}

    def app(self) -> web.Application:
        """Return the application."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        entry = self._audited(request, body)
        if await self._box.hold_while_hanging():
            return _cut(request)
        await asyncio.sleep(self._box.faults.latency_seconds)
        try:
            self._admit(request)
            reply = self._dispatch(request, body)
        except ApiError as error:
            entry["status"] = error.status
            return self._refusal(error)
        entry["status"] = reply.status
        if request.method != "GET" and self._box.take_drop():
            return _cut(request)
        return _xml(reply.status, reply.body)

    def _audited(self, request: web.Request, body: bytes) -> AuditEntry:
        """Remember a request. `status` stays None for one that was never looked at."""
        entry = {
            "at": datetime.now(tz=UTC).isoformat(),
            "method": request.method,
            "path": request.path,
            "actions": body.count(b"<Action>"),
            "status": None,
        }
        self.audit.append(entry)
        return entry

    def _admit(self, request: web.Request) -> None:
        found = _AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
        if found is None:
            raise ApiError(403, "MissingAuthenticationToken", "Missing Authentication Token")
        if found["key"] != self._access_key_id:
            raise ApiError(403, "InvalidClientTokenId", "The security token included in the request is invalid.")
        refusal = self._box.take_refusal()
        if refusal is not None:
            status, code = refusal
            raise ApiError(status, code, "Rate exceeded" if code == "Throttling" else f"{code}, as the lab was told")

    def _dispatch(self, request: web.Request, body: bytes) -> Reply:
        for (method, pattern), handler in self._routes.items():
            found = pattern.fullmatch(request.path) if method == request.method else None
            if found is not None:
                return handler(found.groups(), request.query, body)
        raise ApiError(404, "UnknownOperationException", f"unknown path {request.method} {request.path}")

    def _refusal(self, error: ApiError) -> web.Response:
        request_id = str(uuid.uuid4())
        if error.code == "InvalidChangeBatch" and self._box.faults.old_error_form:
            return _xml(error.status, old_invalid_batch_document(error, request_id), request_id)
        return _xml(error.status, error_document(error, request_id), request_id)


def _xml(status: int, body: bytes, request_id: str = "") -> web.Response:
    headers = {"x-amzn-requestid": request_id or str(uuid.uuid4())}
    return web.Response(status=status, body=body, content_type="text/xml", headers=headers)


def _cut(request: web.Request) -> web.StreamResponse:
    """Close the connection without a word."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
