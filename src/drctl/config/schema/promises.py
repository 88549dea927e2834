"""What was promised, and the windows and deadlines of a run."""

from __future__ import annotations

from drctl.config import fields
from drctl.config.schema.base import Strict
from drctl.core.topology import RtoFrom, Timing

_TIMING = Timing()


class StatelessContract(Strict):
    """A promise where nothing is stored."""

    rto_minutes: fields.Minutes | None = None
    """How long it may be away."""


class StoredContract(StatelessContract):
    """A promise about stored data."""

    rpo_minutes: fields.Minutes | None = None
    """How much may be lost, in minutes before the outage."""


class Contracts(Strict):
    """What was promised. A component that this file names has its default; one that it does not name has none."""

    rto_from: RtoFrom = _TIMING.rto_from
    """Which moment an RTO counts from."""
    api: StatelessContract | None = None
    """Served from the target; 5 minutes."""
    nats: StoredContract | None = None
    """Streams and consumers; 15 minutes, 5 minutes of loss."""
    secrets: StoredContract | None = None
    """Forced syncs; 30 minutes, 1 hour of age."""
    observability: StatelessContract | None = None
    """Rules and dashboards; 1 hour."""


class TimingSettings(Strict):
    """Windows and deadlines."""

    stability_seconds: fields.Seconds = _TIMING.stability.total_seconds()
    """How long a workload must stay ready before it counts."""
    settle_seconds: fields.Seconds = _TIMING.settle.total_seconds()
    """How long the public name must answer from the target."""
    revert_reread_seconds: fields.Seconds = _TIMING.revert_reread.total_seconds()
    """How long after the switch the records are read again, for somebody who puts them back."""
    step_deadline_seconds: fields.Seconds = _TIMING.step_deadline.total_seconds()
    """How long one step may take."""
    drain_seconds: fields.Seconds = _TIMING.drain.total_seconds()
    """How long a planned move may wait, with nobody writing, until the standby has every message."""
    dns_change_seconds: fields.Seconds = _TIMING.dns_change.total_seconds()
    """How long the vendor takes, at most, until every name server answers a change; for what a plan predicts."""
    client_retry_seconds: fields.Seconds = _TIMING.client_retry.total_seconds()
    """How long clients wait before they try again."""
    way_budget_seconds: fields.Seconds = 15
    """How long one way of a record's ladder is tried before the next."""
    inventory_age_max_hours: fields.Hours = _TIMING.inventory_age_max.total_seconds() / 3600
    """How old the source's recorded facts may be."""
