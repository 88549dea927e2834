"""Case tables: a sentence, what is done to the healthy example service before, and what the step then says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from drctl.core.check import Blocked, Converged, Diverged
from drctl.core.errors import AdapterError
from drctl.core.lock import Stamp
from drctl.core.verdict import Health

if TYPE_CHECKING:
    from collections.abc import Callable

    from _pytest.mark.structures import ParameterSet

    from drctl.core.verdict import Verdict
    from drctl.steps.catalog import AnyStep
    from fakes.world import World

STAMP = Stamp("run-1", 1)
CONVERGED = ("converged",)


def nothing(_world: World) -> None:
    """Leave the world as it is."""


def case(says: str, arrange: Callable[[Any], object], *expected: object) -> ParameterSet:
    """Return one row of a table."""
    return pytest.param(arrange, expected[0] if len(expected) == 1 else expected, id=says.replace(" ", "_"))


def found(step: AnyStep, world: World) -> tuple[str, ...]:
    """Return what a check says: `converged`, each change, `blocked CODE`, or `unknown CODE` where it raised."""
    try:
        check = step.check(world.reads(STAMP))
    except AdapterError as error:
        return (f"unknown {error.code}",)
    match check:
        case Converged():
            return CONVERGED
        case Diverged(diff):
            return tuple(f"{c.object} {c.field}: {c.before} -> {c.after}" for c in diff.changes)
        case Blocked(findings):
            return tuple(f"blocked {finding.code}" for finding in findings)


def apply(step: AnyStep, world: World) -> None:
    """Apply everything that a check finds, item by item."""
    check = step.check(world.reads(STAMP))
    assert isinstance(check, Diverged), check
    for item in check.diff.items():
        step.apply(world.writes(STAMP), check.diff.of_item(item))


def verified(step: AnyStep, world: World) -> Verdict:
    """Look once."""
    return step.verify(world.probes(STAMP))


def settled(step: AnyStep, world: World, looks: int = 20) -> Health:
    """Look until the verdict moves no more, and return it."""
    for _ in range(looks):
        health = verified(step, world).health
        if health is not Health.PROGRESSING:
            return health
    return Health.PROGRESSING
