"""A run as its journal tells it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import reduce

from drctl.core.change import Change, Diff
from drctl.core.contract import Fact, FactKind
from drctl.core.errors import ExitCode
from drctl.core.events import (
    ApplyIntended,
    EpochClaimed,
    Event,
    FactsMeasured,
    ItemApplied,
    ItemFailed,
    PhaseStarted,
    Prediction,
    RunConfirmed,
    RunEnded,
    RunPaused,
    RunResumed,
    RunStarted,
    StepChecked,
    StepEnded,
    StepOutcome,
    StepVerified,
)
from drctl.core.intent import Intent, Mode, Operation
from drctl.core.run_state import RunState, fold
from drctl.core.verdict import Health

T0 = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
INTENT = Intent(Operation.FAILOVER, Mode.EMERGENCY, "east", "west")
DIFF = Diff((Change("api", "west/deployment/shop/api", "spec.replicas", 0, 2),))
STARTED = RunStarted("run-1", INTENT, "digest", "ann", "0.1.0")


def told(*events: Event) -> RunState:
    """Return the state after events, one second apart."""
    dated = ((T0 + timedelta(seconds=number), event) for number, event in enumerate(events))
    return reduce(lambda state, one: fold(state, *one), dated, RunState())


def test_an_empty_journal_tells_nothing() -> None:
    assert told() == RunState()
    assert not told().is_finished


def test_the_beginning_is_who_wants_what_with_which_consent() -> None:
    shown = (Prediction("scale", DIFF),)

    state = told(STARTED, RunConfirmed("typed", ("data-loss",), shown), EpochClaimed(4))

    assert (state.run_id, state.intent, state.operator, state.plan_digest) == ("run-1", INTENT, "ann", "digest")
    assert (state.how_confirmed, state.accepted, state.predictions) == ("typed", ("data-loss",), shown)
    assert (state.started_at, state.epoch) == (T0, 4)


def test_what_was_intended_and_not_answered_is_not_told_as_applied() -> None:
    state = told(ApplyIntended("scale", "api", DIFF))

    assert state.intended == (("scale", "api", DIFF),)
    assert state.applied == ()


def test_what_was_applied_is_told_with_its_diff() -> None:
    state = told(ApplyIntended("scale", "api", DIFF), ItemApplied("scale", "api"))

    assert state.applied == (("scale", DIFF),)


def test_a_diff_that_was_intended_twice_counts_as_last_intended() -> None:
    later = Diff((Change("api", "west/deployment/shop/api", "spec.replicas", 1, 2),))

    state = told(ApplyIntended("scale", "api", DIFF), ApplyIntended("scale", "api", later), ItemApplied("scale", "api"))

    assert state.applied == (("scale", later),)


def test_a_step_that_was_tried_again_is_as_it_ended_last() -> None:
    failed = ItemFailed("scale", "api", "denied", "no", unknown=False)

    state = told(
        failed,
        StepEnded("scale", StepOutcome.FAILED, "no"),
        StepVerified("scale", Health.HEALTHY, "yes", (), 1.5),
        StepEnded("scale", StepOutcome.DONE, "yes"),
    )

    step = state.step("scale")
    assert (step.outcome, step.message, step.waited_seconds) == (StepOutcome.DONE, "yes", 1.5)
    assert step.ended_at == T0 + timedelta(seconds=3)
    assert step.failures == (failed,)


def test_a_step_that_was_never_reached_has_no_outcome() -> None:
    assert told(STARTED).step("scale").outcome is None


def test_an_open_step_is_open_until_it_ends_otherwise() -> None:
    fence = StepEnded("fence", StepOutcome.OPEN, "silent")

    assert told(fence).open_steps == ("fence",)
    assert told(fence, StepEnded("fence", StepOutcome.DONE, "fenced")).open_steps == ()


def test_a_paused_run_says_why_and_where_until_it_is_resumed() -> None:
    paused = told(STARTED, PhaseStarted("switch"), RunPaused("denied", "no", "switch_dns"))
    assert (paused.paused_code, paused.paused, paused.paused_at_step) == ("denied", "no", "switch_dns")
    assert not paused.is_finished

    resumed = told(STARTED, RunPaused("denied", "no", "switch_dns"), RunResumed("ben"))

    assert (resumed.paused, resumed.paused_code, resumed.paused_at_step) == ("", "", "")


def test_a_run_that_ended_needs_nobody_also_where_its_exit_code_is_not_zero() -> None:
    state = told(STARTED, RunPaused("denied", "no", "x"), RunResumed("ben"), RunEnded(ExitCode.LEFT_OPEN, "done"))

    assert state.is_finished
    assert (state.ended, state.ended_at) == (ExitCode.LEFT_OPEN, T0 + timedelta(seconds=3))
    assert told(RunEnded(ExitCode.DONE, "done")).is_finished


def test_facts_are_kept_in_order() -> None:
    one, other = (Fact(FactKind.FREEZE_SEQ, "ORDERS", value, T0) for value in (1, 2))

    assert told(FactsMeasured("freeze", (one,)), FactsMeasured("freeze", (other,))).facts == (one, other)


def test_a_look_changes_nothing_that_is_told() -> None:
    assert told(STARTED, StepChecked("scale", DIFF, ())) == told(STARTED)
