from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from drctl.core.contract import FactKind
from drctl.core.errors import RefusedError
from drctl.core.verdict import Health, Tier
from drctl.steps.promote_stream import PromoteItem, PromoteStream
from fakes.calls import Fault
from fakes.shop import EAST, WEST
from steps.table import CONVERGED, STAMP, apply, case, found, nothing, verified

if TYPE_CHECKING:
    from collections.abc import Callable

    from fakes.world import World

ORDERS = PromoteItem("ORDERS", Tier.CRITICAL, ("orders.>",))
STEP = PromoteStream("promote_stream:west:streams", WEST, (ORDERS,), timedelta(minutes=5))
PLACE = "west/stream/ORDERS"
SIGNED = (
    f"{PLACE} metadata.drctl.fork_seq: None -> <fork sequence>",
    f"{PLACE} metadata.drctl.fork_ts: None -> <fork time>",
    f"{PLACE} metadata.drctl.epoch: None -> <epoch>",
    f"{PLACE} metadata.drctl.run: None -> <run id>",
    f"{PLACE} metadata.drctl.origin: None -> <origin>",
)
UNBOUND = (f"{PLACE} mirror: ORDERS -> None", f"{PLACE} subjects: () -> ('orders.>',)")
DIRECT = f"{PLACE} mirror_direct: True -> False"
WINDOW = f"{PLACE} duplicate_window: None -> 120000000000"


def orders(world: World, region: str = WEST) -> dict[str, object]:
    return world.region(region).jetstream.streams["ORDERS"].config


def fence_west(world: World) -> None:
    apply(STEP, world)
    world.region(WEST).datastore.fence("ORDERS", STAMP)


def promote_on_other_subjects(world: World) -> None:
    step = replace(STEP, items=(replace(ORDERS, subjects=("other.>",)),))
    apply(step, world)


@pytest.mark.parametrize(
    ("arrange", "expected"),
    [
        case("a mirror is to become a stream on its subjects", nothing, *UNBOUND, DIRECT, WINDOW, *SIGNED),
        case(
            "what the mirror has already is no change",
            lambda world: orders(world).update({"mirror_direct": False, "duplicate_window": 5}),
            *UNBOUND,
            *SIGNED,
        ),
        case("a promoted stream has nothing to be done", lambda world: apply(STEP, world), CONVERGED),
        case(
            "a stream that does not exist blocks",
            lambda world: world.region(WEST).jetstream.delete("ORDERS"),
            ("blocked mirror-missing",),
        ),
        case("somebody's fence is not undone", fence_west, ("blocked stream-fenced",)),
        case("a stream on other subjects is no mirror of it", promote_on_other_subjects, ("blocked stream-foreign",)),
        case("a silent region is unknown", lambda world: world.kill(WEST), ("unknown unreachable",)),
    ],
)
def test_what_it_finds(world: World, arrange: Callable[[World], object], expected: tuple[str, ...]) -> None:
    arrange(world)

    assert found(STEP, world) == expected


def test_features_that_a_mirror_could_not_have_come_back_with_the_promotion(world: World) -> None:
    item = replace(ORDERS, deferred=(("allow_atomic", "true"),))
    step = replace(STEP, items=(item,))
    assert f"{PLACE} allow_atomic: None -> true" in found(step, world)

    apply(step, world)

    assert orders(world)["allow_atomic"] is True


def test_a_promoted_stream_takes_writes_and_remembers_its_fork(world: World) -> None:
    world.kill(EAST)
    west = world.region(WEST).jetstream
    last = west.streams["ORDERS"].last_seq

    apply(STEP, world)

    assert west.publish("orders.new") == ("ORDERS",)
    assert west.streams["ORDERS"].metadata["drctl.fork_seq"] == str(last)
    assert west.streams["ORDERS"].last_seq == last + 1


def test_subjects_that_another_stream_owns_are_refused(world: World) -> None:
    world.region(WEST).jetstream.create({"name": "COPY", "subjects": ["orders.eu.>"]})

    with pytest.raises(RefusedError, match="COPY"):
        apply(STEP, world)


def test_a_later_runs_stream_is_refused(world: World) -> None:
    orders(world)["metadata"] = {"drctl.epoch": "9"}

    with pytest.raises(RefusedError, match="epoch 9"):
        apply(STEP, world)


def promote_and_add_a_second_taker(world: World) -> None:
    apply(STEP, world)
    orders(world)["subjects"] = ["orders.>"]
    west = world.region(WEST).jetstream
    west.create({"name": "COPY", "subjects": ["copies.>"]})
    # Two streams on one subject: the server refuses it within one account, an import can still make it.
    west.streams["COPY"].config["subjects"] = ["orders.>"]


def promote_and_silence_the_probe(world: World) -> None:
    apply(STEP, world)
    world.calls.fail("west/datastore/binders*", Fault.UNREACHABLE)


@pytest.mark.parametrize(
    ("arrange", "expected"),
    [
        case("a mirror takes no writes yet", nothing, Health.PROGRESSING),
        case("a promoted stream takes writes", lambda world: apply(STEP, world), Health.HEALTHY),
        case("two takers store every message twice", promote_and_add_a_second_taker, Health.FAILED),
        case("a probe that is not answered proves nothing", promote_and_silence_the_probe, Health.PROGRESSING),
        case("a silent region is waited for", lambda world: world.kill(WEST), Health.PROGRESSING),
    ],
)
def test_what_it_sees(world: World, arrange: Callable[[World], object], expected: Health) -> None:
    arrange(world)

    assert verified(STEP, world).health is expected


def test_it_records_when_the_stream_was_bound_and_where_it_forked(world: World) -> None:
    apply(STEP, world)
    bound: datetime = world.clock.now()

    facts = {fact.kind: fact for fact in STEP.measure(world.probes(STAMP), bound)}

    assert facts[FactKind.STREAM_BOUND].value == bound
    assert facts[FactKind.FREEZE_SEQ].value == 3
