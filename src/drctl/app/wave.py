"""One wave: look, ask, write intents down, write, write outcomes down, wait, measure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from drctl.app.apply import apply_item
from drctl.app.fanout import fan_out
from drctl.app.waiting import Awaited, await_verdict
from drctl.core.change import Diff, not_confirmed
from drctl.core.check import Blocked, Diverged
from drctl.core.errors import (
    AdapterError,
    BlockedError,
    DrctlError,
    DriftError,
    InterruptedRunError,
    OutcomeUnknownError,
    StepFailedError,
)
from drctl.core.events import (
    ApplyIntended,
    FactsMeasured,
    ItemApplied,
    ItemFailed,
    StepChecked,
    StepEnded,
    StepOutcome,
    StepVerified,
)
from drctl.core.item import ItemRef
from drctl.core.verdict import Health, ItemVerdict, Tier, judge_items
from drctl.ports.gate import Answer, Question
from drctl.steps.await_link import AwaitLink
from drctl.steps.base import Baseline, Measuring
from drctl.steps.leaving_out import is_fixed, item_tiers, without

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from drctl.app.recorder import Recorder
    from drctl.core.events import Prediction
    from drctl.core.finding import Finding
    from drctl.planning.plan import Wave
    from drctl.ports.gate import Gate
    from drctl.ports.world import WritePorts
    from drctl.steps.catalog import AnyStep


@dataclass(frozen=True, slots=True)
class Consent:
    """What was agreed to: the diffs shown, and the findings accepted by code."""

    predictions: tuple[Prediction, ...]
    accepted: frozenset[str]

    def prediction(self, step_id: str) -> Prediction | None:
        """Return what was shown for a step."""
        return next((shown for shown in self.predictions if shown.step_id == step_id), None)


@dataclass(frozen=True, slots=True)
class Looked:
    """One step and what it has to do now."""

    step: AnyStep
    diff: Diff
    findings: tuple[Finding, ...]


class WaveRunner:
    """Runs the steps of one wave at the same time."""

    def __init__(
        self, world: WritePorts, recorder: Recorder, gate: Gate, consent: Consent, stopped: Callable[[], bool]
    ) -> None:
        self._world = world
        self._recorder = recorder
        self._gate = gate
        self._consent = consent
        self._stopped = stopped

    def run(self, wave: Wave) -> tuple[ItemRef, ...]:
        """Bring every step of the wave to its end, or raise why the run must pause.

        Returns the items that its degraded steps ended without; whether the run goes on is for the caller to say.

        Raises:
            BlockedError, DriftError, StepFailedError, OutcomeUnknownError, InterruptedRunError: As named; what
                was done stays done, and is in the journal.
        """
        ready = [looked for looked in fan_out(self._look, wave.steps) if self._may_go_on(looked)]
        for looked in ready:
            self._ask(looked)
        self._write_baselines(ready)
        failed = self._apply(ready)
        ended = fan_out(lambda looked: self._finish(looked, failed.get(looked.step.id, ())), ready)
        problem = next((one for one in ended if isinstance(one, DrctlError)), None)
        if problem is not None:
            raise problem
        return tuple(ref for one in ended if not isinstance(one, DrctlError) for ref in one)

    def _look(self, step: AnyStep) -> Looked:
        try:
            check = step.check(self._world)
        except AdapterError as error:
            self._recorder.record(StepEnded(step.id, StepOutcome.FAILED, error.message))
            raise StepFailedError(f"{step.id}: {error.message}", remedy=error.remedy, code=error.code) from error
        diff = check.diff if isinstance(check, Diverged) else Diff(())
        findings = check.findings if isinstance(check, Blocked) else ()
        self._recorder.record(StepChecked(step.id, diff, findings))
        return Looked(step, diff, findings)

    def _may_go_on(self, looked: Looked) -> bool:
        refused = [finding for finding in looked.findings if not self._is_accepted(finding)]
        if refused:
            self._recorder.record(StepEnded(looked.step.id, StepOutcome.FAILED, refused[0].message))
            raise BlockedError(refused[0].message, remedy=refused[0].remedy, code=refused[0].code)
        if looked.findings:
            said = "; ".join(finding.message for finding in looked.findings)
            self._recorder.record(StepEnded(looked.step.id, StepOutcome.OPEN, said))
            return False
        shown = self._consent.prediction(looked.step.id)
        # Where the preview was blocked and that was accepted, the consent covers the step without its diff.
        if shown is not None and not shown.findings and (moved := not_confirmed(looked.diff, shown.diff)):
            change = moved[0]
            raise DriftError(
                f"{looked.step.id}: {change.object} {change.field} would now go {change.before} -> {change.after}; "
                f"confirmed was {_confirmed(shown.diff, change.place)}.",
                remedy="Look at it, then make a new plan: `drctl failover --dry-run`.",
            )
        return True

    def _is_accepted(self, finding: Finding) -> bool:
        return finding.acceptable and finding.code in self._consent.accepted

    def _ask(self, looked: Looked) -> None:
        if self._stopped():
            raise InterruptedRunError("interrupted before a write was sent.")
        step = looked.step
        if self._gate.allows(Question(step.id, step.title, looked.diff, _why(step))) is not Answer.RUN:
            raise InterruptedRunError(f"{looked.step.id}: the operator said no. Nothing of it was done.")

    def _write_baselines(self, ready: list[Looked]) -> None:
        for looked in ready:
            if looked.diff.changes and isinstance(looked.step, Baseline):
                self._recorder.record(FactsMeasured(looked.step.id, looked.step.baseline(self._world)))

    def _apply(self, ready: list[Looked]) -> dict[str, tuple[ItemFailed, ...]]:
        todo = [(looked.step, looked.diff.of_item(item)) for looked in ready for item in looked.diff.items()]
        if not todo:
            return {}
        self._recorder.record(*(ApplyIntended(step.id, diff.changes[0].item, diff) for step, diff in todo))
        failed: dict[str, tuple[ItemFailed, ...]] = {}
        for event in fan_out(self._apply_one, todo):
            if isinstance(event, ItemFailed):
                failed[event.step_id] = (*failed.get(event.step_id, ()), event)
        return failed

    def _apply_one(self, todo: tuple[AnyStep, Diff]) -> ItemApplied | ItemFailed:
        event = apply_item(todo[0], self._world, todo[1], self._stopped)
        self._recorder.record(event)
        return event

    def _finish(self, looked: Looked, failed: tuple[ItemFailed, ...]) -> DrctlError | tuple[ItemRef, ...]:
        step = looked.step
        refused = _lesser(step, failed)
        if len(refused) < len(failed):
            return self._end_failed(step, failed)
        awaited = self._await(step, refused)
        verdict = awaited.verdict
        seconds = round(awaited.waited.total_seconds(), 3)
        self._recorder.record(StepVerified(step.id, verdict.health, verdict.message, verdict.items, seconds))
        if verdict.health is Health.FAILED or (verdict.health is Health.DEGRADED and is_fixed(step)):
            self._recorder.record(StepEnded(step.id, StepOutcome.FAILED, verdict.message))
            return StepFailedError(f"{step.id}: {verdict.message}", remedy=self._remedy(step))
        if awaited.standing_since is None:
            return InterruptedRunError(f"interrupted while {step.id} waited: {verdict.message}")
        lame = tuple(item.item for item in verdict.items if item.health in {Health.FAILED, Health.DEGRADED})
        error = self._measure(without(step, frozenset(lame)), awaited.standing_since)
        if error is not None:
            return error
        degraded = verdict.health is Health.DEGRADED
        outcome = StepOutcome.DEGRADED if degraded else StepOutcome.DONE
        self._recorder.record(StepEnded(step.id, outcome, verdict.message))
        return tuple(ItemRef(step.id, item) for item in lame)

    def _await(self, step: AnyStep, refused: tuple[ItemVerdict, ...]) -> Awaited:
        """Wait for what was not refused, and judge both together."""
        rest = without(step, frozenset(item.item for item in refused))
        if rest is None:
            return Awaited(judge_items(refused), timedelta(0), self._world.clock.now())
        awaited = await_verdict(
            rest, self._world, lambda verdict, waited: self._recorder.waiting(step.id, verdict, waited), self._stopped
        )
        if not refused:
            return awaited
        return replace(awaited, verdict=judge_items((*awaited.verdict.items, *refused)))

    def _measure(self, step: AnyStep | None, standing_since: datetime) -> DrctlError | None:
        if not isinstance(step, Measuring):
            return None
        try:
            self._recorder.record(FactsMeasured(step.id, step.measure(self._world, standing_since)))
        except AdapterError as error:
            self._recorder.record(StepEnded(step.id, StepOutcome.FAILED, error.message))
            return StepFailedError(
                f"{step.id}: it is done, but cannot be measured: {error.message}",
                remedy=error.remedy or self._remedy(step),
            )
        return None

    def _remedy(self, step: AnyStep) -> str:
        run = self._world.stamp.run_id
        if isinstance(step, AwaitLink):
            return (
                f"Open the link between {step.one} and {step.other}: drctl opens none that it did not cut. Then go on: "
                f"`drctl resume {run}`."
            )
        return f"Mend what it names, or do the step by hand; then go on: `drctl resume {run}`."

    def _end_failed(self, step: AnyStep, failed: tuple[ItemFailed, ...]) -> DrctlError:
        first = failed[0]
        unknown = any(item.unknown for item in failed)
        outcome = StepOutcome.UNKNOWN if unknown else StepOutcome.FAILED
        self._recorder.record(StepEnded(step.id, outcome, first.message))
        message, run = f"{step.id}, {first.item}: {first.message}", self._world.stamp.run_id
        if unknown:
            remedy = f"A resumed run looks what became of it, and repeats nothing blindly: `drctl resume {run}`."
            return OutcomeUnknownError(message, remedy=remedy)
        if first.code == "drifted":
            return DriftError(message, remedy="Look at it, then make a new plan: `drctl failover --dry-run`.")
        return StepFailedError(message, remedy=self._remedy(step), code=first.code)


def _why(step: AnyStep) -> str:
    """Return what this kind of step is there for, and what it needs and touches."""
    purpose = " ".join((type(step).__doc__ or "").strip().partition("\n\n")[0].split())
    waits = f" The {step.component} contract waits for it." if step.component else ""
    return f"{purpose} It calls {', '.join(step.regions) or 'no region'} and needs the {step.plane.value} plane.{waits}"


def _lesser(step: AnyStep, failed: tuple[ItemFailed, ...]) -> tuple[ItemVerdict, ...]:
    """Return the refused items that leave a step degraded at worst. A write whose outcome is unknown never does."""
    tiers = item_tiers(step)
    return tuple(
        ItemVerdict(item.item, tier, Health.FAILED, item.message)
        for item in failed
        if not item.unknown
        and item.code != "drifted"
        and (tier := tiers.get(item.item, Tier.CRITICAL)) is not Tier.CRITICAL
    )


def _confirmed(diff: Diff, place: tuple[str, str]) -> str:
    for change in diff.changes:
        if change.place == place:
            return f"{change.before} -> {change.after}"
    return "no change there"
