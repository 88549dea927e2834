"""What is read at 3 a.m.: every kind of error, and the screen of a run that stopped."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from drctl.core import errors
from drctl.core.access import Command
from drctl.core.errors import ConfigError, DrctlError, OutcomeUnknownError, StepFailedError
from drctl.render.diagnostics import Failure, failure_text
from drctl.render.errors import error_text, runbook_page

if TYPE_CHECKING:
    from collections.abc import Callable

KINDS = sorted(
    (kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, DrctlError)),
    key=lambda kind: kind.__name__,
)
WHOLE = Failure(
    run_id="20260301-030008-failover-3fa9",
    operation="failover east -> west",
    step_id="promote_stream:west:streams",
    step_title="Promote DRCTL_HB, ORDERS in west",
    journal="/home/ann/.local/state/drctl/shop/prod/runs/20260301-030008-failover-3fa9",
    served="no: HTTP 503",
    written_twice="unknown: east does not answer",
    expected="ORDERS takes orders.> in west, proved by a probe",
    in_force=(
        "east/stream/ORDERS subjects",
        *(f"west/deployment/shop/w{number} spec.replicas" for number in range(1, 6)),
        "west/stream/KV_SETTINGS mirror",
        "west/stream/KV_SETTINGS subjects",
        "lab.test/_drctl.shop.lab.test TXT values",
    ),
    past_no_return=True,
    look="nats --context west req '$JS.API.STREAM.INFO.ORDERS' ''",
    by_hand=tuple(
        Command(f"promote S{number}", f"nats --context west req '$JS.API.STREAM.UPDATE.S{number}' '...'", writes=True)
        for number in range(1, 6)
    ),
    next_commands=("drctl status", "drctl runs show 20260301-030008-failover-3fa9"),
    budget_left=timedelta(minutes=3, seconds=20),
)
NOTHING_KNOWN = Failure("run-1", "failover east -> west", "", "", "/state/runs/run-1")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_of_error_says_what_where_and_what_next(kind: type[DrctlError]) -> None:
    error = kind("west says no to ORDERS", remedy="Look there: `drctl status`.")

    lines = error_text(error).splitlines()

    assert lines[0] == "error: west says no to ORDERS"
    assert lines[1] == f"({error.code}, exit code {int(error.exit_code)}; see {runbook_page(error.code)})"
    assert lines[2:] == ["Look there:", "  drctl status"]


def test_a_command_is_printed_once_and_on_a_narrow_terminal_never_broken_inside_a_word() -> None:
    accepts = "--accept data-loss --accept source-writers-unknown"
    whole = f'drctl failover --mode emergency --confirm "shop-lab west" {accepts}'

    text = error_text(DrctlError("east is silent", remedy=f"If it is dead: `{whole}`"), 80)

    assert text.count("drctl failover") == 1
    assert max(map(len, text.splitlines())) <= 80
    assert " ".join(line.strip(" \\") for line in text.splitlines()[-2:]) == whole


def test_a_command_that_wants_a_name_put_in_stays_in_its_sentence() -> None:
    error = DrctlError("a plan is missing", remedy="Make one: `drctl plan failover -o FILE`.")

    assert error_text(error).splitlines()[-1] == "Make one: `drctl plan failover -o FILE`."


def test_a_command_that_should_have_run_before_is_not_what_to_do_now() -> None:
    error = DrctlError("nobody knows the subjects", remedy="Set them, or run `drctl watch` while the source lives.")

    assert error_text(error).endswith("while the source lives.")


def test_consent_in_quotes_is_part_of_a_whole_command() -> None:
    whole = 'drctl failover --mode emergency --confirm "shop-lab west" --accept data-loss'

    assert error_text(DrctlError("east is silent", remedy=f"If it is dead: `{whole}`")).endswith(f"\n  {whole}")


def test_every_mistake_of_a_configuration_is_listed_and_no_secret_is() -> None:
    error = ConfigError("2 mistakes", problems=("line 3: a", "line 9: nats://u:hunter2@h"), remedy="Mend it.")

    text = error_text(error)

    assert "  - line 3: a\n  - line 9: nats://***@h\n" in text


def test_a_stopped_run_is_told_in_about_fifteen_lines_of_eighty_columns(golden: Callable[[str, str], None]) -> None:
    error = StepFailedError("ORDERS: the server says 10058: stream name already in use", remedy="Look who uses it.")

    text = failure_text(WHOLE, error)

    prose = [line for line in text.splitlines() if not line.startswith(("Look:", "By hand:", "  ", "Journal:", "Or"))]
    assert max(map(len, prose)) <= 80
    assert len(text.splitlines()) <= 21
    assert text.splitlines()[-1] == "drctl resume 20260301-030008-failover-3fa9"
    golden("failure-whole.txt", text + "\n")


def test_what_is_not_known_is_said_to_be_unknown(golden: Callable[[str, str], None]) -> None:
    text = failure_text(NOTHING_KNOWN, OutcomeUnknownError("west did not answer in 10 s", remedy="Look again."))

    assert "Users served:   unknown" in text
    assert "Writable twice: unknown" in text
    assert "unknown; treat it as passed" in text
    golden("failure-unknown.txt", text + "\n")


def test_a_long_answer_of_a_vendor_does_not_push_the_rest_off_the_screen() -> None:
    text = failure_text(WHOLE, StepFailedError("word " * 500, remedy="Look " * 500))

    assert len(text.splitlines()) <= 24
    assert " ..." in text


def test_a_budget_that_is_gone_is_said_so() -> None:
    late = Failure("run-1", "failover", "smoke:west", "", "/j", budget_left=timedelta(seconds=-75))

    assert "RTO budget:     over by 1 min 15 s" in failure_text(late, StepFailedError("x"))


def test_what_a_vendor_says_gives_the_terminal_no_orders() -> None:
    text = failure_text(WHOLE, StepFailedError("\x1b[2J\x1b]0;title\x07gone\x00", remedy="token=hunter2"))

    assert "\x1b" not in text
    assert "\x00" not in text
    assert "hunter2" not in text
