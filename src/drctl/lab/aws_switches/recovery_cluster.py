"""A recovery cluster: routing controls that are on or off, and the same at each of its five endpoints."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drctl.lab.route53_api.faults import FaultBox

_STATES = frozenset({"On", "Off"})
_KEY = re.compile(r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/\d{8}/[^/]+/route53-recovery-cluster/aws4_request, .+")
_TARGET = "ToggleCustomerAPI."


class RefusedRequestError(Exception):
    """What the service answers instead: the error's type, and its text."""


class Cluster:
    """Every routing control's state. `at_least_one` is a safety rule: never all off."""

    def __init__(self, controls: Mapping[str, str], *, at_least_one: bool = True) -> None:
        self.states = dict(controls)
        self._at_least_one = at_least_one

    def is_on(self, arn: str) -> bool:
        """Say whether a control is on; one that does not exist is not."""
        return self.states.get(arn) == "On"

    def call(self, operation: str, wish: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one request, all of it or nothing.

        Raises:
            RefusedRequestError: As the service refuses.
        """
        match operation:
            case "GetRoutingControlState":
                arn = self._known(wish.get("RoutingControlArn"))
                return {"RoutingControlArn": arn, "RoutingControlState": self.states[arn]}
            case "UpdateRoutingControlStates":
                self._update(wish.get("UpdateRoutingControlStateEntries") or [])
                return {}
            case _:
                raise RefusedRequestError("UnknownOperationException", operation)

    def _update(self, entries: list[dict[str, str]]) -> None:
        wanted = {self._known(one.get("RoutingControlArn")): one.get("RoutingControlState", "") for one in entries}
        if not wanted or not set(wanted.values()) <= _STATES:
            raise RefusedRequestError("ValidationException", "states are On or Off")
        after = self.states | wanted
        if self._at_least_one and "On" not in after.values():
            raise RefusedRequestError("ConflictException", "a safety rule keeps one control on")
        self.states = after

    def _known(self, arn: object) -> str:
        if not isinstance(arn, str) or arn not in self.states:
            raise RefusedRequestError("ResourceNotFoundException", f"no routing control {arn}")
        return arn


class Endpoint:
    """One endpoint's own good and bad days."""

    def __init__(self, cluster: Cluster, access_key_id: str, box: FaultBox) -> None:
        self._cluster = cluster
        self._access_key_id = access_key_id
        self._box = box

    def app(self) -> web.Application:
        """Return the application."""
        app = web.Application()
        app.router.add_post("/", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        wish, operation = await request.json(), request.headers.get("X-Amz-Target", "").removeprefix(_TARGET)
        if await self._box.hold_while_hanging():
            return _cut(request)
        found = _KEY.fullmatch(request.headers.get("Authorization", ""))
        if found is None or found["key"] != self._access_key_id:
            return _reply(400, {"__type": "AccessDeniedException", "message": "not allowed"})
        if refusal := self._box.take_refusal():
            return _reply(refusal[0], {"__type": refusal[1], "message": "as the lab was told"})
        try:
            answer = self._cluster.call(operation, wish)
        except RefusedRequestError as error:
            return _reply(400, {"__type": error.args[0], "message": error.args[1]})
        if operation.startswith("Update") and self._box.take_drop():
            return _cut(request)
        return _reply(200, answer)


def _reply(status: int, body: dict[str, Any]) -> web.Response:
    return web.Response(status=status, text=json.dumps(body), content_type="application/x-amz-json-1.0")


def _cut(request: web.Request) -> web.StreamResponse:
    """Close the connection without a word."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
