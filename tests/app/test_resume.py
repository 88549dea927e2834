"""A run that is taken up looks at the world; its journal is history, never evidence."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from drctl.app.epochs import epoch_in
from drctl.core.errors import BlockedError, ExitCode, LockHeldError, NotFoundError, StepFailedError
from drctl.core.events import RunResumed, StepOutcome
from drctl.core.observed import RecordState
from fakes.calls import ALWAYS, Crashed, Fault
from fakes.operator import ACCEPTS
from fakes.shop import ADDRESSES, NAME, TTL, WEST, ZONE

if TYPE_CHECKING:
    from fakes.operator import Operator

SWAP = f"{ZONE}/dns/swap"


def pause_before_dns(operator: Operator) -> None:
    operator.world.calls.fail(SWAP, Fault.DENIED)
    with pytest.raises(StepFailedError):
        operator.run()


def test_work_done_by_hand_meanwhile_is_found_done(stricken: Operator) -> None:
    pause_before_dns(stricken)
    stricken.world.zones[ZONE].put(RecordState(NAME, "A", TTL, (ADDRESSES[WEST],)))

    report = stricken.resume()

    assert report.exit_code in {ExitCode.LEFT_OPEN, ExitCode.CONTRACT_UNPROVEN}
    assert SWAP not in stricken.world.calls.writes


def test_work_that_was_undone_meanwhile_is_done_again_although_the_journal_says_done(stricken: Operator) -> None:
    pause_before_dns(stricken)
    api = stricken.world.region(WEST).cluster.named("api")
    api.set_replicas(0, "argocd")

    stricken.resume()

    assert api.replicas == 2
    assert stricken.state().step("scale_workload:west").outcome is StepOutcome.DONE


def test_a_run_that_is_resumed_says_by_whom(stricken: Operator) -> None:
    pause_before_dns(stricken)

    stricken.resume()

    assert RunResumed("ann@desk") in [record.event for record in stricken.world.runs.read("run-1")]
    assert stricken.state().paused == ""


def test_a_run_that_has_ended_is_not_resumed(stricken: Operator) -> None:
    stricken.run()

    with pytest.raises(BlockedError, match="has ended"):
        stricken.resume()


def test_a_run_that_nobody_had_agreed_to_is_not_resumed(stricken: Operator) -> None:
    stricken.world.runs.create("run-1", b"{}")

    with pytest.raises(BlockedError, match="nothing was written"):
        stricken.resume()


def test_an_unknown_run_is_said(stricken: Operator) -> None:
    with pytest.raises(NotFoundError):
        stricken.resume("run-9")


def test_a_run_that_another_process_runs_is_not_resumed(stricken: Operator) -> None:
    pause_before_dns(stricken)
    stricken.world.lock.steal("run-1")

    with pytest.raises(LockHeldError):
        stricken.resume()


def test_the_consent_of_the_beginning_still_holds_and_no_other(stricken: Operator) -> None:
    pause_before_dns(stricken)

    report = stricken.resume()

    assert report.accepted == ACCEPTS
    assert report.how_confirmed == "--confirm"


def test_a_resumed_run_keeps_its_epoch(stricken: Operator) -> None:
    pause_before_dns(stricken)
    before = stricken.state().epoch

    assert stricken.resume().epoch == before == 1


def test_the_plan_of_the_beginning_is_run_although_the_configuration_changed(stricken: Operator) -> None:
    pause_before_dns(stricken)
    digest = stricken.state().plan_digest
    stricken.topology = replace(stricken.topology, workloads=())

    assert stricken.resume().plan_digest == digest


def test_a_fence_that_was_pending_is_finished_when_the_source_is_back(stricken: Operator) -> None:
    pause_before_dns(stricken)
    stricken.world.bring_back("east")

    report = stricken.resume()

    assert report.pending_fences == ()
    assert report.exit_code is ExitCode.DONE
    assert stricken.world.region("east").cluster.named("api").replicas == 0


def test_a_killed_process_holds_no_lock(stricken: Operator) -> None:
    stricken.world.calls.fail(SWAP, Fault.CRASH_AFTER)
    with pytest.raises(Crashed):
        stricken.run()
    with pytest.raises(Crashed):
        stricken.world.clock.wait(stricken.topology.timing.settle)

    stricken.world.start_new_process()

    assert stricken.resume().exit_code is ExitCode.LEFT_OPEN


def test_a_lost_write_is_sent_once_more_after_the_world_was_looked_at(stricken: Operator) -> None:
    stricken.world.calls.fail(SWAP, Fault.LOST)
    with pytest.raises(Exception, match="lost"):
        stricken.run()

    stricken.resume()

    assert stricken.world.calls.made[SWAP] == 2
    assert stricken.world.calls.writes.count(SWAP) == 1


def test_what_a_run_measured_is_kept_when_it_is_taken_up(stricken: Operator) -> None:
    pause_before_dns(stricken)
    first = stricken.state().facts

    report = stricken.resume()

    assert stricken.state().facts[: len(first)] == first
    assert [(loss.stream, loss.messages_min) for loss in report.losses] == [("KV_SETTINGS", 0), ("ORDERS", 3)]


def test_a_vendor_that_stays_down_pauses_the_run_again(stricken: Operator) -> None:
    stricken.world.calls.fail(SWAP, Fault.DENIED, times=ALWAYS)
    for attempt in (stricken.run, stricken.resume, stricken.resume):
        with pytest.raises(StepFailedError):
            attempt()
    stricken.world.calls.heal()

    assert stricken.resume().exit_code in {ExitCode.LEFT_OPEN, ExitCode.CONTRACT_UNPROVEN}


@pytest.mark.parametrize(
    ("values", "epoch"),
    [
        (("drctl epoch=7 run=run-1 active=west",), 7),
        (("v=spf1 -all", "drctl epoch=12 run=r"), 12),
        (("epoch=many",), 0),
        ((), 0),
    ],
)
def test_the_epoch_is_read_from_a_note_and_only_from_one(values: tuple[str, ...], epoch: int) -> None:
    assert epoch_in(values) == epoch
