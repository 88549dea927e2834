"""The whole stand-in on one event loop: API, its admin port, and two authoritative DNS servers."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from drctl.lab.cloudflare_api.access import RateLimit
from drctl.lab.cloudflare_api.admin import Admin
from drctl.lab.cloudflare_api.faults import USUAL_LAG_SECONDS, FaultBox
from drctl.lab.cloudflare_api.http_api import Api
from drctl.lab.cloudflare_api.routes import Routes
from drctl.lab.cloudflare_api.zone import Zone
from drctl.lab.dns.authoritative import answer
from drctl.lab.dns.hosting import in_background
from drctl.lab.dns.transport import Endpoint, listening
from drctl.lab.layout import CLOUDFLARE_ZONE, CLOUDFLARE_ZONE_ID, OUTSIDE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractContextManager

    import dns.message

    from drctl.lab.dns.transport import Handler

# Long enough to end a request that is being written, short enough not to wait for one that hangs.
_SHUTDOWN_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class ListenPorts:
    """Ports to listen on; 0 takes a free one."""

    api: int = 0
    admin: int = 0
    dns_a: int = 0
    dns_b: int = 0


@dataclass(frozen=True, slots=True)
class Options:
    """How the service behaves on a good day."""

    lag_seconds: tuple[float, float] = USUAL_LAG_SECONDS
    limit: RateLimit | None = None


@dataclass(frozen=True, slots=True)
class Running:
    """Where everything listens. `api_url` is what an SDK takes as its base."""

    api_url: str
    admin_url: str
    name_servers: tuple[Endpoint, Endpoint]


@asynccontextmanager
async def serving(ports: ListenPorts, options: Options | None = None) -> AsyncIterator[Running]:
    """Serve the lab's second zone until the context ends."""
    options = options or Options()
    zone, box = Zone(CLOUDFLARE_ZONE_ID, CLOUDFLARE_ZONE), FaultBox(options.lag_seconds)
    api = Api(Routes(zone), box, options.limit or RateLimit())
    admin = Admin(zone, box, api.audit)
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(listening(OUTSIDE, ports.dns_a, _name_server(zone, box, 0)))
        second = await stack.enter_async_context(listening(OUTSIDE, ports.dns_b, _name_server(zone, box, 1)))
        api_url = await stack.enter_async_context(_web(api.app(), ports.api))
        admin_url = await stack.enter_async_context(_web(admin.app(), ports.admin))
        yield Running(f"{api_url}/client/v4", admin_url, (first, second))


def running(options: Options | None = None) -> AbstractContextManager[Running]:
    """Run the stand-in on free ports in a background thread for as long as the context lasts."""
    return in_background(lambda: serving(ListenPorts(), options))


def _name_server(zone: Zone, box: FaultBox, number: int) -> Handler:
    async def respond(query: dns.message.Message) -> dns.message.Message:
        return answer(query, zone.served(time.monotonic() - box.lag_seconds[number]), lambda _check: True)

    return respond


@asynccontextmanager
async def _web(app: web.Application, port: int) -> AsyncIterator[str]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, OUTSIDE, port).start()
        yield f"http://{OUTSIDE}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
