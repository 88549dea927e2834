"""What makes empty servers the example service's."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from drctl.lab.nats_servers.readiness import connected, wait_formed
from drctl.lab.nats_servers.streams import create_all

if TYPE_CHECKING:
    from drctl.lab.layout import Layout


def seed(layout: Layout) -> None:
    """Create the example service's streams and consumer in east, and their mirrors in west. Needs the link.

    Raises:
        RuntimeError: A server refused one of them.
        TimeoutError: The servers did not find each other.
    """
    wait_formed(layout)
    asyncio.run(_seed(layout))


async def _seed(layout: Layout) -> None:
    async with connected(layout, "east") as east, connected(layout, "west") as west:
        await create_all(east, west, layout.arrangement)
