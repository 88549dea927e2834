"""A move that is killed anywhere before its point of no return is taken back: the world is as if it had not begun."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import pytest

from drctl.core.errors import BlockedError, DrctlError, ExitCode
from drctl.core.events import EpochClaimed, StepEnded
from drctl.core.observed import StreamRole
from fakes.calls import Crashed
from fakes.operator import HOME
from fakes.picture import contents, picture
from fakes.shop import EAST, WEST
from simulation.stories import ALIVE, BACK, PLAN, Story
from simulation.test_crash import kill_at_record

if TYPE_CHECKING:
    from fakes.operator import Operator
    from fakes.world import World

_SERVING = frozenset({"spec.replicas", "subjects", "mirror", "values"})


def serving(world: World) -> dict[tuple[str, str], object]:
    """Return what decides who serves, and from what: replicas, subjects, mirrors, public names."""
    return {
        place: value
        for place, value in picture(world).items()
        if place[1] in _SERVING and "/_drctl." not in place[0] and not (place[1] == "subjects" and value == ())
    }


@cache
def _ended_before(name: str) -> dict[int, frozenset[str]]:
    """Return, for each record behind the run's epoch, the steps that ended before it."""
    story = next(story for story in (PLAN, ALIVE, BACK) if story.name == name)
    operator, is_agreed, ended, found = story.begins(), False, list[str](), dict[int, frozenset[str]]()
    story.run(operator)
    for record in operator.world.runs.read("run-1"):
        is_agreed |= isinstance(record.event, EpochClaimed)
        if isinstance(record.event, StepEnded):
            ended.append(record.event.step_id)
        if is_agreed:
            found[record.seq] = frozenset(ended)
    # The last one is the run's end: behind it there is nothing to be taken back.
    return {seq: steps for seq, steps in found.items() if seq < max(found)}


def _points(story: Story, after: str = "", before: str = "") -> list[object]:
    """Return a story's records behind the end of one step and before that of another."""
    return [
        pytest.param(story, number, id=f"{story.name}-{number}")
        for number, ended in _ended_before(story.name).items()
        if (not after or after in ended) and before not in ended
    ]


def killed(story: Story, number: int) -> Operator:
    operator = story.begins()
    kill_at_record(operator, number, durable=True)
    with pytest.raises(Crashed):
        story.run(operator)
    operator.world.start_new_process()
    return operator


def orders(world: World, region: str) -> list[bytes]:
    """Return a region's orders without the marked one of the undo itself."""
    return [data for _, _, data in contents(world)[f"{region}/ORDERS"] if b"run-2" not in data]


@pytest.mark.parametrize(("story", "number"), [*_points(PLAN, before="settle:west"), *_points(ALIVE)[::4]])
def test_a_failover_that_was_killed_at_a_record_is_taken_back(story: Story, number: int) -> None:
    untouched = story.begins().world
    operator = killed(story, number)

    report = operator.undo()

    assert report.exit_code is ExitCode.DONE
    assert serving(operator.world) == serving(untouched)
    assert orders(operator.world, EAST) == orders(untouched, EAST)
    assert operator.state("run-1").undone_by == "run-2"


@pytest.mark.parametrize(("story", "number"), _points(PLAN, after="settle:west"))
def test_while_the_source_is_made_a_standby_a_failover_is_taken_back_until_its_first_stream_is_a_mirror(
    story: Story, number: int
) -> None:
    operator = killed(story, number)
    east = operator.world.region(EAST).jetstream
    roles = {stream.state(operator.world.clock.now()).role for stream in east.streams.values()}

    if roles == {StreamRole.FENCED} and len(east.streams) == 3:
        operator.undo()
        assert serving(operator.world) == serving(story.begins().world)
    else:
        with pytest.raises(BlockedError) as refused:
            operator.undo()
        assert refused.value.code == "undo-impossible"
        operator.resume()


@pytest.mark.parametrize(("story", "number"), _points(BACK, after="await_sync:east", before="settle:east")[::3])
def test_the_way_home_of_a_failback_is_taken_back_to_where_the_service_was_protected_again(
    story: Story, number: int
) -> None:
    protected = story.begins()
    protected.run(replace(HOME, reprotect_only=True), ())
    operator = killed(story, number)

    report = operator.undo()

    assert report.exit_code is ExitCode.DONE
    assert serving(operator.world) == serving(protected.world)
    assert orders(operator.world, WEST) == orders(protected.world, WEST)


@pytest.mark.parametrize(("story", "number"), _points(BACK, before="seal_tail:east")[::4])
def test_a_failback_that_has_not_protected_the_service_again_moved_nothing_and_is_not_taken_back(
    story: Story, number: int
) -> None:
    operator = killed(story, number)

    with pytest.raises(DrctlError, match="is not protected again yet") as refused:
        operator.undo()

    assert (refused.value.code, refused.value.exit_code) == ("undo-impossible", ExitCode.BLOCKED)
    assert not operator.state("run-1").is_finished
