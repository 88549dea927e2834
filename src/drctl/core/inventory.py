"""Facts of a region, recorded while it lives, because it may not be there to ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from drctl.core.observed import (
    ConsumerState,
    ObjectRef,
    RecordState,
    SecretState,
    StreamState,
    WorkloadState,
)


@dataclass(frozen=True, slots=True)
class ReplicasSeen:
    """How many replicas a workload had when last seen, and the most it ever had."""

    ref: ObjectRef
    now: int
    highest: int


@dataclass(frozen=True, slots=True)
class RegionInventory:
    """One region's facts. Where a system did not answer its part is empty and `unknown` names it."""

    region: str
    observed_at: datetime
    workloads: tuple[WorkloadState, ...] = ()
    replicas: tuple[ReplicasSeen, ...] = ()
    secrets: tuple[SecretState, ...] = ()
    streams: tuple[StreamState, ...] = ()
    consumers: tuple[ConsumerState, ...] = ()
    unknown: tuple[tuple[str, str], ...] = ()

    def answered(self, system: str) -> bool:
        """Say whether a system (`cluster`, `secrets`, `datastore`) was there to ask."""
        return system not in dict(self.unknown)


@dataclass(frozen=True, slots=True)
class Inventory:
    """All that a planner may know: the target as it is now, the source as recorded (or as it is, if it answers).

    `source` is None when nothing was ever recorded. `source_is_live` says that the source itself answered now.
    `forks` are the streams of a failback whose active side does not say where it forked: the sequence that a search
    found, None where nothing tells.
    """

    target: RegionInventory
    source: RegionInventory | None
    source_is_live: bool
    records: tuple[tuple[str, RecordState], ...] = ()
    forks: tuple[tuple[str, int | None], ...] = ()
