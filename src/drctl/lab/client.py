"""The client that resolves each time: `python -m drctl.lab.client --root LABROOT [--interval 0.1]`.

It orders through the public name as a customer does, and writes down what it saw: the record of truth that
drctl's numbers are judged by. It shares no code with drctl.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import ssl
import uuid
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import aiohttp
import dns.asyncresolver
import dns.exception

from drctl.lab.layout import OUTSIDE, PUBLIC_NAME, Layout
from drctl.lab.truth import Attempt

if TYPE_CHECKING:
    from collections.abc import Callable

_CONNECT_SECONDS = 1.0
_TOTAL_SECONDS = 2.0


class Shopper:
    """Sends each order once: one resolution, one connection, one request, one line in the record."""

    def __init__(self, layout: Layout, session: aiohttp.ClientSession) -> None:
        self._port = layout.ports.https
        self._context = ssl.create_default_context(cafile=str(layout.ca_file))
        self._session = session
        self._resolver = dns.asyncresolver.Resolver(configure=False)
        self._resolver.nameservers = [OUTSIDE]
        self._resolver.port = layout.ports.resolver
        self._resolver.cache = None

    async def order(self, order: str) -> Attempt:
        """Try one order and say what happened; never raises for what can happen to a customer."""
        sent, address = datetime.now(UTC), ""
        try:
            async with asyncio.timeout(_TOTAL_SECONDS):
                address = await self._resolve()
                status, region, body = await self._post(address, order)
        except (aiohttp.ClientError, dns.exception.DNSException, OSError, TimeoutError) as problem:
            return Attempt(order, sent, datetime.now(UTC), address, error=f"{type(problem).__name__}: {problem}")
        return _answered(Attempt(order, sent, datetime.now(UTC), address, region, status), body)

    async def _resolve(self) -> str:
        answer = await self._resolver.resolve(PUBLIC_NAME, "A", lifetime=_CONNECT_SECONDS)
        return str(answer[0])

    async def _post(self, address: str, order: str) -> tuple[int, str, str]:
        async with self._session.post(
            f"https://{address}:{self._port}/orders",
            json={"id": order},
            headers={"Host": f"{PUBLIC_NAME}:{self._port}"},
            server_hostname=PUBLIC_NAME,
            ssl=self._context,
        ) as answer:
            return answer.status, answer.headers.get("X-Region", ""), await answer.text()


def _answered(attempt: Attempt, body: str) -> Attempt:
    fields = asdict(attempt)
    try:
        told = json.loads(body)
    except ValueError:
        told = {}
    if attempt.status != 201:
        return Attempt(**fields | {"error": body.strip()[:300]})
    try:
        return Attempt(**fields | {"stream": told["stream"], "seq": int(told["seq"]), "domain": told["domain"]})
    except (KeyError, TypeError, ValueError):
        return Attempt(**fields | {"error": f"no acknowledgement in {body[:300]}"})


async def keep_ordering(shopper: Shopper, record: TextIO, interval_seconds: float, stopped: asyncio.Event) -> None:
    """Place one order per interval, whether or not earlier ones were answered, until stopped; then await the open ones.

    Each id is new: a run of the client has a name of its own, and numbers its orders.
    """
    name, number = uuid.uuid4().hex[:8], 0
    loop = asyncio.get_running_loop()
    started, open_orders = loop.time(), set[asyncio.Task[None]]()
    while not stopped.is_set():
        number += 1
        task = asyncio.create_task(_record(shopper, f"{name}-{number:06d}", record.write))
        open_orders.add(task)
        task.add_done_callback(open_orders.discard)
        try:
            async with asyncio.timeout_at(started + number * interval_seconds):
                await stopped.wait()
        except TimeoutError:
            continue
    await asyncio.gather(*open_orders)


async def _record(shopper: Shopper, order: str, write: Callable[[str], object]) -> None:
    attempt = await shopper.order(order)
    write(attempt.to_json() + "\n")


async def run(layout: Layout, interval_seconds: float) -> None:
    """Order until SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    connector = aiohttp.TCPConnector(force_close=True, limit=0)
    timeout = aiohttp.ClientTimeout(total=_TOTAL_SECONDS, sock_connect=_CONNECT_SECONDS)
    with layout.client_record.open("a", buffering=1) as record:
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            await keep_ordering(Shopper(layout, session), record, interval_seconds, stopped)


def main() -> None:
    """Read the lab's layout and order."""
    parser = argparse.ArgumentParser(prog="drctl.lab.client")
    parser.add_argument("--root", type=Path, required=True, help="the lab's folder")
    parser.add_argument("--interval", type=float, default=0.1, help="seconds from one order to the next")
    args = parser.parse_args()
    asyncio.run(run(Layout.load(args.root), args.interval))


if __name__ == "__main__":
    main()
