"""Promises, and what a run proves of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Compliance(StrEnum):
    """Unknown is never a pass."""

    MET = "met"
    BREACHED = "breached"
    UNKNOWN = "unknown"


class FactKind(StrEnum):
    """What was measured. The unit is the last word; times are values of their own."""

    FREEZE_SEQ = "freeze_seq"
    FREEZE_TIME = "freeze_time"
    LOSS_STATE = "loss_state"
    LOSS_SECONDS_MAX = "loss_seconds_max"
    LOSS_MESSAGES_MIN = "loss_messages_min"
    LOSS_MESSAGES_EXACT = "loss_messages_exact"
    SECRET_REFRESHED_BEFORE = "secret_refreshed_before"  # noqa: S105
    SECRET_SYNCED = "secret_synced"  # noqa: S105
    FENCE_SENT_AFTER = "fence_sent_after"
    STREAM_GAP_PREDICTED_SECONDS = "stream_gap_predicted_seconds"
    WRITE_OUTAGE_PREDICTED_SECONDS = "write_outage_predicted_seconds"
    STREAM_BOUND = "stream_bound"
    CONSUMER_CARRIED = "consumer_carried"
    WRITE_PROVED = "write_proved"
    DNS_SENT_AFTER = "dns_sent_after"
    DNS_CONVERGED = "dns_converged"
    DNS_CUTOVER_WORST = "dns_cutover_worst"
    DNS_CUTOVER_UNAWAITED = "dns_cutover_unawaited"
    """The same for names that no run waits for."""
    SERVED_SINCE = "served_since"
    TAIL_MESSAGES = "tail_messages"
    TAIL_KEPT_IN = "tail_kept_in"
    TAIL_FILE = "tail_file"
    TAIL_SHA256 = "tail_sha256"
    SOURCE_FAILED_SINCE = "source_failed_since"
    PUBLIC_FAILED_SINCE = "public_failed_since"
    PUBLIC_HEALTHY_UNTIL = "public_healthy_until"
    """The last sample before the run, where it was healthy and fresh: the outage began after it."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One measured number, text or moment, and when it was looked at. `value` None means: looked, and unknown."""

    kind: FactKind
    subject: str
    value: int | float | str | datetime | None
    observed_at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One contract's measured side. `measured` None means unknown, and `evidence` says why."""

    component: str
    what: str
    target: timedelta
    measured: timedelta | None
    compliance: Compliance
    evidence: str


def compliance(target: timedelta, measured: timedelta | None) -> Compliance:
    """Compare: strictly below the target is met; nothing measured is unknown."""
    if measured is None:
        return Compliance.UNKNOWN
    return Compliance.MET if measured < target else Compliance.BREACHED
