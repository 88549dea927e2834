"""A wait has three ends: it stands, it has failed, it is out of time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from drctl.app.waiting import Awaited, await_verdict, next_poll
from drctl.core.lock import Stamp
from drctl.core.observed import ObjectRef
from drctl.core.verdict import Health, Tier
from drctl.steps.await_workloads import AwaitWorkloads
from drctl.steps.scaling import WorkloadItem
from fakes.calls import ALWAYS, Fault
from fakes.shop import WEST

if TYPE_CHECKING:
    from fakes.cluster import FakeWorkload
    from fakes.operator import Operator
    from fakes.world import World

API = WorkloadItem(ObjectRef("deployment", "shop", "api"), Tier.CRITICAL, 2)
MAILER = WorkloadItem(ObjectRef("deployment", "shop", "mailer"), Tier.REST, 1)
STEP = AwaitWorkloads("await_workloads:west", WEST, (API, MAILER), timedelta(seconds=60), timedelta(seconds=1))


@pytest.fixture
def world(healthy: Operator) -> World:
    for name, replicas in (("api", 2), ("mailer", 1)):
        workload(healthy.world, name).set_replicas(replicas)
    return healthy.world


def workload(world: World, name: str) -> FakeWorkload:
    return world.region(WEST).cluster.named(name)


def awaited(world: World, step: AwaitWorkloads = STEP, *, stopped: bool = False) -> Awaited:
    return await_verdict(step, world.probes(Stamp("run-1", 1)), lambda *_: None, lambda: stopped)


def test_it_ends_when_the_step_has_stood_for_its_window(world: World) -> None:
    began = world.clock.now()

    end = awaited(world)

    assert end.verdict.health is Health.HEALTHY
    assert end.standing_since is not None
    assert began < end.standing_since <= world.clock.now() - STEP.stable_for


def test_a_step_that_falls_back_begins_its_window_anew(world: World) -> None:
    step = replace(STEP, stable_for=timedelta(seconds=10))
    looks: list[datetime] = []

    def fall_at_the_twentieth_look() -> None:
        looks.append(world.clock.now())
        if len(looks) == 20:
            workload(world, "api").pods, workload(world, "api").looks = 1, 0

    world.calls.before("west/cluster/workload deployment/shop/api", fall_at_the_twentieth_look, times=ALWAYS)

    end = awaited(world, step)

    assert end.verdict.health is Health.HEALTHY
    assert end.standing_since is not None
    assert end.standing_since > looks[19]


def test_a_final_failure_ends_it_at_once(world: World) -> None:
    workload(world, "api").failure = "exceeded quota"

    end = awaited(world)

    assert (end.verdict.health, end.waited, end.standing_since) == (Health.FAILED, timedelta(0), None)


def test_a_critical_item_that_is_out_of_time_fails_the_step(world: World) -> None:
    workload(world, "api").ready_after = ALWAYS

    end = awaited(world)

    assert end.verdict.health is Health.FAILED
    assert "out of time" in end.verdict.message
    assert STEP.deadline <= end.waited < STEP.deadline + timedelta(seconds=3)


def test_a_lesser_item_that_is_out_of_time_leaves_it_degraded(world: World) -> None:
    workload(world, "mailer").ready_after = ALWAYS

    end = awaited(world)

    assert end.verdict.health is Health.DEGRADED
    assert end.standing_since is not None


def test_a_step_that_stands_at_its_deadline_is_given_the_rest_of_its_window(world: World) -> None:
    step = replace(STEP, stable_for=STEP.deadline)

    end = awaited(world, step)

    assert end.verdict.health is Health.HEALTHY
    assert step.deadline < end.waited < step.deadline + timedelta(seconds=10)


def test_silence_until_the_deadline_is_a_failure_and_never_a_pass(world: World) -> None:
    world.calls.fail("west/cluster/*", Fault.UNREACHABLE, times=ALWAYS)

    assert awaited(world).verdict.health is Health.FAILED


def test_an_interrupted_wait_ends_early_and_stands_for_nothing(world: World) -> None:
    end = awaited(world, stopped=True)

    assert end.standing_since is None
    assert end.verdict.health is Health.PROGRESSING


@pytest.mark.parametrize(
    ("waited", "pause"),
    [
        pytest.param(0, 0.1, id="at_least_a_tenth_of_a_second"),
        pytest.param(20, 1, id="five_percent_of_the_time_waited"),
        pytest.param(600, 2, id="at_most_two_seconds"),
    ],
)
def test_how_long_it_waits_between_two_looks(waited: float, pause: float) -> None:
    assert next_poll(timedelta(seconds=waited)) == timedelta(seconds=pause)
