"""The lab's own port into the stand-in: is it up, what was asked of it, what shall go wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from drctl.lab.route53_api.faults import FaultBox, Faults
from drctl.lab.route53_api.model import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from drctl.lab.route53_api.account import Account, Delays
    from drctl.lab.route53_api.http_api import AuditEntry


class Admin:
    """Answers on the admin port."""

    def __init__(self, account: Account, box: FaultBox, usual: Delays, audit: Iterable[AuditEntry]) -> None:
        self._account = account
        self._box = box
        self._usual = usual
        self._audit = audit

    def app(self) -> web.Application:
        """Return the application."""
        app = web.Application()
        app.router.add_get("/", self._is_up)
        app.router.add_get("/audit", self._list_audit)
        app.router.add_post("/faults", self._set_faults)
        app.router.add_post("/health", self._set_health)
        return app

    async def _is_up(self, _request: web.Request) -> web.Response:
        return web.Response(text="up\n")

    async def _list_audit(self, _request: web.Request) -> web.Response:
        return web.json_response(list(self._audit))

    async def _set_faults(self, request: web.Request) -> web.Response:
        try:
            faults = Faults.read(await request.json())
        except (ValueError, TypeError) as exc:
            return web.Response(status=400, text=f"{exc}\n")
        self._box.set(faults)
        self._account.delays = faults.delays(self._usual)
        return web.Response(text="set\n")

    async def _set_health(self, request: web.Request) -> web.Response:
        """Take `{"id": ..., "ok": false}`: what the checkers see of an endpoint from now on."""
        wish = await request.json()
        try:
            self._account.health.set_endpoint(wish["id"], ok=wish["ok"])
        except (KeyError, ApiError) as exc:
            return web.Response(status=400, text=f"{exc}\n")
        return web.Response(text="set\n")
