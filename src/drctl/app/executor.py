"""Runs a plan: phases, then waves, each behind one proof of the lock and the invariants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from drctl.app.fanout import fan_out
from drctl.app.wave import Consent, WaveRunner
from drctl.core.errors import AdapterError, DrctlError, InterruptedRunError, InvariantError
from drctl.core.events import PhaseStarted, RunPaused
from drctl.core.invariants import newer_epochs, taken_twice
from drctl.planning.plan import GIVE_BACK, PROMOTE, SETTLE, SWITCH

if TYPE_CHECKING:
    from collections.abc import Callable

    from drctl.app.locking import HeldLock
    from drctl.app.recorder import Recorder
    from drctl.core.observed import StreamState
    from drctl.planning.plan import Phase, Plan
    from drctl.ports.gate import Gate
    from drctl.ports.world import WritePorts

# The phases that change who writes or who is asked. Asking a dead source costs a timeout, so the others
# rely on the phase before them.
_GUARDED = frozenset({PROMOTE, GIVE_BACK, SWITCH, SETTLE})


@dataclass(frozen=True, slots=True)
class Hands:
    """What a run works with."""

    world: WritePorts
    recorder: Recorder
    lock: HeldLock
    gate: Gate
    stopped: Callable[[], bool]


class Executor:
    """Brings a plan to its end, or pauses it, resumable."""

    def __init__(self, plan: Plan, consent: Consent, hands: Hands) -> None:
        self._plan = plan
        self._hands = hands
        self._runner = WaveRunner(hands.world, hands.recorder, hands.gate, consent, hands.stopped)

    def run(self) -> None:
        """Run every phase.

        Raises:
            DrctlError: Why the run paused; the journal says so too, and `drctl resume` takes it up.
        """
        step = ""
        try:
            for phase in self._plan.phases:
                self._enter(phase)
                for wave in phase.waves:
                    step = wave.steps[0].id
                    self._hands.lock.prove()
                    self._hands.lock.note(step=step, epoch=self._hands.world.stamp.epoch)
                    self._runner.run(wave)
        except DrctlError as error:
            self._hands.recorder.record(RunPaused(error.code, error.message, step))
            raise

    def _enter(self, phase: Phase) -> None:
        if self._hands.stopped():
            raise InterruptedRunError(f"interrupted before phase {phase.name}.")
        self._hands.lock.prove()
        if phase.name in _GUARDED:
            self._assert_one_writer()
        self._hands.recorder.record(PhaseStarted(phase.name))

    def _assert_one_writer(self) -> None:
        intent, world = self._plan.intent, self._hands.world

        def streams(region: str) -> tuple[StreamState, ...]:
            try:
                return world.datastore(region).streams()
            except AdapterError:
                # Unknown, not closed: the fence step has left it open, and the run shows it as pending.
                return ()

        source, target = fan_out(streams, (intent.source, intent.target))
        if twice := taken_twice(source, target):
            raise InvariantError(
                f"{', '.join(twice)} takes writes in {intent.source} and in {intent.target}: two writers.",
                remedy=f"Fence one of them now: `drctl fence {intent.source}`.",
                code="two-writers",
            )
        if newer := newer_epochs((*source, *target), world.stamp.epoch):
            raise InvariantError(
                f"{', '.join(newer)} carries a larger epoch than this run's {world.stamp.epoch}: another run came "
                "after it.",
                remedy="Let that run be: `drctl runs list`; this one must not go on.",
                code="epoch-stale",
            )
