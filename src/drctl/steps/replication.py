"""How far a mirror is behind its origin, by both sides' own sequences; shared by the steps that wait for it."""

from __future__ import annotations

from dataclasses import dataclass

from drctl.core.errors import AdapterError
from drctl.core.observed import StreamRole
from drctl.core.verdict import Health, ItemVerdict, Tier
from drctl.ports.datastore import DatastoreReader
from drctl.ports.world import ReadPorts
from drctl.steps.progress import is_promoted


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
