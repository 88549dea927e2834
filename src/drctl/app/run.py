"""Start a run, or take one up: epoch, journal, executor, end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from drctl import __version__
from drctl.app.ending import end_undone, read_state, require_not_being_undone, require_open
from drctl.app.epochs import next_epoch
from drctl.app.executor import Executor, Hands
from drctl.app.preview import predictions
from drctl.app.recorder import Recorder
from drctl.app.report import make_report
from drctl.app.wave import Consent
from drctl.core.contract import Compliance, Fact, FactKind
from drctl.core.errors import ExitCode, first_that_counts
from drctl.core.events import (
    EpochClaimed,
    FactsMeasured,
    RunConfirmed,
    RunEnded,
    RunResumed,
    RunStarted,
    StepOutcome,
)
from drctl.core.lock import Stamp
from drctl.core.loss import public_failed_since

if TYPE_CHECKING:
    from collections.abc import Callable

    from drctl.app.locking import HeldLock
    from drctl.app.prepare import Prepared
    from drctl.app.report import Report
    from drctl.core.topology import Topology
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
    """How somebody agreed, and to which findings."""

    how: str
    accepted: tuple[str, ...]


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
        epoch = next_epoch(reads, self._service.topology, self._stores.locks, prepared.inventory)
        failed = public_failed_since(reads.samples.newest(_SAMPLES_READ))
        recorder.record(
            RunStarted(lock.run_id, plan.intent, plan.digest, self._console.operator, __version__),
            RunConfirmed(agreed.how, agreed.accepted, predictions(prepared.previews)),
            FactsMeasured("run", (Fact(FactKind.PUBLIC_FAILED_SINCE, "public name", failed, reads.clock.now()),)),
            # Last: a run with an epoch can be resumed, and then has all of the above.
            EpochClaimed(epoch),
        )
        return self._execute(plan, journal, recorder, lock)

    def resume(self, run_id: str, lock: HeldLock) -> Report:
        """Take a paused or killed run up: the stored plan, the stored consent, the same executor.

        Raises:
            BlockedError: It ended already, or another run takes it back, or it was killed before anybody's consent
                was durable.
            DrctlError: Why it paused again.
        """
        journal = self._stores.runs.open(run_id)
        require_open(read_state(journal))
        require_not_being_undone(self._stores.runs, run_id)
        recorder = Recorder(journal, self._console.observers)
        recorder.record(RunResumed(self._console.operator))
        return self._execute(self._stores.plans.decode(self._stores.runs.plan(run_id)), journal, recorder, lock)

    def _execute(self, plan: Plan, journal: Journal, recorder: Recorder, lock: HeldLock) -> Report:
        state = read_state(journal)
        if plan.intent.undoes:
            end_undone(self._stores.runs, plan.intent.undoes, state.run_id)
        lock.note(step="", epoch=state.epoch)
        world = self._service.writes(Stamp(state.run_id, state.epoch))
        consent = Consent(state.predictions, frozenset(state.accepted))
        Executor(plan, consent, Hands(world, recorder, lock, self._console.gate, self._console.stopped)).run()
        report = make_report(self._service.topology, plan, read_state(journal), world.clock.now())
        code = exit_code(report)
        recorder.record(RunEnded(code, report.verdict))
        return make_report(self._service.topology, plan, read_state(journal), world.clock.now())


def exit_code(report: Report) -> ExitCode:
    """Return what a finished run exits with."""
    codes = {ExitCode.DONE}
    if any(line.compliance is not Compliance.MET for line in report.contracts):
        codes.add(ExitCode.CONTRACT_UNPROVEN)
    if any(step.outcome in {StepOutcome.OPEN, StepOutcome.DEGRADED} for step in report.steps):
        codes.add(ExitCode.LEFT_OPEN)
    return first_that_counts(frozenset(codes))
