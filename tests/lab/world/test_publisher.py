"""The client that publishes to NATS, against real servers, and against one that dies with an order in its hands."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from drctl.lab import processes, startup, supervisor
from drctl.lab.clients.publisher import Publisher
from drctl.lab.layout import ADDRESSES, PUBLISHER, REGIONS
from drctl.lab.nats_servers.config import write_configs
from drctl.lab.nats_servers.readiness import wait_ready
from drctl.lab.orders import stored
from drctl.lab.truth import Truth
from lab.world.stand_ins import resolving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from drctl.lab.layout import Layout
    from drctl.lab.truth import Attempt
    from lab.world.conftest import Eventually

pytestmark = pytest.mark.lab


class Name:
    """Where the public name points, and how often somebody asked."""

    def __init__(self) -> None:
        self.active = "east"
        self.looked_up = 0

    def address(self) -> str:
        self.looked_up += 1
        return ADDRESSES[self.active]


@pytest.fixture
def name(two_nats: Layout) -> Iterator[Name]:
    name = Name()
    with resolving(two_nats.ports.resolver, name.address):
        yield name


async def place(publisher: Publisher, *orders: str) -> list[Attempt]:
    return [await publisher.order(order) for order in orders]


def test_an_order_is_written_down_with_the_sequence_that_its_acknowledgement_names(
    two_nats: Layout, name: Name
) -> None:
    async def story() -> list[Attempt]:
        async with Publisher(two_nats) as publisher:
            return await place(publisher, "p-1", "p-2")

    attempts = asyncio.run(story())

    assert [(a.id, a.status, a.region, a.domain, a.stream) for a in attempts] == [
        ("p-1", 201, "east", "east", "ORDERS"),
        ("p-2", 201, "east", "east", "ORDERS"),
    ]
    held = stored(two_nats, "east")
    assert [held[attempt.seq] for attempt in attempts] == ["p-1", "p-2"]
    assert name.looked_up == 1


def test_where_nobody_takes_orders_it_looks_the_name_up_again(two_nats: Layout, name: Name) -> None:
    async def story() -> list[Attempt]:
        async with Publisher(two_nats) as publisher:
            name.active = "west"
            refused = await place(publisher, "r-1", "r-2")
            name.active = "east"
            return refused + await place(publisher, "r-3")

    *refused, taken = asyncio.run(story())

    assert [(a.status, a.region, a.address) for a in refused] == [(503, "west", ADDRESSES["west"])] * 2
    assert all("no responders" in attempt.error for attempt in refused)
    assert taken.is_acknowledged
    assert taken.domain == "east"
    assert name.looked_up == 3
    assert {"r-1", "r-2"}.isdisjoint(stored(two_nats, "east").values())


def test_when_its_server_is_killed_it_connects_where_the_name_points(layout: Layout) -> None:
    write_configs(layout)
    for component in startup.nats_servers(layout):
        processes.spawn(layout, component)
    for region in REGIONS:
        wait_ready(layout, region)
    name = Name()

    async def story() -> tuple[list[Attempt], list[Attempt]]:
        async with Publisher(layout) as publisher:
            await place(publisher, "k-1")
            await asyncio.to_thread(processes.kill_members, layout.lab_id, "east")
            dead = await place(publisher, "k-2", "k-3")
            name.active = "west"
            return dead, await place(publisher, "k-4")

    with resolving(layout.ports.resolver, name.address):
        dead, (west,) = asyncio.run(story())

    assert [(a.status, a.address) for a in dead] == [(0, ADDRESSES["east"])] * 2
    assert all(attempt.error for attempt in dead)
    assert (west.status, west.region) == (503, "west")


def test_a_name_that_is_not_answered_fails_the_order(two_nats: Layout) -> None:
    async def story() -> list[Attempt]:
        async with Publisher(two_nats) as publisher:
            return await place(publisher, "n-1")

    (attempt,) = asyncio.run(story())

    assert (attempt.status, attempt.address, attempt.region) == (0, "", "")


def test_an_order_that_went_down_with_its_server_is_unknown_and_never_sent_again(layout: Layout) -> None:
    write_configs(layout)

    async def story() -> tuple[list[Attempt], list[str]]:
        async with mortal(layout) as heard, Publisher(layout) as publisher:
            return await place(publisher, "d-1", "d-2"), heard

    with resolving(layout.ports.resolver, Name().address):
        attempts, heard = asyncio.run(story())

    assert [(a.id, a.status) for a in attempts] == [("d-1", 0), ("d-2", 0)]
    assert all("ConnectionClosed" in attempt.error for attempt in attempts)
    assert heard == ["d-1", "d-2"]


@asynccontextmanager
async def mortal(layout: Layout) -> AsyncIterator[list[str]]:
    """Speak just enough of NATS to take one order on each connection, and die of it."""
    heard: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        info = {"server_id": "x", "version": "2.15.1", "headers": True, "max_payload": 1048576, "proto": 1}
        writer.write(f"INFO {json.dumps(info)}\r\n".encode())
        while line := await reader.readline():
            if line.startswith(b"PING"):
                writer.write(b"PONG\r\n")
            elif line.startswith(b"HPUB"):
                message = await reader.readexactly(int(line.split()[-1]))
                heard.append(json.loads(message.rpartition(b"\r\n")[2])["id"])
                break
        writer.transport.abort()

    server = await asyncio.start_server(serve, ADDRESSES["east"], layout.ports.nats)
    async with server:
        yield heard


def test_as_a_process_it_keeps_publishing_until_it_is_stopped(
    two_nats: Layout, name: Name, eventually: Eventually
) -> None:
    def truth() -> Truth:
        return Truth.read(two_nats.client_record(PUBLISHER))

    supervisor.start_client(two_nats, PUBLISHER, 0.02)
    eventually(lambda: len(truth().acknowledged("east")) >= 5)
    supervisor.stop_clients(two_nats)

    held = stored(two_nats, "east")
    assert name.looked_up == 1
    assert len({attempt.id for attempt in truth().attempts}) == len(truth().attempts)
    assert all(held[attempt.seq] == attempt.id for attempt in truth().acknowledged())
