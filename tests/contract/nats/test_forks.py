"""Where two sides of a stream part, when no metadata says so: searched in the messages that both still hold."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from contract.nats.servers import eventually
from drctl.steps.forks import Side, covers, find_fork, not_kept

if TYPE_CHECKING:
    from contract.nats.rigs import Pair, Rig

FORK = 3


def edit_promote(rig: Rig, pair: Pair) -> None:
    """Promote the mirror as `nats stream edit --no-mirror` does: no fork, no epoch."""
    rig.update("west", pair.name, {"mirror": None, "subjects": [f"{pair.subject}.>"]})


@pytest.fixture
def parted(rig: Rig, pair: Pair) -> Pair:
    """East took 4 to 7 that never crossed; west was promoted by a plain edit at 3, and took 4 to 6 of its own."""
    rig.cut()
    try:
        pair.fill(4)
        edit_promote(rig, pair)
        pair.fill(3, "west")
        fence(rig, pair)
    finally:
        rig.heal()
    return pair


def fence(rig: Rig, pair: Pair) -> None:
    rig.update("east", pair.name, {"subjects": [f"_drctl.fenced.{pair.name}"]})


def side(rig: Rig, region: str, pair: Pair) -> Side:
    datastore = rig.datastore(region)
    return Side(datastore, datastore.stream(pair.name))


def fork(rig: Rig, pair: Pair) -> int | None:
    return find_fork(side(rig, "west", pair), side(rig, "east", pair))


def is_covered(rig: Rig, pair: Pair) -> bool:
    return covers(side(rig, "west", pair), side(rig, "east", pair))


def test_a_fork_that_nobody_wrote_down_is_found(rig: Rig, parted: Pair) -> None:
    assert fork(rig, parted) == FORK
    assert not is_covered(rig, parted)


def test_a_fork_is_found_although_the_active_side_is_the_longer_one(rig: Rig, parted: Pair) -> None:
    parted.fill(20, "west")

    assert fork(rig, parted) == FORK
    assert not is_covered(rig, parted)


def test_deleted_messages_do_not_hide_a_fork(rig: Rig, parted: Pair, seed: int) -> None:
    """One shared message and one own message of each side are left; which ones is drawn."""
    draw = random.Random(seed)
    kept = draw.choice((1, 2, 3))
    for seq in {1, 2, 3} - {kept}:
        rig.delete_message(draw.choice(("east", "west")), parted.name, seq)
    rig.delete_message("east", parted.name, draw.choice((4, 5, 6, 7)))
    rig.delete_message("west", parted.name, draw.choice((4, 5, 6)))

    found = fork(rig, parted)

    assert found == kept
    assert not is_covered(rig, parted)


def test_a_tail_of_zero_is_covered(rig: Rig, pair: Pair) -> None:
    edit_promote(rig, pair)
    pair.fill(3, "west")
    fence(rig, pair)

    assert fork(rig, pair) == FORK
    assert is_covered(rig, pair)


def test_sides_that_share_nothing_are_not_guessed_at(rig: Rig, parted: Pair) -> None:
    for seq in (1, 2, 3):
        rig.delete_message("west", parted.name, seq)

    assert fork(rig, parted) is None
    assert not is_covered(rig, parted)


def test_a_mirror_that_was_promoted_empty_forked_before_everything(rig: Rig, pair: Pair, name: str) -> None:
    other = f"{name}_b"
    rig.create("east", pair.origin | {"name": other, "subjects": [f"{pair.subject}_b.>"]})
    rig.create("west", pair.origin | {"name": other, "subjects": [f"{pair.subject}_b.>"]})
    for region in ("east", "west"):
        assert rig.publish(region, f"{pair.subject}_b.new", b"own")

    east, west = (Side(rig.datastore(region), rig.datastore(region).stream(other)) for region in ("east", "west"))
    assert find_fork(west, east) == 0
    assert not covers(west, east)


def test_an_empty_side_has_nothing_to_lose(rig: Rig, parted: Pair) -> None:
    for seq in range(1, 8):
        rig.delete_message("east", parted.name, seq)

    assert is_covered(rig, parted)


@pytest.mark.parametrize("limited", [True, False], ids=["with a limit", "without"])
def test_what_the_active_side_dropped_is_covered_only_where_its_limits_can_drop(
    rig: Rig, pair: Pair, *, limited: bool
) -> None:
    edit_promote(rig, pair)
    fence(rig, pair)
    rig.delete_message("west", pair.name, 1)
    if limited:
        rig.update("west", pair.name, {"max_msgs": 100})

    assert is_covered(rig, pair) is limited


def test_two_streams_that_only_have_one_name_are_not_covered_whatever_their_metadata_says(
    rig: Rig, parted: Pair
) -> None:
    """Sequences alone would say so: 7 in east, 7 and more in west."""
    parted.fill(9, "west")
    rig.update("west", parted.name, {"metadata": {"drctl.fork_seq": "7"}})

    assert not is_covered(rig, parted)


def test_a_tail_is_kept_only_by_a_sealed_rescue_that_has_every_message(rig: Rig, parted: Pair) -> None:
    west, rescue = rig.datastore("west"), f"RESCUE_{parted.name}_after3"
    left = side(rig, "east", parted)
    mirror = {"name": parted.name, "opt_start_seq": 4, "external": {"api": "$JS.east.API"}}

    assert "there is no" in not_kept(left, west, FORK, rescue)
    rig.create("west", {"name": rescue, "mirror": mirror})
    eventually(lambda: west.stream(rescue).messages == 4)
    assert "not sealed" in not_kept(left, west, FORK, rescue)
    west.seal_tail(rescue)
    assert not_kept(left, west, FORK, rescue) == ""
    assert "5 messages" in not_kept(left, west, FORK - 1, rescue)
