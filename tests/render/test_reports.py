"""What a report says of runs that ended badly, moved nothing or lost something; and who reads it afterwards."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from drctl.app.report import make_report
from drctl.core.contract import Compliance, Measurement
from drctl.core.errors import DrctlError
from drctl.lab.judgement import Story, judge
from drctl.lab.layout import RESOLVING
from drctl.lab.truth import Attempt, Records, Truth
from drctl.render.contract_table import contract_table
from drctl.render.report_json import contracts_of, report_json
from drctl.render.report_md import report_md
from drctl.render.report_view import print_report
from fakes.calls import ALWAYS, Fault
from fakes.operator import ACCEPTS, HOME, PLANNED, Operator
from fakes.shop import make_shop, watch
from simulation.stories import ALIVE, BACK, DEAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from drctl.app.report import Report

LATER = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
TENTH = timedelta(seconds=0.1)
CONTRACTS = (
    Measurement("api", "RTO", timedelta(minutes=5), timedelta(seconds=42), Compliance.MET, "from a to b"),
    Measurement("nats", "RPO", timedelta(minutes=5), timedelta(minutes=6), Compliance.BREACHED, "bounded, ORDERS: x"),
    Measurement("secrets", "RPO", timedelta(hours=1), None, Compliance.UNKNOWN, "no refresh was read"),
)


def screen(report: Report, console: Console) -> str:
    print_report(report, console, "/state/runs/run-1")
    assert isinstance(console.file, io.StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines()) + "\n"


def stopped_at_the_switch() -> Report:
    """A run whose DNS vendor refuses: paused, resumable, everything before it in force."""
    operator = DEAD.begins()
    prepared = operator.prepare()
    operator.world.calls.fail("lab.test/dns/swap", Fault.REFUSED, ALWAYS)
    with pytest.raises(DrctlError):
        DEAD.run(operator, prepared=prepared)
    return make_report(operator.topology, prepared.plan, operator.state(), LATER)


def test_a_run_that_stopped_claims_nothing_and_says_how_to_go_on(
    console: Console, golden: Callable[[str, str], None]
) -> None:
    report = stopped_at_the_switch()

    text = screen(report, console)

    assert "Users are served" not in text
    assert "drctl resume run-1" in text
    golden("report-stopped.txt", text)
    golden("report-stopped.md", report_md(report))


def test_every_kind_of_compliance_is_said_in_words(console: Console, golden: Callable[[str, str], None]) -> None:
    report = replace(DEAD.run(DEAD.begins()), contracts=CONTRACTS)

    text = screen(report, console)

    golden("report-contracts.txt", text)
    for words in ("met", "breached", "unknown"):
        assert words in text
    assert "Breached: nats RPO." in text
    assert "Not proved, and so not met: secrets RPO (no refresh was read)." in text


def test_what_somebody_else_measured_stands_beside_it(console: Console, golden: Callable[[str, str], None]) -> None:
    console.print(contract_table(CONTRACTS, {"api RTO": "no order for 43.10 s"}))

    assert isinstance(console.file, io.StringIO)
    text = "\n".join(line.rstrip() for line in console.file.getvalue().splitlines()) + "\n"
    golden("contracts-client-saw.txt", text)
    assert "| no order for 43.10 s |" in report_md(
        replace(DEAD.run(DEAD.begins()), contracts=CONTRACTS), {"api RTO": "no order for 43.10 s"}
    )


def test_a_failback_that_only_protects_again_claims_no_traffic(console: Console) -> None:
    operator = BACK.begins()
    report = operator.run(replace(HOME, reprotect_only=True), ())

    text = screen(report, console)

    assert "No traffic was moved: users are where they were, in west." in text
    assert "west/stream/RESCUE_ORDERS_1 keeps what one region alone took" in text
    assert "drctl ledger" in text


def test_after_an_emergency_somebody_is_told_that_there_is_one_copy_only(console: Console) -> None:
    text = screen(DEAD.run(DEAD.begins()), console)

    assert "Nothing mirrors west now" in text
    assert text.index("drctl fence east") < text.index("drctl failback --only reprotect")


def test_contracts_are_read_back_as_they_were_written() -> None:
    report = DEAD.run(DEAD.begins())
    ours = replace(report, contracts=(*report.contracts, *CONTRACTS))

    assert contracts_of(json.loads(json.dumps(report_json(ours)))) == ours.contracts


def test_the_labs_judge_finds_all_that_it_reads_in_a_report() -> None:
    operator = DEAD.begins()
    orders = operator.world.region("east").jetstream.streams["ORDERS"].messages
    cut_at, killed_at = orders[2].at, orders[-1].at + TENTH
    report = report_of(DEAD.run(operator))
    served = datetime.fromisoformat(report["timeline"]["served_since"])
    seen = [Attempt(f"e{m.seq}", m.at - TENTH, m.at, "", "east", 201, "ORDERS", m.seq, "east") for m in orders]
    lost = Attempt("x", killed_at + TENTH, killed_at + 2 * TENTH)
    first = Attempt("w5", served, served + TENTH, "", "west", 201, "ORDERS", 5, "west")
    west = {attempt.seq: attempt.id for attempt in (*seen[:3], first)}
    story = Story(cut_at, killed_at, 10, west, timedelta(seconds=2), TENTH, timedelta(seconds=2))

    claims = judge(report, Records({RESOLVING: Truth((*seen, lost, first))}), story)

    assert [claim for claim in claims if not claim.agrees] == []
    assert len(claims) > 6


def test_a_planned_move_from_a_region_that_lives_says_nothing_of_a_missing_copy(console: Console) -> None:
    operator = Operator(make_shop())
    watch(operator.world, operator.topology, 2)

    assert "Nothing mirrors" not in screen(operator.run(PLANNED, ()), console)


@pytest.mark.parametrize("story", [ALIVE, DEAD])
def test_a_vendors_secret_is_masked_wherever_a_report_shows_it(story: Any, console: Console) -> None:  # noqa: ANN401
    report = story.run(story.begins())
    step = replace(report.steps[0], message="nats://drctl:hunter2@127.0.0.11 says password=hunter2")
    leaky = replace(report, steps=(step, *report.steps[1:]), reason="token=hunter2 was in the ticket")

    assert "hunter2" not in json.dumps(report_json(leaky))
    assert "hunter2" not in report_md(leaky)
    assert "hunter2" not in screen(leaky, console)


def report_of(report: Report) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(json.dumps(report_json(report)))
    return body


def test_accepting_is_on_the_record() -> None:
    assert sorted(report_of(DEAD.run(DEAD.begins()))["accepted"]) == sorted(ACCEPTS)
