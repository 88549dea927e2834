"""One region's ingress: `python -m drctl.lab.ingress --root LABROOT --region R`.

Ends TLS on the shared port, forwards to the ready endpoints of the Service `api`, and says in `X-Region` who it is.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import ssl
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from drctl.lab.endpoint_slices import ENDPOINT_SLICES, Endpoint, ready_endpoints
from drctl.lab.layout import ADDRESSES, PUBLIC_NAME, REGIONS, Layout

REGION_HEADER = "X-Region"

_POLL_SECONDS = 0.2
_API_TIMEOUT = aiohttp.ClientTimeout(total=1.0)
_POD_TIMEOUT = aiohttp.ClientTimeout(total=3.0, sock_connect=0.5)
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "content-length"})


class Endpoints:
    """The ready endpoints as last seen; while the API does not answer, the last known ones stay."""

    def __init__(self, url: str, token: str, context: ssl.SSLContext) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}
        self._context = context
        self._turn = count()
        self.known: tuple[Endpoint, ...] = ()

    def in_turn(self) -> tuple[Endpoint, ...]:
        """Return all of them, another one first each time."""
        if not self.known:
            return ()
        first = next(self._turn) % len(self.known)
        return self.known[first:] + self.known[:first]

    async def follow(self, session: aiohttp.ClientSession) -> None:
        """Look again and again."""
        while True:
            await self.look(session)
            await asyncio.sleep(_POLL_SECONDS)

    async def look(self, session: aiohttp.ClientSession) -> None:
        """Look once."""
        try:
            async with session.get(self._url, headers=self._headers, ssl=self._context, timeout=_API_TIMEOUT) as answer:
                if answer.status == 200:
                    self.known = ready_endpoints(await answer.json())
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return


class Ingress:
    """Forwards one request to one pod. A request that may have reached a pod is never sent to another."""

    def __init__(self, region: str, endpoints: Endpoints, session: aiohttp.ClientSession) -> None:
        self._region = region
        self._endpoints = endpoints
        self._session = session

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Answer any request."""
        response = await self._answer(request)
        response.headers[REGION_HEADER] = self._region
        return response

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        if request.host.partition(":")[0] != PUBLIC_NAME:
            return web.Response(status=421, text=f"this is {PUBLIC_NAME}\n")
        body = await request.read()
        for endpoint in self._endpoints.in_turn():
            try:
                return await self._forward(request, body, endpoint)
            except aiohttp.ClientConnectorError:
                continue
            except aiohttp.ClientError as problem:
                return web.Response(status=502, text=f"the pod broke off: {problem}\n")
            except TimeoutError:
                return web.Response(status=504, text="the pod did not answer\n")
        nobody = web.Response(status=503, text="no ready endpoint\n")
        # Whoever keeps a connection looks the name up again only when it is closed.
        nobody.force_close()
        return nobody

    async def _forward(self, request: web.BaseRequest, body: bytes, endpoint: Endpoint) -> web.Response:
        address, port = endpoint
        async with self._session.request(
            request.method,
            f"http://{address}:{port}{request.raw_path}",
            data=body,
            headers=_end_to_end(request.headers),
            allow_redirects=False,
            timeout=_POD_TIMEOUT,
        ) as answer:
            return web.Response(status=answer.status, body=await answer.read(), headers=_end_to_end(answer.headers))


def _end_to_end(headers: Any) -> dict[str, str]:  # noqa: ANN401 (multidict comes with aiohttp, in two kinds)
    return {name: value for name, value in headers.items() if name.lower() not in _HOP_BY_HOP}


async def run(layout: Layout, region: str) -> None:
    """Serve until SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    endpoints = Endpoints(
        layout.kube_url(region) + ENDPOINT_SLICES,
        layout.secret_file(f"kube-admin-{region}").read_text(),
        ssl.create_default_context(cafile=str(layout.ca_file)),
    )
    # A connection per request to a pod: pods come and go, and an order must never be lost on a dead connection.
    pods = aiohttp.TCPConnector(force_close=True, limit=0)
    async with aiohttp.ClientSession() as api, aiohttp.ClientSession(connector=pods, auto_decompress=False) as session:
        await endpoints.look(api)
        following = asyncio.create_task(endpoints.follow(api))
        runner = web.ServerRunner(
            web.Server(Ingress(region, endpoints, session).handle, access_log=None), handle_signals=False
        )
        await runner.setup()
        site = web.TCPSite(runner, ADDRESSES[region], layout.ports.https, ssl_context=_certificate(layout, region))
        await site.start()
        try:
            await stopped.wait()
        finally:
            following.cancel()
            await runner.cleanup()


def _certificate(layout: Layout, region: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(layout.cert_file(f"ingress-{region}"), layout.key_file(f"ingress-{region}"))
    return context


def main() -> None:
    """Read the lab's layout and run one region's ingress."""
    parser = argparse.ArgumentParser(prog="drctl.lab.ingress")
    parser.add_argument("--root", type=Path, required=True, help="the lab's folder")
    parser.add_argument("--region", choices=REGIONS, required=True)
    args = parser.parse_args()
    asyncio.run(run(Layout.load(args.root), args.region))


if __name__ == "__main__":
    main()
