"""What a run proved, from its journal alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from drctl.app.report import exit_codes, make_report
from drctl.core.contract import Compliance
from drctl.core.errors import ExitCode, first_that_counts
from drctl.core.events import StepOutcome
from drctl.core.run_state import RunState
from drctl.core.topology import ContractRule, RtoFrom
from fakes.operator import PLANNED, Operator
from fakes.shop import NAME, READ, TTL, ZONE, lose_east, make_shop, watch

if TYPE_CHECKING:
    from drctl.app.report import Report
    from drctl.core.contract import Measurement


def line(report: Report, component: str, what: str) -> Measurement:
    return next(found for found in report.contracts if (found.component, found.what) == (component, what))


def test_the_rto_counts_from_the_first_failed_sample_to_the_moment_since_which_the_name_was_served(
    stricken: Operator,
) -> None:
    first_failed = next(sample.at for sample in stricken.world.samples.kept if sample.public.error)

    report = stricken.run()

    served = report.timeline.served_since
    assert served is not None
    assert line(report, "api", "RTO").measured == served - first_failed
    assert line(report, "api", "RTO").compliance is Compliance.MET


def test_the_window_of_the_proof_is_not_part_of_the_rto(stricken: Operator) -> None:
    report = stricken.run()

    served, ended = report.timeline.served_since, report.timeline.ended
    assert served is not None
    assert ended is not None
    assert ended - served >= stricken.topology.timing.settle


def test_clients_cut_over_between_the_sending_and_the_worst_case(stricken: Operator) -> None:
    times = stricken.run().timeline

    assert times.dns_sent_after is not None
    assert times.dns_converged is not None
    assert times.dns_cutover_worst is not None
    assert times.dns_sent_after <= times.dns_converged < times.dns_cutover_worst
    assert times.dns_cutover_worst - times.dns_converged >= timedelta(seconds=TTL)


def test_without_a_sample_of_the_outage_the_rto_is_unknown_and_unknown_is_no_pass() -> None:
    operator = Operator(make_shop())
    watch(operator.world, operator.topology, 2)
    operator.world.kill("east")
    operator.world.clock.wait(timedelta(minutes=1))

    report = operator.run()

    assert line(report, "api", "RTO").measured is None
    assert line(report, "api", "RTO").compliance is Compliance.UNKNOWN
    assert "watch" in line(report, "api", "RTO").evidence
    assert report.exit_code is ExitCode.CONTRACT_UNPROVEN


def test_an_outage_that_the_run_itself_begins_is_counted_from_its_start_and_never_too_short() -> None:
    operator = Operator(make_shop())
    watch(operator.world, operator.topology, 3)
    operator.world.cut_link()
    last = operator.world.samples.kept[-1].at

    report = operator.run()

    served, started = report.timeline.served_since, report.timeline.started
    assert served is not None
    assert started is not None
    assert last <= started
    assert line(report, "api", "RTO").measured == served - last
    assert "the run's start" in line(report, "api", "RTO").evidence
    assert "healthy" in line(report, "nats", "RTO").evidence


def test_the_rto_can_be_counted_from_the_start() -> None:
    operator = Operator(make_shop())
    timing = replace(operator.topology.timing, rto_from=RtoFrom.STARTED)
    operator.topology = replace(operator.topology, timing=timing)
    lose_east(operator.world, operator.topology)

    report = operator.run()

    assert report.timeline.started is not None
    assert report.timeline.served_since is not None
    assert line(report, "api", "RTO").measured == report.timeline.served_since - report.timeline.started


def test_a_planned_move_is_no_outage_before_it_starts(healthy: Operator) -> None:
    watch(healthy.world, healthy.topology, 2)

    report = healthy.run(PLANNED, ())

    assert line(report, "nats", "RPO").measured == timedelta(0)
    assert "the run's start" in line(report, "api", "RTO").evidence
    assert {loss.state for loss in report.losses} == {"measured"}
    assert report.exit_code is ExitCode.DONE


def test_without_a_write_probe_the_api_contract_is_unknown(stricken: Operator) -> None:
    stricken.topology = replace(stricken.topology, probes=(READ,))

    report = stricken.run()

    assert line(report, "api", "RTO").compliance is Compliance.UNKNOWN
    assert line(report, "nats", "RTO").compliance is Compliance.MET


def test_the_worst_stream_is_the_rpo(stricken: Operator) -> None:
    report = stricken.run()

    worst = max(loss.seconds_max or 0.0 for loss in report.losses)
    assert line(report, "nats", "RPO").measured == timedelta(seconds=worst)


def test_the_loss_contains_the_truth(stricken: Operator) -> None:
    orders = next(loss for loss in stricken.run().losses if loss.stream == "ORDERS")

    east = stricken.world.region("east").jetstream.streams["ORDERS"]
    lost = [message for message in east.messages if message.seq > (orders.freeze_seq or 0)]
    assert orders.messages_min is not None
    assert 0 < orders.messages_min <= len(lost)
    assert orders.seconds_max is not None
    assert timedelta(seconds=orders.seconds_max) >= lost[-1].at - lost[0].at


def test_a_contract_that_was_broken_is_said_and_exits_so(stricken: Operator) -> None:
    strict = (ContractRule("api", timedelta(seconds=1), None),)
    stricken.topology = replace(stricken.topology, contracts=strict)

    report = stricken.run()

    assert line(report, "api", "RTO").compliance is Compliance.BREACHED
    assert report.exit_code is ExitCode.CONTRACT_UNPROVEN


def test_a_component_that_nothing_measures_is_unknown(stricken: Operator) -> None:
    rule = ContractRule("observability", timedelta(hours=1), None)
    stricken.topology = replace(stricken.topology, contracts=(*stricken.topology.contracts, rule))

    report = stricken.run()

    assert line(report, "observability", "RTO").compliance is Compliance.UNKNOWN


def test_a_component_without_a_contract_is_not_judged(stricken: Operator) -> None:
    stricken.topology = replace(stricken.topology, contracts=())

    assert stricken.run().contracts == ()


def test_the_secrets_loss_is_their_age_before_the_run_forced_anything(stricken: Operator) -> None:
    before = stricken.world.region("west").secrets.named("shop-nats").refreshed_at
    assert before is not None

    report = stricken.run()

    failed = report.timeline.public_failed
    assert failed is not None
    assert line(report, "secrets", "RPO").measured == failed - before


def test_a_secret_that_never_synced_has_no_known_age(stricken: Operator) -> None:
    stricken.world.region("west").secrets.named("shop-nats").refreshed_at = None

    assert line(stricken.run(), "secrets", "RPO").compliance is Compliance.UNKNOWN


def test_every_step_of_the_plan_is_in_the_report_also_those_that_were_not_reached(stricken: Operator) -> None:
    plan = stricken.prepare().plan

    report = make_report(stricken.topology, plan, RunState(), stricken.world.clock.now())

    assert [step.id for step in report.steps] == [step.id for step in plan.steps()]
    assert {step.outcome for step in report.steps} == {None}


def test_what_was_changed_is_in_the_report(stricken: Operator) -> None:
    report = stricken.run()

    changed = {change.object for _, diff in report.applied for change in diff.changes}
    assert {f"{ZONE}/{NAME} A", "west/stream/ORDERS", "west/deployment/shop/api"} <= changed


@pytest.mark.parametrize(
    ("compliance", "outcome", "code"),
    [
        (Compliance.MET, StepOutcome.DONE, ExitCode.DONE),
        (Compliance.MET, StepOutcome.OPEN, ExitCode.LEFT_OPEN),
        (Compliance.MET, StepOutcome.DEGRADED, ExitCode.LEFT_OPEN),
        (Compliance.UNKNOWN, StepOutcome.DONE, ExitCode.CONTRACT_UNPROVEN),
        (Compliance.BREACHED, StepOutcome.OPEN, ExitCode.CONTRACT_UNPROVEN),
    ],
)
def test_what_a_finished_run_exits_with(
    stricken: Operator, compliance: Compliance, outcome: StepOutcome, code: ExitCode
) -> None:
    report = stricken.run()
    contract = replace(report.contracts[0], compliance=compliance)
    step = replace(report.steps[0], outcome=outcome)

    assert first_that_counts(exit_codes(replace(report, contracts=(contract,), steps=(step,)))) is code
