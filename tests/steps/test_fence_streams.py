from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from drctl.core.errors import RefusedError
from drctl.core.lock import Stamp
from drctl.core.verdict import Health, Tier
from drctl.steps.fence_streams import FenceItem, FenceStreams
from drctl.steps.promote_stream import PromoteItem, PromoteStream
from fakes.calls import Fault
from fakes.shop import EAST, WEST
from steps.table import CONVERGED, apply, case, found, nothing, verified

if TYPE_CHECKING:
    from collections.abc import Callable

    from fakes.world import World

STEP = FenceStreams(
    "fence_streams:east",
    EAST,
    (FenceItem("KV_SETTINGS", Tier.CRITICAL), FenceItem("ORDERS", Tier.CRITICAL)),
    timedelta(minutes=5),
)


def fence_of(name: str, subject: str) -> tuple[str, ...]:
    place = f"east/stream/{name}"
    return (
        f"{place} subjects: ('{subject}',) -> ('_drctl.fenced.{name}',)",
        f'{place} metadata.drctl.subjects: None -> ["{subject}"]',
        f"{place} metadata.drctl.epoch: None -> <epoch>",
        f"{place} metadata.drctl.run: None -> <run id>",
    )


@pytest.mark.parametrize(
    ("arrange", "expected"),
    [
        case(
            "every stream that takes writes loses its subjects",
            nothing,
            *fence_of("KV_SETTINGS", "$KV.SETTINGS.>"),
            *fence_of("ORDERS", "orders.>"),
        ),
        case(
            "a stream that does not exist takes no writes",
            lambda world: world.region(EAST).jetstream.delete("ORDERS"),
            *fence_of("KV_SETTINGS", "$KV.SETTINGS.>"),
        ),
        case("a fenced region has nothing to be done", lambda world: apply(STEP, world), CONVERGED),
        case(
            "a silent region leaves its writers unknown",
            lambda world: world.kill(EAST),
            ("blocked source-writers-unknown",),
        ),
        case(
            "a refusal is no silence: nobody may accept it as one",
            lambda world: world.calls.fail("east/datastore/*", Fault.DENIED),
            ("unknown denied",),
        ),
    ],
)
def test_what_it_finds(world: World, arrange: Callable[[World], object], expected: tuple[str, ...]) -> None:
    arrange(world)

    assert found(STEP, world) == expected


def forget_the_origin(world: World) -> None:
    world.cut_link()
    world.clock.wait(timedelta(seconds=6))


def fence_then_forget_the_origin(world: World) -> None:
    apply(STEP, world)
    forget_the_origin(world)


def promote_west(world: World) -> None:
    mirrors = tuple(PromoteItem(item.name, item.tier, (f"{item.name}.>",)) for item in STEP.items)
    apply(PromoteStream("promote_stream:west:streams", WEST, mirrors, STEP.deadline), world)


@pytest.mark.parametrize(
    ("arrange", "expected"),
    [
        case(
            "mirrors that hear their origin can drain: the fence may come",
            nothing,
            *fence_of("KV_SETTINGS", "$KV.SETTINGS.>"),
            *fence_of("ORDERS", "orders.>"),
        ),
        case(
            "a link that was lost since makes an outage of the fence",
            forget_the_origin,
            "blocked replication-stalled",
            "blocked replication-stalled",
        ),
        case(
            "what takes writes itself is no mirror to drain into",
            promote_west,
            "blocked both-active",
            "blocked both-active",
        ),
        case("a target that does not answer proves nothing", lambda world: world.kill(WEST), ("unknown unreachable",)),
        case(
            "what is fenced already is not asked about its mirror",
            fence_then_forget_the_origin,
            CONVERGED,
        ),
    ],
)
def test_a_planned_fence_comes_only_where_a_drain_would_end(
    world: World, arrange: Callable[[World], object], expected: tuple[str, ...]
) -> None:
    arrange(world)

    assert found(replace(STEP, mirrored_in=WEST), world) == expected


def test_mirrors_are_left_alone(world: World) -> None:
    step = FenceStreams("fence_streams:west", WEST, STEP.items, STEP.deadline)

    assert found(step, world) == CONVERGED
    assert verified(step, world).health is Health.HEALTHY


def test_a_fenced_stream_stores_nothing_and_remembers_its_subjects(world: World) -> None:
    east = world.region(EAST).jetstream

    apply(STEP, world)

    assert east.publish("orders.new") == ()
    metadata = east.streams["ORDERS"].metadata
    assert json.loads(metadata["drctl.subjects"]) == ["orders.>"]
    assert (metadata["drctl.epoch"], metadata["drctl.run"]) == ("1", "run-1")
    assert verified(STEP, world).health is Health.HEALTHY


def test_fencing_again_keeps_the_subjects_that_were_kept(world: World) -> None:
    apply(STEP, world)

    world.region(EAST).datastore.fence("ORDERS", Stamp("run-2", 2))

    assert json.loads(world.region(EAST).jetstream.streams["ORDERS"].metadata["drctl.subjects"]) == ["orders.>"]


def test_a_later_runs_stream_is_not_fenced_by_an_earlier_one(world: World) -> None:
    world.region(EAST).jetstream.streams["KV_SETTINGS"].config["metadata"] = {"drctl.epoch": "9"}

    with pytest.raises(RefusedError, match="epoch 9"):
        apply(STEP, world)


def fence_then_let_another_take_the_subjects(world: World) -> None:
    apply(STEP, world)
    world.region(EAST).jetstream.create({"name": "COPY", "subjects": ["orders.>"]})


def fence_then_silence_the_probe(world: World) -> None:
    apply(STEP, world)
    world.calls.fail("east/datastore/binders*", Fault.UNREACHABLE)


@pytest.mark.parametrize(
    ("arrange", "expected"),
    [
        case("a stream that still takes writes is waited for", nothing, Health.PROGRESSING),
        case("fenced streams are healthy", lambda world: apply(STEP, world), Health.HEALTHY),
        case(
            "another stream that took the subjects over is found by the probe",
            fence_then_let_another_take_the_subjects,
            Health.PROGRESSING,
        ),
        case(
            "a probe that is not answered proves nothing",
            fence_then_silence_the_probe,
            Health.PROGRESSING,
        ),
        case(
            "streams that do not exist take no writes",
            lambda world: world.region(EAST).jetstream.streams.clear(),
            Health.HEALTHY,
        ),
        case("a silent region is never healthy", lambda world: world.kill(EAST), Health.PROGRESSING),
    ],
)
def test_what_it_sees(world: World, arrange: Callable[[World], object], expected: Health) -> None:
    arrange(world)

    assert verified(STEP, world).health is expected
