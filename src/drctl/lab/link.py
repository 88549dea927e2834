"""The leaf link between the regions as a TCP proxy that can be cut: `python -m drctl.lab.link --root LABROOT`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
from pathlib import Path

from aiohttp import web

from drctl.lab.layout import ADDRESSES, OUTSIDE, Layout

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


def admin(link: Link) -> web.Application:
    """Return the admin API: `GET /` says whether the link is up, `POST /faults` with `cut` changes that."""

    async def state(_: web.Request) -> web.Response:
        return web.json_response({"up": link.up})

    async def faults(request: web.Request) -> web.Response:
        try:
            wish = await request.json()
        except ValueError:
            raise web.HTTPBadRequest(text='send {"cut": true} or {"cut": false}') from None
        match wish:
            case {"cut": True}:
                link.cut()
            case {"cut": False}:
                link.heal()
            case _:
                raise web.HTTPBadRequest(text='send {"cut": true} or {"cut": false}')
        return web.json_response({"up": link.up})

    app = web.Application()
    app.add_routes([web.get("/", state), web.post("/faults", faults)])
    return app


async def run(layout: Layout) -> None:
    """Serve the link and its admin API until SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    link = Link(ADDRESSES["east"], layout.ports.leaf)
    server = await asyncio.start_server(link.accept, OUTSIDE, layout.ports.link)
    runner = web.AppRunner(admin(link), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, OUTSIDE, layout.ports.admin_link).start()
    try:
        await stopped.wait()
    finally:
        server.close()
        link.cut()
        await link.ended()
        await runner.cleanup()


def main() -> None:
    """Read the lab's layout and run the link."""
    parser = argparse.ArgumentParser(description="the lab's link between the regions")
    parser.add_argument("--root", type=Path, required=True, help="the lab's folder")
    asyncio.run(run(Layout.load(parser.parse_args().root)))


if __name__ == "__main__":
    main()
