"""An operator who runs drctl on the fake world as the command line does: look, agree, run, take up again."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING

from drctl.adapters.journal.codec import DataclassCodec
from drctl.app.ending import undo_intent
from drctl.app.items import failed_in, open_in
from drctl.app.locking import take
from drctl.app.prepare import leave_out, prepare
from drctl.app.run import Agreed, Console, Omit, Runner, Service, Stores
from drctl.cli.gates import require_clear
from drctl.core.intent import Intent, Mode, Operation
from drctl.core.lock import LockRecord
from drctl.core.run_state import RunState, fold
from drctl.planning.plan import Plan
from drctl.planning.undo import Undone
from fakes.console import FakeGate, FakeObserver
from fakes.shop import EAST, INVENTORIES, NOBODY, WEST, shop_topology

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from drctl.app.locking import HeldLock
    from drctl.app.prepare import Prepared
    from drctl.app.report import Report
    from drctl.core.topology import Topology
    from fakes.world import World

EMERGENCY = Intent(Operation.FAILOVER, Mode.EMERGENCY, EAST, WEST)
PLANNED = Intent(Operation.FAILOVER, Mode.PLANNED, EAST, WEST)
UNDO = Intent(Operation.UNDO, Mode.PLANNED, WEST, EAST, undoes="run-0")
HOME = Intent(Operation.FAILBACK, Mode.PLANNED, WEST, EAST)
REASON = "its disk is full"
ACCEPTS = ("data-loss", "source-writers-unknown")
PLANS: DataclassCodec[Plan] = DataclassCodec(Plan)


@dataclass
class Operator:
    """One person at one machine."""

    world: World
    topology: Topology = field(default_factory=shop_topology)
    gate: FakeGate = field(default_factory=FakeGate)
    observer: FakeObserver = field(default_factory=FakeObserver)
    stopped: Callable[[], bool] = lambda: False

    @property
    def stores(self) -> Stores:
        return Stores(self.world.runs, (self.world.lock,), PLANS)

    def prepare(self, intent: Intent = EMERGENCY, without: tuple[str, ...] = ()) -> Prepared:
        """Look at everything; write nothing."""
        undone = self.undone(intent.undoes) if intent.undoes else None
        world = self.world.reads(NOBODY)
        whole = prepare(world, self.topology, intent, INVENTORIES, undone)
        return leave_out(world, self.topology, whole, without) if without else whole

    def undone(self, run_id: str = "run-1") -> Undone:
        """Return a run as an undo of it needs it."""
        return Undone(PLANS.decode(self.world.runs.plan(run_id)), self.state(run_id))

    def undo(self, run_id: str = "run-1", by_run: str = "run-2", accepted: tuple[str, ...] = ()) -> Report:
        """Take a run back, as the command line does it."""
        intent = undo_intent(self.undone(run_id), "")
        shown = self.prepare(intent)
        require_clear(shown)
        return self.run(intent, accepted, by_run, shown)

    def run(
        self,
        intent: Intent = EMERGENCY,
        accepted: tuple[str, ...] = ACCEPTS,
        run_id: str = "run-1",
        prepared: Prepared | None = None,
    ) -> Report:
        """Take the lock, look (unless it was looked at before), agree to what is shown, run."""
        with self._locked(run_id) as lock:
            shown = prepared or self.prepare(intent)
            return self._runner().start(shown, Agreed("--confirm", accepted, REASON), lock)

    def resume(self, run_id: str = "run-1", without: tuple[str, ...] = ()) -> Report:
        """Take a run up; what is named has failed, and is left out."""
        with self._locked(run_id) as lock:
            refs = failed_in(self.plan(run_id), self.state(run_id), without) if without else ()
            return self._runner().resume(run_id, lock, Omit(refs, REASON))

    def finish(self, *items: str, run_id: str = "run-1") -> Report:
        """Finish what was left open."""
        with self._locked(run_id) as lock:
            return self._runner().finish(run_id, open_in(self.state(run_id), items), lock)

    def plan(self, run_id: str = "run-1") -> Plan:
        """Return a run's stored plan."""
        return PLANS.decode(self.world.runs.plan(run_id))

    def state(self, run_id: str = "run-1") -> RunState:
        """Return a run as its journal tells it."""
        return reduce(
            lambda state, record: fold(state, record.at, record.event), self.world.runs.read(run_id), RunState()
        )

    @contextmanager
    def _locked(self, run_id: str) -> Iterator[HeldLock]:
        now = self.world.clock.now()
        lock = take(self.stores.locks, LockRecord(run_id, "ann@desk", "failover east -> west, emergency", "", now, 0))
        try:
            yield lock
        finally:
            # A killed process lets go of nothing.
            if self.world.calls.is_alive:
                lock.release()

    def _runner(self) -> Runner:
        service = Service(self.topology, self.world.reads(NOBODY), self.world.writes)
        console = Console("ann@desk", self.gate, (self.observer,), self.stopped)
        return Runner(service, self.stores, console)
