"""The simulator's own door, outside of the region: it is up, its faults, what was asked of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from drctl.lab.kube_api.auth import DRCTL, Rule
from drctl.lab.kube_api.faults import Faults

if TYPE_CHECKING:
    from drctl.lab.kube_api.api import Api


def admin_app(api: Api) -> web.Application:
    """Return the app of `GET /`, `POST /faults`, `POST /denials`, `GET /audit` and `DELETE /audit`."""
    app = web.Application()
    door = _Door(api)
    app.router.add_get("/", door.up)
    app.router.add_post("/faults", door.set_faults)
    app.router.add_post("/denials", door.set_denials)
    app.router.add_get("/audit", door.show_audit)
    app.router.add_delete("/audit", door.clear_audit)
    return app


class _Door:
    def __init__(self, api: Api) -> None:
        self._api = api

    async def up(self, _request: web.Request) -> web.Response:
        return web.json_response({"up": True})

    async def set_faults(self, request: web.Request) -> web.Response:
        try:
            faults = Faults.read(await request.json())
        except (ValueError, TypeError, AttributeError) as exc:
            return web.json_response({"error": str(exc)}, status=400)
        self._api.faults.set(faults)
        return web.json_response({})

    async def set_denials(self, request: web.Request) -> web.Response:
        """Replace what is denied: a list of `{"verbs", "groups", "resources", "names"}`, for the user drctl."""
        try:
            rules = [Rule(**{key: tuple(value) for key, value in one.items()}) for one in await request.json()]
        except (ValueError, TypeError, AttributeError) as exc:
            return web.json_response({"error": str(exc)}, status=400)
        self._api.gatekeeper.clear_denials()
        for rule in rules:
            self._api.gatekeeper.deny(DRCTL, rule)
        return web.json_response({})

    async def show_audit(self, _request: web.Request) -> web.Response:
        return web.json_response(self._api.audit.entries())

    async def clear_audit(self, _request: web.Request) -> web.Response:
        self._api.audit.clear()
        return web.json_response({})
