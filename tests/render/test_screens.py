"""Every screen as it was looked at: a change of one is a change of a file that a reviewer reads."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from drctl.app.epochs import next_epoch
from drctl.app.gather import gather
from drctl.app.status import Kept, look
from drctl.app.verify.model import Subject
from drctl.app.verify.verification import verify
from drctl.core.access import BY_HAND, Access, DnsAccess, DnsVendor
from drctl.core.errors import ConfigError, DrctlError, LockHeldError, StepFailedError
from drctl.core.lock import Stamp
from drctl.core.observed import RecordState
from drctl.core.topology import RecordRule
from drctl.render.diagnostics import Failure, failure_text
from drctl.render.errors import error_text
from drctl.render.junit import junit_xml
from drctl.render.observer import LiveSteps, PlainLines
from drctl.render.plan_json import plan_json
from drctl.render.plan_view import print_plan
from drctl.render.report_json import report_json
from drctl.render.report_md import report_md
from drctl.render.report_view import print_report
from drctl.render.runbook_md import runbook_md
from drctl.render.runs_view import print_run, print_runs
from drctl.render.status_view import print_status, status_json
from drctl.render.verify_view import print_verification, verification_json
from fakes.operator import EMERGENCY
from fakes.shop import INVENTORIES, NOBODY, ZONE
from simulation.stories import ALIVE, BACK, DEAD, PLAN

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from drctl.app.verify.model import Verification
    from fakes.operator import Operator
    from simulation.stories import Story

ACCESS = Access(
    kubectl=(("east", "kubectl --context east"), ("west", "kubectl --context west")),
    nats=(("east", "nats --context east"), ("west", "nats --context west")),
    dns=(DnsAccess("lab.test", DnsVendor.ROUTE53, "aws route53 --hosted-zone-id=Z0LAB"),),
    curl="curl",
    public_name="shop.lab.test",
)

stories = pytest.mark.parametrize("story", [DEAD, ALIVE, PLAN, BACK], ids=["dead", "alive", "planned", "failback"])


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert [line for line in lines if len(line) > console.width and " " in line.strip()] == []
    return "\n".join(line.rstrip() for line in lines) + "\n"


def as_text(document: Any) -> str:  # noqa: ANN401 - any JSON
    return json.dumps(document, indent=2) + "\n"


@stories
def test_a_plan_says_what_changes_and_what_it_costs(
    story: Story, console: Console, golden: Callable[[str, str], None], request: pytest.FixtureRequest
) -> None:
    operator = story.begins()
    prepared = operator.prepare(story.intent)

    print_plan(prepared, operator.topology, console)

    name = request.node.callspec.id
    golden(f"plan-{name}.txt", printed(console))
    golden(f"plan-{name}.json", as_text(plan_json(prepared)))


def test_a_name_that_no_run_waits_for_is_promised_no_less_than_its_own_ttl(console: Console) -> None:
    operator = DEAD.begins()
    prepared = operator.prepare(DEAD.intent)
    other = RecordState("old.lab.test", "A", 60, ("127.0.0.11",))
    seen = replace(prepared.inventory, records=(*prepared.inventory.records, (ZONE, other)))
    topology = replace(
        operator.topology, records=(*operator.topology.records, RecordRule(ZONE, other.name, awaited=False))
    )

    print_plan(replace(prepared, inventory=seen), topology, console)

    said = " ".join(printed(console).split())
    assert "a client follows within 3 s (TTL 2 s" in said
    assert "Nobody waits for old.lab.test: its clients follow when its TTL of 60 s is over" in said


@stories
def test_a_runbook_does_the_same_by_hand(
    story: Story, golden: Callable[[str, str], None], request: pytest.FixtureRequest
) -> None:
    operator = story.begins()
    prepared = operator.prepare(story.intent)
    reads, locks = operator.world.reads(NOBODY), (operator.world.lock,)
    access = ACCESS.signed(Stamp(BY_HAND, next_epoch(reads, operator.topology, locks, prepared.inventory)))

    golden(f"runbook-{request.node.callspec.id}.md", runbook_md(prepared.plan, access))


@stories
def test_a_report_says_what_was_proved(
    story: Story, console: Console, golden: Callable[[str, str], None], request: pytest.FixtureRequest
) -> None:
    report = story.run(story.begins())

    print_report(report, console, "/state/runs/run-1")

    name = request.node.callspec.id
    golden(f"report-{name}.txt", printed(console))
    golden(f"report-{name}.md", report_md(report))
    golden(f"report-{name}.json", as_text(report_json(report)))


def test_progress_is_told_line_by_line_without_a_terminal(console: Console, golden: Callable[[str, str], None]) -> None:
    operator = DEAD.begins()
    DEAD.run(operator)
    lines = PlainLines(console, operator.prepare(EMERGENCY).plan)

    for record in operator.world.runs.read("run-1"):
        lines.recorded(record)

    assert isinstance(console.file, io.StringIO)
    golden("progress-lines.txt", console.file.getvalue())


def test_progress_is_a_list_of_steps_in_a_terminal(console: Console, golden: Callable[[str, str], None]) -> None:
    operator = DEAD.begins()
    plan = operator.prepare(EMERGENCY).plan
    DEAD.run(operator)
    records = operator.world.runs.read("run-1")
    live = LiveSteps(console, plan, now=lambda: records[-1].at)
    for record in records[: len(records) // 2]:
        live.recorded(record)

    picture = live.picture()
    live.close()

    golden("progress-steps.txt", picture.plain + "\n")


def test_a_status_says_who_is_active_and_what_is_open(console: Console, golden: Callable[[str, str], None]) -> None:
    operator = DEAD.begins()
    DEAD.run(operator)
    seen = look(operator.world.reads(NOBODY), operator.topology, Kept(operator.world.runs, operator.stores.locks))

    print_status(seen, console)

    golden("status.txt", printed(console))
    assert status_json(seen)["active"] == "west"


def _verification(operator: Operator) -> Verification:
    reads = operator.world.reads(NOBODY)
    inventory = gather(reads, operator.topology, EMERGENCY, INVENTORIES)
    seen = look(reads, operator.topology, Kept(operator.world.runs, operator.stores.locks))
    return verify(Subject(operator.topology, EMERGENCY, inventory, reads, None, ACCESS), seen)


@pytest.mark.parametrize("story", [ALIVE, DEAD], ids=["alive", "dead"])
def test_a_verification_names_each_check(
    story: Story, console: Console, golden: Callable[[str, str], None], request: pytest.FixtureRequest
) -> None:
    found = _verification(story.begins())

    print_verification(found, console)

    golden(f"verify-{request.node.callspec.id}.txt", printed(console))
    document = verification_json(found)
    assert document["exit_code"] == int(found.exit_code)
    assert junit_xml(found).count("<testcase") == len(found.results)


def test_runs_are_listed_and_one_is_shown(console: Console, golden: Callable[[str, str], None]) -> None:
    operator = DEAD.begins()
    DEAD.run(operator)
    state = operator.state()

    print_runs((state,), console)
    print_run(state, console, "/state/runs/run-1")

    golden("runs.txt", printed(console))


@pytest.mark.parametrize(
    "error",
    [
        LockHeldError("ann@desk holds it since 14:05:01 UTC for run r1: failover east -> west", remedy="Wait for it."),
        ConfigError("drctl.yaml cannot be used: 2 mistakes.", problems=("line 3: a", "line 9: b"), remedy="Mend it."),
        StepFailedError("east says: password=hunter2 is wrong", remedy="Look at it."),
    ],
    ids=["lock", "config", "secret"],
)
def test_an_error_says_what_where_and_what_next(
    error: DrctlError, golden: Callable[[str, str], None], request: pytest.FixtureRequest
) -> None:
    text = error_text(error)

    assert "hunter2" not in text
    golden(f"error-{request.node.callspec.id}.txt", text + "\n")


def test_a_run_that_stopped_says_what_is_in_force_and_ends_with_the_command(
    golden: Callable[[str, str], None],
) -> None:
    failure = Failure(
        run_id="run-1",
        operation="failover east -> west",
        step_id="switch_dns:lab.test",
        step_title="Switch shop.lab.test A to west",
        journal="/state/runs/run-1",
        served="no: connection refused",
        written_twice="no",
        in_force=("west/stream/ORDERS subjects", "west/deployment/shop/api spec.replicas"),
        past_no_return=True,
        look="dig shop.lab.test",
        next_commands=("drctl status",),
    )
    text = failure_text(failure, StepFailedError("Route 53 says 500", remedy="Wait for it."))

    assert text.splitlines()[-1] == "drctl resume run-1"
    golden("failure.txt", text + "\n")
