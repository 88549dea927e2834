"""Giving durables to promoted streams, at positions that skip nothing."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import pytest

from drctl.core.errors import NotFoundError, RefusedError
from drctl.ports.datastore import PromotionWish

if TYPE_CHECKING:
    from contract.nats.rigs import Pair, Rig
    from drctl.core.lock import Stamp
    from drctl.core.observed import ConsumerState


def promote(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    rig.datastore("west").promote(PromotionWish(pair.name, (f"{pair.subject}.>",)), stamp)


def durable(rig: Rig, pair: Pair, acknowledged: int, region: str = "east") -> ConsumerState:
    rig.consume(region, pair.name, "billing", acknowledged)
    return rig.datastore(region).consumers(pair.name)[0]


def test_a_durable_goes_on_after_its_floor(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    consumer = durable(rig, pair, 2)
    promote(rig, pair, stamp)

    rig.datastore("west").carry_consumer(consumer, 2)

    carried = rig.datastore("west").consumers(pair.name)[0]
    assert (carried.name, carried.floor, carried.start_seq) == ("billing", 2, 3)
    assert rig.next_for("west", pair.name, "billing") == 3


def test_a_durable_that_acknowledged_nothing_begins_at_the_beginning(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    consumer = durable(rig, pair, 0)
    promote(rig, pair, stamp)

    rig.datastore("west").carry_consumer(consumer, 0)

    assert rig.next_for("west", pair.name, "billing") == 1


def test_a_floor_beyond_the_fork_skips_no_new_message(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    """Messages 4 to 8 of the east never came; the west's own 4 must be delivered (nats.md 3.2)."""
    rig.cut()
    try:
        pair.fill(5)
        consumer = durable(rig, pair, 8)
        assert consumer.floor == 8
        promote(rig, pair, stamp)
        pair.fill(2, "west")
        rig.datastore("west").carry_consumer(consumer, 8)
    finally:
        rig.heal()

    assert rig.datastore("west").consumers(pair.name)[0].start_seq == 4
    assert rig.next_for("west", pair.name, "billing") == 4


def test_a_durable_keeps_its_configuration_but_for_its_start(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    consumer = durable(rig, pair, 1)
    promote(rig, pair, stamp)
    rig.datastore("west").carry_consumer(consumer, 1)

    before, after = json.loads(consumer.config), json.loads(rig.datastore("west").consumers(pair.name)[0].config)
    changed = {key for key in before | after if before.get(key) != after.get(key)}
    assert changed == {"deliver_policy", "opt_start_seq"}
    assert after["max_ack_pending"] == 77
    assert after["metadata"] == {"team": "a"}


def test_carrying_twice_changes_nothing(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    consumer = durable(rig, pair, 1)
    promote(rig, pair, stamp)
    rig.datastore("west").carry_consumer(consumer, 1)
    assert rig.next_for("west", pair.name, "billing") == 2

    rig.datastore("west").carry_consumer(consumer, 1)

    assert rig.datastore("west").consumers(pair.name)[0].start_seq == 2


def test_a_durable_that_is_there_beyond_the_wish_is_left_alone(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    consumer = durable(rig, pair, 1)
    durable(rig, pair, 3, "west")
    promote(rig, pair, stamp)

    rig.datastore("west").carry_consumer(consumer, 1)

    assert rig.datastore("west").consumers(pair.name)[0].floor == 3


def test_a_durable_that_is_there_before_the_wish_is_not_moved(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    """It would deliver again what was done: somebody must decide that."""
    consumer = durable(rig, pair, 3)
    durable(rig, pair, 1, "west")
    promote(rig, pair, stamp)

    with pytest.raises(RefusedError, match="billing"):
        rig.datastore("west").carry_consumer(consumer, 3)


def test_a_durable_can_be_carried_a_second_time_round(rig: Rig, pair: Pair, stamp: Stamp) -> None:
    """Its own start of the first journey counts as done too."""
    consumer = durable(rig, pair, 2)
    promote(rig, pair, stamp)
    rig.datastore("west").carry_consumer(consumer, 2)
    home = dataclasses.replace(rig.datastore("west").consumers(pair.name)[0], name="billing-home")

    rig.datastore("west").carry_consumer(home, 0)

    found = {one.name: one.start_seq for one in rig.datastore("west").consumers(pair.name)}
    assert found == {"billing": 3, "billing-home": 3}


def test_a_durable_of_a_stream_that_is_not_there_cannot_be_carried(rig: Rig, pair: Pair) -> None:
    consumer = dataclasses.replace(durable(rig, pair, 1), stream=f"{pair.name}_not")

    with pytest.raises(NotFoundError, match=f"{pair.name}_not"):
        rig.datastore("west").carry_consumer(consumer, 1)
