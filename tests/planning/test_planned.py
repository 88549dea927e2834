"""The planned move and the way home: no outage before it must, nothing lost, and the standby protected again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from drctl.app.gather import gather
from drctl.core.intent import Intent, Mode, Operation
from drctl.planning.failback import plan_failback
from drctl.planning.fence import plan_fence
from drctl.planning.planned import plan_planned
from drctl.steps.drain_streams import DrainStreams
from drctl.steps.fence_streams import FenceStreams
from drctl.steps.fence_workloads import FenceWorkloads
from drctl.steps.rebuild_mirror import RebuildMirror
from drctl.steps.rescue_tail import RescueTail
from fakes.operator import HOME, PLANNED, Operator
from fakes.shop import EAST, INVENTORIES, NOBODY, WEST, lose_east, make_shop, order, shop_topology

if TYPE_CHECKING:
    from drctl.core.inventory import Inventory
    from drctl.planning.plan import Plan


def kinds(plan: Plan) -> list[str]:
    return [step.kind for step in plan.steps()]


def names(plan: Plan) -> list[str]:
    return [phase.name for phase in plan.phases]


@pytest.fixture
def returned() -> Inventory:
    """What is known when east is back after an emergency, still taking writes."""
    operator = Operator(make_shop())
    lose_east(operator.world, operator.topology)
    operator.run()
    order(operator.world, 2, WEST)
    operator.world.bring_back(EAST)
    operator.world.heal_link()
    return gather(operator.world.reads(NOBODY), operator.topology, HOME, INVENTORIES)


def test_everything_slow_is_done_before_the_source_is_fenced(healthy: Inventory) -> None:
    plan = plan_planned(shop_topology(), PLANNED, healthy)

    fence = kinds(plan).index("fence_streams")
    assert kinds(plan)[:fence] == ["resync_secret", "scale_workload", "await_workloads", "smoke"]


def test_the_planned_order(healthy: Inventory) -> None:
    assert names(plan_planned(shop_topology(), PLANNED, healthy)) == [
        "warm",
        "fence and drain",
        "freeze point",
        "promote",
        "start the rest",
        "smoke",
        "switch",
        "settle",
        "stand down",
    ]


def test_nothing_is_promoted_before_it_was_drained(healthy: Inventory) -> None:
    plan = plan_planned(shop_topology(), PLANNED, healthy)

    assert kinds(plan).index("drain_streams") < kinds(plan).index("promote_stream")
    (drain,) = [step for step in plan.steps() if isinstance(step, DrainStreams)]
    assert {item.name for item in drain.items} == {"DRCTL_HB", "KV_SETTINGS", "ORDERS"}


def test_the_source_goes_down_last_and_its_streams_become_mirrors(healthy: Inventory) -> None:
    plan = plan_planned(shop_topology(), PLANNED, healthy)

    assert kinds(plan)[-3:] == ["fence_workloads", "rebuild_mirror", "await_sync"]


def test_a_mirror_that_is_far_behind_stands_in_the_way_before_anything_is_done(healthy: Inventory) -> None:
    assert healthy.source is not None
    ahead = tuple(replace(stream, last_seq=stream.last_seq + 10_001) for stream in healthy.source.streams)

    plan = plan_planned(shop_topology(), PLANNED, replace(healthy, source=replace(healthy.source, streams=ahead)))

    assert {finding.code for finding in plan.findings} == {"replication-lag"}
    assert not any(finding.acceptable for finding in plan.findings)


def test_a_planned_fence_names_the_region_that_it_must_be_able_to_drain_into(healthy: Inventory) -> None:
    plan = plan_planned(shop_topology(), PLANNED, healthy)

    assert [step.mirrored_in for step in plan.steps() if isinstance(step, FenceStreams)] == ["west"]


def test_the_way_home_fences_the_returned_region_before_anything_else(returned: Inventory) -> None:
    plan = plan_failback(shop_topology(), HOME, returned)

    assert names(plan)[:4] == ["isolate the returned region", "link", "rescue", "rebuild"]
    assert kinds(plan)[:3] == ["fence_streams", "fence_workloads", "await_link"]


def test_no_stream_is_rebuilt_before_its_tail_is_sealed_and_none_is_promoted_before_it_is_in_sync(
    returned: Inventory,
) -> None:
    order = kinds(plan_failback(shop_topology(), HOME, returned))

    for before, after in (
        ("rescue_tail", "seal_tail"),
        ("seal_tail", "rebuild_mirror"),
        ("rebuild_mirror", "await_sync"),
        ("await_sync", "promote_stream"),
    ):
        assert order.index(before) < order.index(after)


def test_the_tail_begins_after_the_fork_and_is_named_for_the_move_that_made_it(returned: Inventory) -> None:
    (rescue,) = [s for s in plan_failback(shop_topology(), HOME, returned).steps() if isinstance(s, RescueTail)]

    tails = {item.name: (item.fork_seq, item.rescue) for item in rescue.items}
    assert tails == {"KV_SETTINGS": (1, "RESCUE_KV_SETTINGS_1"), "ORDERS": (3, "RESCUE_ORDERS_1")}


def test_only_to_protect_again_ends_before_any_traffic_moves(returned: Inventory) -> None:
    plan = plan_failback(shop_topology(), replace(HOME, reprotect_only=True), returned)

    assert not {"promote_stream", "switch_dns", "scale_workload"} & set(kinds(plan))
    assert kinds(plan)[-1] == "await_sync"


def test_a_stream_that_was_made_after_the_move_is_rebuilt_as_one_that_never_was(returned: Inventory) -> None:
    streams = tuple(stream for stream in returned.target.streams if stream.name != "KV_SETTINGS")
    inventory = replace(returned, target=replace(returned.target, streams=streams))

    rebuild = next(s for s in plan_failback(shop_topology(), HOME, inventory).steps() if isinstance(s, RebuildMirror))

    assert {item.name: item.existed for item in rebuild.items} == {
        "DRCTL_HB": True,
        "KV_SETTINGS": False,
        "ORDERS": True,
    }


def test_only_what_a_plan_starts_again_may_be_left_running_by_a_resumed_run(returned: Inventory) -> None:
    stops = [s for s in plan_failback(shop_topology(), HOME, returned).steps() if isinstance(s, FenceWorkloads)]

    assert [(step.region, step.returns) for step in stops] == [(EAST, True), (WEST, False)]


def test_the_workloads_of_a_standby_are_not_stopped_before_they_are_started(healthy: Inventory) -> None:
    home = replace(HOME, source=EAST, target=WEST)

    plan = plan_failback(shop_topology(), home, healthy)

    stopped = [step.region for step in plan.steps() if isinstance(step, FenceWorkloads)]
    assert stopped == [EAST]


def test_a_standby_that_is_only_protected_again_is_brought_to_its_floor(healthy: Inventory) -> None:
    home = replace(HOME, source=EAST, target=WEST, reprotect_only=True)

    plan = plan_failback(shop_topology(), home, healthy)

    assert [step.region for step in plan.steps() if isinstance(step, FenceWorkloads)] == [WEST]


def test_a_fence_alone_takes_streams_and_workloads_of_one_region(healthy: Inventory) -> None:
    intent = Intent(Operation.FENCE, Mode.EMERGENCY, WEST, EAST)
    assert healthy.source is not None

    plan = plan_fence(shop_topology(), intent, replace(healthy, target=healthy.source))

    assert [step.id for step in plan.steps()] == ["fence_streams:east", "fence_workloads:east"]
    assert plan.no_return_after == ""
