"""One bucket of S3, by path, with conditional writes. Who only reads needs no key: the bucket is public."""

from __future__ import annotations

import asyncio
import hashlib
import re
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from drctl.lab.route53_api.faults import FaultBox

_AUTHORIZATION = re.compile(r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/\d{8}/[^/]+/s3/aws4_request, .+")


class Bucket:
    """Answers for one bucket."""

    def __init__(self, name: str, access_key_id: str, box: FaultBox) -> None:
        self.name = name
        self.objects: dict[str, bytes] = {}
        self._access_key_id = access_key_id
        self._box = box

    def app(self) -> web.Application:
        """Return the application."""
        app = web.Application()
        app.router.add_route("*", "/{bucket}{slash:/?}{key:.*}", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if await self._box.hold_while_hanging():
            return _cut(request)
        await asyncio.sleep(self._box.faults.latency_seconds)
        if refusal := self._refusal(request):
            return _error(*refusal)
        reply = self._done(request, body)
        if request.method in {"PUT", "DELETE"} and self._box.take_drop():
            return _cut(request)
        return reply

    def _refusal(self, request: web.Request) -> tuple[int, str] | None:
        found = _AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
        if found is not None and found["key"] != self._access_key_id:
            return (403, "InvalidAccessKeyId")
        if found is None and request.method not in {"GET", "HEAD"}:
            return (403, "AccessDenied")
        if request.match_info["bucket"] != self.name:
            return (404, "NoSuchBucket")
        # Checkers are somebody else's requests: only who signs has a bad day.
        return self._box.take_refusal() if found is not None else None

    def _done(self, request: web.Request, body: bytes) -> web.Response:
        key = request.match_info["key"]
        if not key:
            return web.Response()
        match request.method:
            case "PUT":
                return self._put(key, body, request.headers.get("If-None-Match", ""))
            case "DELETE":
                return self._delete(key, request.headers.get("If-Match", ""))
            case _:
                held = self.objects.get(key)
                return _error(404, "NoSuchKey") if held is None else web.Response(body=held, headers=_tagged(held))

    def _put(self, key: str, body: bytes, unless: str) -> web.Response:
        if unless == "*" and key in self.objects:
            return _error(412, "PreconditionFailed")
        self.objects[key] = body
        return web.Response(headers=_tagged(body))

    def _delete(self, key: str, wanted: str) -> web.Response:
        held = self.objects.get(key)
        if wanted and held is None:
            return _error(404, "NoSuchKey")
        if wanted and held is not None and wanted != _tagged(held)["ETag"]:
            return _error(412, "PreconditionFailed")
        self.objects.pop(key, None)
        return web.Response(status=204)


def _tagged(body: bytes) -> dict[str, str]:
    return {"ETag": f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'}


def _error(status: int, code: str) -> web.Response:
    text = f'<?xml version="1.0"?>\n<Error><Code>{code}</Code><Message>{code}, as S3 says it</Message></Error>'
    return web.Response(status=status, text=text, content_type="application/xml")


def _cut(request: web.Request) -> web.StreamResponse:
    """Close the connection without a word."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
