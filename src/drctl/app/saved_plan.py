"""A plan that was looked at earlier: run only if what its steps depend on is still so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from drctl import __version__
from drctl.app.preview import predictions
from drctl.core.change import Change, Diff
from drctl.core.errors import ConfigError, DriftError
from drctl.core.events import Prediction
from drctl.planning.plan import PLAN_SCHEMA, Plan

if TYPE_CHECKING:
    from drctl.app.prepare import Prepared
    from drctl.core.topology import Topology

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """What `drctl plan` writes: the plan, and what each of its steps would have changed when it was saved."""

    plan: Plan
    predictions: tuple[Prediction, ...]
    saved_at: datetime


def save(prepared: Prepared, now: datetime) -> SavedPlan:
    """Return a prepared plan to be kept."""
    return SavedPlan(prepared.plan, predictions(prepared.previews), now)


def require_own(saved: SavedPlan, topology: Topology) -> None:
    """Return if a plan can be run by this drctl for this service at all.

    Raises:
        ConfigError: It is another service's or environment's, or another drctl made it.
    """
    plan = saved.plan
    if plan.service != topology.title:
        raise ConfigError(
            f"the plan is for {plan.service}, the configuration for {topology.title}.",
            remedy="Give the plan of this service, or --config of that one.",
        )
    if plan.schema != PLAN_SCHEMA or plan.drctl_version != __version__:
        raise ConfigError(
            f"the plan was made by drctl {plan.drctl_version} ({plan.schema}); this is {__version__} ({PLAN_SCHEMA}).",
            remedy=f"Make it anew: `drctl plan {plan.intent.operation.value} -o FILE`.",
        )


def require_unmoved(saved: SavedPlan, prepared: Prepared) -> None:
    """Return if the plan made now is the saved one, and would change the same fields from the same values.

    Raises:
        DriftError: Something moved; the message names each.
    """
    moved = tuple(_moved(saved, prepared))
    if moved:
        more = f"\n  and {len(moved) - _SHOWN} more" if len(moved) > _SHOWN else ""
        listed = "\n".join(f"  {line}" for line in moved[:_SHOWN])
        raise DriftError(
            f"the world moved since this plan was saved at {saved.saved_at:%Y-%m-%d %H:%M:%S} UTC:\n{listed}{more}",
            remedy=f"Look at it anew: `drctl plan {saved.plan.intent.operation.value} -o FILE`.",
            code="plan-stale",
        )


def _moved(saved: SavedPlan, prepared: Prepared) -> list[str]:
    then, now = saved.plan, prepared.plan
    if then.topology_digest != now.topology_digest:
        return [f"the configuration: digest {then.topology_digest} then, {now.topology_digest} now"]
    old = {prediction.step_id: prediction for prediction in saved.predictions}
    new = {prediction.step_id: prediction for prediction in predictions(prepared.previews)}
    moved = [f"step {name}: no longer needed" for name in old if name not in new]
    moved += [f"step {name}: was not in the plan" for name in new if name not in old]
    for name, prediction in new.items():
        if name in old:
            moved += _fields_moved(old[name].diff, prediction.diff)
            before = {finding.code for finding in old[name].findings}
            moved += [
                f"step {name}: {finding.code}: {finding.message}"
                for finding in prediction.findings
                if finding.code not in before
            ]
    if not moved and then.digest != now.digest:
        moved.append(f"what the plan rests on: digest {then.digest} then, {now.digest} now")
    return moved


def _fields_moved(then: Diff, now: Diff) -> list[str]:
    old = {change.place: change for change in then.changes}
    new = {change.place: change for change in now.changes}
    lines = [
        f"{change.object} {change.field}: was to become {change.after}, is not to be changed now"
        for place, change in old.items()
        if place not in new
    ]
    return lines + [
        f"{change.object} {change.field}: {_told(old.get(place))} then, {_told(change)} now"
        for place, change in new.items()
        if old.get(place) != change
    ]


def _told(change: Change | None) -> str:
    return "not to be changed" if change is None else f"{change.before} -> {change.after}"
