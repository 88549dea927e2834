"""A run's report as JSON, and its contracts read back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from drctl.app.report import exit_codes
from drctl.core.contract import Compliance, Measurement
from drctl.render.jsonable import Json, changes_json, jsonable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drctl.app.facts import LossLine, TailLine
    from drctl.app.outage import MeasuredOutage
    from drctl.app.report import OpenLine, Report, StepLine, Timeline


def report_json(report: Report) -> dict[str, Json]:
    """Return the whole report; its `schema` names the version of this form."""
    return {
        "schema": report.schema,
        "run_id": report.run_id,
        "service": report.service,
        "operation": report.operation,
        "mode": report.mode,
        "source": report.source,
        "target": report.target,
        "reason": jsonable(report.reason),
        "operator": report.operator,
        "how_confirmed": report.how_confirmed,
        "accepted": list(report.accepted),
        "epoch": report.epoch,
        "plan_digest": report.plan_digest,
        "verdict": jsonable(report.verdict),
        "exit_code": jsonable(report.exit_code),
        "exit_codes": [int(code) for code in sorted(exit_codes(report)) if report.exit_code is not None],
        "contracts": [_contract(line) for line in report.contracts],
        "losses": [_loss(line) for line in report.losses],
        "tails": [_tail(line) for line in report.tails],
        "outage": _outage(report.outage),
        "timeline": _timeline(report.timeline),
        "steps": [_step(line) for line in report.steps],
        "applied": [{"step": step, "changes": changes_json(diff)} for step, diff in report.applied],
        "pending_fences": list(report.pending_fences),
        "open_items": [_open_item(line) for line in report.open_items],
        "observed_at": jsonable(report.made_at),
    }


def _open_item(line: OpenLine) -> Json:
    return {
        "item": line.item,
        "step": line.step_id,
        "left_out_by": line.operator or None,
        "why": jsonable(line.why),
        "breaks": list(line.breaks),
        "since": jsonable(line.since),
    }


def contracts_of(body: Mapping[str, Any]) -> tuple[Measurement, ...]:
    """Return the contracts of a report that was written by `report_json`."""
    return tuple(
        Measurement(
            component=line["component"],
            what=line["what"],
            target=timedelta(seconds=line["target_seconds"]),
            measured=None if line["measured_seconds"] is None else timedelta(seconds=line["measured_seconds"]),
            compliance=Compliance(line["compliance"]),
            evidence=line["evidence"],
        )
        for line in body["contracts"]
    )


def _contract(line: Measurement) -> Json:
    return {
        "component": line.component,
        "what": line.what,
        "target_seconds": jsonable(line.target),
        "measured_seconds": jsonable(line.measured),
        "compliance": line.compliance.value,
        "evidence": jsonable(line.evidence),
    }


def _loss(line: LossLine) -> Json:
    return {
        "stream": line.stream,
        "freeze_seq": line.freeze_seq,
        "state": line.state,
        "seconds_max": line.seconds_max,
        "messages_min": line.messages_min,
        "messages_exact": line.messages_exact,
        "evidence": jsonable(line.evidence),
    }


def _tail(line: TailLine) -> Json:
    return {
        "stream": line.stream,
        "messages": line.messages,
        "kept_in": line.rescue or None,
        "region": line.region or None,
        "file": jsonable(line.file) if line.file else None,
        "sha256": line.sha256 or None,
    }


def _outage(line: MeasuredOutage | None) -> Json:
    if line is None:
        return None
    return {
        "stream_gap_seconds": jsonable(line.stream_gap),
        "stream_gap_predicted_seconds": line.stream_gap_predicted_seconds,
        "write_outage_seconds_max": jsonable(line.writes_at_most),
        "write_outage_predicted_seconds": line.writes_predicted_seconds,
    }


def _timeline(line: Timeline) -> Json:
    return {
        "source_failed": jsonable(line.source_failed),
        "public_failed": jsonable(line.public_failed),
        "started": jsonable(line.started),
        "dns_sent_after": jsonable(line.dns_sent_after),
        "dns_converged": jsonable(line.dns_converged),
        "dns_cutover_worst": jsonable(line.dns_cutover_worst),
        "dns_cutover_unawaited": jsonable(line.dns_cutover_unawaited),
        "served_since": jsonable(line.served_since),
        "ended": jsonable(line.ended),
    }


def _step(line: StepLine) -> Json:
    return {
        "id": line.id,
        "title": line.title,
        "outcome": jsonable(line.outcome),
        "message": jsonable(line.message),
        "waited_seconds": line.waited_seconds,
        "ended_at": jsonable(line.ended_at),
    }
