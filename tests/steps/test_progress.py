"""A run that is taken up asks its first steps again: they must not undo what its later ones did."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from drctl.core.errors import UnreachableError
from drctl.core.lock import Stamp
from drctl.core.observed import ObjectRef
from drctl.core.verdict import Health, Tier
from drctl.ports.datastore import MirrorWish, PromotionWish
from drctl.steps.drain_streams import DrainStreams
from drctl.steps.fence_streams import FenceItem, FenceStreams
from drctl.steps.fence_workloads import FenceWorkloads
from drctl.steps.rebuild_mirror import RebuildItem, RebuildMirror
from drctl.steps.replication import ReplicaItem
from drctl.steps.scaling import WorkloadItem
from fakes.calls import ALWAYS, Fault
from fakes.shop import EAST, WEST
from steps.table import CONVERGED, STAMP, apply, found, verified

if TYPE_CHECKING:
    from fakes.world import World

LIMIT = timedelta(minutes=5)
FENCE = FenceStreams("fence_streams:east", EAST, (FenceItem("ORDERS", Tier.CRITICAL),), LIMIT)
API = WorkloadItem(ObjectRef("deployment", "shop", "api"), Tier.CRITICAL, 0)
STOP = FenceWorkloads("fence_workloads:east", EAST, (API,), LIMIT, returns=True)
STOP_FOR_GOOD = FenceWorkloads("fence_workloads:east", EAST, (API,), LIMIT)
REBUILD = RebuildMirror("rebuild_mirror:east", EAST, WEST, (RebuildItem("ORDERS", Tier.CRITICAL),), LIMIT)
DRAIN = DrainStreams("drain_streams:west", WEST, EAST, (ReplicaItem("ORDERS", Tier.CRITICAL),), LIMIT)


@pytest.fixture
def gone_on(world: World) -> World:
    """East was fenced, rebuilt, and promoted again by run-1; its workloads serve."""
    east, west = world.region(EAST).datastore, world.region(WEST).datastore
    east.fence("ORDERS", STAMP)
    west.promote(PromotionWish("ORDERS", ("orders.>",)), STAMP)
    west.fence("ORDERS", STAMP)
    east.rebuild_mirror(MirrorWish("ORDERS", WEST, west.stream("ORDERS").config), STAMP)
    east.promote(PromotionWish("ORDERS", ("orders.>",)), STAMP)
    return world


def test_a_stream_that_this_run_promoted_is_not_fenced_again(gone_on: World) -> None:
    assert found(FENCE, gone_on) == CONVERGED
    assert verified(FENCE, gone_on).health is Health.HEALTHY


def test_a_stream_that_another_run_promoted_is(gone_on: World) -> None:
    later = Stamp("run-2", 2)

    assert FENCE.check(gone_on.reads(later)) != FENCE.check(gone_on.reads(STAMP))


def test_a_look_without_a_run_counts_nothing_as_its_own(world: World) -> None:
    nobody = Stamp("", 0)

    assert FENCE.check(world.reads(nobody)) == FENCE.check(world.reads(STAMP))
    assert found(FENCE, world) != CONVERGED


def test_workloads_that_this_run_has_started_since_are_not_stopped_again(gone_on: World) -> None:
    assert found(STOP, gone_on) == CONVERGED
    assert verified(STOP, gone_on).health is Health.HEALTHY


def test_workloads_that_a_plan_stops_for_good_are(gone_on: World) -> None:
    assert found(STOP_FOR_GOOD, gone_on) != CONVERGED


def test_a_region_whose_streams_do_not_say_is_not_stopped_on_a_guess(gone_on: World) -> None:
    gone_on.calls.fail("east/datastore/streams", Fault.UNREACHABLE, times=ALWAYS)

    with pytest.raises(UnreachableError):
        STOP.check(gone_on.reads(STAMP))
    assert verified(STOP, gone_on).health is Health.PROGRESSING
    assert found(STOP_FOR_GOOD, gone_on) != CONVERGED


def test_a_stream_that_this_run_promoted_is_not_rebuilt_again(gone_on: World) -> None:
    assert found(REBUILD, gone_on) == CONVERGED
    assert verified(REBUILD, gone_on).health is Health.HEALTHY


def test_what_this_run_promoted_was_drained_before(gone_on: World) -> None:
    gone_on.region(WEST).jetstream.delete("ORDERS")

    assert verified(DRAIN, gone_on).health is Health.HEALTHY


def test_a_source_that_still_takes_writes_was_never_drained(world: World) -> None:
    step = DrainStreams("drain_streams:east", EAST, WEST, DRAIN.items, LIMIT)

    assert verified(step, world).health is Health.FAILED


def test_a_mirror_that_was_killed_between_delete_and_create_is_created(world: World) -> None:
    west = world.region(WEST).datastore
    apply(FENCE, world)
    west.promote(PromotionWish("ORDERS", ("orders.>",)), STAMP)
    world.region(EAST).jetstream.delete("ORDERS")

    assert [line.partition(":")[0].rpartition(" ")[2] for line in found(REBUILD, world)] == [
        "metadata.drctl.epoch",
        "metadata.drctl.run",
        "mirror",
    ]
    apply(REBUILD, world)

    assert world.region(EAST).jetstream.streams["ORDERS"].last_seq == 3
    assert found(REBUILD, world) == CONVERGED
