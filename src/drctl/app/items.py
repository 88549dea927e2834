"""Which items an operator means: by the names of diffs and failure screens, or by their last part alone."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from drctl.core.errors import BlockedError, ConfigError
from drctl.core.events import StepOutcome
from drctl.core.item import ItemRef
from drctl.planning.leaving_out import items_of
from drctl.steps.leaving_out import is_fixed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from drctl.core.run_state import RunState
    from drctl.planning.plan import Plan

_NEAREST = 5
_FAILED = frozenset({StepOutcome.FAILED, StepOutcome.UNKNOWN, StepOutcome.DEGRADED})


def first_of(plan: Plan, names: Iterable[str]) -> tuple[ItemRef, ...]:
    """Return, by each name, the first step's item that may be left out of a plan before it is run.

    Raises:
        ConfigError: The plan has no such item, or several.
        BlockedError: It has, and nothing of it may be left out.
    """
    known = tuple(items_of(plan))
    return tuple(dict.fromkeys(_first(plan, known, name) for name in names))


def _first(plan: Plan, known: tuple[ItemRef, ...], name: str) -> ItemRef:
    meant = _meant(name, tuple(dict.fromkeys(ref.item for ref in known)), _fixed_names(plan))
    return next(ref for ref in known if ref.item == meant)


def failed_in(plan: Plan, state: RunState, names: Iterable[str]) -> tuple[ItemRef, ...]:
    """Return, by each name, the item that failed in a run; one that is left out already is returned too.

    Raises:
        ConfigError: The run has no such item, or several.
        BlockedError: It has not failed, or is never left out.
    """
    left = {item.ref for item in state.left_out}
    known = items_of(plan)
    failed = (*leavable(plan, state), *(ref for ref in known if ref in left))
    found = []
    for name in names:
        meant = _meant(name, tuple(dict.fromkeys(ref.item for ref in known)), _fixed_names(plan))
        ref = next((ref for ref in failed if ref.item == meant), None)
        if ref is None and any(meant in state.step(step.id).failed for step in plan.steps() if is_fixed(step)):
            raise _never(meant)
        if ref is None:
            said = ", ".join(dict.fromkeys(ref.item for ref in failed)) or "nothing that can be left out"
            raise BlockedError(
                f"{meant} has not failed in run {state.run_id}; what has: {said}.",
                remedy=f"Look at it: `drctl runs show {state.run_id}`.",
                code="item-not-failed",
            )
        found.append(ref)
    return tuple(dict.fromkeys(found))


def leavable(plan: Plan, state: RunState) -> tuple[ItemRef, ...]:
    """Return the items that failed in a run's last try and may be left out, in the plan's order."""
    gone = {item.ref for item in state.left_out}
    failed = {ItemRef(name, item) for name, step in state.steps if step.outcome in _FAILED for item in step.failed}
    return tuple(ref for ref in items_of(plan) if ref in failed and ref not in gone)


def open_in(state: RunState, names: Iterable[str]) -> tuple[ItemRef, ...]:
    """Return, by each name, the run's open items of that name; none for one that was finished already.

    Raises:
        ConfigError: No item that was open is called so, or several are.
    """
    refs = tuple(item.ref for item in state.open_items)
    known = tuple(dict.fromkeys(ref.item for ref in (*refs, *state.finished)))
    meant = {_meant(name, known, (), f"open item in run {state.run_id}") for name in names}
    return tuple(ref for ref in refs if ref.item in meant)


def _fixed_names(plan: Plan) -> tuple[str, ...]:
    return tuple(item.name for step in plan.steps() if is_fixed(step) for item in getattr(step, "items", ()))


def _meant(name: str, known: tuple[str, ...], fixed: tuple[str, ...], what: str = "item in this run") -> str:
    """Return the one item that a name means: its whole name, else its last part (`mailer`)."""
    found = [item for item in known if item == name] or [item for item in known if item.endswith(f"/{name}")]
    if len(found) == 1:
        return found[0]
    if found:
        raise ConfigError(f"{name!r} could be {', '.join(found)}.", remedy="Give the whole name.")
    if name in fixed:
        raise _never(name)
    near = get_close_matches(name, known, _NEAREST, 0.3) or list(known[:_NEAREST])
    raise ConfigError(
        f"there is no {what} called {name!r}.",
        remedy=f"Did you mean {', '.join(near)}?" if near else "It has none.",
    )


def _never(name: str) -> BlockedError:
    return BlockedError(
        f"{name} is to be fenced or frozen: that is never left out.",
        remedy="Repair it: what comes after is safe only because of it.",
        code="item-never-left-out",
    )
