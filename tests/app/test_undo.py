"""Runs that do not come to their own end: taken back by another one, or ended by somebody."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drctl.app.ending import abort, undo_intent
from drctl.core.errors import (
    BlockedError,
    ExitCode,
    InterruptedRunError,
    LockHeldError,
    StepFailedError,
)
from drctl.core.events import PhaseStarted
from drctl.core.intent import Intent, Mode, Operation
from drctl.core.observed import StreamRole
from fakes.calls import ALWAYS, Crashed, Fault
from fakes.operator import HOME, PLANNED, Operator
from fakes.shop import EAST, WEST, make_shop, order, watch


@pytest.fixture
def stopped() -> Operator:
    """A planned failover that was paused by its smoke, behind the promotion."""
    operator = Operator(make_shop())
    watch(operator.world, operator.topology, 2)
    operator.world.calls.fail(f"{WEST}/http/write *", Fault.UNANSWERED, ALWAYS)
    with pytest.raises(StepFailedError):
        operator.run(PLANNED, ())
    operator.world.calls.heal()
    operator.world.calls.writes.clear()
    return operator


def role(operator: Operator, region: str) -> StreamRole:
    return operator.world.region(region).datastore.stream("ORDERS").role


def test_after_an_undo_the_source_goes_on_behind_the_fork_and_the_target_mirrors_it(stopped: Operator) -> None:
    report = stopped.undo()
    order(stopped.world, 2)

    east = stopped.world.region(EAST).datastore.stream("ORDERS")
    assert report.exit_code is ExitCode.DONE
    # Three orders, the undo's own marked one, and two more: the one that west had under 4 is dropped.
    assert east.last_seq == 6
    assert stopped.world.region(WEST).datastore.stream("ORDERS").last_seq == 6
    assert (role(stopped, EAST), role(stopped, WEST)) == (StreamRole.ACTIVE, StreamRole.MIRROR)


def test_an_undo_lists_what_it_drops_and_promises_no_contract(stopped: Operator) -> None:
    report = stopped.undo()

    assert report.contracts == ()
    assert {line.stream: (line.messages_exact, line.evidence) for line in report.losses} == {
        "KV_SETTINGS": (0, "nothing after its fork at 1"),
        "ORDERS": (0, "1 of drctl's own after its fork at 3, to be dropped: 4"),
    }


def test_a_run_that_is_taken_back_is_not_taken_up(stopped: Operator) -> None:
    stopped.undo()

    with pytest.raises(BlockedError, match="run run-1 is undone by run run-2"):
        stopped.resume("run-1")
    with pytest.raises(BlockedError, match="run run-1 is undone by run run-2"):
        stopped.undo("run-1", "run-3")


def test_an_undo_that_pauses_is_taken_up(stopped: Operator) -> None:
    stopped.world.calls.fail(f"{EAST}/datastore/unfence ORDERS", Fault.DENIED)
    with pytest.raises(StepFailedError):
        stopped.undo()
    with pytest.raises(BlockedError):
        stopped.resume("run-1")

    assert stopped.resume("run-2").exit_code is ExitCode.DONE
    assert role(stopped, EAST) is StreamRole.ACTIVE


def test_a_write_of_the_applications_own_refuses_the_undo_before_anything_is_written(stopped: Operator) -> None:
    order(stopped.world, 1, WEST)

    with pytest.raises(BlockedError, match="west stored ORDERS 5") as refused:
        stopped.undo()

    assert (refused.value.code, refused.value.exit_code) == ("no-return-passed", ExitCode.BLOCKED)
    assert stopped.world.calls.writes == []
    assert not stopped.state("run-1").is_finished
    stopped.resume("run-1")


def test_a_write_that_comes_before_the_fence_stops_the_undo_with_the_target_serving(stopped: Operator) -> None:
    intent = undo_intent(stopped.undone(), "")
    prepared = stopped.prepare(intent)
    order(stopped.world, 1, WEST)

    with pytest.raises(BlockedError) as refused:
        stopped.run(intent, (), "run-2", prepared)

    assert refused.value.remedy.startswith("`drctl abort run-2` ends this undo")
    assert role(stopped, WEST) is StreamRole.ACTIVE


def test_a_write_that_comes_just_before_the_fence_is_found_behind_it_and_the_undo_is_itself_taken_back(
    stopped: Operator,
) -> None:
    stopped.world.calls.before(f"{WEST}/datastore/fence ORDERS", lambda: order(stopped.world, 1, WEST))
    with pytest.raises(BlockedError) as refused:
        stopped.undo()
    assert (role(stopped, EAST), role(stopped, WEST)) == (StreamRole.FENCED, StreamRole.FENCED)
    assert refused.value.remedy.startswith("`drctl undo run-2` gives west its writers back")

    stopped.undo("run-2", "run-3")

    assert (role(stopped, EAST), role(stopped, WEST)) == (StreamRole.FENCED, StreamRole.ACTIVE)
    assert stopped.world.region(WEST).datastore.stream("ORDERS").messages == 6


def test_an_undo_that_has_given_the_source_back_is_not_taken_back(stopped: Operator) -> None:
    stopped.world.calls.fail(f"{EAST}/http/write *", Fault.LOST, ALWAYS)
    with pytest.raises(StepFailedError):
        stopped.undo()
    stopped.world.calls.heal()

    with pytest.raises(BlockedError) as refused:
        stopped.undo("run-2", "run-3")

    assert refused.value.code == "two-writers"


def test_a_target_that_does_not_answer_is_not_guessed_at(stopped: Operator) -> None:
    stopped.world.kill(WEST)

    with pytest.raises(BlockedError, match="west does not answer, and an undo needs it"):
        stopped.undo()


def test_a_source_that_does_not_answer_cannot_serve_again(stopped: Operator) -> None:
    stopped.world.kill(EAST)

    with pytest.raises(BlockedError, match="the datastore of east, the target, does not answer"):
        stopped.undo()


def test_an_undo_waits_for_nobody_who_runs(stopped: Operator) -> None:
    stopped.world.lock.steal()

    with pytest.raises(LockHeldError):
        stopped.undo()
    assert stopped.state("run-1").undone_by == ""


@pytest.mark.parametrize(
    ("intent", "says"),
    [
        (Intent(Operation.FENCE, Mode.EMERGENCY, EAST, WEST), "only fences a region"),
        (replace(HOME, reprotect_only=True), "only makes a region a standby again"),
    ],
    ids=["fence", "reprotect"],
)
def test_what_moves_nothing_is_not_taken_back(intent: Intent, says: str) -> None:
    operator = Operator(make_shop())
    operator.run(PLANNED, ())
    operator.stopped = lambda: True
    with pytest.raises(InterruptedRunError):
        operator.run(intent, (), "run-2")

    with pytest.raises(BlockedError, match=says) as refused:
        operator.undo("run-2", "run-3")

    assert refused.value.code == "undo-impossible"


def test_a_run_that_nobody_agreed_to_has_nothing_to_be_taken_back() -> None:
    operator = Operator(make_shop())
    operator.world.runs.before_record = lambda record: operator.world.calls.crash() if record.seq == 4 else None
    with pytest.raises(Crashed):
        operator.run(PLANNED, ())
    operator.world.start_new_process()

    with pytest.raises(BlockedError, match="nothing was written"):
        operator.undo()


def test_an_aborted_run_wrote_nothing_more_and_is_neither_taken_up_nor_back(stopped: Operator) -> None:
    state = abort(stopped.world.runs, "run-1", "ann@desk", "the window is over")

    assert (state.aborted_by, state.is_finished) == ("ann@desk", True)
    assert stopped.world.calls.writes == []
    for take in (stopped.resume, stopped.undo):
        with pytest.raises(BlockedError, match="run run-1 was aborted by ann@desk"):
            take("run-1")


def test_behind_an_abort_a_new_run_finds_the_world_as_it_is(stopped: Operator) -> None:
    abort(stopped.world.runs, "run-1", "ann@desk", "")

    report = stopped.run(PLANNED, (), "run-2")

    assert report.exit_code in {ExitCode.DONE, ExitCode.CONTRACT_UNPROVEN}
    assert report.timeline.served_since is not None


def test_a_run_that_has_ended_is_not_aborted(stopped: Operator) -> None:
    stopped.resume()

    with pytest.raises(BlockedError, match="has ended"):
        abort(stopped.world.runs, "run-1", "ann@desk", "")


def test_no_phase_of_an_undo_begins_with_two_writers(stopped: Operator) -> None:
    twice: list[str] = []

    def look(record: object) -> None:
        if isinstance(getattr(record, "event", None), PhaseStarted):
            roles = {role(stopped, EAST), role(stopped, WEST)}
            twice.extend([str(record)] if roles == {StreamRole.ACTIVE} else [])

    stopped.world.runs.after_record = look

    stopped.undo()

    assert twice == []
