"""The link between the sites' NATS as TCP proxies that can be cut: `python -m drctl.lab.link --root LABROOT`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from drctl.lab.layout import OUTSIDE, REGIONS, Layout

if TYPE_CHECKING:
    from collections.abc import Callable

_CHUNK = 65536


class Link:
    """Forwards connections to one target while it is up; a cut aborts them all and refuses new ones."""

    def __init__(self, host: str, port: int) -> None:
        self.up = True
        self._target = (host, port)
        self._ends: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()

    def cut(self) -> None:
        """Abort every connection (both ends see a reset) and take no new one. Bytes under way are lost."""
        self.up = False
        for end in tuple(self._ends):
            end.transport.abort()

    def heal(self) -> None:
        """Take connections again; the leaf connects anew by itself, after its reconnect time."""
        self.up = True

    async def ended(self) -> None:
        """Return when no connection is being carried any more; call `cut` first."""
        await asyncio.gather(*self._serving)

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection in a task of its own, or reset it while the link is cut."""
        if not self.up:
            writer.transport.abort()
            return
        task = asyncio.create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._ends.add(writer)
        try:
            with contextlib.suppress(OSError):
                await self._carry(reader, writer)
        finally:
            self._ends.discard(writer)
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        self._ends.add(far_writer)
        pumps = (asyncio.create_task(_pump(reader, far_writer)), asyncio.create_task(_pump(far_reader, writer)))
        try:
            # A cut that came while the far side was being connected did not see this end.
            if self.up:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            self._ends.discard(far_writer)
            far_writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()


class Links:
    """Every wire of a lab, as one thing to cut."""

    def __init__(self, layout: Layout) -> None:
        port = layout.ports.gateway if layout.arrangement.has_gateways else layout.ports.leaf
        self.port = layout.ports.link
        self.by_wire = {wire: Link(wire.server.address, port) for wire in layout.arrangement.wires}

    @property
    def up(self) -> bool:
        """Whether everything carries."""
        return all(link.up for link in self.by_wire.values())

    def cut(self) -> None:
        """Cut what is between the two regions; an arbiter goes on seeing both."""
        self._cut(lambda ends: ends == set(REGIONS))

    def isolate(self, site: str) -> None:
        """Cut one site off from every other."""
        self._cut(lambda ends: site in ends)

    def heal(self) -> None:
        """Let everything carry again."""
        for link in self.by_wire.values():
            link.heal()

    async def close(self) -> None:
        """End every connection; return when they have ended."""
        for link in self.by_wire.values():
            link.cut()
        for link in self.by_wire.values():
            await link.ended()

    def _cut(self, is_meant: Callable[[set[str]], bool]) -> None:
        for wire, link in self.by_wire.items():
            if is_meant({wire.site, wire.server.site}):
                link.cut()


def admin(links: Links) -> web.Application:
    """Return the admin API: `GET /` says whether the link is up, `POST /faults` with `cut` changes that.

    `{"cut": true}` cuts the regions from each other, `{"cut": "east"}` cuts one site from all, false heals.
    """

    async def state(_: web.Request) -> web.Response:
        return web.json_response({"up": links.up})

    async def faults(request: web.Request) -> web.Response:
        try:
            wish = await request.json()
        except ValueError:
            wish = None
        match wish:
            case {"cut": True}:
                links.cut()
            case {"cut": False}:
                links.heal()
            case {"cut": str(site)}:
                links.isolate(site)
            case _:
                raise web.HTTPBadRequest(text='send {"cut": true}, {"cut": "<site>"} or {"cut": false}')
        return web.json_response({"up": links.up})

    app = web.Application()
    app.add_routes([web.get("/", state), web.post("/faults", faults)])
    return app


async def run(layout: Layout) -> None:
    """Serve the link and its admin API until SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    links = Links(layout)
    servers = [
        await asyncio.start_server(link.accept, wire.address, links.port) for wire, link in links.by_wire.items()
    ]
    runner = web.AppRunner(admin(links), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, OUTSIDE, layout.ports.admin_link).start()
    try:
        await stopped.wait()
    finally:
        for server in servers:
            server.close()
        await links.close()
        await runner.cleanup()


def main() -> None:
    """Read the lab's layout and run the link."""
    parser = argparse.ArgumentParser(description="the lab's link between the regions")
    parser.add_argument("--root", type=Path, required=True, help="the lab's folder")
    asyncio.run(run(Layout.load(parser.parse_args().root)))


if __name__ == "__main__":
    main()
