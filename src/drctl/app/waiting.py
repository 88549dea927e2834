"""Waits: polled after 5 % of the time waited so far, at least 0.1 s, at most 2 s (product.md, section 7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from drctl.core.verdict import Health, Verdict, out_of_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from drctl.ports.clock import Clock
    from drctl.ports.world import ProbePorts
    from drctl.steps.catalog import AnyStep

_SHORTEST, _LONGEST, _SHARE = timedelta(seconds=0.1), timedelta(seconds=2), 0.05
_STANDING = frozenset({Health.HEALTHY, Health.DEGRADED})


def next_poll(waited: timedelta) -> timedelta:
    """Return how long to wait before the next look."""
    return min(max(waited * _SHARE, _SHORTEST), _LONGEST)


@dataclass(frozen=True, slots=True)
class Awaited:
    """How a wait ended. `standing_since` is when the verdict began to stand; None if it never did."""

    verdict: Verdict
    waited: timedelta
    standing_since: datetime | None


def await_verdict(
    step: AnyStep, world: ProbePorts, tell: Callable[[Verdict, timedelta], None], stop: Callable[[], bool]
) -> Awaited:
    """Look until the step stands (healthy or degraded) for its window, has failed, or is out of time.

    A step that stands at its deadline is given the rest of its window. One whose lesser items alone are out of time
    is degraded, and stands.
    `stop` ends the wait early with the present verdict; the caller decides what that means.
    """
    clock: Clock = world.clock
    began = clock.elapsed()
    since: tuple[timedelta, datetime] | None = None
    while True:
        verdict = step.verify(world)
        now = clock.elapsed()
        if verdict.health in _STANDING:
            since = since or (now, clock.now())
            if now - since[0] >= step.stable_for:
                return Awaited(verdict, now - began, since[1])
        else:
            since = None
        if verdict.health is Health.FAILED or stop():
            return Awaited(verdict, now - began, None)
        if now - began >= step.deadline and since is None:
            late = out_of_time(verdict)
            return Awaited(late, now - began, clock.now() if late.health in _STANDING else None)
        tell(verdict, now - began)
        clock.wait(next_poll(now - began))
