"""Whole moves on the fake world: how each begins, and what its end looks like without what a clock decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from drctl.core.errors import StepFailedError
from fakes.calls import ALWAYS, Fault
from fakes.operator import ACCEPTS, EMERGENCY, HOME, PLANNED, UNDO, Operator
from fakes.picture import contents, picture
from fakes.shop import EAST, WEST, lose_east, make_shop, order, watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from drctl.app.facts import LossLine
    from drctl.app.prepare import Prepared
    from drctl.app.report import Report
    from drctl.core.errors import ExitCode
    from drctl.core.intent import Intent
    from fakes.world import World


@dataclass(frozen=True)
class Story:
    """One move: `begins` makes the operator who stands before it."""

    name: str
    intent: Intent
    accepts: tuple[str, ...]
    begins: Callable[[], Operator]

    def run(self, operator: Operator, run_id: str = "run-1", prepared: Prepared | None = None) -> Report:
        """Agree to the move and run it."""
        return operator.run(self.intent, self.accepts, run_id, prepared)


@dataclass(frozen=True)
class Ending:
    """What a move left: every field and message, who wrote what how often, and what was reported."""

    fields: dict[tuple[str, str], object]
    messages: dict[str, object]
    writes: tuple[str, ...]
    losses: tuple[LossLine, ...]
    exit_code: ExitCode | None


def _east_is_dead() -> Operator:
    operator = Operator(make_shop())
    lose_east(operator.world, operator.topology)
    operator.world.calls.writes.clear()
    return operator


def _east_lives() -> Operator:
    operator = Operator(make_shop())
    watch(operator.world, operator.topology, 2)
    operator.world.calls.writes.clear()
    return operator


def _east_is_back() -> Operator:
    operator = _east_is_dead()
    operator.run(run_id="run-0")
    world = operator.world
    order(world, 2, WEST)
    world.bring_back(EAST)
    world.heal_link()
    world.calls.writes.clear()
    return operator


def _east_was_left() -> Operator:
    """A planned failover paused behind its promotion: its marked order was stored, and nobody answered for it."""
    operator = _east_lives()
    world = operator.world
    world.calls.fail("west/http/write *", Fault.UNANSWERED, ALWAYS)
    with pytest.raises(StepFailedError):
        operator.run(PLANNED, (), "run-0")
    world.calls.heal()
    world.calls.writes.clear()
    return operator


def _east_is_standby() -> Operator:
    operator = _east_lives()
    operator.run(PLANNED, (), run_id="run-0")
    order(operator.world, 2, WEST)
    operator.world.calls.writes.clear()
    return operator


DEAD = Story("emergency, east is dead", EMERGENCY, ACCEPTS, _east_is_dead)
ALIVE = Story("emergency, east answers", EMERGENCY, (), _east_lives)
PLAN = Story("planned", PLANNED, (), _east_lives)
BACK = Story("failback", HOME, (), _east_is_back)
LEFT = Story("undo", UNDO, (), _east_was_left)
ROUND = Story("failback from a planned move", HOME, (), _east_is_standby)
STORIES = (DEAD, ALIVE, PLAN, BACK, LEFT, ROUND)


def ending(world: World, report: Report, run_id: str = "run-1") -> Ending:
    """Return a world's end; the run is called RUN in it, whatever its id."""

    def named(value: object) -> object:
        match value:
            case str():
                return value.replace(run_id, "RUN")
            case bytes():
                return value.replace(run_id.encode(), b"RUN")
            case tuple():
                return tuple(named(part) for part in value)
            case _:
                return value

    return Ending(
        fields={place: named(value) for place, value in picture(world).items() if "forced-after" not in place[1]},
        messages={stream: named(held) for stream, held in contents(world).items()},
        writes=tuple(sorted(effects(world))),
        losses=report.losses,
        exit_code=report.exit_code,
    )


def effects(world: World) -> tuple[str, ...]:
    """Return the writes to objects; the marked order is one effect however often it is sent."""
    return tuple(name for name in world.calls.writes if "/http/" not in name)


def uncrashed(story: Story) -> tuple[Operator, Ending]:
    """Run a story without a fault."""
    operator = story.begins()
    report = story.run(operator)
    return operator, ending(operator.world, report)
