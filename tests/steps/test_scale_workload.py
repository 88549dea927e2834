from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from drctl.core.change import Diff
from drctl.core.check import Diverged
from drctl.core.errors import ConflictError
from drctl.core.observed import ObjectRef
from drctl.core.verdict import Health, Tier
from drctl.steps.scale_workload import ScaleWorkload
from drctl.steps.scaling import WorkloadItem
from fakes.calls import ALWAYS, Fault
from fakes.shop import WEST
from steps.table import CONVERGED, STAMP, apply, case, found, nothing, settled, verified

if TYPE_CHECKING:
    from collections.abc import Callable

    from fakes.cluster import FakeWorkload
    from fakes.world import World

API = WorkloadItem(ObjectRef("deployment", "shop", "api"), Tier.CRITICAL, 2)
MAILER = WorkloadItem(ObjectRef("deployment", "shop", "mailer"), Tier.REST, 1)
STEP = ScaleWorkload("scale_workload:west", WEST, (API, MAILER), timedelta(minutes=5))
API_UP = "west/deployment/shop/api spec.replicas: 0 -> 2"
MAILER_UP = "west/deployment/shop/mailer spec.replicas: 0 -> 1"


def api(world: World) -> FakeWorkload:
    return world.region(WEST).cluster.named("api")


def pause_with_pods(world: World) -> None:
    api(world).set_replicas(1)
    api(world).pods, api(world).paused = 1, True


@pytest.mark.parametrize(
    ("arrange", "expected"),
    [
        case("workloads at zero are to be scaled up", nothing, API_UP, MAILER_UP),
        case(
            "a workload above its floor is scaled the rest of the way",
            lambda world: api(world).set_replicas(1),
            "west/deployment/shop/api spec.replicas: 1 -> 2",
            MAILER_UP,
        ),
        case("more replicas than wanted are left alone", lambda world: api(world).set_replicas(5), (MAILER_UP,)),
        case(
            "a workload that is paused at zero blocks",
            lambda world: setattr(api(world), "paused", True),
            ("blocked workload-paused",),
        ),
        case(
            "a paused workload that has pods is scaled",
            pause_with_pods,
            "west/deployment/shop/api spec.replicas: 1 -> 2",
            MAILER_UP,
        ),
        case(
            "a workload that does not exist blocks",
            lambda world: world.region(WEST).cluster.deployed.pop(API.ref),
            ("blocked workload-missing",),
        ),
        case(
            "a silent control plane is unknown, not converged",
            lambda world: world.kill(WEST),
            ("unknown unreachable",),
        ),
        case(
            "a refusal is said as what it is",
            lambda world: world.calls.fail("west/cluster/*", Fault.DENIED),
            ("unknown denied",),
        ),
    ],
)
def test_what_it_finds(world: World, arrange: Callable[[World], object], expected: tuple[str, ...]) -> None:
    arrange(world)

    assert found(STEP, world) == expected


def test_it_gives_each_workload_its_replicas_and_then_finds_nothing(world: World) -> None:
    apply(STEP, world)

    assert (api(world).replicas, world.region(WEST).cluster.named("mailer").replicas) == (2, 1)
    assert found(STEP, world) == CONVERGED


def test_it_never_scales_down_what_somebody_scaled_further(world: World) -> None:
    check = STEP.check(world.reads(STAMP))
    assert isinstance(check, Diverged)
    api(world).set_replicas(7)

    STEP.apply(world.writes(STAMP), Diff(check.diff.changes[:1]))

    assert api(world).replicas == 7
    assert world.calls.writes == []


def test_a_write_in_between_is_a_conflict_and_nothing_is_written(world: World) -> None:
    world.calls.before("west/cluster/scale *", lambda: api(world).set_replicas(1, "eve"))

    with pytest.raises(ConflictError):
        apply(STEP, world)

    assert api(world).replicas == 1


def test_it_is_healthy_when_the_spec_says_so_and_does_not_wait_for_pods(world: World) -> None:
    assert verified(STEP, world).health is Health.PROGRESSING
    api(world).ready_after = ALWAYS

    apply(STEP, world)

    assert verified(STEP, world).health is Health.HEALTHY


def test_a_silent_control_plane_is_waited_for(world: World) -> None:
    apply(STEP, world)
    world.calls.fail("west/cluster/workload*", Fault.UNREACHABLE, times=4)

    assert verified(STEP, world).health is Health.PROGRESSING
    assert settled(STEP, world) is Health.HEALTHY
