"""How far a mirror is behind its origin, by both sides' own sequences; shared by the steps that wait for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from drctl.core.errors import AdapterError
from drctl.core.finding import Finding
from drctl.core.observed import StreamRole, StreamState
from drctl.core.verdict import Health, ItemVerdict, Tier
from drctl.ports.datastore import DatastoreReader
from drctl.ports.world import ReadPorts
from drctl.steps.progress import is_promoted

# A healthy mirror hears its origin every second, idle or not; after 3 s the link is broken (nats.md 0.2, fact 7).
# The two seconds above that are for a busy machine.
SILENT_MAX = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class ReplicaItem:
    """One stream that has an origin in one region and a mirror in the other."""

    name: str
    tier: Tier


def holds_any(datastore: DatastoreReader, stream: str, first: int, last: int) -> bool:
    """Say whether any message is stored between two sequences, both included.

    A mirror ends before its origin where the origin's last messages were deleted (measured on 2.15.1: work queues
    do that), so that a last sequence alone says neither that something is missing nor that something is lost.
    """
    return first <= last and next(iter(datastore.messages(stream, first, last)), None) is not None


def not_ready(mirrors: Iterable[StreamState], origin: str, region: str) -> Iterator[Finding]:
    """Yield what would make an outage of a fence of `origin`: streams of `region` that could not drain after it."""
    for stream in mirrors:
        if stream.role is StreamRole.ACTIVE:
            message = f"stream {stream.name} takes writes in {region} too: it is no mirror of {origin}."
            remedy = f"Make {region} a standby first: `drctl failback --to {region} --only reprotect`."
            yield Finding("both-active", message, remedy, subject=stream.name)
        elif stream.role is StreamRole.MIRROR and not is_heard(stream):
            age = stream.contact_age
            heard = "never" if age is None else f"{age.total_seconds():.0f} s ago"
            message = f"mirror {stream.name} in {region} last heard its origin {heard}."
            remedy = "Repair the link between the regions; a planned move waits for every message."
            yield Finding("replication-stalled", message, remedy, subject=stream.name)


def is_heard(mirror: StreamState) -> bool:
    """Say whether a mirror is in contact with its origin now."""
    return mirror.contact_age is not None and mirror.contact_age <= SILENT_MAX


def judge_in_sync(world: ReadPorts, origin: str, mirror: str, item: ReplicaItem) -> ItemVerdict:
    """Compare sequences, never `lag` (nats.md 0.2, fact 6).

    The origin is read first: a mirror that has what the origin had before it was asked is in sync, although the
    origin goes on.
    """
    try:
        if is_promoted(here := world.datastore(mirror).stream(item.name), world.stamp):
            return ItemVerdict(item.name, item.tier, Health.HEALTHY, "was in sync, and promoted since by this run")
        there = world.datastore(origin).stream(item.name)
        here = world.datastore(mirror).stream(item.name)
        is_missing = holds_any(world.datastore(origin), item.name, here.last_seq + 1, there.last_seq)
    except AdapterError as error:
        return ItemVerdict(item.name, item.tier, Health.PROGRESSING, f"unknown: {error.message}")
    if here.role is not StreamRole.MIRROR:
        return ItemVerdict(item.name, item.tier, Health.FAILED, f"{mirror} holds no mirror, it is {here.role.value}")
    if here.last_seq < there.last_seq and is_missing:
        message = f"{mirror} has {here.last_seq} of {there.last_seq}"
        return ItemVerdict(item.name, item.tier, Health.PROGRESSING, message)
    if here.contact_age is None and there.last_seq == 0:
        return ItemVerdict(item.name, item.tier, Health.PROGRESSING, f"{mirror} has not heard {origin} yet")
    return ItemVerdict(item.name, item.tier, Health.HEALTHY, f"both at {here.last_seq}")
