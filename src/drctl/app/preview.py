"""The dry run, which is also the consent screen: what every step would change, as the world is now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from drctl.app.fanout import fan_out
from drctl.app.projection import Expected, ProjectedWorld
from drctl.core.change import Diff
from drctl.core.check import Blocked, Check, Converged, Diverged
from drctl.core.errors import AdapterError
from drctl.core.events import Prediction
from drctl.core.finding import Finding, Severity
from drctl.steps.carry_consumers import CarryConsumers
from drctl.steps.promote_stream import PromoteStream
from drctl.steps.rebuild_mirror import RebuildMirror
from drctl.steps.rescue_tail import RescueTail
from drctl.steps.scale_workload import ScaleWorkload
from drctl.steps.switch_dns import SwitchDns

if TYPE_CHECKING:
    from drctl.planning.plan import Plan
    from drctl.ports.world import ReadPorts
    from drctl.steps.catalog import AnyStep

# The steps that make a region the active one, or a standby again. Forced syncs and fences alone are no move.
_MOVING = (ScaleWorkload, PromoteStream, CarryConsumers, SwitchDns, RescueTail, RebuildMirror)


@dataclass(frozen=True, slots=True)
class StepPreview:
    """One step and what it found."""

    step: AnyStep
    check: Check

    @property
    def diff(self) -> Diff:
        """Return what the step would change; empty when converged or blocked."""
        return self.check.diff if isinstance(self.check, Diverged) else Diff(())

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return what stands in the step's way."""
        return self.check.findings if isinstance(self.check, Blocked) else ()


def preview(plan: Plan, world: ReadPorts) -> tuple[StepPreview, ...]:
    """Ask every step of the plan about the world that the steps before it will have left.

    A vendor that does not answer is a finding, never a guess.
    """
    expected, shown = Expected(), list[StepPreview]()
    projected = ProjectedWorld(world, expected)
    for phase in plan.phases:
        for wave in phase.waves:
            seen = fan_out(lambda step: StepPreview(step, _check(step, projected)), wave.steps)
            for one in seen:
                expected.add(one.diff)
            shown += seen
    return tuple(shown)


def _check(step: AnyStep, world: ReadPorts) -> Check:
    try:
        return step.check(world)
    except AdapterError as error:
        message = f"{step.title}: {error.message}"
        return Blocked((Finding(error.code, message, error.remedy, subject=step.id),))


def predictions(previews: tuple[StepPreview, ...]) -> tuple[Prediction, ...]:
    """Return what a consent covers."""
    return tuple(Prediction(shown.step.id, shown.diff, shown.findings) for shown in previews)


def is_there_already(previews: tuple[StepPreview, ...]) -> bool:
    """Say whether the target is the active region already, by every moving step's own evidence."""
    moving = [shown for shown in previews if isinstance(shown.step, _MOVING)] or list(previews)
    return bool(moving) and all(isinstance(shown.check, Converged) for shown in moving)


def obstacles(plan: Plan, previews: tuple[StepPreview, ...]) -> tuple[Finding, ...]:
    """Return every finding of severity problem, the plan's and the steps', each once."""
    found = [*plan.findings, *(finding for shown in previews for finding in shown.findings)]
    return tuple(dict.fromkeys(finding for finding in found if finding.severity is Severity.PROBLEM))
