"""What came after a fork: told apart by what the server stored, on fake and real servers alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from drctl.ports.datastore import MirrorWish, PromotionWish
from drctl.steps.fork_writes import ForkWrites, fork_writes

if TYPE_CHECKING:
    from contract.nats.rigs import Pair, Rig
    from drctl.core.lock import Stamp

MARKER = "drctl-smoke-run-1"


@pytest.fixture
def moved(rig: Rig, pair: Pair, stamp: Stamp) -> Pair:
    """East is fenced at 3, west was promoted there."""
    rig.datastore("east").fence(pair.name, stamp)
    rig.datastore("west").promote(PromotionWish(pair.name, (f"{pair.subject}.>",)), stamp)
    return pair


def seen(rig: Rig, pair: Pair) -> ForkWrites:
    west = rig.datastore("west")
    return fork_writes(west, rig.datastore("east"), west.stream(pair.name), MARKER)


def test_nothing_came(rig: Rig, moved: Pair) -> None:
    assert seen(rig, moved) == ForkWrites((), None)


def test_the_mark_is_found_in_any_header_and_in_the_body(rig: Rig, moved: Pair) -> None:
    rig.publish("west", f"{moved.subject}.new", b"{}", (("Shop-Mark", MARKER), ("Nats-Msg-Id", MARKER)))
    rig.publish("west", f"{moved.subject}.new", f'{{"id": "{MARKER}"}}'.encode())

    assert seen(rig, moved) == ForkWrites((4, 5), None)


def test_the_first_write_without_it_is_the_applications(rig: Rig, moved: Pair) -> None:
    rig.publish("west", f"{moved.subject}.new", b"{}", (("Shop-Mark", MARKER),))
    rig.publish("west", f"{moved.subject}.new", b"an order", (("Nats-Msg-Id", "order-1"),))
    rig.publish("west", f"{moved.subject}.new", b"another")

    own = seen(rig, moved).own

    assert own is not None
    assert (own.seq, own.data) == (5, b"an order")


def test_what_the_origin_holds_just_so_came_from_there(rig: Rig, moved: Pair) -> None:
    metadata = rig.config("west", moved.name)["metadata"] | {"drctl.fork_seq": "1"}
    rig.update("west", moved.name, {"metadata": metadata})

    assert seen(rig, moved) == ForkWrites((), None)


def test_what_the_origin_wrote_later_under_the_same_sequence_is_another_message(
    rig: Rig, moved: Pair, stamp: Stamp
) -> None:
    rig.publish("west", f"{moved.subject}.new", b"west's fourth")
    rig.datastore("west").fence(moved.name, stamp)
    rig.datastore("east").unfence(moved.name, stamp)
    rig.publish("east", f"{moved.subject}.new", b"east's fourth")

    own = seen(rig, moved).own

    assert own is not None
    assert own.data == b"west's fourth"


def test_the_whole_way_back_drops_the_marked_write_and_nothing_else(rig: Rig, moved: Pair, stamp: Stamp) -> None:
    """As nats.md 5 has it, with a smoke write in between; east goes on at the sequence that west had given it."""
    east, west = rig.datastore("east"), rig.datastore("west")
    rig.publish("west", f"{moved.subject}.new", b"{}", (("Shop-Mark", MARKER),))
    west.fence(moved.name, stamp)
    assert seen(rig, moved) == ForkWrites((4,), None)

    east.unfence(moved.name, stamp)
    west.rebuild_mirror(MirrorWish(moved.name, "east", east.stream(moved.name).config), stamp)
    moved.fill(1)
    moved.sync()

    assert [message.seq for message in west.messages(moved.name, 1, 9)] == [1, 2, 3, 4]
    assert [message.data for message in west.messages(moved.name, 4, 4)] != [b"{}"]
