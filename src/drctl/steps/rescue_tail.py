"""Keep what the old region took after the fork, before its streams are made mirrors again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from drctl.core.access import Access, Command
from drctl.core.change import Change, Diff
from drctl.core.check import Blocked, Check, Converged, Diverged
from drctl.core.errors import AdapterError
from drctl.core.finding import Finding
from drctl.core.lock import Stamp
from drctl.core.observed import StreamRole, StreamState
from drctl.core.tail import tail_digest
from drctl.core.topology import Plane
from drctl.core.verdict import Health, ItemVerdict, Tier, Verdict, judge_items
from drctl.ports.datastore import DatastoreReader, TailWish
from drctl.ports.world import ProbePorts, ReadPorts, WritePorts
from drctl.steps import nats_lines, return_lines
from drctl.steps.forks import Side, is_sealed, not_kept
from drctl.steps.progress import is_promoted
from drctl.steps.replication import holds_any


@dataclass(frozen=True, slots=True)
class TailItem:
    """One stream that forked after `fork_seq`, and the name under which its tail is kept."""

    name: str
    tier: Tier
    fork_seq: int
    rescue: str


@dataclass(frozen=True, slots=True)
class RescueTail:
    """Copy each divergent tail into the active region, with its own sequences and times (nats.md 7.1)."""

    id: str
    source: str
    region: str
    items: tuple[TailItem, ...]
    deadline: timedelta
    stable_for: timedelta = timedelta(0)
    component: str = ""
    kind: Literal["rescue_tail"] = "rescue_tail"

    @property
    def title(self) -> str:
        """Return what the operator reads."""
        return f"Keep in {self.region} what {self.source} took after the fork of {len(self.items)} streams"

    @property
    def regions(self) -> tuple[str, ...]:
        """Return the regions that the step calls."""
        return (self.source, self.region)

    @property
    def plane(self) -> Plane:
        """Return what must be alive."""
        return Plane.DATA

    def check(self, world: ReadPorts) -> Check:
        """Find the tails that are not kept yet, and see that both sides agree on the fork."""
        origin, kept = world.datastore(self.source), world.datastore(self.region)
        there = {stream.name: stream for stream in origin.streams()}
        here = {stream.name: stream for stream in kept.streams()}
        changes, findings = [], []
        for item in self.items:
            left = there.get(item.name)
            if left is None or not has_tail(item, left, world.stamp):
                continue
            if rescue := here.get(item.rescue):
                if is_sealed(rescue) and (why := not_kept(Side(origin, left), kept, item.fork_seq, item.rescue)):
                    findings.append(_taken(item, self.region, why))
                continue
            if finding := _fork_differs(item, origin, kept):
                findings.append(finding)
            before, after = None, f"{item.name} of {self.source} from {item.fork_seq + 1}"
            changes.append(Change(item.name, f"{self.region}/stream/{item.rescue}", "mirror", before, after))
        if findings:
            return Blocked(tuple(findings))
        return Diverged(Diff(tuple(changes))) if changes else Converged()

    def apply(self, world: WritePorts, diff: Diff) -> None:
        """Start keeping one tail."""
        item = next(item for item in self.items if item.name == diff.changes[0].item)
        domain = world.datastore(self.source).info().domain
        wish = TailWish(item.rescue, item.name, domain, item.fork_seq + 1)
        world.datastore_writer(self.region).keep_tail(wish, world.stamp)

    def verify(self, world: ProbePorts) -> Verdict:
        """Compare every message of each tail with its copy, by one hash."""
        return judge_items(tuple(self._judge(world, item) for item in self.items))

    def _judge(self, world: ReadPorts, item: TailItem) -> ItemVerdict:
        origin, kept = world.datastore(self.source), world.datastore(self.region)
        try:
            stream = next((one for one in origin.streams() if one.name == item.name), None)
            if stream is None or not has_tail(item, stream, world.stamp):
                return ItemVerdict(item.name, item.tier, Health.HEALTHY, "nothing is left there after the fork")
            rescue = kept.stream(item.rescue)
            # The sequences first: reading both sides message by message is for the end.
            if holds_any(origin, item.name, max(rescue.last_seq, item.fork_seq) + 1, stream.last_seq):
                how_far = f"at {rescue.last_seq} of {stream.last_seq}, {rescue.messages} messages kept"
                return ItemVerdict(item.name, item.tier, Health.PROGRESSING, how_far)
            there = tail_digest(origin.messages(item.name, item.fork_seq + 1, stream.last_seq))
            here = tail_digest(kept.messages(item.rescue, item.fork_seq + 1, stream.last_seq))
        except AdapterError as error:
            return ItemVerdict(item.name, item.tier, Health.PROGRESSING, f"unknown: {error.message}")
        if there != here:
            return ItemVerdict(item.name, item.tier, Health.PROGRESSING, f"{here[0]} of {there[0]} messages kept")
        return ItemVerdict(item.name, item.tier, Health.HEALTHY, f"{here[0]} messages kept in {item.rescue}")

    def by_hand(self, access: Access) -> Sequence[Command]:
        """Return the JetStream API's own lines."""
        nats, lines = access.nats_in(self.region), []
        origin = nats_lines.Origin.of(access, self.source)
        for item in self.items:
            line = return_lines.keep_tail(nats, origin, item, access.stamp)
            does = f"keep what {item.name} took after {item.fork_seq}, if it took anything"
            lines.append(Command(does, line, writes=True))
            left = nats_lines.read_stream(origin.nats, item.name)
            lines.append(Command(f"see last_seq of {item.name} in {self.source}", left, writes=False))
            does = f"see last_seq of {item.rescue} reach it, or no such stream"
            lines.append(Command(does, nats_lines.read_stream(nats, item.rescue), writes=False))
        return tuple(lines)


def has_tail(item: TailItem, stream: StreamState | None, stamp: Stamp) -> bool:
    """Say whether the old region holds anything of its own: neither a mirror does, nor what this run promoted."""
    if stream is None or stream.role is StreamRole.MIRROR or is_promoted(stream, stamp):
        return False
    return stream.last_seq > item.fork_seq


def _taken(item: TailItem, region: str, why: str) -> Finding:
    message = f"{item.rescue} in {region} is sealed, and does not keep the tail of {item.name}: {why}."
    remedy = f"Keep it: give the active {item.name} another number in its metadata drctl.epoch, and plan anew."
    return Finding("rescue-taken", message, remedy, subject=item.name)


def _fork_differs(item: TailItem, origin: DatastoreReader, kept: DatastoreReader) -> Finding | None:
    """Compare the fork's own message on both sides; one that was deleted on either side proves nothing."""
    there = next(iter(origin.messages(item.name, item.fork_seq, item.fork_seq)), None) if item.fork_seq else None
    here = next(iter(kept.messages(item.name, item.fork_seq, item.fork_seq)), None) if item.fork_seq else None
    if there is None or here is None or there.at == here.at:
        return None
    message = f"{item.name} differs at its fork, {item.fork_seq}: {there.at} there, {here.at} here."
    remedy = "These are not two sides of one stream: compare both by hand before anything is deleted."
    return Finding("fork-differs", message, remedy, subject=item.name)
