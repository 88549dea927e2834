"""What the ledger says of tails that were kept, of those that were not, and of streams that nobody can tell apart."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from drctl.adapters.journal.evidence import FileEvidence
from drctl.app.ledger import export, read_ledger
from drctl.app.prepare import prepare
from drctl.core.topology import StreamRule
from drctl.ports.datastore import PromotionWish
from fakes.operator import HOME, Operator
from fakes.shop import EAST, INVENTORIES, NOBODY, WEST, make_shop, order, shop_topology
from steps.table import STAMP

if TYPE_CHECKING:
    from drctl.app.ledger import Ledger
    from fakes.world import World

ORDERS = shop_topology(streams=(StreamRule(("ORDERS",)),))


def edit_promote(world: World) -> None:
    """Promote west's orders as `nats stream edit --no-mirror` does."""
    west = world.region(WEST).jetstream
    config = {key: value for key, value in west.streams["ORDERS"].config.items() if key != "mirror"}
    west.update(config | {"subjects": ["orders.>"]})


def publish(world: World, region: str, message_id: str) -> None:
    world.region(region).jetstream.publish("orders.new", message_id.encode(), (("Nats-Msg-Id", message_id),))


@pytest.fixture
def edited() -> World:
    """Orders 4 and 5 in east never crossed; west was promoted by a plain edit and took orders of its own."""
    world = make_shop()
    world.cut_link()
    publish(world, EAST, "lost-1")
    publish(world, EAST, "lost-2")
    edit_promote(world)
    order(world, 4, WEST)
    world.heal_link()
    return world


def fence(world: World, region: str = EAST) -> None:
    world.region(region).datastore.fence("ORDERS", STAMP)


def ledger(world: World) -> Ledger:
    return read_ledger(world.reads(NOBODY), ORDERS)


def test_what_is_listed_can_be_exported_messages_and_all(edited: World, tmp_path: Path) -> None:
    fence(edited)
    found = ledger(edited)

    (file,) = export(edited.reads(NOBODY), found, FileEvidence(tmp_path / "tails"))

    lines = [json.loads(line) for line in Path(file.path).read_text().splitlines()]
    assert [line["seq"] for line in lines] == [line.seq for line in found.lines]
    assert [base64.b64decode(line["data"]) for line in lines] == [b"lost-1", b"lost-2"]
    assert file.lines == 2


def test_a_tail_is_found_although_nobody_wrote_down_where_it_begins(edited: World) -> None:
    fence(edited)

    found = ledger(edited)

    assert [(line.stream, line.seq, line.message_id) for line in found.lines] == [
        ("ORDERS", 4, "lost-1"),
        ("ORDERS", 5, "lost-2"),
    ]
    assert found.unknown == ()


def test_two_sides_that_nobody_can_tell_apart_are_unknown(edited: World) -> None:
    found = ledger(edited)

    assert found.lines == ()
    assert [why for why in found.unknown if why.startswith("ORDERS")] == list(found.unknown) != []


def test_a_fork_that_cannot_be_found_is_unknown_and_blocks_the_way_home(edited: World) -> None:
    fence(edited)
    west = edited.region(WEST).jetstream.streams["ORDERS"]
    west.messages = west.messages[3:]

    assert "no message tells where it forked" in ledger(edited).unknown[0]
    prepared = prepare(edited.reads(NOBODY), ORDERS, HOME, INVENTORIES)
    assert {finding.code for finding in prepared.final} >= {"fork-unknown"}


def test_the_way_home_keeps_a_tail_that_nobody_wrote_down(edited: World) -> None:
    fence(edited)
    tail = edited.region(EAST).jetstream.streams["ORDERS"].messages[3:]

    operator = Operator(edited)
    operator.topology = ORDERS
    operator.run(replace(HOME, reprotect_only=True))

    kept = edited.region(WEST).jetstream.streams["RESCUE_ORDERS_after3"]
    assert kept.messages == tail
    assert kept.config["sealed"] is True
    assert edited.region(EAST).jetstream.streams["ORDERS"].config["mirror"]
    assert [line.seq for line in ledger(edited).lines] == [4, 5]


def test_an_order_that_came_again_is_marked_with_where(edited: World) -> None:
    fence(edited)
    publish(edited, WEST, "lost-2")

    assert [(line.seq, line.also_at) for line in ledger(edited).lines] == [(4, None), (5, 8)]


def test_a_copy_that_is_not_sealed_is_no_evidence(edited: World) -> None:
    fence(edited)
    edited.region(WEST).jetstream.create(
        {"name": "RESCUE_ORDERS_after3", "mirror": {"name": "NOTHING", "external": {"api": "$JS.east.API"}}}
    )

    assert [line.seq for line in ledger(edited).lines] == [4, 5]


def test_two_regions_in_order_have_an_empty_ledger() -> None:
    found = ledger(make_shop())

    assert (found.lines, found.unknown, found.held_in) == ((), (), ())


def test_a_region_that_was_left_and_is_silent_is_unknown() -> None:
    world = make_shop()
    world.region(WEST).datastore.promote(PromotionWish("ORDERS", ("orders.>",)), STAMP)
    world.kill(EAST)

    assert any(why.startswith("ORDERS: east does not answer") for why in ledger(world).unknown)
