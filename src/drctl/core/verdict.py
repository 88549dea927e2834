"""The answer to a step's `verify`: can a user of that system see it?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Tier(StrEnum):
    """How much an item matters. A step with every critical item healthy is degraded at worst."""

    CRITICAL = "critical"
    IMPORTANT = "important"
    REST = "rest"


class Health(StrEnum):
    """One item's or one step's state, as seen now. `FAILED` is final; `PROGRESSING` may still become healthy."""

    HEALTHY = "healthy"
    PROGRESSING = "progressing"
    DEGRADED = "degraded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ItemVerdict:
    """What one item looks like."""

    item: str
    tier: Tier
    health: Health
    message: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a step looks like: the worst of its items, weighed by tier."""

    health: Health
    message: str
    items: tuple[ItemVerdict, ...] = ()


def judge_items(items: tuple[ItemVerdict, ...]) -> Verdict:
    """Weigh items into one verdict.

    Any item still moving: progressing, so that the step waits for it until its deadline. A failed critical
    item fails the step at once; other failed items leave it degraded.
    """
    failed = tuple(item for item in items if item.health is Health.FAILED)
    if any(item.tier is Tier.CRITICAL for item in failed):
        return Verdict(Health.FAILED, _name(failed), items)
    moving = tuple(item for item in items if item.health is Health.PROGRESSING)
    if moving:
        return Verdict(Health.PROGRESSING, _name(moving), items)
    lame = tuple(item for item in items if item.health in {Health.FAILED, Health.DEGRADED})
    if lame:
        return Verdict(Health.DEGRADED, _name(lame), items)
    return Verdict(Health.HEALTHY, f"{len(items)} of {len(items)} healthy", items)


def out_of_time(verdict: Verdict) -> Verdict:
    """Return what a verdict becomes at the deadline: what still moves has failed, weighed by tier."""
    if not verdict.items:
        return Verdict(Health.FAILED, verdict.message)
    return judge_items(
        tuple(
            ItemVerdict(item.item, item.tier, Health.FAILED, f"out of time: {item.message}")
            if item.health is Health.PROGRESSING
            else item
            for item in verdict.items
        )
    )


def _name(items: tuple[ItemVerdict, ...]) -> str:
    shown = ", ".join(f"{item.item}: {item.message}" for item in items[:3])
    more = f" and {len(items) - 3} more" if len(items) > 3 else ""
    return shown + more
