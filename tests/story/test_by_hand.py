"""The same bad day on two labs: drctl brings one through it, a person with drctl's printed pages the other."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol

import pytest

from drctl.lab import faults, homecoming, supervisor
from drctl.lab.faults import LINK, Fault
from onlab.driving import ACCEPTED, EMERGENCY, Driven, eventually
from onlab.person import Person, tools
from onlab.picture import picture
from onlab.snapshot import ask, connected

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from drctl.lab.layout import Layout
    from onlab.snapshot import Fields

# Two labs at once, and some hundred programs one after the other.
pytestmark = [pytest.mark.lab, pytest.mark.timeout(600)]

PENDING = frozenset({"fence_streams:east", "fence_workloads:east"})


class Mover(Protocol):
    """Who moves the service."""

    def away(self, lab: Driven) -> None:
        """Move it to west, while east is dead."""

    def home(self, lab: Driven) -> None:
        """Bring it home. The link is still cut, and is to be opened when east is fenced."""


class ByDrctl:
    """The command."""

    def away(self, lab: Driven) -> None:
        done = lab.run(*EMERGENCY, *ACCEPTED)
        assert done.code == 10, done.err

    def home(self, lab: Driven) -> None:
        def command(*words: str) -> tuple[str, ...]:
            return lab.argv(*words, "--config", str(lab.layout.config_file))

        code, opened_at = homecoming.come_home(lab.layout, command, lambda _: None)
        assert (code, opened_at is not None) == (0, True)


class ByHand:
    """Its pages, and a shell."""

    def __init__(self, path: Path) -> None:
        self.person = Person(path)

    def away(self, lab: Driven) -> None:
        page = self._page(lab, "failover", "--mode", "emergency")
        assert "If east does not answer, go on" in page
        self.person.work(page, {}, gone=PENDING)

    def home(self, lab: Driven) -> None:
        page = self._page(lab, "failback")
        self.person.work(page, {"await_link": lambda: faults.heal(lab.layout, LINK)})

    @staticmethod
    def _page(lab: Driven, *words: str) -> str:
        done = lab.run("plan", *words, "--runbook")
        assert done.code == 0, done.err
        return done.out


def bad_day(lab: Driven, mover: Mover) -> Fields:
    """Live through it, and return the world at its end."""
    layout = lab.layout
    take_orders(layout, "east", "first", 8)
    eventually(lambda: ends(layout, "east") == ends(layout, "west"))
    # Not before: what a person reads on the page is where the durables stood when the inventory was taken.
    lab.watch()
    faults.break_(layout, Fault.CUT, LINK)
    take_orders(layout, "east", "lost", 4)
    lab.lose_east()
    mover.away(lab)
    take_orders(layout, "west", "second", 3)
    faults.heal(layout, "east")
    mover.home(lab)
    take_orders(layout, "east", "third", 2)
    eventually(lambda: ends(layout, "east") == ends(layout, "west"))
    return picture(layout)


def take_orders(layout: Layout, region: str, name: str, count: int) -> None:
    """Store orders in a region, and wait until its worker has billed them all."""
    asyncio.run(_place(layout, region, [f"{name}-{number}" for number in range(count)]))
    eventually(lambda: asyncio.run(_billed(layout, region)))


async def _place(layout: Layout, region: str, orders: list[str]) -> None:
    async with connected(layout, region) as client:
        for order in orders:
            body = json.dumps({"id": order}).encode()
            await client.jetstream().publish("orders.placed", body, headers={"Nats-Msg-Id": order})


async def _billed(layout: Layout, region: str) -> bool:
    async with connected(layout, region) as client:
        durable = await ask(client, "CONSUMER.INFO.ORDERS.billing", None)
        end = (await ask(client, "STREAM.INFO.ORDERS", None))["state"]["last_seq"]
        return bool(durable["ack_floor"]["stream_seq"] == end and not durable["num_ack_pending"])


def ends(layout: Layout, region: str) -> list[int]:
    """Return the last sequence of each of the shop's streams."""

    async def read() -> list[int]:
        async with connected(layout, region) as client:
            infos = [await ask(client, f"STREAM.INFO.{name}", None) for name in ("ORDERS", "KV_settings")]
            return [info["state"]["last_seq"] for info in infos]

    return asyncio.run(read())


@pytest.fixture
def labs(tmp_path: Path) -> Iterator[tuple[Driven, Driven]]:
    layouts = [supervisor.prepare(tmp_path / name) for name in ("by_drctl", "by_hand")]
    try:
        for layout in layouts:
            supervisor.start(layout)
        yield Driven(layouts[0]), Driven(layouts[1])
    finally:
        for layout in layouts:
            supervisor.stop(layout.root)


def test_a_failover_and_a_failback_by_the_printed_lines_alone_end_in_the_same_world(
    labs: tuple[Driven, Driven], tmp_path: Path
) -> None:
    by_hand = ByHand(tools(tmp_path / "bin"))
    with ThreadPoolExecutor(2) as pool:
        day = pool.submit(bad_day, labs[0], ByDrctl())
        day_by_hand = pool.submit(bad_day, labs[1], by_hand)
        world, world_by_hand = day.result(), day_by_hand.result()

    assert differences(world_by_hand, world) == {}
    assert any(place.startswith("west/stream/RESCUE_ORDERS") for place, _ in world)
    assert len(by_hand.person.ran) > 100


def differences(one: Fields, other: Fields) -> dict[tuple[str, str], tuple[object, object]]:
    missing = object()
    return {
        place: (one.get(place, "is not there"), other.get(place, "is not there"))
        for place in one.keys() | other.keys()
        if one.get(place, missing) != other.get(place, missing)
    }
