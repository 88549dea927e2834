"""Waiting for the servers: each by itself, the link between the regions, and the meta groups."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import nats
from nats.errors import Error as NatsError

from drctl.lab.layout import REGIONS
from drctl.lab.nats_servers.users import SYSTEM, password

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from nats.aio.client import Client

    from drctl.lab.layout import Layout

_GATHER_SECONDS = 0.5


def wait_ready(layout: Layout, region: str, timeout: timedelta = timedelta(seconds=15)) -> None:
    """Return when a region's JetStream answers: where servers vote, when they have a leader.

    Raises:
        TimeoutError: It did not, within the timeout.
    """
    asyncio.run(_until(lambda: _answers(layout, region, "$JS.API.INFO"), timeout, f"nats-server of {region}"))


def wait_formed(layout: Layout, timeout: timedelta = timedelta(seconds=30)) -> None:
    """Return when every server is a current member of its meta group, and the link carries.

    Raises:
        TimeoutError: It was not so, within the timeout.
    """
    asyncio.run(_until(lambda: _formed(layout), timeout, "every nats-server"))
    wait_link_ready(layout)


def link_ready(layout: Layout) -> bool:
    """Say whether each region's JetStream answers the other region through the link, now."""
    return asyncio.run(_linked(layout))


def wait_link_ready(layout: Layout, timeout: timedelta = timedelta(seconds=15)) -> None:
    """Return when `link_ready`.

    Raises:
        TimeoutError: It was not, within the timeout.
    """
    asyncio.run(_until(lambda: _linked(layout), timeout, "the link"))


@asynccontextmanager
async def connected(layout: Layout, region: str, user: str = "drctl") -> AsyncIterator[Client]:
    """Yield a connection to one of a region's servers."""

    async def ignore(_: Exception) -> None:
        """A refused connection is retried by the caller; nats-py would print it."""

    # Zero or negative attempts would make nats-py 2.16 try for ever.
    client = await nats.connect(
        list(layout.nats_urls(region)),
        user=user,
        password=password(layout, user),
        connect_timeout=2,
        allow_reconnect=False,
        max_reconnect_attempts=1,
        reconnect_time_wait=0,
        error_cb=ignore,
    )
    try:
        yield client
    finally:
        await client.close()


async def _answers(layout: Layout, region: str, subject: str) -> bool:
    try:
        async with connected(layout, region) as client:
            reply = await client.request(subject, b"", timeout=1)
    except (NatsError, OSError, TimeoutError):
        return False
    return "error" not in json.loads(reply.data)


async def _linked(layout: Layout) -> bool:
    if layout.arrangement.has_domains:
        east, west = REGIONS
        return await _answers(layout, west, f"$JS.{east}.API.INFO") and await _answers(
            layout, east, f"$JS.{west}.API.INFO"
        )
    for region in REGIONS:
        found = {report["server"]["name"] for report in await _jetstreams(layout, region)}
        # Any server of the other region: some may be down on purpose.
        if not all(found & {server.name for server in layout.arrangement.of(other)} for other in REGIONS):
            return False
    return True


async def _formed(layout: Layout) -> bool:
    for sites in layout.arrangement.meta_groups:
        servers = [server for site in sites for server in layout.arrangement.of(site)]
        reports = await _jetstreams(layout, sites[0])
        if len(reports) != len(servers):
            return False
        if layout.arrangement.is_clustered and not all(_is_led(report, len(servers)) for report in reports):
            return False
        if not await _answers(layout, sites[0], "$JS.API.INFO"):
            return False
    return True


def _is_led(report: dict[str, Any], size: int) -> bool:
    """Say whether a server knows the leader of a group of that size; the leader also knows who keeps up."""
    meta = report["data"].get("meta_cluster") or {}
    leads = meta.get("leader") == report["server"]["name"]
    followers = meta.get("replicas") or () if leads else ()
    current = all(one.get("current") and not one.get("offline") for one in followers)
    return bool(meta.get("leader")) and meta.get("cluster_size") == size and current


async def _jetstreams(layout: Layout, site: str) -> list[dict[str, Any]]:
    """Return what every server that the site's system account reaches says of its JetStream."""
    found: list[dict[str, Any]] = []
    try:
        async with connected(layout, site, SYSTEM) as client:
            inbox = client.new_inbox()
            subscription = await client.subscribe(inbox)
            await client.publish("$SYS.REQ.SERVER.PING.JSZ", b"{}", reply=inbox)
            while len(found) < len(layout.arrangement.servers):
                found.append(json.loads((await subscription.next_msg(timeout=_GATHER_SECONDS)).data))
    except (NatsError, OSError, TimeoutError):
        return found
    return found


async def _until(holds: Callable[[], Awaitable[bool]], within: timedelta, what: str) -> None:
    deadline = asyncio.get_running_loop().time() + within.total_seconds()
    while not await holds():
        if asyncio.get_running_loop().time() > deadline:
            raise TimeoutError(f"{what} did not answer within {within.total_seconds():g} s")
        await asyncio.sleep(0.05)
