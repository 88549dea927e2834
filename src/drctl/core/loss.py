"""What was lost: measured, bounded or unknown, and from which observations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from drctl.core.observed import Heartbeat, Sample

if TYPE_CHECKING:
    from collections.abc import Callable

# `watch` looks every second, and waits for a silent region no longer than this.
_FRESH = timedelta(seconds=15)


class LossState(StrEnum):
    """How well a loss is known."""

    MEASURED = "measured"
    BOUNDED = "bounded"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Loss:
    """One stream's loss.

    MEASURED: `messages_exact` counts what the source has beyond the mirror.
    BOUNDED: nothing older than `seconds_max` before the source's failure is lost; at least `messages_min` are.
    """

    stream: str
    state: LossState
    seconds_max: float | None
    messages_min: int | None
    messages_exact: int | None
    evidence: str


def stated_loss(losses: tuple[Loss, ...]) -> str:
    """Return all streams' loss in the words that a consent says: `at least 60 messages`, or `unknown`."""
    if not losses or any(loss.state is LossState.UNKNOWN for loss in losses):
        return "unknown"
    least = sum(loss.messages_min or 0 for loss in losses)
    exact = all(loss.state is LossState.MEASURED for loss in losses)
    return f"{'' if exact else 'at least '}{least} message{'' if least == 1 else 's'}"


def source_failed_since(
    samples: tuple[Sample, ...], region: str, now: datetime, heard: datetime | None = None
) -> datetime | None:
    """Return when the region was first seen dark in the unbroken row of dark samples that lasts until now.

    None where the last sample saw it alive, or is old: `watch` may have stopped during an earlier outage. None also
    where the region was `heard` of later than it was first seen dark.
    """
    since = _row(samples, now, lambda sample: region in dict(sample.dark))
    return None if since is not None and heard is not None and heard > since else since


def public_failed_since(samples: tuple[Sample, ...], now: datetime) -> datetime | None:
    """Return when the public name first failed in the unbroken row of failures that lasts until now, else None."""
    return _row(samples, now, _has_failed)


def _row(samples: tuple[Sample, ...], now: datetime, has_failed: Callable[[Sample], bool]) -> datetime | None:
    """Return the first sample of the row that ends at `now`. Of a time without samples nothing is known."""
    since, after = None, now
    for sample in reversed(samples):
        if after - sample.at > _FRESH or not has_failed(sample):
            break
        since = after = sample.at
    return since


def public_healthy_until(samples: tuple[Sample, ...], now: datetime) -> datetime | None:
    """Return when the public name was last seen healthy, if that was the last sample and it is fresh, else None.

    Whoever ends a service that answers begins its outage; it began no earlier than this.
    """
    last = samples[-1] if samples else None
    if last is None or _has_failed(last) or now - last.at > _FRESH:
        return None
    return last.at


def _has_failed(sample: Sample) -> bool:
    return bool(sample.public.error) or sample.public.status >= 500


def newest_head(stream: str, region: str, heartbeats: tuple[Heartbeat, ...], samples: tuple[Sample, ...]) -> int:
    """Return the largest last sequence of a stream that anybody ever recorded of a region; 0 for none."""
    heads = [dict(beat.heads).get(stream, 0) for beat in heartbeats if beat.region == region]
    heads += [dict(dict(sample.heads).get(region, ())).get(stream, 0) for sample in samples]
    return max(heads, default=0)


@dataclass(frozen=True, slots=True)
class MirrorPosition:
    """Where a mirror ended: its last sequence and that message's time at the origin."""

    stream: str
    last_seq: int
    last_time: datetime | None


@dataclass(frozen=True, slots=True)
class Observations:
    """What is known of a source that cannot be asked.

    Heartbeats newest first, samples oldest first, the moment by which it had failed, how far the clocks are apart.
    """

    region: str
    heartbeats: tuple[Heartbeat, ...]
    samples: tuple[Sample, ...]
    failed_at: datetime
    clock_skew: timedelta


def bound_loss(mirror: MirrorPosition, seen: Observations) -> Loss:
    """Bound what the source took and the mirror never got.

    The anchor is the newest heartbeat whose head of the stream the mirror holds, or the mirror's own last message
    if that is newer: everything up to it arrived. `mirror.lag` is no evidence (nats.md 0.2, fact 6).
    """
    held = [
        beat.at
        for beat in seen.heartbeats
        if beat.region == seen.region and dict(beat.heads).get(mirror.stream, mirror.last_seq + 1) <= mirror.last_seq
    ]
    anchors = [*held, *([mirror.last_time] if mirror.last_time else [])]
    if not anchors:
        return Loss(mirror.stream, LossState.UNKNOWN, None, None, None, "no heartbeat and no message ever arrived")
    anchor = max(anchors)
    seconds = (seen.failed_at - anchor + abs(seen.clock_skew)).total_seconds()
    if seconds < 0:
        told = f"the last that arrived is of {_text(anchor)}, and the source failed by {_text(seen.failed_at)}"
        return Loss(mirror.stream, LossState.UNKNOWN, None, None, None, f"the clocks contradict each other: {told}")
    known = max(newest_head(mirror.stream, seen.region, seen.heartbeats, seen.samples) - mirror.last_seq, 0)
    source = "newest heartbeat that arrived" if held and anchor == max(held) else "last message that arrived"
    evidence = f"{source} {anchor.isoformat(timespec='milliseconds')}, source failed by {_text(seen.failed_at)}"
    return Loss(mirror.stream, LossState.BOUNDED, seconds, known, None, evidence)


def measured_loss(mirror: MirrorPosition, source_last: int, source_time: datetime | None) -> Loss:
    """Return the exact loss of a source that was asked after it was fenced."""
    count = max(source_last - mirror.last_seq, 0)
    evidence = f"source ends at {source_last}, mirror at {mirror.last_seq}"
    if count == 0:
        return Loss(mirror.stream, LossState.MEASURED, 0.0, 0, 0, evidence)
    seconds = (source_time - mirror.last_time).total_seconds() if source_time and mirror.last_time else None
    return Loss(mirror.stream, LossState.MEASURED, seconds, count, count, evidence)


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
