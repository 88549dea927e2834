"""Start a run, or take one up: epoch, journal, executor, end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from drctl import __version__
from drctl.app.ending import end_undone, epoch_to_claim, read_state, require_not_being_undone, require_open
from drctl.app.epochs import next_epoch
from drctl.app.executor import Executor, Hands, Scope
from drctl.app.preview import predictions, preview
from drctl.app.recorder import Recorder
from drctl.app.report import exit_codes, make_report
from drctl.app.wave import Consent
from drctl.core.contract import Fact, FactKind
from drctl.core.errors import first_that_counts
from drctl.core.events import (
    EpochClaimed,
    FactsMeasured,
    ItemFinished,
    ItemLeftOut,
    ItemTakenUp,
    RunConfirmed,
    RunEnded,
    RunResumed,
    RunStarted,
)
from drctl.core.lock import Stamp
from drctl.core.loss import public_failed_since, public_healthy_until
from drctl.planning.leaving_out import breaks, only, with_dependents

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from drctl.app.locking import HeldLock
    from drctl.app.prepare import Prepared
    from drctl.app.report import Report
    from drctl.core.item import ItemRef
    from drctl.core.topology import Topology
    from drctl.planning.outage import Outage
    from drctl.planning.plan import Plan
    from drctl.ports.codec import Codec
    from drctl.ports.gate import Gate
    from drctl.ports.journal import Journal, RunStore
    from drctl.ports.lock import LockStore
    from drctl.ports.observer import Observer
    from drctl.ports.world import ReadPorts, WritePorts

_SAMPLES_READ = 3600


@dataclass(frozen=True, slots=True)
class Console:
    """The place where a run is run: who asks, who watches, who may stop it."""

    operator: str
    gate: Gate
    observers: tuple[Observer, ...]
    stopped: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Stores:
    """Where runs and the lock are kept, and how a plan is written down."""

    runs: RunStore
    locks: tuple[LockStore, ...]
    plans: Codec[Plan]


@dataclass(frozen=True, slots=True)
class Service:
    """The service as it can be looked at, and, once a run has a stamp, changed."""

    topology: Topology
    reads: ReadPorts
    writes: Callable[[Stamp], WritePorts]


@dataclass(frozen=True, slots=True)
class Agreed:
    """How somebody agreed, to which findings, and why the items that were shown as left out are."""

    how: str
    accepted: tuple[str, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Omit:
    """Items that somebody wants left out, and why."""

    refs: tuple[ItemRef, ...]
    reason: str


NOTHING = Omit((), "")


class Runner:
    """Runs plans of one service."""

    def __init__(self, service: Service, stores: Stores, console: Console) -> None:
        self._service = service
        self._stores = stores
        self._console = console

    def start(self, prepared: Prepared, agreed: Agreed, lock: HeldLock) -> Report:
        """Run a prepared and agreed plan to its end. The lock is held by the caller, who releases it.

        Raises:
            DrctlError: Why it paused. The journal has everything; `resume` takes it up.
        """
        plan, reads = prepared.plan, self._service.reads
        journal = self._stores.runs.create(lock.run_id, self._stores.plans.encode(plan))
        recorder = Recorder(journal, self._console.observers)
        larger = next_epoch(reads, self._service.topology, self._stores.locks, prepared.inventory)
        recorder.record(
            RunStarted(lock.run_id, plan.intent, plan.digest, self._console.operator, __version__),
            RunConfirmed(agreed.how, agreed.accepted, predictions(prepared.previews)),
            *self._left_out(plan, Omit(prepared.left_out, agreed.reason)),
            FactsMeasured(
                "run",
                (
                    *_outage_so_far(reads),
                    *_predicted(prepared.outage, reads.clock.now()),
                ),
            ),
            # Last: a run with an epoch can be resumed, and then has all of the above.
            EpochClaimed(epoch_to_claim(self._stores.runs, plan.intent, larger)),
        )
        return self._execute(plan, journal, recorder, lock)

    def resume(self, run_id: str, lock: HeldLock, omit: Omit = NOTHING) -> Report:
        """Take a paused or killed run up: the stored plan, the stored consent, the same executor.

        What is to be omitted is left out from here on; that is durable before anything else is done.

        Raises:
            BlockedError: It ended already, or another run takes it back, or it was killed before anybody's consent
                was durable.
            DrctlError: Why it paused again.
        """
        journal, plan = self._open(run_id)
        state = read_state(journal)
        recorder = Recorder(journal, self._console.observers)
        gone = {left.ref for left in state.left_out}
        new = Omit(tuple(ref for ref in omit.refs if ref not in gone), omit.reason)
        recorder.record(RunResumed(self._console.operator), *self._left_out(plan, new))
        return self._execute(plan, journal, recorder, lock)

    def finish(self, run_id: str, refs: tuple[ItemRef, ...], lock: HeldLock) -> Report:
        """Take up open items; in a run that has ended these alone, with its own epoch, by looking at the world.

        Raises:
            DrctlError: Why they could not be finished: they stay open, and the run stays ended.
        """
        has_ended = read_state(self._stores.runs.open(run_id)).ended is not None
        journal, plan = self._stored(run_id) if has_ended else self._open(run_id)
        recorder = Recorder(journal, self._console.observers)
        part = only(plan, refs)
        state = read_state(journal)
        world = self._service.writes(Stamp(state.run_id, state.epoch))
        shown = predictions(preview(part, world))
        recorder.record(*(ItemTakenUp(ref, self._console.operator, shown) for ref in refs))
        if not has_ended:
            return self._execute(plan, journal, recorder, lock)
        lock.note(step="", epoch=state.epoch)
        hands = self._hands(world, journal, recorder, lock)
        others = tuple(left.ref for left in state.left_out if left.ref not in with_dependents(plan, refs))
        Executor(part, Consent(shown, frozenset(state.accepted)), hands, Scope(others, must_finish=True)).run()
        # Killed here, the command is typed again: it finds nothing open, and says how the run has ended.
        recorder.record(*(ItemFinished(ref) for ref in refs))
        return self._end(plan, journal, recorder)

    def _open(self, run_id: str) -> tuple[Journal, Plan]:
        require_open(read_state(self._stores.runs.open(run_id)))
        require_not_being_undone(self._stores.runs, run_id)
        return self._stored(run_id)

    def _stored(self, run_id: str) -> tuple[Journal, Plan]:
        return self._stores.runs.open(run_id), self._stores.plans.decode(self._stores.runs.plan(run_id))

    def _left_out(self, plan: Plan, omit: Omit) -> tuple[ItemLeftOut, ...]:
        return tuple(ItemLeftOut(ref, breaks(plan, ref), self._console.operator, omit.reason) for ref in omit.refs)

    def _execute(self, plan: Plan, journal: Journal, recorder: Recorder, lock: HeldLock) -> Report:
        state = read_state(journal)
        if plan.intent.undoes:
            end_undone(self._stores.runs, plan.intent.undoes, state.run_id)
        lock.note(step="", epoch=state.epoch)
        world = self._service.writes(Stamp(state.run_id, state.epoch))
        consent = Consent(state.predictions, frozenset(state.accepted))
        left_out = tuple(left.ref for left in state.left_out)
        Executor(plan, consent, self._hands(world, journal, recorder, lock), Scope(left_out)).run()
        return self._end(plan, journal, recorder)

    def _hands(self, world: WritePorts, journal: Journal, recorder: Recorder, lock: HeldLock) -> Hands:
        console = self._console
        return Hands(
            world, recorder, lock, console.gate, console.stopped, console.operator, lambda: read_state(journal)
        )

    def _end(self, plan: Plan, journal: Journal, recorder: Recorder) -> Report:
        clock = self._service.reads.clock
        report = make_report(self._service.topology, plan, read_state(journal), clock.now())
        recorder.record(RunEnded(first_that_counts(exit_codes(report)), report.verdict))
        return make_report(self._service.topology, plan, read_state(journal), clock.now())


def _predicted(outage: Outage | None, now: datetime) -> tuple[Fact, ...]:
    """Return what the plan said of a planned move's outage, for the report to compare."""
    if outage is None:
        return ()
    gap, total = outage.stream_gap.total_seconds(), outage.total.total_seconds()
    return (
        Fact(FactKind.STREAM_GAP_PREDICTED_SECONDS, "streams", gap, now),
        Fact(FactKind.WRITE_OUTAGE_PREDICTED_SECONDS, "clients", total, now),
    )


def _outage_so_far(reads: ReadPorts) -> tuple[Fact, ...]:
    now, samples = reads.clock.now(), reads.samples.newest(_SAMPLES_READ)
    return (
        Fact(FactKind.PUBLIC_FAILED_SINCE, "public name", public_failed_since(samples, now), now),
        Fact(FactKind.PUBLIC_HEALTHY_UNTIL, "public name", public_healthy_until(samples, now), now),
    )
