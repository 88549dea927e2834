"""A run as its journal tells it."""

from __future__ import annotations

from dataclasses import replace
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
    ItemFinished,
    ItemLeftOut,
    ItemTakenUp,
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
from drctl.core.finding import Finding
from drctl.core.intent import Intent, Mode, Operation
from drctl.core.item import ItemRef, LeftOut, OpenItem
from drctl.core.run_state import RunState, fold
from drctl.core.verdict import Health, ItemVerdict, Tier

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


def test_what_was_made_is_told_in_the_order_of_its_intents_whoever_was_answered_first() -> None:
    other = Diff((Change("worker", "west/deployment/shop/worker", "spec.replicas", 0, 1),))
    intents = (ApplyIntended("scale", "api", DIFF), ApplyIntended("scale", "worker", other))

    assert told(*intents, ItemApplied("scale", "worker"), ItemApplied("scale", "api")).made == (
        ("scale", DIFF),
        ("scale", other),
    )
    assert told(*intents, ItemApplied("scale", "worker")).made == (("scale", other),)


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


def lame(item: str, health: Health = Health.FAILED) -> ItemVerdict:
    return ItemVerdict(item, Tier.REST, health, "no pods")


def test_what_failed_in_the_last_try_of_a_step_is_told_and_not_what_failed_before() -> None:
    refused = ItemFailed("scale", "mailer", "denied", "no", unknown=False)
    missing = Finding("workload-missing", "gone", "", subject="worker")

    assert told(refused).step("scale").failed == ("mailer",)
    assert told(StepVerified("scale", Health.FAILED, "", (lame("api"),), 1.0)).step("scale").failed == ("api",)
    assert told(refused, StepChecked("scale", DIFF, (missing,))).step("scale").failed == ("worker",)
    assert told(refused, StepChecked("scale", DIFF, ())).step("scale").failed == ()


def test_an_item_that_was_left_out_is_open_until_it_is_finished() -> None:
    ref = ItemRef("scale", "mailer")
    left = ItemLeftOut(ref, ("no mail is sent",), "ann", "its image is gone")

    state = told(STARTED, left)

    assert state.left_out == (
        LeftOut(ref, ("no mail is sent",), "ann", "its image is gone", T0 + timedelta(seconds=1)),
    )
    assert state.open_items == (OpenItem(ref, "its image is gone", "ann", T0 + timedelta(seconds=1)),)
    assert told(STARTED, left, ItemFinished(ref)).open_items == ()


def test_leaving_an_item_out_twice_leaves_it_out_once() -> None:
    left = ItemLeftOut(ItemRef("scale", "mailer"), (), "ann", "first")

    assert [one.reason for one in told(left, replace(left, reason="second")).left_out] == ["second"]


def test_an_item_that_is_taken_up_is_the_runs_again_or_stays_open_where_the_run_has_ended() -> None:
    ref = ItemRef("scale", "mailer")
    left, up = ItemLeftOut(ref, (), "ann", "why"), ItemTakenUp(ref, "ben", ())

    assert told(STARTED, left, up).open_items == ()
    assert [one.ref for one in told(STARTED, left, RunEnded(ExitCode.LEFT_OPEN, "done"), up).open_items] == [ref]


def test_what_a_degraded_step_ended_without_is_open() -> None:
    verified = StepVerified("scale", Health.DEGRADED, "", (lame("api", Health.HEALTHY), lame("mailer")), 1.0)

    state = told(verified, StepEnded("scale", StepOutcome.DEGRADED, "mailer: no pods"))

    assert state.open_items == (OpenItem(ItemRef("scale", "mailer"), "no pods", "", T0 + timedelta(seconds=1)),)


def test_a_step_whose_items_were_finished_one_by_one_is_degraded_until_the_last() -> None:
    degraded = StepVerified("scale", Health.DEGRADED, "", (lame("mailer"), lame("worker")), 1.0)
    ended = StepEnded("scale", StepOutcome.DONE, "1 of 1 healthy")
    one, other = (
        StepVerified("scale", Health.HEALTHY, "", (lame(name, Health.HEALTHY),), 1.0) for name in ("mailer", "worker")
    )

    half = told(degraded, StepEnded("scale", StepOutcome.DEGRADED, ""), one, ended)
    whole = told(degraded, StepEnded("scale", StepOutcome.DEGRADED, ""), one, ended, other, ended)

    assert (half.step("scale").outcome, [item.ref.item for item in half.open_items]) == (
        StepOutcome.DEGRADED,
        ["worker"],
    )
    assert (whole.step("scale").outcome, whole.open_items) == (StepOutcome.DONE, ())


def test_a_run_ended_when_it_first_ended_although_an_item_was_finished_later() -> None:
    state = told(
        RunEnded(ExitCode.LEFT_OPEN, "done"), ItemFinished(ItemRef("scale", "api")), RunEnded(ExitCode.DONE, "done")
    )

    assert (state.ended, state.ended_at) == (ExitCode.DONE, T0)
