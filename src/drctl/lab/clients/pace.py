"""How often a client orders, and how what it saw is written down."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from drctl.lab.truth import Attempt


class Orderer(Protocol):
    """Whoever can place one order."""

    async def order(self, order: str) -> Attempt:
        """Try it once, and say what happened."""


async def keep_ordering(
    orderer: Orderer,
    write: Callable[[str], object],
    interval_seconds: float,
    stopped: asyncio.Event,
    open_max: float = float("inf"),
) -> None:
    """Place one order per interval until stopped; then await the open ones. Each attempt is a line of the record.

    At most `open_max` are under way at once: who has one connection waits for an answer before the next order, and
    makes up for none. Each id is new: a run of a client has a name of its own, and numbers its orders.
    """
    name, number = uuid.uuid4().hex[:8], 0
    loop = asyncio.get_running_loop()
    due, open_orders = loop.time(), set[asyncio.Task[None]]()
    while not stopped.is_set():
        number += 1
        task = asyncio.create_task(_record(orderer, f"{name}-{number:06d}", write))
        open_orders.add(task)
        task.add_done_callback(open_orders.discard)
        while len(open_orders) >= open_max:
            await asyncio.wait(open_orders, return_when=asyncio.FIRST_COMPLETED)
        due = max(due + interval_seconds, loop.time())
        try:
            async with asyncio.timeout_at(due):
                await stopped.wait()
        except TimeoutError:
            continue
    await asyncio.gather(*open_orders)


async def _record(orderer: Orderer, order: str, write: Callable[[str], object]) -> None:
    attempt = await orderer.order(order)
    write(attempt.to_json() + "\n")
