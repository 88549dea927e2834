from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from drctl.core.observed import ObjectRef
from drctl.core.verdict import Health, Tier
from drctl.steps.await_workloads import AwaitWorkloads
from drctl.steps.scaling import WorkloadItem, judge_complete
from fakes.calls import Fault
from fakes.shop import EAST, WEST
from steps.table import CONVERGED, case, found, nothing, settled, verified

if TYPE_CHECKING:
    from collections.abc import Callable

    from drctl.core.observed import WorkloadState
    from fakes.cluster import FakeWorkload
    from fakes.world import World

API = WorkloadItem(ObjectRef("deployment", "shop", "api"), Tier.CRITICAL, 2)
MAILER = WorkloadItem(ObjectRef("deployment", "shop", "mailer"), Tier.REST, 1)
STEP = AwaitWorkloads("await_workloads:east", EAST, (API, MAILER), timedelta(minutes=5), timedelta(seconds=1))


def api(world: World) -> FakeWorkload:
    return world.region(EAST).cluster.named("api")


def mailer(world: World) -> FakeWorkload:
    return world.region(EAST).cluster.named("mailer")


def scale_further(world: World) -> None:
    api(world).set_replicas(4)
    api(world).ready_after = 0


def test_it_never_has_anything_to_write(world: World) -> None:
    assert found(STEP, world) == CONVERGED


@pytest.mark.parametrize(
    ("arrange", "expected"),
    [
        case("complete workloads are healthy", nothing, Health.HEALTHY),
        case("missing pods are waited for", lambda world: setattr(api(world), "pods", 1), Health.PROGRESSING),
        case(
            "a silent control plane is waited for",
            lambda world: world.calls.fail("east/cluster/workload *", Fault.UNREACHABLE),
            Health.PROGRESSING,
        ),
        case(
            "a critical workload whose pods cannot be made fails at once",
            lambda world: setattr(api(world), "failure", "exceeded quota"),
            Health.FAILED,
        ),
        case(
            "a lesser workload whose pods cannot be made leaves it degraded",
            lambda world: setattr(mailer(world), "failure", "exceeded quota"),
            Health.DEGRADED,
        ),
        case(
            "a critical workload that was deleted fails",
            lambda world: world.region(EAST).cluster.deployed.pop(API.ref),
            Health.FAILED,
        ),
        case(
            "a lesser workload that was deleted leaves it degraded",
            lambda world: world.region(EAST).cluster.deployed.pop(MAILER.ref),
            Health.DEGRADED,
        ),
        case(
            "more replicas than wanted, all complete, are healthy",
            scale_further,
            Health.HEALTHY,
        ),
    ],
)
def test_what_it_sees(world: World, arrange: Callable[[World], object], expected: Health) -> None:
    arrange(world)

    assert verified(STEP, world).health is expected


def test_pods_that_come_later_make_it_healthy(world: World) -> None:
    api(world).set_replicas(3)
    step = replace(STEP, items=(replace(API, replicas=3),))

    assert verified(step, world).health is Health.PROGRESSING
    assert settled(step, world) is Health.HEALTHY


def test_a_workload_that_is_not_complete_says_why(world: World) -> None:
    step = replace(STEP, region=WEST)
    world.region(WEST).cluster.named("api").set_replicas(2)

    assert "ContainerCreating" in verified(step, world).message


def test_a_diagnosis_that_fails_hides_nothing(world: World) -> None:
    step = replace(STEP, region=WEST)
    world.calls.fail("west/cluster/diagnose*", Fault.DENIED)

    verdict = verified(step, world)

    assert verdict.health is Health.PROGRESSING
    assert "denied" in verdict.message


@pytest.mark.parametrize(
    ("change", "health"),
    [
        case("a status about the past does not count", lambda s: replace(s, observed_generation=0), Health.PROGRESSING),
        case("a spec below the wish does not count", lambda s: replace(s, replicas=1), Health.PROGRESSING),
        case("old pods do not count", lambda s: replace(s, updated=1), Health.PROGRESSING),
        case("pods beyond the updated ones are old", lambda s: replace(s, replicas_seen=3), Health.PROGRESSING),
        case("pods that are not available do not count", lambda s: replace(s, available=1), Health.PROGRESSING),
        case("without a ready endpoint nobody is served", lambda s: replace(s, endpoints_ready=0), Health.PROGRESSING),
        case("without a Service no endpoint is needed", lambda s: replace(s, endpoints_ready=None), Health.HEALTHY),
        case("a failure to make pods is final", lambda s: replace(s, failure="quota"), Health.FAILED),
    ],
)
def test_how_one_workload_is_judged(
    world: World, change: Callable[[WorkloadState], WorkloadState], health: Health
) -> None:
    complete = world.region(EAST).cluster.workload(API.ref)
    assert judge_complete(API, complete).health is Health.HEALTHY

    assert judge_complete(API, change(complete)).health is health
