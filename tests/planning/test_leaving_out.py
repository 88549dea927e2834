"""What is left of a plan without some of its items, and what rests on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from drctl.core.item import ItemRef
from drctl.planning.emergency import plan_emergency
from drctl.planning.leaving_out import breaks, items_of, only, with_dependents, without
from drctl.planning.planned import plan_planned
from drctl.steps.fence_streams import FenceStreams
from drctl.steps.freeze_point import FreezePoint
from drctl.steps.leaving_out import is_fixed
from drctl.steps.promote_stream import PromoteStream
from drctl.steps.smoke import Smoke
from drctl.steps.switch_dns import SwitchDns
from fakes.operator import EMERGENCY, PLANNED
from fakes.shop import EAST, NAME, WEST, ZONE, shop_topology

if TYPE_CHECKING:
    from drctl.core.inventory import Inventory
    from drctl.planning.plan import Plan

ORDERS = ItemRef(f"promote_stream:{WEST}:streams", "ORDERS")
MAILER = ItemRef(f"scale_workload:{WEST}", "deployment/shop/mailer")


@pytest.fixture
def plan(healthy: Inventory) -> Plan:
    return plan_planned(shop_topology(), PLANNED, healthy)


def names(refs: tuple[ItemRef, ...]) -> list[str]:
    return [str(ref) for ref in refs]


def test_with_a_stream_its_consumers_and_its_mirror_in_the_old_region_are_left_out(plan: Plan) -> None:
    assert names(with_dependents(plan, (ORDERS,))) == [
        "ORDERS of promote_stream:west:streams",
        "ORDERS/worker of carry_consumers:west",
        "ORDERS of rebuild_mirror:east",
        "ORDERS of await_sync:east",
    ]


def test_with_a_drain_that_never_ended_nothing_of_the_stream_is_promoted(plan: Plan) -> None:
    left = with_dependents(plan, (ItemRef(f"drain_streams:{EAST}", "ORDERS"),))

    assert ORDERS in left


def test_a_consumer_takes_nothing_with_it(plan: Plan) -> None:
    alone = ItemRef(f"carry_consumers:{WEST}", "ORDERS/worker")

    assert with_dependents(plan, (alone,)) == (alone,)


def test_a_workload_that_is_not_scaled_is_not_waited_for_either(plan: Plan) -> None:
    assert names(with_dependents(plan, (MAILER,)))[1:] == [
        "deployment/shop/mailer of await_workloads:west",
        "deployment/shop/mailer of settle:west",
    ]


@pytest.mark.parametrize("item", [ZONE, f"{NAME} A"])
def test_where_the_name_is_not_moved_nobody_waits_for_its_users(plan: Plan, item: str) -> None:
    left = with_dependents(plan, (ItemRef(f"switch_dns:{ZONE}", item),))

    assert "public name of settle:west" in names(left)
    kinds = {step.kind for step in without(plan, left).steps()}
    assert kinds.isdisjoint({"switch_dns", "settle"})


def test_what_the_vendor_says_is_not_the_change_itself(plan: Plan) -> None:
    vendor = ItemRef(f"switch_dns:{ZONE}", "vendor")

    assert any(isinstance(step, SwitchDns) for step in without(plan, (vendor,)).steps())
    assert [step.kind for step in only(plan, (vendor,)).steps()] == ["switch_dns"]


def test_a_fence_and_the_freeze_point_stay_whole(plan: Plan) -> None:
    part = without(plan, items_of(plan))

    assert [step for step in part.steps() if not is_fixed(step)] == []
    whole = {step.id: step for step in plan.steps()}
    assert [step for step in part.steps() if whole[step.id] != step] == []
    assert {type(step) for step in part.steps()} >= {FenceStreams, FreezePoint}


def test_no_fence_freeze_point_or_link_has_an_item_that_can_be_left_out(plan: Plan) -> None:
    fixed = {step.id for step in plan.steps() if is_fixed(step)}

    assert fixed >= {f"fence_streams:{EAST}", f"fence_workloads:{EAST}", "freeze_point"}
    assert fixed.isdisjoint({ref.step_id for ref in items_of(plan)})


def test_without_some_items_the_others_are_as_they_were(plan: Plan) -> None:
    part = {step.id: step for step in without(plan, (ORDERS,)).steps()}

    promotes = part[f"promote_stream:{WEST}:streams"]
    assert isinstance(promotes, PromoteStream)
    assert [item.name for item in promotes.items] == ["DRCTL_HB"]
    assert f"carry_consumers:{WEST}" not in part
    assert part.keys() < {step.id for step in plan.steps()}


def test_for_some_items_alone_only_their_steps_are_done(plan: Plan) -> None:
    part = only(plan, (ORDERS,))

    assert [step.kind for step in part.steps()] == ["promote_stream", "carry_consumers", "rebuild_mirror", "await_sync"]
    assert set(items_of(part)) == set(with_dependents(plan, (ORDERS,)))


def test_the_digest_stays_that_of_what_was_agreed_to(plan: Plan) -> None:
    assert without(plan, (ORDERS,)).digest == only(plan, (ORDERS,)).digest == plan.digest


def test_a_write_probe_that_is_left_out_proves_no_write(plan: Plan) -> None:
    smokes = [
        step
        for step in without(plan, (ItemRef(f"smoke:{WEST}", "order"),)).steps()
        if isinstance(step, Smoke) and step.id == f"smoke:{WEST}"
    ]

    assert [[probe.name for probe in step.probes] for step in smokes] == [["home"]]


def test_what_it_breaks_is_said_of_everything_that_rests_on_it(plan: Plan) -> None:
    said = " / ".join(breaks(plan, ORDERS))

    for words in (
        "ORDERS takes no writes in west",
        "ORDERS/worker does not exist in west",
        "ORDERS in east stays as it is",
        "ORDERS is fenced in east: it takes writes in no region",
    ):
        assert words in said


def test_every_item_of_every_step_says_what_it_breaks(plan: Plan, stricken: Inventory) -> None:
    for one in (plan, plan_emergency(shop_topology(), EMERGENCY, stricken)):
        assert len(items_of(one)) > 10
        for ref in items_of(one):
            assert ref.item in breaks(one, ref)[0] or ref.item in {"public name", "vendor"}
