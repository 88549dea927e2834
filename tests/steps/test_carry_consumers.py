from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from drctl.core.contract import FactKind
from drctl.core.verdict import Health, Tier
from drctl.steps.carry_consumers import CarryConsumers, ConsumerItem
from drctl.steps.promote_stream import PromoteItem, PromoteStream
from fakes.calls import Fault
from fakes.jetstream import Durable
from fakes.shop import EAST, WEST, order, shop_topology, watch
from steps.table import CONVERGED, STAMP, apply, case, found, nothing, verified

if TYPE_CHECKING:
    from collections.abc import Callable

    from fakes.world import World

CONFIG = '{"durable_name": "worker", "ack_policy": "explicit"}'
ITEM = ConsumerItem("ORDERS", "worker", Tier.CRITICAL, 2, CONFIG)
STEP = CarryConsumers("carry_consumers:west", EAST, WEST, (ITEM,), timedelta(minutes=5))
PROMOTE = PromoteStream(
    "promote_stream:west", WEST, (PromoteItem("ORDERS", Tier.CRITICAL, ("orders.>",)),), timedelta(minutes=5)
)
PLACE = "west/consumer/ORDERS/worker"


def start_in_west(world: World) -> object:
    return world.region(WEST).jetstream.streams["ORDERS"].durables["worker"].config["opt_start_seq"]


@pytest.mark.parametrize(
    ("arrange", "expected"),
    [
        case(
            "a durable that the target does not have is to be created",
            nothing,
            f"{PLACE} durable: None -> created",
            f"{PLACE} opt_start_seq: None -> <floor, clamped, plus one>",
        ),
        case("a durable that is there is left alone", lambda world: apply(STEP, world), CONVERGED),
        case("a silent region is unknown", lambda world: world.kill(WEST), ("unknown unreachable",)),
        case(
            "a stream that is gone is said",
            lambda world: world.region(WEST).jetstream.delete("ORDERS"),
            ("unknown not-found",),
        ),
    ],
)
def test_what_it_finds(world: World, arrange: Callable[[World], object], expected: tuple[str, ...]) -> None:
    arrange(world)

    assert found(STEP, world) == expected


def test_a_durable_starts_after_what_was_acknowledged(world: World) -> None:
    apply(STEP, world)

    assert start_in_west(world) == 3
    assert verified(STEP, world).health is Health.HEALTHY


def test_a_newer_floor_that_a_heartbeat_carried_counts(world: World) -> None:
    world.region(EAST).jetstream.streams["ORDERS"].durables["worker"].acknowledged = 3
    watch(world, shop_topology(), 1)

    apply(STEP, world)

    assert start_in_west(world) == 4


def test_a_floor_beyond_the_mirrors_end_is_clamped_so_that_new_messages_are_not_skipped(world: World) -> None:
    world.cut_link()
    order(world, 5)
    apply(PROMOTE, world)

    apply(replace(STEP, items=(replace(ITEM, floor=7),)), world)

    assert start_in_west(world) == 4


def test_a_floor_beyond_the_fork_is_clamped_also_when_new_messages_came_first(world: World) -> None:
    world.cut_link()
    apply(PROMOTE, world)
    order(world, 5, WEST)

    apply(replace(STEP, items=(replace(ITEM, floor=7),)), world)

    assert start_in_west(world) == 4


def hide_the_durable(world: World) -> None:
    apply(STEP, world)
    world.calls.fail("west/datastore/consumers*", Fault.UNREACHABLE)


@pytest.mark.parametrize(
    ("arrange", "expected"),
    [
        case("a durable that is not there is waited for", nothing, Health.PROGRESSING),
        case("silence is waited for", hide_the_durable, Health.PROGRESSING),
        case("every durable there is healthy", lambda world: apply(STEP, world), Health.HEALTHY),
    ],
)
def test_what_it_sees(world: World, arrange: Callable[[World], object], expected: Health) -> None:
    arrange(world)

    assert verified(STEP, world).health is expected


def test_it_records_each_durables_first_sequence(world: World) -> None:
    apply(STEP, world)

    (fact,) = STEP.measure(world.probes(STAMP), world.clock.now())

    assert (fact.kind, fact.subject, fact.note) == (FactKind.CONSUMER_CARRIED, "ORDERS/worker", "starts at 3")


def test_a_durable_of_the_target_that_stands_further_is_left_alone(world: World) -> None:
    west = world.region(WEST).jetstream.streams["ORDERS"]
    west.durables["worker"] = Durable({"durable_name": "worker"}, acknowledged=3)

    assert found(STEP, world) == CONVERGED
