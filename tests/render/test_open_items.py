"""What stays open is read wherever somebody looks: who left it out, why, what it breaks, and the next command."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from drctl.app.report import make_report
from drctl.app.status import Kept, look
from drctl.core.errors import StepFailedError
from drctl.render.plan_json import plan_json
from drctl.render.plan_view import print_plan
from drctl.render.report_json import report_json
from drctl.render.report_md import report_md
from drctl.render.runs_view import print_run, run_json
from drctl.render.status_view import next_commands, status_json
from fakes.calls import ALWAYS, Fault
from fakes.operator import PLANNED, REASON, Operator
from fakes.shop import NOBODY, WEST, make_shop, watch

if TYPE_CHECKING:
    from rich.console import Console

MAILER = "deployment/shop/mailer"
FINISH = f"drctl resume run-1 --item {MAILER}"
BREAKS = f"{MAILER} is not scaled up in {WEST}"


@pytest.fixture
def operator() -> Operator:
    standing = Operator(make_shop())
    watch(standing.world, standing.topology, 2)
    return standing


def without_the_mailer(operator: Operator) -> Operator:
    operator.run(PLANNED, (), prepared=operator.prepare(PLANNED, ("mailer",)))
    return operator


def text(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return " ".join(console.file.getvalue().split())


def test_the_consent_screen_says_what_is_left_out_and_what_that_breaks(operator: Operator, console: Console) -> None:
    prepared = operator.prepare(PLANNED, ("mailer",))

    print_plan(prepared, operator.topology, console)

    assert f"- {MAILER} of scale_workload:{WEST}: {BREAKS}" in text(console)
    assert "Scale 1 workloads up in west" in text(console)
    left_out = plan_json(prepared)["left_out"]
    assert isinstance(left_out, list)
    assert [one["item"] for one in left_out if isinstance(one, dict)] == [MAILER]


def test_a_report_says_who_left_it_out_why_and_how_it_is_finished(operator: Operator) -> None:
    without_the_mailer(operator)
    report = make_report(operator.topology, operator.plan(), operator.state(), operator.world.clock.now())

    page = report_md(report)

    assert f"by ann@desk ({REASON}); {BREAKS}" in page
    assert f"`{FINISH}`" in page
    body = report_json(report)
    assert body["exit_codes"] == [10]
    items = body["open_items"]
    assert isinstance(items, list)
    assert [(one["item"], one["left_out_by"], one["why"]) for one in items if isinstance(one, dict)] == [
        (MAILER, "ann@desk", REASON)
    ]


def test_a_run_that_waits_says_what_was_left_out_of_it_and_not_what_it_tries_again(operator: Operator) -> None:
    calls = operator.world.calls
    calls.fail(f"{WEST}/cluster/scale {MAILER}", Fault.REFUSED, ALWAYS)
    calls.fail("lab.test/dns/swap", Fault.REFUSED, ALWAYS)
    with pytest.raises(StepFailedError):
        operator.run(PLANNED, ())

    def page() -> str:
        return report_md(
            make_report(operator.topology, operator.plan(), operator.state(), operator.world.clock.now())
        ).partition("## Timeline")[0]

    assert "--item" not in page()
    with pytest.raises(StepFailedError):
        operator.resume(without=("mailer",))

    assert f"`{FINISH}`" in page()


def test_a_run_lists_its_open_items_with_the_command_that_finishes_them(operator: Operator, console: Console) -> None:
    state = without_the_mailer(operator).state()

    print_run(state, console, "/state/runs/run-1")

    assert f"{MAILER} of scale_workload:{WEST}: left out" in text(console)
    assert text(console).endswith(f"Next {FINISH}")
    items = run_json(state)["open_items"]
    assert isinstance(items, list)
    assert len(items) == 1


def test_status_lists_an_open_item_and_names_its_command_until_it_is_finished(operator: Operator) -> None:
    without_the_mailer(operator)
    kept = Kept(operator.world.runs, (operator.world.lock,))

    def seen() -> tuple[object, tuple[str, ...]]:
        status = look(operator.world.reads(NOBODY), operator.topology, kept, timedelta(seconds=9))
        return status_json(status)["open_items"], next_commands(status)

    items, commands = seen()
    assert isinstance(items, list)
    assert [(one["run_id"], one["item"], one["why"]) for one in items] == [("run-1", MAILER, REASON)]
    assert commands == (FINISH,)

    operator.finish("mailer")

    assert seen() == ([], ("drctl verify",))
