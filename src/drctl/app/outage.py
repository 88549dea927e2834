"""How long a planned move kept clients from writing, as measured, beside what its plan had said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from drctl.core.contract import FactKind

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from drctl.app.facts import Facts


@dataclass(frozen=True, slots=True)
class MeasuredOutage:
    """Both stretches begin when the source's fence was sent. None: not measured, or never said.

    `stream_gap` ends when the target's streams were seen bound, by a probe; `writes_at_most` when the last client
    that heeds the TTL follows. The predicted ones are what the plan said before anybody agreed.
    """

    stream_gap: timedelta | None
    stream_gap_predicted_seconds: float | None
    writes_at_most: timedelta | None
    writes_predicted_seconds: float | None


def measure_outage(facts: Facts, source: str, cutover_worst: datetime | None) -> MeasuredOutage | None:
    """Return a planned move's outage; None where its plan predicted none: it was no planned move of traffic."""
    gap, total = FactKind.STREAM_GAP_PREDICTED_SECONDS, FactKind.WRITE_OUTAGE_PREDICTED_SECONDS
    if facts.number(total, "clients") is None:
        return None
    fenced = next(iter(facts.moments(FactKind.FENCE_SENT_AFTER, source)), None)
    bound = max(facts.moments(FactKind.STREAM_BOUND), default=None)
    return MeasuredOutage(
        stream_gap=bound - fenced if bound is not None and fenced is not None else None,
        stream_gap_predicted_seconds=facts.number(gap, "streams"),
        writes_at_most=cutover_worst - fenced if cutover_worst is not None and fenced is not None else None,
        writes_predicted_seconds=facts.number(total, "clients"),
    )
