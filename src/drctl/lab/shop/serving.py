"""What every pod serves: `/healthz` (the process runs) and `/readyz` (it can do its work)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Callable


async def serve(app: web.Application, why_not_ready: Callable[[], str]) -> None:
    """Serve on the pod's own address and port (`POD_IP`, `PORT`) until the process ends.

    Args:
        app: The role's own routes; health and readiness are added to them.
        why_not_ready: Says what is missing; empty when the pod can do its work.
    """

    async def healthz(_: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async def readyz(_: web.Request) -> web.Response:
        reason = why_not_ready()
        return web.json_response({"ready": not reason, "reason": reason}, status=503 if reason else 200)

    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    runner = web.AppRunner(app, handle_signals=False, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, os.environ["POD_IP"], int(os.environ["PORT"])).start()
