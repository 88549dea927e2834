from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from drctl.core.contract import FactKind
from drctl.core.errors import ConflictError
from drctl.core.lock import Stamp
from drctl.core.observed import ObjectRef
from drctl.core.verdict import Health, Tier
from drctl.steps.resync_secret import ResyncSecret, SecretItem
from fakes.calls import Fault
from fakes.shop import WEST
from steps.table import CONVERGED, STAMP, apply, case, found, nothing, settled, verified

if TYPE_CHECKING:
    from collections.abc import Callable

    from fakes.secrets import FakeSecret
    from fakes.world import World

ITEM = SecretItem(ObjectRef("externalsecret", "shop", "shop-nats"), Tier.CRITICAL)
STEP = ResyncSecret("resync_secret:west", WEST, (ITEM,), timedelta(minutes=5))
PLACE = "west/externalsecret/shop/shop-nats metadata.annotations"
FORCE = (
    f"{PLACE}.force-sync: None -> <run id, epoch and attempt>",
    f"{PLACE}.drctl.io/synced-before: None -> <synced version>",
    f"{PLACE}.drctl.io/forced-after: None -> <server time>",
    f"{PLACE}.drctl.io/epoch: None -> <epoch>",
    f"{PLACE}.drctl.io/run: None -> <run id>",
)


def secret(world: World) -> FakeSecret:
    return world.region(WEST).secrets.named("shop-nats")


def force(world: World) -> None:
    apply(STEP, world)


def force_and_sync(world: World) -> None:
    apply(STEP, world)
    settled(STEP, world)


@pytest.mark.parametrize(
    ("arrange", "expected"),
    [
        case("a secret that this run has not forced is to be forced", nothing, *FORCE),
        case("a secret that this run has forced is left alone", force, CONVERGED),
        case("a secret that was synced since is left alone", force_and_sync, CONVERGED),
        case(
            "a secret that does not exist is said",
            lambda world: world.region(WEST).secrets.present.clear(),
            ("unknown not-found",),
        ),
        case("a silent region is unknown", lambda world: world.kill(WEST), ("unknown unreachable",)),
    ],
)
def test_what_it_finds(world: World, arrange: Callable[[World], object], expected: tuple[str, ...]) -> None:
    arrange(world)

    assert found(STEP, world) == expected


def test_another_runs_force_does_not_count(world: World) -> None:
    force_and_sync(world)

    check = STEP.check(world.reads(Stamp("run-2", 2)))

    assert check != STEP.check(world.reads(STAMP))


def test_a_force_whose_sync_failed_is_repeated_with_a_new_token(world: World) -> None:
    secret(world).breaks_with = "store: permission denied"
    force_and_sync(world)
    assert found(STEP, world) != CONVERGED
    secret(world).breaks_with = ""
    world.clock.wait(timedelta(seconds=1))

    apply(STEP, world)

    assert secret(world).annotated("force-sync") == "run-1-1-2"
    assert settled(STEP, world) is Health.HEALTHY


def test_a_write_in_between_is_a_conflict(world: World) -> None:
    world.calls.before("west/secrets/force_sync*", lambda: setattr(secret(world), "version", 99))

    with pytest.raises(ConflictError):
        apply(STEP, world)


def test_ready_alone_says_nothing_until_a_sync_followed_the_force(world: World) -> None:
    secret(world).is_served = False
    apply(STEP, world)

    assert secret(world).ready is True
    assert settled(STEP, world) is Health.PROGRESSING

    secret(world).is_served = True
    assert settled(STEP, world) is Health.HEALTHY


def break_the_store(world: World) -> None:
    secret(world).breaks_with = "store: permission denied"
    apply(STEP, world)


def delete_the_secret_by_policy(world: World) -> None:
    force_and_sync(world)
    secret(world).ready_reason = "SecretDeleted"


def turn_unready_after_the_sync(world: World) -> None:
    force_and_sync(world)
    secret(world).ready, secret(world).ready_reason = None, ""


def silence(world: World) -> None:
    force_and_sync(world)
    world.calls.fail("west/secrets/*", Fault.UNREACHABLE, times=1000)


@pytest.mark.parametrize(
    ("arrange", "expected"),
    [
        case("a sync after the force is healthy", force, Health.HEALTHY),
        case("a sync that failed fails the step", break_the_store, Health.FAILED),
        case("Ready without a secret is a failure", delete_the_secret_by_policy, Health.FAILED),
        case("not ready is waited for", turn_unready_after_the_sync, Health.PROGRESSING),
        case("silence is waited for", silence, Health.PROGRESSING),
    ],
)
def test_what_it_sees_in_the_end(world: World, arrange: Callable[[World], object], expected: Health) -> None:
    arrange(world)

    assert settled(STEP, world) is expected


def test_the_age_before_the_force_is_written_down_because_the_force_destroys_it(world: World) -> None:
    before = secret(world).refreshed_at

    (fact,) = STEP.baseline(world.reads(STAMP))

    assert (fact.kind, fact.value) == (FactKind.SECRET_REFRESHED_BEFORE, before)
    force_and_sync(world)
    assert secret(world).refreshed_at != before
    assert verified(STEP, world).health is Health.HEALTHY
