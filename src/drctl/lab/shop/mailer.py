"""The mailer: stands for everything that a customer can do without for a while."""

from __future__ import annotations

import asyncio

from aiohttp import web

from drctl.lab.shop.serving import serve


async def run() -> None:
    """Serve until the process ends."""
    await serve(web.Application(), lambda: "")
    await asyncio.Event().wait()
