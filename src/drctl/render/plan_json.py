"""The dry run as JSON: the same values as on the consent screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drctl.core.check import Blocked, Converged, Diverged
from drctl.planning.leaving_out import breaks
from drctl.render.jsonable import Json, changes_json, findings_json, jsonable
from drctl.render.plan_view import shown_findings

if TYPE_CHECKING:
    from datetime import datetime

    from drctl.app.prepare import Prepared
    from drctl.app.preview import StepPreview
    from drctl.core.check import Check
    from drctl.core.loss import Loss

PREVIEW_SCHEMA = "drctl.preview/v1"


def plan_json(prepared: Prepared) -> dict[str, Json]:
    """Return plan, changes, findings and losses as seen at `observed_at`; run-made values are `{"run_made": name}`."""
    plan, inventory = prepared.plan, prepared.inventory
    seen = inventory.target.observed_at
    return {
        "schema": PREVIEW_SCHEMA,
        "observed_at": jsonable(seen),
        "service": plan.service,
        "operation": plan.intent.operation.value,
        "mode": plan.intent.mode.value,
        "reprotect_only": plan.intent.reprotect_only,
        "source": plan.intent.source,
        "target": plan.intent.target,
        "digest": plan.digest,
        "nothing_to_do": prepared.is_there_already,
        "no_return_after": plan.no_return_after,
        "inventory": {
            "region": plan.intent.source,
            "is_live": inventory.source_is_live,
            "observed_at": jsonable(plan.inventory_at),
        },
        "steps": _steps(prepared),
        "left_out": [
            {"item": ref.item, "step": ref.step_id, "breaks": list(breaks(plan, ref))} for ref in prepared.left_out
        ],
        "losses": [_loss(line, seen) for line in prepared.losses],
        "outage": _outage(prepared),
        "findings": findings_json(shown_findings(prepared), seen),
        "consent": {
            "confirm": plan.title,
            "accept": [*sorted({finding.code for finding in prepared.findings if finding.acceptable})],
        },
    }


def _outage(prepared: Prepared) -> Json:
    """Return the bounds of a planned move; null where none can be given."""
    outage = prepared.outage
    if outage is None:
        return None
    return {
        "stream_gap_seconds_max": jsonable(outage.stream_gap),
        "write_outage_seconds_max": jsonable(outage.total),
        "parts": [{"name": part.name, "seconds_max": jsonable(part.at_most)} for part in outage.parts],
    }


def _steps(prepared: Prepared) -> list[Json]:
    places = {
        step.id: (phase.name, number)
        for phase in prepared.plan.phases
        for number, wave in enumerate(phase.waves, start=1)
        for step in wave.steps
    }
    seen = prepared.inventory.target.observed_at
    return [_step(shown, places[shown.step.id], seen) for shown in prepared.previews]


def _step(shown: StepPreview, place: tuple[str, int], seen: datetime) -> Json:
    phase, wave = place
    return {
        "id": shown.step.id,
        "kind": shown.step.kind,
        "title": shown.step.title,
        "phase": phase,
        "wave": wave,
        "check": _check(shown.check),
        "changes": changes_json(shown.diff),
        "findings": findings_json(shown.findings, seen),
        "observed_at": jsonable(seen),
    }


def _check(check: Check) -> str:
    match check:
        case Converged():
            return "converged"
        case Diverged():
            return "diverged"
        case Blocked():
            return "blocked"


def _loss(line: Loss, seen: datetime) -> Json:
    return {
        "stream": line.stream,
        "state": line.state.value,
        "seconds_max": line.seconds_max,
        "messages_min": line.messages_min,
        "messages_exact": line.messages_exact,
        "evidence": jsonable(line.evidence),
        "observed_at": jsonable(seen),
    }
