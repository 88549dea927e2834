"""The way back from where a run stopped: what is in it, in which order, and what it is refused for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from drctl.app.gather import gather
from drctl.core.errors import StepFailedError
from drctl.planning.plan import GIVE_BACK
from drctl.planning.undo import Undone, plan_undo
from drctl.steps.fence_workloads import FenceWorkloads
from drctl.steps.rebuild_mirror import RebuildMirror
from drctl.steps.scale_workload import ScaleWorkload
from drctl.steps.unfence_streams import UnfenceStreams
from fakes.calls import ALWAYS, Fault
from fakes.operator import ACCEPTS, EMERGENCY, PLANNED, UNDO, Operator
from fakes.shop import EAST, INVENTORIES, NOBODY, WEST, lose_east, make_shop, shop_topology, watch

if TYPE_CHECKING:
    from drctl.core.intent import Intent
    from drctl.planning.plan import Plan


def stopped(intent: Intent, operator: Operator | None = None) -> Operator:
    """Return a run that was paused by its smoke, behind the promotion."""
    operator = operator or Operator(make_shop())
    watch(operator.world, operator.topology, 2)
    operator.world.calls.fail(f"{WEST}/http/write *", Fault.UNANSWERED, ALWAYS)
    with pytest.raises(StepFailedError):
        operator.run(intent, ACCEPTS, "run-0")
    operator.world.calls.heal()
    return operator


def planned_by(operator: Operator, undone: Undone | None = None) -> Plan:
    inventory = gather(operator.world.reads(NOBODY), operator.topology, UNDO, INVENTORIES)
    return plan_undo(operator.topology, UNDO, inventory, undone or operator.undone("run-0"))


def replicas(steps: tuple[FenceWorkloads | ScaleWorkload, ...]) -> dict[str, int]:
    return {item.ref.name: item.replicas for step in steps for item in step.items}


def test_the_order_back() -> None:
    assert [step.id for step in planned_by(stopped(PLANNED)).steps()] == [
        "prove_unwritten:west",
        "fence_streams:west",
        "scale_workload:east",
        "prove_unwritten:west:fenced",
        "unfence_streams:east",
        "await_workloads:east",
        "smoke:east",
        "switch_dns:lab.test",
        "settle:east",
        "await_workloads:east:rest",
        "fence_workloads:west",
        "rebuild_mirror:west",
        "await_sync:west",
    ]


def test_behind_the_sources_first_writer_going_back_is_a_new_move() -> None:
    assert planned_by(stopped(PLANNED)).no_return_after == GIVE_BACK


def test_every_rebuild_asks_for_the_mark_of_the_run_that_is_taken_back() -> None:
    (rebuild,) = (step for step in planned_by(stopped(PLANNED)).steps() if isinstance(step, RebuildMirror))

    assert {item.marker for item in rebuild.items} == {"drctl-smoke-run-0"}


def test_the_source_gets_back_the_replicas_that_it_had_and_the_target_keeps_its_floor() -> None:
    rules = shop_topology().workloads
    operator = Operator(
        make_shop(), replace(shop_topology(), workloads=(replace(rules[0], standby_floor=1), *rules[1:]))
    )
    plan = planned_by(stopped(EMERGENCY, operator))

    started = replicas(tuple(step for step in plan.steps() if isinstance(step, ScaleWorkload)))
    floors = replicas(tuple(step for step in plan.steps() if isinstance(step, FenceWorkloads)))
    # East's api was to go down to its floor, the others to zero.
    assert started == {"api": 2, "worker": 1, "mailer": 1}
    assert floors == {"api": 1, "worker": 0, "mailer": 0}


def test_what_stood_in_the_target_before_the_run_stays() -> None:
    operator = Operator(make_shop())
    operator.world.region(WEST).cluster.named("api").set_replicas(1)
    operator.world.region(WEST).cluster.named("mailer").set_replicas(1)
    plan = planned_by(stopped(PLANNED, operator))

    floors = replicas(tuple(step for step in plan.steps() if isinstance(step, FenceWorkloads)))
    assert floors == {"api": 1, "worker": 0}


def test_every_stream_that_the_run_was_to_fence_is_given_back() -> None:
    (step,) = (step for step in planned_by(stopped(PLANNED)).steps() if isinstance(step, UnfenceStreams))

    assert (step.region, step.other) == (EAST, WEST)
    assert {item.name for item in step.items} == {"DRCTL_HB", "KV_SETTINGS", "ORDERS"}


def test_a_promotion_over_a_source_that_takes_writes_is_the_point_of_no_return() -> None:
    operator = stopped(PLANNED)
    operator.world.region(EAST).datastore.unfence("ORDERS", replace(NOBODY, epoch=1))

    (finding,) = planned_by(operator).findings

    assert (finding.code, finding.subject) == ("no-return-passed", "ORDERS")
    assert not finding.acceptable


def test_a_source_that_was_not_seen_fenced_before_the_promotion_is_not_given_back_although_it_is_fenced_now() -> None:
    operator = Operator(make_shop())
    lose_east(operator.world, operator.topology)
    stopped(EMERGENCY, operator)
    operator.world.bring_back(EAST)
    operator.world.heal_link()
    for name in ("DRCTL_HB", "KV_SETTINGS", "ORDERS"):
        operator.world.region(EAST).datastore.fence(name, replace(NOBODY, epoch=1))

    assert [finding.code for finding in planned_by(operator).findings] == ["no-return-passed"]


def test_before_any_promotion_an_unfenced_source_is_nothing_against_an_undo() -> None:
    operator = Operator(make_shop())
    operator.world.calls.fail(f"{EAST}/datastore/fence *", Fault.DENIED, ALWAYS)
    with pytest.raises(StepFailedError):
        operator.run(PLANNED, (), "run-0")
    operator.world.calls.heal()

    assert planned_by(operator).findings == ()


def test_two_looks_plan_the_same() -> None:
    operator = stopped(PLANNED)

    assert planned_by(operator).digest == planned_by(operator).digest


def test_the_run_that_is_taken_back_is_part_of_what_is_agreed_to() -> None:
    operator = stopped(PLANNED)
    undone = operator.undone("run-0")
    inventory = gather(operator.world.reads(NOBODY), operator.topology, UNDO, INVENTORIES)

    other = plan_undo(operator.topology, replace(UNDO, undoes="run-9"), inventory, undone)

    assert other.digest != planned_by(operator).digest
