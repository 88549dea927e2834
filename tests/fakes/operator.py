"""An operator who runs drctl on the fake world as the command line does: look, agree, run, take up again."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING

from drctl.adapters.journal.codec import DataclassCodec
from drctl.app.locking import take
from drctl.app.prepare import prepare
from drctl.app.run import Agreed, Console, Runner, Service, Stores
from drctl.core.intent import Intent, Mode, Operation
from drctl.core.lock import LockRecord
from drctl.core.run_state import RunState, fold
from drctl.planning.plan import Plan
from fakes.console import FakeGate, FakeObserver
from fakes.shop import EAST, INVENTORIES, NOBODY, WEST, shop_topology

if TYPE_CHECKING:
    from collections.abc import Callable

    from drctl.app.prepare import Prepared
    from drctl.app.report import Report
    from drctl.core.topology import Topology
    from fakes.world import World

EMERGENCY = Intent(Operation.FAILOVER, Mode.EMERGENCY, EAST, WEST)
PLANNED = Intent(Operation.FAILOVER, Mode.PLANNED, EAST, WEST)
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

    def prepare(self, intent: Intent = EMERGENCY) -> Prepared:
        """Look at everything; write nothing."""
        return prepare(self.world.reads(NOBODY), self.topology, intent, INVENTORIES)

    def run(self, intent: Intent = EMERGENCY, accepted: tuple[str, ...] = ACCEPTS, run_id: str = "run-1") -> Report:
        """Take the lock, look, agree to what is shown, run."""
        lock = take(self.stores.locks, self._record(run_id))
        try:
            return self._runner().start(self.prepare(intent), Agreed("--confirm", accepted), lock)
        finally:
            lock.release()

    def resume(self, run_id: str = "run-1") -> Report:
        """Take a run up."""
        lock = take(self.stores.locks, self._record(run_id))
        try:
            return self._runner().resume(run_id, lock)
        finally:
            lock.release()

    def state(self, run_id: str = "run-1") -> RunState:
        """Return a run as its journal tells it."""
        return reduce(
            lambda state, record: fold(state, record.at, record.event), self.world.runs.read(run_id), RunState()
        )

    def _record(self, run_id: str) -> LockRecord:
        return LockRecord(run_id, "ann@desk", "failover east -> west, emergency", "", self.world.clock.now(), 0)

    def _runner(self) -> Runner:
        service = Service(self.topology, self.world.reads(NOBODY), self.world.writes)
        console = Console("ann@desk", self.gate, (self.observer,), self.stopped)
        return Runner(service, self.stores, console)
