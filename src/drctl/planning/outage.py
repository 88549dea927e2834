"""How long a planned move keeps clients from writing: bounds, stated before anybody agrees; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from drctl.core.intent import Mode, Operation
from drctl.core.observed import RecordState
from drctl.core.topology import Topology
from drctl.planning.plan import Plan
from drctl.steps.promote_stream import PromoteStream
from drctl.steps.switch_dns import SwitchDns

# Fence, drain, promotion and one probe of a planned move: below 1 s with 10 streams, below 5 s with 1,000
# (product.md, section 13). A drain that takes longer shows in the plan as a mirror that is behind.
_GAP = timedelta(milliseconds=960)
_GAP_PER_STREAM = timedelta(milliseconds=4)
# One user's request, with the time that the first one to a fresh pod may take.
_PROBE = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Part:
    """One stretch of the outage, and how long it is at most."""

    name: str
    at_most: timedelta


@dataclass(frozen=True, slots=True)
class Outage:
    """What clients will see of a planned move. `parts` begin with the stream gap and follow one another."""

    parts: tuple[Part, ...]

    @property
    def stream_gap(self) -> timedelta:
        """Return from the fence until the target's streams are bound, at most."""
        return self.parts[0].at_most

    @property
    def total(self) -> timedelta:
        """Return from the fence until the last client that heeds the TTL can write again, at most."""
        return sum((part.at_most for part in self.parts), timedelta(0))


def predict_outage(topology: Topology, plan: Plan, records: Iterable[tuple[str, RecordState]]) -> Outage | None:
    """Return the bounds for a planned move that switches names; None for other runs, and where no TTL is known.

    `records` are the records as they are now, with their zones.
    """
    steps = tuple(plan.steps())
    streams = sum(len(step.items) for step in steps if isinstance(step, PromoteStream))
    awaited = {(rule.zone, rule.name, rule.type) for rule in topology.records if rule.awaited}
    ttls = [record.ttl for zone, record in records if (zone, record.name, record.type) in awaited]
    moves = any(isinstance(step, SwitchDns) for step in steps)
    is_planned = plan.intent.mode is Mode.PLANNED and plan.intent.operation in {Operation.FAILOVER, Operation.FAILBACK}
    if not is_planned or not moves or not ttls:
        return None
    timing = topology.timing
    return Outage(
        (
            Part("stream gap", _GAP + _GAP_PER_STREAM * streams),
            Part("smoke", _PROBE * len(topology.probes)),
            Part("DNS change", timing.dns_change),
            Part("TTL", timedelta(seconds=max(ttls))),
            Part("client retry", timing.client_retry),
        )
    )
