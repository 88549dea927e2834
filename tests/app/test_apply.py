"""One item's write: sent once, then looked at."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from drctl.app.apply import apply_item
from drctl.core.check import Diverged
from drctl.core.events import ItemApplied, ItemFailed
from drctl.core.lock import Stamp
from drctl.core.observed import ObjectRef
from drctl.core.verdict import Tier
from drctl.steps.scale_workload import ScaleWorkload
from drctl.steps.scaling import WorkloadItem
from fakes.calls import ALWAYS, Fault
from fakes.shop import WEST

if TYPE_CHECKING:
    from drctl.core.change import Diff
    from fakes.operator import Operator
    from fakes.world import World

API = WorkloadItem(ObjectRef("deployment", "shop", "api"), Tier.CRITICAL, 2)
STEP = ScaleWorkload("scale_workload:west", WEST, (API,), timedelta(minutes=5))
STAMP = Stamp("run-1", 1)
SCALE = "west/cluster/scale *"


@pytest.fixture
def world(healthy: Operator) -> World:
    return healthy.world


def intended(world: World) -> Diff:
    check = STEP.check(world.reads(STAMP))
    assert isinstance(check, Diverged)
    return check.diff


def applied(world: World, *, stopped: bool = False) -> ItemApplied | ItemFailed:
    return apply_item(STEP, world.writes(STAMP), intended(world), lambda: stopped)


def code(event: ItemApplied | ItemFailed) -> str:
    return event.code if isinstance(event, ItemFailed) else "applied"


def sent(world: World) -> int:
    return world.calls.made["west/cluster/scale deployment/shop/api"]


def replicas(world: World) -> int:
    return world.region(WEST).cluster.named("api").replicas


def test_a_write_that_is_answered_is_applied(world: World) -> None:
    assert applied(world) == ItemApplied(STEP.id, API.name)
    assert (replicas(world), sent(world)) == (2, 1)


def test_a_conflict_with_the_same_diff_is_tried_again(world: World) -> None:
    world.calls.fail(SCALE, Fault.CONFLICT, times=3)

    assert code(applied(world)) == "applied"
    assert sent(world) == 4


def test_conflicts_without_end_are_given_up(world: World) -> None:
    world.calls.fail(SCALE, Fault.CONFLICT, times=ALWAYS)

    assert code(applied(world)) == "conflict"
    assert sent(world) <= 10


def test_a_conflict_with_another_diff_is_drift_and_both_are_shown(world: World) -> None:
    world.calls.before(SCALE, lambda: world.region(WEST).cluster.named("api").set_replicas(1, "eve"))

    event = applied(world)

    assert code(event) == "drifted"
    assert isinstance(event, ItemFailed)
    assert "0 -> 2" in event.message
    assert "1 -> 2" in event.message
    assert replicas(world) == 1


def test_somebody_else_who_did_the_same_is_no_drift(world: World) -> None:
    world.calls.before(SCALE, lambda: world.region(WEST).cluster.named("api").set_replicas(2, "eve"))

    assert code(applied(world)) == "applied"
    assert world.calls.writes == []


def test_a_throttled_write_is_tried_again_until_the_deadline(world: World) -> None:
    world.calls.fail(SCALE, Fault.THROTTLED, times=20)

    assert code(applied(world)) == "applied"


def test_throttled_for_ever_ends_at_the_deadline(world: World) -> None:
    world.calls.fail(SCALE, Fault.THROTTLED, times=ALWAYS)
    began = world.clock.elapsed()

    assert code(applied(world)) == "throttled"
    assert STEP.deadline <= world.clock.elapsed() - began < STEP.deadline + timedelta(seconds=5)


def test_a_write_that_was_applied_without_an_answer_is_found_and_not_sent_again(world: World) -> None:
    world.calls.fail(SCALE, Fault.UNANSWERED)

    assert code(applied(world)) == "applied"
    assert sent(world) == 1


def test_a_lost_write_is_unknown_and_never_sent_again_by_itself(world: World) -> None:
    world.calls.fail(SCALE, Fault.LOST)

    event = applied(world)

    assert isinstance(event, ItemFailed)
    assert (event.code, event.unknown) == ("outcome-unknown", True)
    assert (sent(world), replicas(world)) == (1, 0)


def test_looking_again_has_a_limit_although_nothing_answers(world: World) -> None:
    diff = intended(world)
    world.calls.before(SCALE, lambda: world.calls.fail("west/cluster/workload*", Fault.UNREACHABLE, times=ALWAYS))
    world.calls.fail(SCALE, Fault.UNANSWERED)
    began = world.clock.elapsed()

    event = apply_item(STEP, world.writes(STAMP), diff, lambda: False)

    assert isinstance(event, ItemFailed)
    assert event.unknown
    assert "Looking again" in event.message
    assert world.clock.elapsed() - began < timedelta(seconds=30)


def test_a_silent_reading_before_the_write_is_tried_a_few_times(world: World) -> None:
    diff = intended(world)
    world.calls.fail("west/cluster/workload*", Fault.UNREACHABLE, times=2)

    assert code(apply_item(STEP, world.writes(STAMP), diff, lambda: False)) == "applied"


@pytest.mark.parametrize("fault", [Fault.DENIED, Fault.REFUSED])
def test_a_no_is_final(world: World, fault: Fault) -> None:
    world.calls.fail(SCALE, fault, times=ALWAYS)

    event = applied(world)

    assert isinstance(event, ItemFailed)
    assert (event.code, event.unknown, sent(world)) == (fault.value, False, 1)


def test_an_interrupted_run_does_not_try_again(world: World) -> None:
    world.calls.fail(SCALE, Fault.THROTTLED, times=ALWAYS)

    assert code(applied(world, stopped=True)) == "throttled"
    assert sent(world) == 1
