"""A whole run: what is written down when, what stops it, and what it leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from drctl.core.errors import (
    BlockedError,
    DrctlError,
    DriftError,
    ExitCode,
    InterruptedRunError,
    InvariantError,
    LockHeldError,
    LockLostError,
    OutcomeUnknownError,
    StepFailedError,
)
from drctl.core.events import (
    ApplyIntended,
    EpochClaimed,
    FactsMeasured,
    ItemApplied,
    ItemFailed,
    PhaseStarted,
    RunConfirmed,
    RunEnded,
    RunPaused,
    RunStarted,
    StepChecked,
    StepEnded,
    StepOutcome,
    StepVerified,
)
from drctl.core.observed import RecordState
from drctl.planning.plan import CLOSE, FREEZE, PROMOTE, SETTLE, SMOKE, START, SWITCH
from fakes.calls import ALWAYS, Fault
from fakes.operator import HOME, Operator
from fakes.shop import ADDRESSES, EAST, NAME, TTL, WEST, ZONE

if TYPE_CHECKING:
    from collections.abc import Callable

    from drctl.core.events import Event
    from drctl.ports.journal import Record


def events(operator: Operator, run_id: str = "run-1") -> list[Event]:
    return [record.event for record in operator.world.runs.read(run_id)]


def phases(operator: Operator) -> list[str]:
    return [event.phase for event in events(operator) if isinstance(event, PhaseStarted)]


def outcome(operator: Operator, step: str) -> StepOutcome | None:
    return operator.state().step(step).outcome


def at_phase(operator: Operator, phase: str, act: Callable[[], None]) -> None:
    """Do something right after a phase was begun."""

    def look(record: Record) -> None:
        if isinstance(record.event, PhaseStarted) and record.event.phase == phase:
            act()

    operator.world.runs.after_record = look


def test_the_phases_come_in_their_order(stricken: Operator) -> None:
    stricken.run()

    assert phases(stricken) == [CLOSE, FREEZE, PROMOTE, START, SMOKE, SWITCH, SETTLE]


def test_everything_about_the_beginning_is_written_down_first(stricken: Operator) -> None:
    stricken.run()

    assert [type(event) for event in events(stricken)[:4]] == [RunStarted, RunConfirmed, FactsMeasured, EpochClaimed]


def test_a_step_is_looked_at_intended_applied_verified_and_ended_in_this_order(stricken: Operator) -> None:
    stricken.run()

    mine = [event for event in events(stricken) if getattr(event, "step_id", "") == "promote_stream:west:buckets"]
    kinds = (StepChecked, ApplyIntended, ItemApplied, StepVerified, FactsMeasured, StepEnded)
    assert tuple(type(event) for event in mine) == kinds


def test_all_intents_of_a_wave_are_durable_before_its_first_write(stricken: Operator) -> None:
    intended: list[set[str]] = []

    def look() -> None:
        mine = [event for event in events(stricken) if isinstance(event, ApplyIntended)]
        intended.append({event.item for event in mine if event.step_id == "promote_stream:west:streams"})

    stricken.world.calls.before("west/datastore/promote ORDERS", look)
    stricken.world.calls.before("west/datastore/promote DRCTL_HB", look)
    stricken.run()

    assert intended == [{"DRCTL_HB", "ORDERS"}] * 2


def test_dns_is_the_last_write_to_an_object(stricken: Operator) -> None:
    stricken.run()

    assert stricken.world.calls.writes[-1] == f"{ZONE}/dns/swap"


def test_a_finding_that_was_accepted_leaves_its_step_open_and_the_run_goes_on(stricken: Operator) -> None:
    report = stricken.run()

    assert outcome(stricken, "fence_streams:east") is StepOutcome.OPEN
    assert report.pending_fences == ("fence_streams:east", "fence_workloads:east")
    assert report.exit_code is ExitCode.LEFT_OPEN


def test_a_finding_that_was_not_accepted_stops_the_run_before_any_write(stricken: Operator) -> None:
    with pytest.raises(BlockedError) as stopped:
        stricken.run(accepted=("data-loss",))

    assert stopped.value.code == "source-writers-unknown"
    assert stopped.value.exit_code is ExitCode.BLOCKED
    assert stricken.world.calls.writes == []


def test_a_finding_that_nobody_can_accept_is_not_accepted_by_its_code(stricken: Operator) -> None:
    stricken.world.region(WEST).cluster.named("api").paused = True

    with pytest.raises(BlockedError, match="paused"):
        stricken.run(accepted=("data-loss", "source-writers-unknown", "workload-paused"))


def test_a_world_that_differs_from_what_was_confirmed_stops_the_run_with_both_shown(stricken: Operator) -> None:
    prepared = stricken.prepare()
    stricken.world.region(WEST).cluster.named("api").set_replicas(1, "eve")

    with pytest.raises(DriftError) as stopped:
        stricken.run(prepared=prepared)

    assert stopped.value.exit_code is ExitCode.DRIFTED
    assert "1 -> 2" in stopped.value.message
    assert "0 -> 2" in stopped.value.message


def test_work_that_somebody_did_meanwhile_is_no_drift(stricken: Operator) -> None:
    prepared = stricken.prepare()
    stricken.world.region(WEST).cluster.named("api").set_replicas(2, "eve")

    stricken.run(prepared=prepared)

    assert "west/cluster/scale deployment/shop/api" not in stricken.world.calls.writes


def test_a_record_that_somebody_moved_elsewhere_is_not_overwritten(stricken: Operator) -> None:
    prepared = stricken.prepare()
    stricken.world.zones[ZONE].put(RecordState(NAME, "A", TTL, ("10.9.9.9",)))

    with pytest.raises(DriftError):
        stricken.run(prepared=prepared)

    assert stricken.world.zones[ZONE].records[NAME, "A"].values == ("10.9.9.9",)


def test_a_lost_lock_stops_the_run_before_the_next_phase(stricken: Operator) -> None:
    at_phase(stricken, FREEZE, stricken.world.lock.steal)

    with pytest.raises(LockLostError):
        stricken.run()

    assert phases(stricken)[-1] == FREEZE
    assert not any("promote" in name for name in stricken.world.calls.writes)


def test_a_second_run_while_one_holds_the_lock_is_refused_and_told_by_whom(stricken: Operator) -> None:
    second: list[DrctlError] = []

    def try_a_second() -> None:
        other = Operator(stricken.world)
        mine, stricken.world.lock.process = stricken.world.lock.process, 2
        try:
            with pytest.raises(LockHeldError) as refused:
                other.run(run_id="run-2")
            second.append(refused.value)
        finally:
            stricken.world.lock.process = mine

    at_phase(stricken, PROMOTE, try_a_second)
    stricken.run()

    assert [error.exit_code for error in second] == [ExitCode.LOCKED]
    assert "run-1" in second[0].message
    assert "run-2" not in stricken.world.runs.run_ids()


def test_two_writers_stop_the_run_before_traffic_moves(stricken: Operator) -> None:
    at_phase(stricken, SMOKE, lambda: stricken.world.bring_back(EAST))

    with pytest.raises(InvariantError) as stopped:
        stricken.run()

    assert stopped.value.code == "two-writers"
    assert stricken.world.zones[ZONE].records[NAME, "A"].values == (ADDRESSES[EAST],)


def test_a_run_that_two_writers_stopped_ends_once_it_can_fence(stricken: Operator) -> None:
    at_phase(stricken, SMOKE, lambda: stricken.world.bring_back(EAST))
    with pytest.raises(InvariantError):
        stricken.run()
    stricken.world.runs.after_record = lambda _record: None

    report = stricken.resume()

    assert report.pending_fences == ()
    assert stricken.world.region(EAST).jetstream.publish("orders.new") == ()


def test_a_later_run_is_stood_down_for(stricken: Operator) -> None:
    def sign() -> None:
        stricken.world.region(WEST).jetstream.streams["ORDERS"].config["metadata"]["drctl.epoch"] = "9"

    at_phase(stricken, SMOKE, sign)

    with pytest.raises(InvariantError) as stopped:
        stricken.run()

    assert stopped.value.code == "epoch-stale"


def test_a_critical_item_that_the_vendor_refuses_pauses_the_run_resumable(stricken: Operator) -> None:
    stricken.world.calls.fail("west/datastore/promote ORDERS", Fault.REFUSED)

    with pytest.raises(StepFailedError) as stopped:
        stricken.run()

    assert stopped.value.exit_code is ExitCode.PAUSED
    assert outcome(stricken, "promote_stream:west:streams") is StepOutcome.FAILED
    paused = events(stricken)[-1]
    assert isinstance(paused, RunPaused)
    assert paused.step_id == "promote_stream:west:streams"
    assert stricken.resume().exit_code is ExitCode.LEFT_OPEN


def test_an_unknown_outcome_is_said_as_such(stricken: Operator) -> None:
    stricken.world.calls.fail(f"{ZONE}/dns/swap", Fault.LOST)

    with pytest.raises(OutcomeUnknownError) as stopped:
        stricken.run()

    assert stopped.value.exit_code is ExitCode.OUTCOME_UNKNOWN
    assert outcome(stricken, f"switch_dns:{ZONE}") is StepOutcome.UNKNOWN


def test_other_items_of_a_wave_are_done_although_one_fails(stricken: Operator) -> None:
    stricken.world.calls.fail("west/datastore/promote DRCTL_HB", Fault.DENIED)

    with pytest.raises(StepFailedError):
        stricken.run()

    assert "west/datastore/promote ORDERS" in stricken.world.calls.writes
    failed = [event for event in events(stricken) if isinstance(event, ItemFailed)]
    assert [event.item for event in failed] == ["DRCTL_HB"]


def test_a_critical_workload_that_never_comes_up_fails_at_its_deadline_and_traffic_stays(stricken: Operator) -> None:
    stricken.world.region(WEST).cluster.named("api").ready_after = ALWAYS
    began = stricken.world.clock.elapsed()

    with pytest.raises(StepFailedError, match="out of time"):
        stricken.run()

    waited = stricken.world.clock.elapsed() - began
    deadline = stricken.topology.timing.step_deadline
    assert deadline <= waited < deadline * 1.1
    assert stricken.world.zones[ZONE].records[NAME, "A"].values == (ADDRESSES[EAST],)


def test_a_lesser_workload_that_never_comes_up_leaves_the_step_degraded_and_the_run_goes_on(stricken: Operator) -> None:
    stricken.world.region(WEST).cluster.named("mailer").ready_after = ALWAYS

    report = stricken.run()

    assert outcome(stricken, "await_workloads:west:rest") is StepOutcome.DEGRADED
    assert report.verdict.startswith("done")
    assert stricken.world.zones[ZONE].records[NAME, "A"].values == (ADDRESSES[WEST],)
    # Users waited for what is critical only.
    assert report.timeline.dns_sent_after is not None
    assert report.timeline.started is not None
    assert report.timeline.dns_sent_after - report.timeline.started < stricken.topology.timing.step_deadline


def test_a_no_means_stop_and_nothing_of_the_step_is_done(stricken: Operator) -> None:
    stricken.gate.refuses = f"switch_dns:{ZONE}"

    with pytest.raises(InterruptedRunError, match="said no"):
        stricken.run()

    assert f"{ZONE}/dns/swap" not in stricken.world.calls.writes
    stricken.gate.refuses = ""
    assert stricken.resume().exit_code is ExitCode.LEFT_OPEN


def test_each_step_is_asked_for_before_it_runs(stricken: Operator) -> None:
    report = stricken.run()

    open_steps = set(report.pending_fences)
    assert stricken.gate.asked == [step.id for step in report.steps if step.id not in open_steps]


def test_an_interrupted_run_pauses_at_the_next_wave(stricken: Operator) -> None:
    stop: list[bool] = []
    stricken.stopped = lambda: bool(stop)
    stricken.world.calls.before("west/datastore/promote KV*", lambda: stop.append(True))

    with pytest.raises(InterruptedRunError) as stopped:
        stricken.run()

    assert stopped.value.exit_code is ExitCode.INTERRUPTED
    # The write that was on its way is finished, and known to be.
    assert any(isinstance(event, ItemApplied) and event.item == "KV_SETTINGS" for event in events(stricken))
    assert not any(name.endswith("promote ORDERS") for name in stricken.world.calls.writes)
    stop.clear()
    assert stricken.resume().exit_code is ExitCode.LEFT_OPEN


def test_a_screen_that_breaks_never_stops_a_failover(stricken: Operator) -> None:
    stricken.observer.breaks = True

    assert stricken.run().exit_code is ExitCode.LEFT_OPEN


def test_observers_see_every_record_in_order_and_what_is_waited_for(stricken: Operator) -> None:
    stricken.run()

    assert stricken.observer.events == events(stricken)
    assert "settle:west" in stricken.observer.waits


def test_the_run_ends_with_what_it_exits_with(stricken: Operator) -> None:
    report = stricken.run()

    ended = events(stricken)[-1]
    assert isinstance(ended, RunEnded)
    assert ended.exit_code is report.exit_code is ExitCode.LEFT_OPEN


def test_the_epoch_is_larger_than_any_seen_anywhere(stricken: Operator) -> None:
    stricken.world.zones[ZONE].put(RecordState(f"_drctl.{NAME}", "TXT", TTL, ("drctl epoch=41 run=old",)))

    assert stricken.run().epoch == 42


def test_an_epoch_of_a_stream_counts_too(stricken: Operator) -> None:
    stricken.world.region(WEST).jetstream.streams["KV_SETTINGS"].config["metadata"] = {"drctl.epoch": "6"}

    assert stricken.run().epoch == 7


def test_a_step_that_cannot_look_pauses_the_run(stricken: Operator) -> None:
    prepared = stricken.prepare()
    stricken.world.calls.fail("west/secrets/*", Fault.DENIED, times=ALWAYS)

    with pytest.raises(StepFailedError) as stopped:
        stricken.run(prepared=prepared)

    assert stopped.value.code == "denied"
    assert stricken.state().paused_code == "denied"


def test_a_failback_without_its_link_says_what_it_waits_for(stricken: Operator) -> None:
    stricken.run()
    stricken.world.bring_back(EAST)

    with pytest.raises(StepFailedError) as stopped:
        stricken.run(HOME, (), "run-2")

    assert "the link between east and west" in stopped.value.remedy
    assert stopped.value.remedy.endswith("`drctl resume run-2`.")


def test_a_step_that_failed_has_a_remedy(stricken: Operator) -> None:
    stricken.world.calls.fail(f"{ZONE}/dns/swap", Fault.REFUSED, ALWAYS)

    with pytest.raises(StepFailedError) as stopped:
        stricken.run()

    assert "`drctl resume run-1`" in stopped.value.remedy
