from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from drctl.core.observed import ObjectRef
from drctl.core.verdict import Health, Tier
from drctl.steps.fence_workloads import FenceWorkloads
from drctl.steps.scaling import WorkloadItem
from fakes.calls import Fault
from fakes.shop import EAST
from steps.table import CONVERGED, apply, case, found, nothing, settled, verified

if TYPE_CHECKING:
    from collections.abc import Callable

    from fakes.world import World

API = WorkloadItem(ObjectRef("deployment", "shop", "api"), Tier.CRITICAL, 0)
MAILER = WorkloadItem(ObjectRef("deployment", "shop", "mailer"), Tier.REST, 1)
STEP = FenceWorkloads("fence_workloads:east", EAST, (API, MAILER), timedelta(minutes=5))


@pytest.mark.parametrize(
    ("arrange", "expected"),
    [
        case("what runs above its floor is scaled down", nothing, ("east/deployment/shop/api spec.replicas: 2 -> 0",)),
        case(
            "what is at its floor is left alone",
            lambda world: world.region(EAST).cluster.named("api").set_replicas(0),
            CONVERGED,
        ),
        case(
            "a workload that does not exist writes nothing",
            lambda world: world.region(EAST).cluster.deployed.pop(API.ref),
            CONVERGED,
        ),
        case(
            "a silent region leaves its writers unknown",
            lambda world: world.kill(EAST),
            ("blocked source-writers-unknown",),
        ),
        case(
            "a region that falls silent in between leaves its writers unknown",
            lambda world: world.calls.fail("east/cluster/workload *mailer", Fault.UNREACHABLE),
            ("blocked source-writers-unknown",),
        ),
        case(
            "a refusal is no silence: nobody may accept it as one",
            lambda world: world.calls.fail("east/cluster/*", Fault.DENIED),
            ("unknown denied",),
        ),
    ],
)
def test_what_it_finds(world: World, arrange: Callable[[World], object], expected: tuple[str, ...]) -> None:
    arrange(world)

    assert found(STEP, world) == expected


def test_it_is_healthy_when_the_last_pod_above_the_floor_is_gone(world: World) -> None:
    apply(STEP, world)

    assert verified(STEP, world).health is Health.PROGRESSING
    assert settled(STEP, world) is Health.HEALTHY
    assert world.region(EAST).cluster.named("api").pods == 0
    assert found(STEP, world) == CONVERGED
