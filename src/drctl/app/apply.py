"""One item's write: sent once, then looked at. A timeout is an unknown outcome."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from drctl.app.waiting import next_poll
from drctl.core.change import Diff, not_confirmed
from drctl.core.check import Blocked, Diverged
from drctl.core.errors import (
    AdapterError,
    ConflictError,
    OutcomeUnknownError,
    ThrottledError,
    UnreachableError,
)
from drctl.core.events import ItemApplied, ItemFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from drctl.ports.world import WritePorts
    from drctl.steps.catalog import AnyStep

_LOOK_AGAIN_FOR = timedelta(seconds=10)
_CONFLICTS_MAX = 5
_UNREACHABLE_MAX = 3


def apply_item(
    step: AnyStep, world: WritePorts, intended: Diff, stopped: Callable[[], bool]
) -> ItemApplied | ItemFailed:
    """Apply one item's diff and return what became of it; raises nothing that an adapter may raise.

    A conflict whose diff is unchanged is retried; one whose diff changed fails with code `drifted`. A write
    without an answer is never repeated here: the world is looked at until it shows the change, or time is up.
    """
    item = intended.changes[0].item
    clock, began, tries = world.clock, world.clock.elapsed(), 0
    while True:
        error = _send(step, world, intended)
        waited, tries = clock.elapsed() - began, tries + 1
        if error is None:
            return ItemApplied(step.id, item)
        if isinstance(error, OutcomeUnknownError):
            return _look_again(step, world, intended, error)
        if stopped() or not _is_worth_another_try(error, tries, waited, step.deadline):
            return _failed(step, item, error)
        clock.wait(next_poll(waited))
        if ended := _ended_meanwhile(step, world, intended):
            return ended


def _send(step: AnyStep, world: WritePorts, intended: Diff) -> AdapterError | None:
    try:
        step.apply(world, intended)
    except AdapterError as error:
        return error
    return None


def _is_worth_another_try(error: AdapterError, tries: int, waited: timedelta, deadline: timedelta) -> bool:
    match error:
        case ConflictError():
            return tries <= _CONFLICTS_MAX
        case ThrottledError():
            return waited < deadline
        case UnreachableError():
            # Only the reading before the write went unanswered: nothing was sent.
            return tries < _UNREACHABLE_MAX
        case _:
            return False


def _ended_meanwhile(step: AnyStep, world: WritePorts, intended: Diff) -> ItemApplied | ItemFailed | None:
    item = intended.changes[0].item
    try:
        left = _left(step, world, item)
    except AdapterError:
        return None
    if not left.changes:
        return ItemApplied(step.id, item)
    if moved := not_confirmed(left, intended):
        return ItemFailed(step.id, item, "drifted", _moved(moved[0].object, left, intended), unknown=False)
    return None


def _look_again(
    step: AnyStep, world: WritePorts, intended: Diff, error: OutcomeUnknownError
) -> ItemApplied | ItemFailed:
    item, clock = intended.changes[0].item, world.clock
    began = clock.elapsed()
    while True:
        try:
            if not _left(step, world, item).changes:
                return ItemApplied(step.id, item)
        except AdapterError as silent:
            error = OutcomeUnknownError(f"{error.message} Looking again: {silent.message}", remedy=error.remedy)
        if clock.elapsed() - began >= _LOOK_AGAIN_FOR:
            return ItemFailed(step.id, item, error.code, error.message, unknown=True)
        clock.wait(next_poll(clock.elapsed() - began))


def _left(step: AnyStep, world: WritePorts, item: str) -> Diff:
    match step.check(world):
        case Diverged(diff):
            return diff.of_item(item)
        case Blocked(findings):
            raise UnreachableError(findings[0].message, remedy=findings[0].remedy)
        case _:
            return Diff(())


def _failed(step: AnyStep, item: str, error: AdapterError) -> ItemFailed:
    message = f"{error.message} {error.remedy}".rstrip()
    return ItemFailed(step.id, item, error.code, message, unknown=False)


def _moved(place: str, left: Diff, intended: Diff) -> str:
    def text(diff: Diff) -> str:
        return ", ".join(f"{change.field}: {change.before} -> {change.after}" for change in diff.changes)

    return f"{place} was changed by somebody else: confirmed was {text(intended)}; now it would be {text(left)}"
