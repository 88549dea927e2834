"""The lab's own port into the stand-in: is it up, what was asked of it, what shall go wrong."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from aiohttp import web

from drctl.lab.cloudflare_api.faults import FaultBox, Faults

if TYPE_CHECKING:
    from collections.abc import Iterable

    from drctl.lab.cloudflare_api.http_api import AuditEntry
    from drctl.lab.cloudflare_api.zone import Zone


class Admin:
    """Answers on the admin port."""

    def __init__(self, zone: Zone, box: FaultBox, audit: Iterable[AuditEntry]) -> None:
        self._zone = zone
        self._box = box
        self._audit = audit

    def app(self) -> web.Application:
        """Return the application."""
        app = web.Application()
        app.router.add_get("/", self._is_up)
        app.router.add_get("/audit", self._list_audit)
        app.router.add_post("/faults", self._set_faults)
        app.router.add_post("/load_balancers", self._add_load_balancer)
        return app

    async def _is_up(self, _request: web.Request) -> web.Response:
        return web.Response(text="up\n")

    async def _list_audit(self, _request: web.Request) -> web.Response:
        return web.json_response(list(self._audit))

    async def _set_faults(self, request: web.Request) -> web.Response:
        try:
            self._box.set(Faults.read(await request.json()))
        except (ValueError, TypeError) as exc:
            return web.Response(status=400, text=f"{exc}\n")
        return web.Response(text="set\n")

    async def _add_load_balancer(self, request: web.Request) -> web.Response:
        """Take `{"name": ..., "enabled": true}`: drctl makes none, so the API has no path for it."""
        wish = await request.json()
        balancer = self._zone.balance(wish["name"], time.monotonic(), enabled=wish.get("enabled", True))
        return web.json_response(balancer.as_json())
