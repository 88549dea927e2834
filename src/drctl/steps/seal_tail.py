"""Make a kept tail unchangeable, and export it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from drctl.core.access import Access, Command
from drctl.core.change import Change, Diff
from drctl.core.check import Check, Converged, Diverged
from drctl.core.contract import Fact, FactKind
from drctl.core.errors import AdapterError, NotFoundError
from drctl.core.observed import StreamRole, StreamState
from drctl.core.stream_config import RESCUE_SUBJECT_PREFIX
from drctl.core.tail import lines as tail_lines
from drctl.core.topology import Plane
from drctl.core.verdict import Health, ItemVerdict, Verdict, judge_items
from drctl.ports.world import ProbePorts, ReadPorts, WritePorts
from drctl.steps import nats_lines, return_lines
from drctl.steps.forks import is_sealed
from drctl.steps.rescue_tail import TailItem, has_tail


@dataclass(frozen=True, slots=True)
class SealTail:
    """Export each kept tail as JSON lines into the run's folder, then seal it. A sealed stream stays as it is."""

    id: str
    source: str
    region: str
    items: tuple[TailItem, ...]
    deadline: timedelta
    stable_for: timedelta = timedelta(0)
    component: str = ""
    kind: Literal["seal_tail"] = "seal_tail"

    @property
    def title(self) -> str:
        """Return what the operator reads."""
        return f"Seal and export the kept tails of {len(self.items)} streams"

    @property
    def regions(self) -> tuple[str, ...]:
        """Return the regions that the step calls."""
        return (self.source, self.region)

    @property
    def plane(self) -> Plane:
        """Return what must be alive."""
        return Plane.DATA

    def check(self, world: ReadPorts) -> Check:
        """Find the tails that are not sealed, and those that somebody sealed and nobody exported."""
        there = {stream.name: stream for stream in world.datastore(self.source).streams()}
        here = {stream.name: stream for stream in world.datastore(self.region).streams()}
        changes: list[Change] = []
        for item in self.items:
            kept = here.get(item.rescue)
            if kept is not None and is_sealed(kept):
                # By hand, or by another run. Once the old region mirrors again, `drctl ledger` is who exports.
                if self._is_left(there.get(item.name)) and world.evidence.kept(file_of(item)) is None:
                    changes.append(Change(item.name, f"evidence/{file_of(item)}", "lines", None, kept.messages))
                continue
            if kept is None and not has_tail(item, there.get(item.name), world.stamp):
                continue
            place = f"{self.region}/stream/{item.rescue}"
            origin = f"{item.name} of {self.source} from {item.fork_seq + 1}"
            changes.append(Change(item.name, place, "mirror", origin, None))
            changes.append(Change(item.name, place, "subjects", (), (rescue_subject(item.rescue),)))
            changes.append(Change(item.name, place, "sealed", before=False, after=True))
        return Diverged(Diff(tuple(changes))) if changes else Converged()

    def _is_left(self, stream: StreamState | None) -> bool:
        return stream is not None and stream.role is StreamRole.FENCED

    def apply(self, world: WritePorts, diff: Diff) -> None:
        """Export one tail, then seal it."""
        item = next(item for item in self.items if item.name == diff.changes[0].item)
        datastore = world.datastore(self.region)
        last = datastore.stream(item.rescue).last_seq
        messages = datastore.messages(item.rescue, item.fork_seq + 1, last)
        world.evidence.keep(file_of(item), tail_lines(messages))
        world.datastore_writer(self.region).seal_tail(item.rescue)

    def verify(self, world: ProbePorts) -> Verdict:
        """See each kept tail sealed."""
        return judge_items(tuple(self._judge(world, item) for item in self.items))

    def _judge(self, world: ReadPorts, item: TailItem) -> ItemVerdict:
        try:
            kept = world.datastore(self.region).stream(item.rescue)
        except NotFoundError:
            return ItemVerdict(item.name, item.tier, Health.HEALTHY, "nothing was taken after the fork")
        except AdapterError as error:
            return ItemVerdict(item.name, item.tier, Health.PROGRESSING, f"unknown: {error.message}")
        if is_sealed(kept):
            return ItemVerdict(item.name, item.tier, Health.HEALTHY, f"{kept.messages} messages sealed")
        return ItemVerdict(item.name, item.tier, Health.PROGRESSING, f"{item.rescue} is not sealed")

    def measure(self, world: ProbePorts, healthy_since: datetime) -> tuple[Fact, ...]:  # noqa: ARG002
        """Record how many messages of each tail were kept, where, and in which file with which checksum."""
        now, facts = world.clock.now(), []
        for item in self.items:
            try:
                kept = world.datastore(self.region).stream(item.rescue)
            except NotFoundError:
                facts.append(Fact(FactKind.TAIL_MESSAGES, item.name, 0, now, "nothing was taken after the fork"))
                continue
            note = f"{item.rescue}, sequences {kept.first_seq} to {kept.last_seq}"
            facts.append(Fact(FactKind.TAIL_MESSAGES, item.name, kept.messages, now, note))
            facts.append(Fact(FactKind.TAIL_KEPT_IN, item.name, item.rescue, now, self.region))
            file = world.evidence.kept(file_of(item))
            facts.append(Fact(FactKind.TAIL_FILE, item.name, file.path if file else None, now))
            facts.append(Fact(FactKind.TAIL_SHA256, item.name, file.sha256 if file else None, now))
        return tuple(facts)

    def by_hand(self, access: Access) -> Sequence[Command]:
        """Return the JetStream API's own lines."""
        nats, lines = access.nats_in(self.region), []
        origin = nats_lines.Origin.of(access, self.source)
        for item in self.items:
            does = f"seal {item.rescue}, if there is one and it has everything: never to be undone"
            lines.append(Command(does, return_lines.seal(nats, origin, item), writes=True))
            look = nats_lines.read_stream(nats, item.rescue)
            lines.append(Command(f"see {item.rescue} sealed, or no such stream", look, writes=False))
        return tuple(lines)


def file_of(item: TailItem) -> str:
    """Return the name of a tail's file beside the journal."""
    return f"{item.rescue}.jsonl"


def rescue_subject(rescue: str) -> str:
    """Return the subject of a sealed rescue; nobody publishes there."""
    return f"{RESCUE_SUBJECT_PREFIX}{rescue}"
