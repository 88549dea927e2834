"""A plan that was looked at earlier runs only if what its steps depend on is still so."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from drctl.adapters.journal.codec import DataclassCodec
from drctl.app.saved_plan import SavedPlan, require_own, require_unmoved, save
from drctl.core.errors import ConfigError, DriftError, ExitCode
from drctl.core.observed import RecordState
from fakes.jetstream import Durable
from fakes.operator import PLANNED, Operator
from fakes.shop import EAST, NAME, TTL, WEST, ZONE, make_shop, order, watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from drctl.planning.plan import Plan


@pytest.fixture
def watched() -> Operator:
    operator = Operator(make_shop())
    watch(operator.world, operator.topology, 2)
    return operator


def saved(operator: Operator) -> SavedPlan:
    return save(operator.prepare(PLANNED), operator.world.clock.now())


def test_a_saved_plan_comes_back_from_its_file_as_it_was(watched: Operator) -> None:
    codec: DataclassCodec[SavedPlan] = DataclassCodec(SavedPlan)
    plan = saved(watched)

    assert codec.decode(codec.encode(plan)) == plan


def test_a_world_that_only_went_on_did_not_move(watched: Operator) -> None:
    plan = saved(watched)
    order(watched.world, 5)
    watched.world.region(EAST).jetstream.streams["ORDERS"].durables["worker"].acknowledged = 5
    watched.world.region(WEST).cluster.named("api").version += 3
    watch(watched.world, watched.topology, 2)

    require_unmoved(plan, watched.prepare(PLANNED))


def scale(operator: Operator) -> None:
    operator.world.region(WEST).cluster.named("api").set_replicas(1)


def move_the_record(operator: Operator) -> None:
    operator.world.zones[ZONE].put(RecordState(NAME, "A", TTL, ("10.9.9.9",)))


def add_a_stream(operator: Operator) -> None:
    operator.world.region(EAST).jetstream.create({"name": "NEW", "subjects": ["new.>"]})


def add_a_durable(operator: Operator) -> None:
    stream = operator.world.region(EAST).jetstream.streams["ORDERS"]
    stream.durables["audit"] = Durable({"durable_name": "audit"})


def break_the_standby(operator: Operator) -> None:
    operator.world.region(WEST).cluster.named("api").paused = True


@pytest.mark.parametrize(
    ("move", "named"),
    [
        pytest.param(scale, "deployment/shop/api spec.replicas", id="a_workload_was_scaled"),
        pytest.param(move_the_record, f"{NAME} A values", id="the_record_was_moved"),
        pytest.param(add_a_stream, "east/stream/NEW", id="a_stream_was_added"),
        pytest.param(add_a_durable, "consumer/ORDERS/audit", id="a_durable_was_added"),
        pytest.param(break_the_standby, "workload-paused", id="something_stands_in_the_way"),
    ],
)
def test_what_moved_is_named(watched: Operator, move: Callable[[Operator], None], named: str) -> None:
    plan = saved(watched)
    move(watched)

    with pytest.raises(DriftError) as stale:
        require_unmoved(plan, watched.prepare(PLANNED))

    assert named in stale.value.message
    assert (stale.value.code, stale.value.exit_code) == ("plan-stale", ExitCode.DRIFTED)


def test_another_configuration_is_named_as_the_reason(watched: Operator) -> None:
    plan = saved(watched)
    watched.topology = replace(watched.topology, workloads=watched.topology.workloads[1:])

    with pytest.raises(DriftError, match="the configuration"):
        require_unmoved(plan, watched.prepare(PLANNED))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(lambda plan: replace(plan, service="other-lab"), "other-lab", id="another_services_plan"),
        pytest.param(lambda plan: replace(plan, service="shop-prod"), "shop-prod", id="another_environments_plan"),
        pytest.param(lambda plan: replace(plan, drctl_version="0.0.1"), "0.0.1", id="another_versions_plan"),
        pytest.param(lambda plan: replace(plan, schema="drctl.plan/v9"), "v9", id="another_schemas_plan"),
    ],
)
def test_a_plan_that_is_not_ours_is_refused_with_the_reason(
    watched: Operator, change: Callable[[Plan], Plan], said: str
) -> None:
    plan = saved(watched)

    with pytest.raises(ConfigError, match=said):
        require_own(replace(plan, plan=change(plan.plan)), watched.topology)


def test_ones_own_plan_is_taken(watched: Operator) -> None:
    require_own(saved(watched), watched.topology)
