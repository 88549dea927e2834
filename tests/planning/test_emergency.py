"""The emergency plan: its order, what may run at the same time, what stands against it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from drctl.core.finding import Severity
from drctl.core.observed import StreamRole
from drctl.planning.emergency import plan_emergency
from drctl.planning.plan import PROMOTE, Plan
from drctl.steps.promote_stream import PromoteStream
from drctl.steps.settle import Settle
from fakes.operator import EMERGENCY
from fakes.shop import READ, shop_topology

if TYPE_CHECKING:
    from drctl.core.inventory import Inventory
    from drctl.core.topology import Topology


def planned(inventory: Inventory, topology: Topology | None = None) -> Plan:
    return plan_emergency(topology or shop_topology(), EMERGENCY, inventory)


def shape(plan: Plan) -> list[tuple[str, list[list[str]]]]:
    return [(phase.name, [[step.id for step in wave.steps] for wave in phase.waves]) for phase in plan.phases]


def codes(plan: Plan) -> list[str]:
    return [finding.code for finding in plan.findings]


def test_the_order_of_the_specification(stricken: Inventory) -> None:
    assert shape(planned(stricken)) == [
        (
            "close and warm",
            [["fence_streams:east", "fence_workloads:east", "resync_secret:west"], ["scale_workload:west"]],
        ),
        ("freeze point", [["freeze_point"]]),
        (
            "promote",
            [["promote_stream:west:buckets"], ["promote_stream:west:streams"], ["carry_consumers:west"]],
        ),
        ("start the rest", [["scale_workload:west:rest"], ["await_workloads:west"]]),
        ("smoke", [["smoke:west"]]),
        ("switch", [["switch_dns:lab.test"]]),
        ("settle", [["settle:west"], ["await_workloads:west:rest"]]),
    ]


def test_the_line_of_no_return_is_expected_behind_the_promotion(stricken: Inventory) -> None:
    assert planned(stricken).no_return_after == PROMOTE


def test_without_streams_there_is_no_such_line(stricken: Inventory) -> None:
    plan = planned(stricken, shop_topology(streams=()))

    assert plan.no_return_after == ""
    assert "promote" not in [phase.name for phase in plan.phases]


def test_empty_waves_and_phases_are_left_out(stricken: Inventory) -> None:
    plan = planned(stricken, shop_topology(workloads=(), streams=(), probes=()))

    assert all(wave.steps for phase in plan.phases for wave in phase.waves)
    assert shape(plan)[0][1] == [["fence_streams:east", "resync_secret:west"]]


def test_every_step_has_an_id_of_its_own(healthy: Inventory) -> None:
    ids = [step.id for step in planned(healthy).steps()]

    assert len(ids) == len(set(ids))


def test_buckets_are_promoted_before_streams(stricken: Inventory) -> None:
    promoted = [step for step in planned(stricken).steps() if isinstance(step, PromoteStream)]

    assert [[item.name for item in step.items] for step in promoted] == [["KV_SETTINGS"], ["DRCTL_HB", "ORDERS"]]


def test_the_window_is_the_longer_of_settling_and_looking_for_reverts(stricken: Inventory) -> None:
    topology = shop_topology()
    timing = replace(topology.timing, settle=timedelta(seconds=4), revert_reread=timedelta(seconds=9))

    (settle,) = [
        step for step in planned(stricken, replace(topology, timing=timing)).steps() if isinstance(step, Settle)
    ]

    assert settle.stable_for == timedelta(seconds=9)


def test_nothing_of_the_source_is_needed_but_what_was_recorded(stricken: Inventory, healthy: Inventory) -> None:
    assert not stricken.source_is_live
    assert shape(planned(stricken)) == shape(planned(healthy))


def test_a_dead_source_means_data_loss_that_somebody_must_accept(stricken: Inventory) -> None:
    (finding,) = planned(stricken).findings

    assert (finding.code, finding.acceptable, finding.severity) == ("data-loss", True, Severity.PROBLEM)


def _with_origins(inventory: Inventory, role: StreamRole, missing: int = 0) -> Inventory:
    assert inventory.source is not None
    origins = {stream.name: stream for stream in inventory.source.streams}
    mirrors = tuple(replace(one, last_seq=origins[one.name].last_seq - missing) for one in inventory.target.streams)
    fenced = tuple(replace(stream, role=role, original_subjects=stream.subjects) for stream in inventory.source.streams)
    target = replace(inventory.target, streams=mirrors)
    return replace(inventory, target=target, source=replace(inventory.source, streams=fenced))


def test_a_source_that_still_takes_writes_loses_them_however_equal_its_mirrors_are(healthy: Inventory) -> None:
    (finding,) = planned(_with_origins(healthy, StreamRole.ACTIVE)).findings

    assert (finding.code, finding.acceptable, finding.severity) == ("data-loss", True, Severity.PROBLEM)
    assert "ORDERS" in finding.message


def test_mirrors_that_hold_all_of_their_fenced_origins_lose_nothing(healthy: Inventory) -> None:
    assert codes(planned(_with_origins(healthy, StreamRole.FENCED))) == []


def test_a_fenced_origin_with_a_tail_loses_it(healthy: Inventory) -> None:
    assert codes(planned(_with_origins(healthy, StreamRole.FENCED, missing=1))) == ["data-loss"]


def test_a_living_source_without_a_mirrors_origin_proves_nothing(healthy: Inventory) -> None:
    assert healthy.source is not None
    bare = replace(healthy, source=replace(healthy.source, streams=()))

    assert "data-loss" in codes(planned(bare))


def test_without_any_record_of_the_source_somebody_must_accept_that(stricken: Inventory) -> None:
    plan = planned(replace(stricken, source=None))

    assert "inventory-missing" in codes(plan)
    assert "carry_consumers:west" not in [step.id for step in plan.steps()]
    assert [finding.subject for finding in plan.findings if finding.code == "subjects-unknown"] == [
        "DRCTL_HB",
        "ORDERS",
    ]


def test_consumers_are_never_left_out_of_the_plan_without_a_word(stricken: Inventory) -> None:
    """The newest record may be of the moment between a promotion and the carrying of its consumers."""
    assert stricken.source is not None
    assert "consumers-unrecorded" not in codes(planned(stricken))

    plan = planned(replace(stricken, source=replace(stricken.source, consumers=())))

    assert "carry_consumers:west" not in [step.id for step in plan.steps()]
    (said,) = (finding for finding in plan.findings if finding.code == "consumers-unrecorded")
    assert said.severity is Severity.WARN
    assert "names no durable consumer" in said.message


def test_an_old_record_of_the_source_is_said_with_its_age(stricken: Inventory) -> None:
    assert stricken.source is not None
    old = replace(stricken.source, observed_at=stricken.target.observed_at - timedelta(hours=25))

    assert "inventory-stale" in codes(planned(replace(stricken, source=old)))


def test_a_secret_that_cannot_be_forced_is_left_out_and_said(stricken: Inventory) -> None:
    (secret,) = stricken.target.secrets
    stuck = replace(secret, forceable="refreshInterval 0")
    inventory = replace(stricken, target=replace(stricken.target, secrets=(stuck,)))

    plan = planned(inventory)

    assert "resync_secret:west" not in [step.id for step in plan.steps()]
    (finding,) = [finding for finding in plan.findings if finding.code == "secret-not-forceable"]
    assert finding.severity is Severity.WARN


def test_a_missing_write_probe_is_a_warning(stricken: Inventory) -> None:
    (finding,) = [f for f in planned(stricken, shop_topology(probes=(READ,))).findings if f.code != "data-loss"]

    assert (finding.code, finding.severity) == ("write-probe-missing", Severity.WARN)
