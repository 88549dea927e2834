from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from drctl.core.contract import FactKind
from drctl.core.verdict import Health
from drctl.steps.freeze_point import FreezePoint
from fakes.shop import EAST, WEST, lose_east, order, shop_topology, watch
from steps.table import CONVERGED, STAMP, case, found, nothing, verified

if TYPE_CHECKING:
    from collections.abc import Callable

    from fakes.world import World

STEP = FreezePoint("freeze_point", EAST, WEST, ("DRCTL_HB", "KV_SETTINGS", "ORDERS"), timedelta(minutes=5))


def measured(world: World) -> dict[tuple[FactKind, str], object]:
    facts = STEP.measure(world.probes(STAMP), world.clock.now())
    return {(fact.kind, fact.subject): fact.value for fact in facts}


def test_it_never_writes(world: World) -> None:
    assert found(STEP, world) == CONVERGED


@pytest.mark.parametrize(
    ("arrange", "expected"),
    [
        case("streams that can be read are healthy", nothing, Health.HEALTHY),
        case("a missing stream fails", lambda world: world.region(WEST).jetstream.delete("ORDERS"), Health.FAILED),
        case("a silent target is waited for", lambda world: world.kill(WEST), Health.PROGRESSING),
        case("a silent source does not matter", lambda world: world.kill(EAST), Health.HEALTHY),
    ],
)
def test_what_it_sees(world: World, arrange: Callable[[World], object], expected: Health) -> None:
    arrange(world)

    assert verified(STEP, world).health is expected


def test_it_writes_down_each_mirrors_end(world: World) -> None:
    facts = measured(world)

    assert facts[FactKind.FREEZE_SEQ, "ORDERS"] == 3
    assert facts[FactKind.FREEZE_TIME, "ORDERS"] == world.region(EAST).jetstream.streams["ORDERS"].last_time


def test_a_loss_that_nobody_can_measure_is_bounded_and_the_bounds_contain_the_truth(world: World) -> None:
    cut_at = world.clock.now() + timedelta(seconds=3)
    lose_east(world, shop_topology(), lost=4)
    killed_at = world.samples.kept[-2].at

    facts = measured(world)

    assert facts[FactKind.LOSS_STATE, "ORDERS"] == "bounded"
    assert facts[FactKind.LOSS_MESSAGES_MIN, "ORDERS"] == 4
    assert facts[FactKind.LOSS_MESSAGES_EXACT, "ORDERS"] is None
    seconds = facts[FactKind.LOSS_SECONDS_MAX, "ORDERS"]
    assert isinstance(seconds, float)
    truth = (killed_at - cut_at).total_seconds()
    assert truth <= seconds <= truth + 3


def test_a_watch_that_stopped_in_an_earlier_blip_makes_no_false_bound(world: World) -> None:
    """Its record ends dark; the source came back, took orders that arrived, and more that did not."""
    watch(world, shop_topology(), 3)
    world.kill(EAST)
    watch(world, shop_topology(), 2)
    world.bring_back(EAST)
    world.clock.wait(timedelta(minutes=35))
    order(world, 1)
    anchor = world.clock.now()
    world.cut_link()
    world.clock.wait(timedelta(seconds=90))
    order(world, 5)
    world.kill(EAST)

    facts = measured(world)

    assert facts[FactKind.LOSS_STATE, "ORDERS"] == "bounded"
    seconds = facts[FactKind.LOSS_SECONDS_MAX, "ORDERS"]
    assert isinstance(seconds, float)
    assert seconds >= (world.clock.now() - anchor).total_seconds()
    assert facts[FactKind.SOURCE_FAILED_SINCE, EAST] is None


def test_a_fenced_source_that_answers_gives_the_exact_loss(world: World) -> None:
    world.cut_link()
    order(world, 2)
    for name in ("ORDERS", "KV_SETTINGS"):
        world.region(EAST).datastore.fence(name, STAMP)

    facts = measured(world)

    assert facts[FactKind.LOSS_STATE, "ORDERS"] == "measured"
    assert facts[FactKind.LOSS_MESSAGES_EXACT, "ORDERS"] == 2
    assert facts[FactKind.LOSS_MESSAGES_EXACT, "KV_SETTINGS"] == 0


def test_a_source_that_answers_unfenced_is_only_bounded_because_it_still_takes_writes(world: World) -> None:
    watch(world, shop_topology(), 2)

    assert measured(world)[FactKind.LOSS_STATE, "ORDERS"] == "bounded"


def test_nothing_ever_arrived_and_nothing_is_known(world: World) -> None:
    west = world.region(WEST).jetstream
    world.cut_link()
    for stream in west.streams.values():
        stream.messages, stream.last_seq = [], 0
    world.kill(EAST)

    facts = measured(world)

    assert facts[FactKind.LOSS_STATE, "ORDERS"] == "unknown"
    assert facts[FactKind.LOSS_SECONDS_MAX, "ORDERS"] is None


def test_the_heartbeat_stream_is_in_no_loss(world: World) -> None:
    assert (FactKind.LOSS_STATE, "DRCTL_HB") not in measured(world)


def test_a_promoted_stream_speaks_from_its_fork_so_that_a_resumed_run_states_the_same(world: World) -> None:
    lose_east(world, shop_topology())
    before = measured(world)
    promoted = world.region(WEST).jetstream.streams["ORDERS"]
    config = {key: value for key, value in promoted.config.items() if key != "mirror"}
    last = promoted.last_time
    fork = {"drctl.fork_seq": "3", "drctl.fork_ts": last.isoformat() if last else ""}
    world.region(WEST).jetstream.update(config | {"subjects": ["orders.>"], "metadata": fork})
    order(world, 5, WEST)

    assert measured(world) == before


def test_clocks_that_differ_make_the_bound_wider(world: World) -> None:
    lose_east(world, shop_topology())
    straight = measured(world)[FactKind.LOSS_SECONDS_MAX, "ORDERS"]
    world.region(WEST).datastore.skew = timedelta(seconds=-2)

    skewed = measured(world)[FactKind.LOSS_SECONDS_MAX, "ORDERS"]

    assert isinstance(straight, float)
    assert skewed == straight + 2
