"""Vendors that are throttled, silent or answer nothing, at random by a seed: the end is the same, each effect once."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from drctl.core.errors import DrctlError, ExitCode
from drctl.core.events import ApplyIntended, ItemApplied, ItemFailed
from drctl.core.observed import StreamRole
from fakes.calls import Fault
from simulation.stories import STORIES, Story, ending, uncrashed

if TYPE_CHECKING:
    from collections.abc import Callable

    from drctl.app.report import Report
    from fakes.operator import Operator

_READS = (Fault.UNREACHABLE, Fault.LOST)
_WRITES = (Fault.THROTTLED, Fault.UNREACHABLE, Fault.LOST, Fault.UNANSWERED, Fault.CONFLICT)
_READS_FAIL, _WRITES_FAIL = 0.02, 0.25
_RESUMES_MAX = 60
ROUNDS = range(12)

stories = pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name.replace(" ", "_"))


def chance(seed: int) -> Callable[[str, int, bool], Fault | None]:
    """Return what decides by the call's name and number only: threads that overtake each other change nothing."""

    def decide(name: str, number: int, writes: bool) -> Fault | None:
        dice = random.Random(f"{seed} {name} {number}")
        if dice.random() > (_WRITES_FAIL if writes else _READS_FAIL):
            return None
        return dice.choice(_WRITES if writes else _READS)

    return decide


def run_through(operator: Operator, story: Story, seed: int) -> Report:
    """Run, and take up again as often as it pauses."""
    prepared = operator.prepare(story.intent)
    operator.world.calls.chance = chance(seed)
    try:
        return story.run(operator, prepared=prepared)
    except DrctlError:
        pass
    for _ in range(_RESUMES_MAX):
        try:
            return operator.resume()
        except DrctlError:
            continue
    return pytest.fail(f"it did not end in {_RESUMES_MAX} tries: {operator.state().paused}")


@stories
@pytest.mark.parametrize("number", ROUNDS)
def test_faults_at_random_change_nothing_of_the_end(story: Story, number: int, seed: int) -> None:
    operator = story.begins()

    report = run_through(operator, story, seed + number)

    end, whole = ending(operator.world, report), uncrashed(story)[1]
    assert end.fields == whole.fields
    assert end.messages == whole.messages
    assert end.writes == whole.writes
    assert [(loss.stream, loss.freeze_seq) for loss in end.losses] == [
        (loss.stream, loss.freeze_seq) for loss in whole.losses
    ]
    assert end.exit_code in {ExitCode.DONE, ExitCode.LEFT_OPEN, ExitCode.CONTRACT_UNPROVEN}


@stories
def test_every_write_was_intended_durably_before_it_was_sent(story: Story) -> None:
    operator = story.begins()
    strays: list[str] = []

    def look(name: str, _number: int, writes: bool) -> Fault | None:
        if writes and "/http/" not in name and not any(item in name for item in pending(operator)):
            strays.append(name)
        return None

    prepared = operator.prepare(story.intent)
    operator.world.calls.chance = look
    story.run(operator, prepared=prepared)

    assert strays == []
    assert operator.world.calls.writes != []


def pending(operator: Operator) -> set[str]:
    """Return the items whose write is intended and not yet answered."""
    items: set[str] = set()
    for record in operator.world.runs.read("run-1"):
        match record.event:
            case ApplyIntended(_, item):
                items.add(item)
            case ItemApplied(_, item) | ItemFailed(_, item):
                items.discard(item)
            case _:
                pass
    return items


@stories
def test_no_two_regions_that_answer_take_writes_at_any_record(story: Story) -> None:
    operator = story.begins()
    world, twice = operator.world, set[str]()
    before = {name for name, _ in both_write(operator)}

    def look(_record: object) -> None:
        twice.update(name for name, _ in both_write(operator))

    world.runs.after_record = look
    story.run(operator)

    # A region that came back unfenced is found so, and fenced before anything else.
    assert twice - before == set()
    assert both_write(operator) == []


def both_write(operator: Operator) -> list[tuple[str, str]]:
    """Return the streams that take writes in two regions that answer, by the servers' own configuration."""
    active = {
        region.name: {
            stream.name
            for stream in region.jetstream.streams.values()
            if stream.state(operator.world.clock.now()).role is StreamRole.ACTIVE
        }
        for region in operator.world.regions.values()
        if region.name not in operator.world.calls.dark
    }
    regions = list(active)
    return [(name, regions[0]) for name in active[regions[0]] & active[regions[1]]] if len(regions) == 2 else []
