"""Killed at every record of a run that goes on without an item, and of its finishing: each effect once."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from drctl.core.errors import StepFailedError
from drctl.core.topology import StreamRule
from drctl.core.verdict import Tier
from fakes.calls import ALWAYS, Crashed, Fault
from fakes.operator import EMERGENCY, PLANNED, Operator
from fakes.shop import lose_east, make_shop, shop_topology, watch
from simulation.stories import Ending, ending
from simulation.test_crash import kill_at_record

if TYPE_CHECKING:
    from collections.abc import Callable

    from drctl.app.report import Report

KV = "KV_SETTINGS"
RULES = (StreamRule(("KV_*",), Tier.IMPORTANT), StreamRule())


def _refused() -> Operator:
    operator = Operator(make_shop(), shop_topology(streams=RULES))
    operator.world.calls.fail(f"west/datastore/promote {KV}", Fault.REFUSED, ALWAYS)
    return operator


def paused() -> Operator:
    """A planned run stands before a bucket that is refused."""
    operator = _refused()
    watch(operator.world, operator.topology, 2)
    operator.world.calls.writes.clear()
    with pytest.raises(StepFailedError):
        operator.run(PLANNED, ())
    return operator


def left_out() -> Operator:
    """A planned run has ended without a bucket that would no longer be refused."""
    operator = paused()
    operator.resume(without=(KV,))
    operator.world.calls.heal()
    return operator


def degraded() -> Operator:
    """An emergency has gone on by itself without a bucket that would no longer be refused."""
    operator = _refused()
    lose_east(operator.world, operator.topology)
    operator.world.calls.writes.clear()
    operator.run(EMERGENCY)
    operator.world.calls.heal()
    return operator


def without_it(operator: Operator) -> Report:
    return operator.resume(without=(KV,))


def finish(operator: Operator) -> Report:
    return operator.finish(KV)


CHAPTERS: dict[str, tuple[Callable[[], Operator], Callable[[Operator], Report]]] = {
    "left out": (paused, without_it),
    "finished": (left_out, finish),
    "finished after an emergency": (degraded, finish),
}


@cache
def _whole(chapter: str) -> tuple[Ending, int, int]:
    """Return how a chapter ends, and the numbers of its first and last record."""
    begins, act = CHAPTERS[chapter]
    operator = begins()
    first = len(operator.world.runs.read("run-1")) + 1
    report = act(operator)
    return ending(operator.world, report), first, len(operator.world.runs.read("run-1"))


def _points() -> list[object]:
    return [
        pytest.param(chapter, number, durable, id=f"{chapter}-{'after' if durable else 'before'}_record_{number}")
        for chapter in CHAPTERS
        for number in range(_whole(chapter)[1], _whole(chapter)[2] + 1)
        for durable in (False, True)
    ]


@pytest.mark.parametrize(("chapter", "number", "durable"), _points())
def test_a_command_that_was_killed_and_is_typed_again_ends_as_if_it_had_not_been(
    chapter: str, number: int, *, durable: bool
) -> None:
    begins, act = CHAPTERS[chapter]
    operator = begins()
    kill_at_record(operator, number, durable=durable)

    with pytest.raises(Crashed):
        act(operator)

    operator.world.start_new_process()
    whole, _, last = _whole(chapter)
    if durable and number == last:
        # It had ended.
        assert operator.state().ended is whole.exit_code
    else:
        assert ending(operator.world, act(operator)) == whole


@pytest.mark.parametrize("chapter", CHAPTERS)
@pytest.mark.parametrize("fault", [Fault.CRASH_BEFORE, Fault.CRASH_AFTER])
def test_a_command_that_was_killed_at_its_every_write_ends_as_if_it_had_not_been(chapter: str, fault: Fault) -> None:
    begins, act = CHAPTERS[chapter]
    whole = _whole(chapter)[0]
    for name in dict.fromkeys(whole.writes):
        operator = begins()
        if name in operator.world.calls.writes:
            continue
        operator.world.calls.fail(name, fault)
        with pytest.raises(Crashed):
            act(operator)
        operator.world.start_new_process()

        assert ending(operator.world, act(operator)) == whole
