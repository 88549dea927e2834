from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from drctl.core.contract import FactKind
from drctl.core.observed import ObjectRef, RecordState
from drctl.core.topology import Region
from drctl.core.verdict import Health, Tier
from drctl.steps.scaling import WorkloadItem
from drctl.steps.settle import Settle
from fakes.calls import Fault
from fakes.shop import ADDRESSES, EAST, NAME, READ, TTL, WEST, ZONE
from steps.table import CONVERGED, STAMP, case, found, nothing, verified

if TYPE_CHECKING:
    from collections.abc import Callable

    from fakes.world import World

ITEMS = (
    WorkloadItem(ObjectRef("deployment", "shop", "api"), Tier.CRITICAL, 2),
    WorkloadItem(ObjectRef("deployment", "shop", "mailer"), Tier.REST, 1),
)
STEP = Settle("settle:east", Region(EAST, (ADDRESSES[EAST],)), READ, ITEMS, timedelta(minutes=5), timedelta(seconds=3))


def point_west(world: World) -> None:
    world.zones[ZONE].put(RecordState(NAME, "A", TTL, (ADDRESSES[WEST],)))
    for workload in world.region(WEST).cluster.deployed.values():
        workload.set_replicas(1)
        workload.pods = 1


def scale_back(name: str) -> Callable[[World], None]:
    return lambda world: world.region(EAST).cluster.named(name).set_replicas(0, "argocd-controller")


def test_it_never_writes(world: World) -> None:
    assert found(STEP, world) == CONVERGED


@pytest.mark.parametrize(
    ("arrange", "expected"),
    [
        case("a public name that answers from the target is healthy", nothing, Health.HEALTHY),
        case("an answer from elsewhere is waited for", point_west, Health.PROGRESSING),
        case("a name that does not resolve is waited for", lambda w: w.zones[ZONE].records.clear(), Health.PROGRESSING),
        case("a silent address is waited for", lambda w: w.calls.fail("east/http/*", Fault.LOST), Health.PROGRESSING),
        case(
            "an error is waited for",
            lambda world: setattr(world.region(EAST).cluster.named("api"), "pods", 0),
            Health.PROGRESSING,
        ),
        case("a critical workload that was scaled back fails", scale_back("api"), Health.FAILED),
        case("a lesser workload that was scaled back leaves it degraded", scale_back("mailer"), Health.DEGRADED),
        case(
            "a control plane that falls silent is waited for",
            lambda world: world.calls.fail("east/cluster/*", Fault.UNREACHABLE),
            Health.PROGRESSING,
        ),
    ],
)
def test_what_it_sees(world: World, arrange: Callable[[World], object], expected: Health) -> None:
    arrange(world)

    assert verified(STEP, world).health is expected


def test_who_scaled_back_is_named(world: World) -> None:
    scale_back("api")(world)

    assert "argocd-controller" in verified(STEP, world).message


def test_a_client_still_goes_to_the_old_address_until_its_ttl_is_over(world: World) -> None:
    step = Settle("settle:west", Region(WEST, (ADDRESSES[WEST],)), READ, (), STEP.deadline, STEP.stable_for)
    assert verified(step, world).health is Health.PROGRESSING
    point_west(world)

    assert verified(step, world).health is Health.PROGRESSING
    world.clock.wait(timedelta(seconds=TTL))

    assert verified(step, world).health is Health.HEALTHY


def test_it_records_since_when_the_name_was_served(world: World) -> None:
    since = world.clock.now()

    (fact,) = STEP.measure(world.probes(STAMP), since)

    assert (fact.kind, fact.value) == (FactKind.SERVED_SINCE, since)
