"""Write down where the standby takes over, and what that loses. Writes nothing to the world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from drctl.core.access import Access, Command
from drctl.core.change import Diff
from drctl.core.check import Check, Converged
from drctl.core.contract import Fact, FactKind
from drctl.core.errors import AdapterError
from drctl.core.loss import Loss, MirrorPosition, Observations, bound_loss, measured_loss, source_failed_since
from drctl.core.observed import Heartbeat, StreamRole, StreamState
from drctl.core.topology import HEARTBEAT_STREAM, Plane
from drctl.core.verdict import Health, ItemVerdict, Tier, Verdict, judge_items
from drctl.ports.world import ProbePorts, ReadPorts, WritePorts
from drctl.steps.progress import is_promoted

_HEARTBEATS_READ = 600
_SAMPLES_READ = 3600


@dataclass(frozen=True, slots=True)
class FreezePoint:
    """Record every mirror's last sequence and time, and state the loss as measured, bounded or unknown."""

    id: str
    source: str
    target: str
    streams: tuple[str, ...]
    deadline: timedelta
    stable_for: timedelta = timedelta(0)
    component: str = "nats"
    kind: Literal["freeze_point"] = "freeze_point"

    @property
    def title(self) -> str:
        """Return what the operator reads."""
        return f"Record the freeze point of {len(self.streams)} streams"

    @property
    def regions(self) -> tuple[str, ...]:
        """Return the regions that the step calls."""
        return (self.target, self.source)

    @property
    def plane(self) -> Plane:
        """Return what must be alive."""
        return Plane.DATA

    def check(self, world: ReadPorts) -> Check:  # noqa: ARG002 - nothing is ever to be written
        """Say that nothing is to be written."""
        return Converged()

    def apply(self, world: WritePorts, diff: Diff) -> None:
        """Do nothing: `check` never finds a difference."""

    def verify(self, world: ProbePorts) -> Verdict:
        """See that every stream can be read in the target."""
        try:
            present = {stream.name for stream in world.datastore(self.target).streams()}
        except AdapterError as error:
            return Verdict(Health.PROGRESSING, f"unknown: {error.message}")
        return judge_items(
            tuple(
                ItemVerdict(name, Tier.CRITICAL, Health.HEALTHY if name in present else Health.FAILED, "read")
                for name in self.streams
            )
        )

    def measure(self, world: ProbePorts, healthy_since: datetime) -> tuple[Fact, ...]:  # noqa: ARG002
        """Read each mirror's position and derive the loss; a stream promoted already speaks from its metadata."""
        now = world.clock.now()
        mirrors = {stream.name: stream for stream in world.datastore(self.target).streams()}
        # What this run has promoted was stated before; its origin may be a mirror by now, and say nothing of it.
        told = tuple(mirrors[name] for name in self.streams if not is_promoted(mirrors[name], world.stamp))
        losses, failed = _stated(world, self.source, self.target, told)
        facts: list[Fact] = []
        for name in self.streams:
            where = position(mirrors[name])
            facts.append(Fact(FactKind.FREEZE_SEQ, name, where.last_seq, now))
            facts.append(Fact(FactKind.FREEZE_TIME, name, where.last_time, now))
        facts.append(Fact(FactKind.SOURCE_FAILED_SINCE, self.source, failed, now))
        for loss in losses:
            facts.extend(_loss_facts(loss, now))
        return tuple(facts)

    def by_hand(self, access: Access) -> Sequence[Command]:
        """Return the line that reads each position."""
        nats = access.nats_in(self.target)
        return tuple(
            Command(
                f"write down last_seq and last_ts of {name}",
                f"{nats} req '$JS.API.STREAM.INFO.{access.stream_in(self.target, name)}' ''",
                writes=False,
            )
            for name in self.streams
        )


def position(stream: StreamState) -> MirrorPosition:
    """Return where a stream took over: its fork if it was promoted, else its end as a mirror."""
    if stream.role is not StreamRole.MIRROR and stream.fork_seq is not None:
        return MirrorPosition(stream.name, stream.fork_seq, stream.fork_time)
    return MirrorPosition(stream.name, stream.last_seq, stream.last_time if stream.last_seq else None)


def state_loss(world: ReadPorts, source: str, target: str, streams: tuple[StreamState, ...]) -> tuple[Loss, ...]:
    """State each application stream's loss: measured where the source answers and is fenced, else bounded.

    The heartbeat stream is in no RPO (product.md, section 7).
    """
    return _stated(world, source, target, streams)[0]


def _stated(
    world: ReadPorts, source: str, target: str, streams: tuple[StreamState, ...]
) -> tuple[tuple[Loss, ...], datetime | None]:
    """Return each stream's loss, and when the source was first seen failed; None if that was not seen."""
    told = tuple(stream for stream in streams if stream.name != HEARTBEAT_STREAM)
    try:
        origin = {stream.name: stream for stream in world.datastore(source).streams()}
    except AdapterError:
        origin = {}
    datastore = world.datastore(target)
    heartbeats = datastore.heartbeats(source, _HEARTBEATS_READ)
    samples = world.samples.newest(_SAMPLES_READ)
    skew, now = datastore.info().clock_skew, world.clock.now()
    failed = source_failed_since(samples, source, now, _heard(heartbeats, streams, skew))
    # Nobody saw it fail: it may have taken writes until now.
    seen = Observations(source, heartbeats, samples, failed or now, skew)
    losses = []
    for stream in told:
        there = origin.get(stream.name)
        where = position(stream)
        if there is not None and there.role is StreamRole.FENCED:
            losses.append(measured_loss(where, there.last_seq, there.last_time))
        else:
            losses.append(bound_loss(where, seen))
    return tuple(losses), failed


def _heard(heartbeats: tuple[Heartbeat, ...], streams: tuple[StreamState, ...], skew: timedelta) -> datetime | None:
    """Return the latest moment at which the source certainly lived: something of then has arrived."""
    last = [time for stream in streams if (time := position(stream).last_time) is not None]
    heard = max([*(beat.at for beat in heartbeats), *last], default=None)
    return heard - abs(skew) if heard is not None else None


def _loss_facts(loss: Loss, now: datetime) -> tuple[Fact, ...]:
    return (
        Fact(FactKind.LOSS_STATE, loss.stream, loss.state.value, now, loss.evidence),
        Fact(FactKind.LOSS_SECONDS_MAX, loss.stream, loss.seconds_max, now, loss.evidence),
        Fact(FactKind.LOSS_MESSAGES_MIN, loss.stream, loss.messages_min, now, loss.evidence),
        Fact(FactKind.LOSS_MESSAGES_EXACT, loss.stream, loss.messages_exact, now, loss.evidence),
    )
