"""The process is killed at every record of the journal and at every write, and taken up again: each effect once."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from drctl.core.errors import BlockedError
from drctl.core.events import RunUndone
from fakes.calls import Crashed, Fault
from simulation.stories import BACK, DEAD, LEFT, PLAN, ROUND, STORIES, Ending, Story, ending, uncrashed

if TYPE_CHECKING:
    from drctl.ports.journal import Record
    from fakes.operator import Operator

AGAIN = "run-2"


@cache
def _whole(name: str) -> tuple[Ending, int, tuple[str, ...]]:
    """Return how a story ends, the number of its records, and its write requests."""
    story = next(story for story in STORIES if story.name == name)
    operator, end = uncrashed(story)
    return end, len(operator.world.runs.read("run-1")), tuple(dict.fromkeys(operator.world.calls.writes))


def _points() -> list[object]:
    return [
        pytest.param(story, number, durable, id=f"{story.name}-{'after' if durable else 'before'}_record_{number}")
        for story in (DEAD, PLAN, BACK, LEFT, ROUND)
        for number in range(1, _whole(story.name)[1] + 1)
        for durable in (False, True)
    ]


def _writes() -> list[object]:
    return [
        pytest.param(story, name, fault, id=f"{story.name}-{fault.value} {name}")
        for story in STORIES
        for name in _whole(story.name)[2]
        for fault in (Fault.CRASH_BEFORE, Fault.CRASH_AFTER)
    ]


def take_up(operator: Operator, story: Story) -> Ending:
    """Bring a killed run to its end; one that nobody had agreed to durably is begun anew."""
    world = operator.world
    world.start_new_process()
    try:
        return ending(world, operator.resume())
    except BlockedError:
        assert world.calls.writes == []
        return ending(world, story.run(operator, AGAIN), AGAIN)


@pytest.mark.parametrize(("story", "number", "durable"), _points())
def test_a_run_that_was_killed_at_a_record_ends_as_if_it_had_not_been(
    story: Story, number: int, *, durable: bool
) -> None:
    operator = story.begins()
    kill_at_record(operator, number, durable=durable)

    with pytest.raises(Crashed):
        story.run(operator)

    if number == _whole(story.name)[1] and durable:
        # It had ended.
        operator.world.start_new_process()
        with pytest.raises(BlockedError, match="has ended"):
            operator.resume()
        return
    assert take_up(operator, story) == _whole(story.name)[0]


@pytest.mark.parametrize("durable", [False, True], ids=["before", "after"])
def test_an_undo_that_was_killed_as_it_ended_the_other_run_ends_it_once(*, durable: bool) -> None:
    operator = LEFT.begins()
    runs, calls = operator.world.runs, operator.world.calls

    def kill(record: Record) -> None:
        if isinstance(record.event, RunUndone) and calls.is_alive:
            calls.crash()

    setattr(runs, "after_record" if durable else "before_record", kill)
    with pytest.raises(Crashed):
        LEFT.run(operator)
    runs.before_record = runs.after_record = lambda _record: None
    operator.world.start_new_process()

    with pytest.raises(BlockedError, match=r"run run-0 is (being )?undone by run run-1"):
        operator.resume("run-0")

    assert take_up(operator, LEFT) == _whole(LEFT.name)[0]
    assert sum(isinstance(record.event, RunUndone) for record in runs.read("run-0")) == 1


@pytest.mark.parametrize(("story", "name", "fault"), _writes())
def test_a_run_that_was_killed_at_a_write_ends_as_if_it_had_not_been(story: Story, name: str, fault: Fault) -> None:
    operator = story.begins()
    operator.world.calls.fail(name, fault)

    with pytest.raises(Crashed):
        story.run(operator)

    assert take_up(operator, story) == _whole(story.name)[0]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_run_that_is_killed_after_every_write_still_ends(story: Story) -> None:
    operator = story.begins()
    operator.world.calls.fail("*/cluster/scale*", Fault.CRASH_AFTER, times=100)
    operator.world.calls.fail("*/datastore/promote*", Fault.CRASH_AFTER, times=100)
    with pytest.raises(Crashed):
        story.run(operator)

    for _ in range(20):
        operator.world.start_new_process()
        try:
            end = ending(operator.world, operator.resume())
            break
        except Crashed:
            continue
    else:
        pytest.fail("it never ended")

    assert end == _whole(story.name)[0]


def kill_at_record(operator: Operator, number: int, *, durable: bool) -> None:
    """Let the process die right before or right after a record of its journal is durable."""
    runs, calls = operator.world.runs, operator.world.calls

    def kill(record: Record) -> None:
        # The record in the journal of the run that is undone is another one's, with a number of its own.
        if record.seq == number and not isinstance(record.event, RunUndone):
            runs.before_record = runs.after_record = lambda _record: None
            calls.crash()

    if durable:
        runs.after_record = kill
    else:
        runs.before_record = kill
