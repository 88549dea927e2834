"""The whole stand-in on one event loop: control plane, its admin port, and two authoritative DNS servers."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dns.message
import dns.rcode
from aiohttp import web

from drctl.lab.dns.authoritative import answer
from drctl.lab.dns.hosting import in_background
from drctl.lab.dns.transport import Endpoint, listening, refusal
from drctl.lab.layout import OUTSIDE, ZONE, ZONE_ID
from drctl.lab.route53_api.account import LAB_APEX, Account, Delays
from drctl.lab.route53_api.admin import Admin
from drctl.lab.route53_api.checkers import checking
from drctl.lab.route53_api.faults import FaultBox
from drctl.lab.route53_api.http_api import ControlPlane

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractContextManager

    from drctl.lab.dns.transport import Handler
    from drctl.lab.route53_api.checkers import IsOn

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
class Running:
    """Where everything listens."""

    api_url: str
    admin_url: str
    name_servers: tuple[Endpoint, Endpoint]


@asynccontextmanager
async def serving(
    ports: ListenPorts, delays: Delays | None = None, is_on: IsOn = lambda _arn: False
) -> AsyncIterator[Running]:
    """Serve the lab's zone until the context ends. `is_on` says whether a recovery cluster's control is on."""
    usual = delays or Delays()
    account, box = Account(delays=usual), FaultBox()
    account.create_zone(ZONE, caller_reference="lab", zone_id=ZONE_ID, ttls=LAB_APEX)
    control = ControlPlane(account, box)
    admin = Admin(account, box, usual, control.audit)
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(listening(OUTSIDE, ports.dns_a, _name_server(account, 0)))
        second = await stack.enter_async_context(listening(OUTSIDE, ports.dns_b, _name_server(account, 1)))
        api_url = await stack.enter_async_context(web_site(control.app(), ports.api))
        admin_url = await stack.enter_async_context(web_site(admin.app(), ports.admin))
        await stack.enter_async_context(checking(account.health, is_on))
        yield Running(api_url, admin_url, (first, second))


def running(delays: Delays | None = None, is_on: IsOn = lambda _arn: False) -> AbstractContextManager[Running]:
    """Run the stand-in on free ports in a background thread for as long as the context lasts."""
    return in_background(lambda: serving(ListenPorts(), delays, is_on))


def _name_server(account: Account, number: int) -> Handler:
    async def respond(query: dns.message.Message) -> dns.message.Message:
        name = query.question[0].name
        zones = [zone for zone in account.served_zones(number) if name.is_subdomain(zone.origin)]
        if not zones:
            return refusal(query, dns.rcode.REFUSED)
        return answer(query, max(zones, key=lambda zone: len(zone.origin)), account.health.is_healthy)

    return respond


@asynccontextmanager
async def web_site(app: web.Application, port: int) -> AsyncIterator[str]:
    """Serve an application on a port of the lab's outside address; yield its URL."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, OUTSIDE, port).start()
        yield f"http://{OUTSIDE}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
