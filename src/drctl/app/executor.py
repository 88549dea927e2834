"""Runs a plan: phases, then waves, each behind one proof of the lock and the invariants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from drctl.app.fanout import fan_out
from drctl.app.wave import Consent, WaveRunner
from drctl.core.errors import AdapterError, DrctlError, InterruptedRunError, InvariantError, StepFailedError
from drctl.core.events import ItemLeftOut, PhaseStarted, RunPaused, StepEnded, StepOutcome
from drctl.core.intent import Mode
from drctl.core.invariants import newer_epochs, taken_twice
from drctl.core.item import ItemRef
from drctl.core.observed import StreamRole
from drctl.planning.leaving_out import breaks, names_in, with_dependents
from drctl.planning.plan import GIVE_BACK, PROMOTE, SETTLE, SWITCH, Wave
from drctl.ports.gate import Lame
from drctl.steps.leaving_out import without

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from drctl.app.locking import HeldLock
    from drctl.app.recorder import Recorder
    from drctl.core.observed import StreamState
    from drctl.core.run_state import RunState
    from drctl.planning.plan import Phase, Plan
    from drctl.ports.gate import Gate
    from drctl.ports.world import WritePorts
    from drctl.steps.catalog import AnyStep

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
    operator: str
    state: Callable[[], RunState]


@dataclass(frozen=True, slots=True)
class Scope:
    """How much of a plan is to be done: not what was left out. `must_finish`: each item of it, whatever its tier."""

    left_out: tuple[ItemRef, ...] = ()
    must_finish: bool = False


class Executor:
    """Brings a plan to its end, or pauses it, resumable."""

    def __init__(self, plan: Plan, consent: Consent, hands: Hands, scope: Scope) -> None:
        self._plan = plan
        self._hands = hands
        self._scope = scope
        self._gone = set(with_dependents(plan, scope.left_out))
        self._runner = WaveRunner(hands.world, hands.recorder, hands.gate, consent, hands.stopped)
        self._at = ""

    def run(self) -> None:
        """Run every phase.

        Raises:
            DrctlError: Why the run paused; the journal says so too, and `drctl resume` takes it up.
        """
        try:
            for phase in self._plan.phases:
                self._enter(phase)
                for wave in phase.waves:
                    self._run(wave)
        except DrctlError as error:
            self._hands.recorder.record(RunPaused(error.code, error.message, self._at))
            raise

    def _run(self, wave: Wave) -> None:
        self._at = wave.steps[0].id
        self._hands.lock.prove()
        self._hands.lock.note(step=self._at, epoch=self._hands.world.stamp.epoch)
        lame = self._runner.run(Wave(tuple(self._left_of(wave))))
        self._go_on_without(tuple(ref for ref in lame if ref not in self._gone))

    def _left_of(self, wave: Wave) -> Iterator[AnyStep]:
        """Yield what is to be done of a wave; say of a step that is left out as a whole that it is."""
        for step in wave.steps:
            names = names_in(step, self._gone)
            if (left := without(step, names)) is not None:
                yield left
            else:
                said = ", ".join(sorted(names))
                self._hands.recorder.record(StepEnded(step.id, StepOutcome.LEFT_OUT, f"without {said}"))

    def _go_on_without(self, lame: tuple[ItemRef, ...]) -> None:
        """Let an emergency go on with critical items alone; ask about it in a planned run.

        Raises:
            StepFailedError: Nobody said that it may go on.
        """
        if not lame:
            return
        self._at = lame[0].step_id
        state = self._hands.state()
        why = {ItemRef(name, item.item): item.message for name, step in state.steps for item in step.lame}
        said = tuple(Lame(ref, why.get(ref, ""), breaks(self._plan, ref)) for ref in lame)
        told = f"{self._at} is degraded, {'; '.join(f'{one.ref.item}: {one.why}' for one in said)}"
        if self._scope.must_finish:
            raise StepFailedError(told, remedy="Repair it, then finish it; it stays open.", code="degraded")
        if not self._may_go_on(said):
            remedy = "Repair it; a planned run goes on without it only if you say so."
            raise StepFailedError(told, remedy=remedy, code="degraded")
        self._gone.update(with_dependents(self._plan, lame))

    def _may_go_on(self, said: tuple[Lame, ...]) -> bool:
        if self._plan.intent.mode is Mode.EMERGENCY:
            return True
        if not self._hands.gate.goes_on(said):
            return False
        # Durable, so that nobody is asked twice.
        agreed = (ItemLeftOut(one.ref, one.breaks, self._hands.operator, "agreed to when asked") for one in said)
        self._hands.recorder.record(*agreed)
        return True

    def _enter(self, phase: Phase) -> None:
        if self._hands.stopped():
            raise InterruptedRunError(f"interrupted before phase {phase.name}.")
        self._hands.lock.prove()
        if self._scope.must_finish:
            self._assert_nobody_came_after()
        elif phase.name in _GUARDED:
            self._assert_one_writer()
        self._hands.recorder.record(PhaseStarted(phase.name))

    def _assert_one_writer(self) -> None:
        source, target = self._streams()
        if twice := taken_twice(source, target):
            raise self._two_writers(twice)
        if newer := newer_epochs((*source, *target), self._hands.world.stamp.epoch):
            raise self._stale(newer)

    def _assert_nobody_came_after(self) -> None:
        """Prove it before an item of a run that has ended is taken up: its target must be known, and its own.

        A later run may have fenced the source, or rebuilt its mirrors: that is no other direction.
        """
        target = self._hands.world.datastore(self._plan.intent.target).streams()
        active = tuple(stream for stream in self._streams()[0] if stream.role is StreamRole.ACTIVE)
        if newer := newer_epochs((*active, *target), self._hands.world.stamp.epoch):
            raise self._stale(newer)
        if twice := taken_twice(active, target):
            raise self._two_writers(twice)

    def _streams(self) -> tuple[tuple[StreamState, ...], tuple[StreamState, ...]]:
        def streams(region: str) -> tuple[StreamState, ...]:
            try:
                return self._hands.world.datastore(region).streams()
            except AdapterError:
                # Unknown, not closed: the fence step has left it open, and the run shows it as pending.
                return ()

        source, target = fan_out(streams, (self._plan.intent.source, self._plan.intent.target))
        return source, target

    def _two_writers(self, twice: tuple[str, ...]) -> InvariantError:
        intent = self._plan.intent
        return InvariantError(
            f"{', '.join(twice)} takes writes in {intent.source} and in {intent.target}: two writers.",
            remedy=f"Fence one of them now: `drctl fence {intent.source}`.",
            code="two-writers",
        )

    def _stale(self, newer: tuple[str, ...]) -> InvariantError:
        return InvariantError(
            f"{', '.join(newer)} carries a larger epoch than this run's {self._hands.world.stamp.epoch}: another run "
            "came after it.",
            remedy="See which: `drctl runs list`. This one must not go on; end it, and begin anew from what is so now: "
            f"`drctl abort {self._hands.world.stamp.run_id}`.",
            code="epoch-stale",
        )
