"""How a service stands: status by role and what is next, verify by outcome, the ledger, runs in every state."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from drctl.app.ledger import Held, Ledger, LedgerLine
from drctl.app.status import RegionStatus, ReplicationLine, Role, Status
from drctl.app.verify.model import CheckResult, Outcome, Verification
from drctl.core.errors import ExitCode
from drctl.core.events import ItemFailed, StepOutcome
from drctl.core.intent import Intent, Mode, Operation
from drctl.core.lock import LockRecord
from drctl.core.observed import HttpAnswer
from drctl.core.run_state import RunState, StepState
from drctl.render.junit import junit_xml
from drctl.render.ledger_view import ledger_json, print_ledger
from drctl.render.runs_view import print_run, print_runs, run_json, runs_json, state_of
from drctl.render.status_view import next_commands, print_status, status_json
from drctl.render.verify_view import print_verification, verification_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
EAST_TO_WEST = Intent(Operation.FAILOVER, Mode.EMERGENCY, "east", "west", "east is dark")


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    lines = [line.rstrip() for line in console.file.getvalue().splitlines()]
    assert max(map(len, lines)) <= 80
    return "\n".join(lines) + "\n"


def region(name: str, role: Role, traffic: str = "none") -> RegionStatus:
    writers = {Role.ACTIVE: "3 active", Role.STANDBY: "3 mirror", Role.FENCED: "3 fenced"}
    said = writers.get(role, "unknown: no answer in 2.5 s")
    return RegionStatus(name, role, traffic, said, "api 2/2", "1 synced, oldest 6 s ago", NOW)


PAUSED = RunState(
    run_id="run-2",
    intent=EAST_TO_WEST,
    operator="ann@desk",
    started_at=NOW,
    epoch=2,
    phase="switch",
    paused="Route 53 says 500",
    paused_code="throttled",
    paused_at_step="switch_dns:lab.test",
)
HEALTHY = Status(
    service="shop-prod",
    observed_at=NOW,
    active="east",
    public=HttpAnswer(200, "east", "", timedelta(milliseconds=12), NOW),
    public_unknown="",
    regions=(region("east", Role.ACTIVE, "answers the public name (200)"), region("west", Role.STANDBY)),
    replication=(
        ReplicationLine("west", "ORDERS", timedelta(seconds=0.4), 0),
        ReplicationLine("west", "KV_SETTINGS", timedelta(minutes=7), None),
        ReplicationLine("west", "AUDIT", None, None),
    ),
    taken_twice=(),
    lock=None,
    epoch=1,
    unfinished=(),
    pending_fences=(),
    elapsed=timedelta(seconds=0.3),
)
TWICE = replace(
    HEALTHY,
    active="",
    public=HttpAnswer(0, "", "connection refused", timedelta(seconds=1), NOW),
    regions=(region("east", Role.ACTIVE), region("west", Role.ACTIVE)),
    replication=(),
    taken_twice=("ORDERS",),
)
STOPPED = replace(
    HEALTHY,
    active="",
    public=None,
    public_unknown="no answer in 2.5 s",
    regions=(region("east", Role.UNKNOWN), region("west", Role.FENCED)),
    replication=(),
    unfinished=(PAUSED,),
    pending_fences=(("east", "run-1"),),
)
RUNNING = replace(
    HEALTHY, lock=LockRecord("run-2", "ann@desk", "failover east -> west, emergency", "smoke:west", NOW, 2)
)
STATUSES = {"healthy": HEALTHY, "two-writers": TWICE, "stopped": STOPPED, "running": RUNNING}


@pytest.mark.parametrize("name", STATUSES)
def test_a_status_shows_each_role_with_its_evidence(
    name: str, console: Console, golden: Callable[[str, str], None]
) -> None:
    print_status(STATUSES[name], console)

    golden(f"status-{name}.txt", printed(console))


@pytest.mark.parametrize(
    ("seen", "command"),
    [
        (HEALTHY, "drctl verify"),
        (replace(HEALTHY, public=None), "drctl failover --dry-run"),
        (replace(TWICE, public=HEALTHY.public), "drctl fence west"),
        (TWICE, "drctl runs list"),
        (STOPPED, "drctl resume run-2"),
        (replace(STOPPED, unfinished=()), "drctl fence east"),
        (RUNNING, "drctl runs show run-2"),
    ],
)
def test_the_most_urgent_command_comes_first(seen: Status, command: str) -> None:
    assert next_commands(seen)[0] == command
    assert status_json(seen)["next"] == list(next_commands(seen))


def test_what_a_status_does_not_know_is_null_in_json() -> None:
    document = status_json(STOPPED)

    assert document["schema"] == "drctl.status/v1"
    assert (document["active"], document["public_name"]) == (None, None)
    assert status_json(HEALTHY)["replication"][1]["behind_messages"] is None  # type: ignore[index, call-overload]


def check(outcome: Outcome, weighs: Outcome = Outcome.PROBLEM) -> CheckResult:
    name = f"nats.{outcome.value}.{weighs.value}"
    return CheckResult(name, "nats", outcome, f"{name} says <so> & more", NOW, "Mend it with password=hunter2.", weighs)


CHECKS = (
    check(Outcome.OK),
    check(Outcome.WARN),
    check(Outcome.PROBLEM),
    check(Outcome.UNKNOWN),
    check(Outcome.UNKNOWN, Outcome.WARN),
)
VERIFICATION = Verification("shop-prod", "west", NOW, CHECKS)


def test_a_verification_ends_with_what_is_in_the_way(console: Console, golden: Callable[[str, str], None]) -> None:
    print_verification(VERIFICATION, console)

    text = printed(console)
    golden("verify-outcomes.txt", text)
    assert text.splitlines()[-1] == "In the way nats.problem.problem, nats.unknown.problem"
    assert "hunter2" not in text
    assert verification_json(VERIFICATION)["exit_code"] == 3


def test_an_unknown_that_weighs_as_a_problem_is_no_pass_for_a_pipeline() -> None:
    suite = ET.fromstring(junit_xml(VERIFICATION))  # noqa: S314 - our own document

    assert {key: suite.get(key) for key in ("tests", "failures", "errors")} == {
        "tests": "5",
        "failures": "1",
        "errors": "1",
    }
    ends = {case.get("name"): [part.tag for part in case] for case in suite}
    assert ends == {
        "nats.ok.problem": ["system-out"],
        "nats.warn.problem": ["system-out"],
        "nats.problem.problem": ["failure"],
        "nats.unknown.problem": ["error"],
        "nats.unknown.warn": ["system-out"],
    }
    assert "hunter2" not in junit_xml(VERIFICATION)


RUNS = (
    replace(PAUSED, run_id="run-1", paused="", ended=ExitCode.DONE, ended_at=NOW + timedelta(seconds=9)),
    replace(PAUSED, run_id="run-3", paused="", ended=ExitCode.CONTRACT_UNPROVEN),
    PAUSED,
    replace(PAUSED, run_id="run-4", paused=""),
    replace(PAUSED, run_id="run-5", paused="", epoch=0),
)


def test_what_became_of_each_run_is_said_in_words(console: Console, golden: Callable[[str, str], None]) -> None:
    print_runs(RUNS, console)

    golden("runs-states.txt", printed(console))
    assert runs_json(RUNS)["schema"] == "drctl.runs/v1"
    assert state_of(RUNS[3], "run-4") == "running, in phase switch"
    assert state_of(RUNS[3]) == "its process ended without a word, or still runs"


def test_a_run_shows_what_each_vendor_said(console: Console, golden: Callable[[str, str], None]) -> None:
    failed = ItemFailed("switch_dns:lab.test", "lab.test", "throttled", "Route 53 says 500", unknown=True)
    step = StepState(StepOutcome.UNKNOWN, "no answer", 3.0, NOW, (failed,))
    run = replace(PAUSED, steps=(("switch_dns:lab.test", step),))

    print_run(run, console, "/state/runs/run-2")

    text = printed(console)
    golden("run-paused.txt", text)
    assert "lab.test outcome unknown (throttled): Route 53 says 500" in text
    assert "drctl resume run-2" in text
    assert run_json(run)["schema"] == "drctl.run/v1"


def test_an_empty_state_directory_says_so(console: Console) -> None:
    print_runs((), console)

    assert printed(console) == "There are no runs in this state directory.\n"


HELD = Held("ORDERS", "west", 4, 5)
LOST = LedgerLine("ORDERS", 4, NOW, "orders.new", "order-4", 37)


@pytest.mark.parametrize(
    ("name", "ledger"),
    [
        (
            "whole",
            Ledger("shop-prod", NOW, (HELD,), (LOST, replace(LOST, seq=5, message_id="")), ()),
        ),
        ("unknown", Ledger("shop-prod", NOW, (), (), ("ORDERS: east does not answer",))),
        ("again", Ledger("shop-prod", NOW, (), (LOST, replace(LOST, seq=6, also_at=9)), (), ("ORDERS",))),
        ("empty", Ledger("shop-prod", NOW, (), (), ())),
    ],
)
def test_a_ledger_names_each_message_or_says_what_is_not_known(
    name: str, ledger: Ledger, console: Console, golden: Callable[[str, str], None]
) -> None:
    print_ledger(ledger, console)

    golden(f"ledger-{name}.txt", printed(console))
    assert ledger_json(ledger)["unknown"] == list(ledger.unknown)
