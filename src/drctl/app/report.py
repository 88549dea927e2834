"""What a run proved: contracts, loss, steps, and what stays to be done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from drctl.app.facts import Facts, LossLine, TailLine
from drctl.app.outage import MeasuredOutage, measure_outage
from drctl.core.change import Diff
from drctl.core.contract import Compliance, FactKind, Measurement, compliance
from drctl.core.errors import ExitCode
from drctl.core.events import StepOutcome
from drctl.core.intent import Mode, Operation
from drctl.core.topology import RtoFrom
from drctl.planning.leaving_out import breaks

if TYPE_CHECKING:
    from drctl.core.run_state import RunState
    from drctl.core.topology import ContractRule, Topology
    from drctl.planning.plan import Plan

REPORT_SCHEMA = "drctl.report/v1"


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step of the report. `outcome` None: never reached."""

    id: str
    title: str
    outcome: StepOutcome | None
    message: str
    waited_seconds: float
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Timeline:
    """The moments that the contracts are counted from and to. None: not known."""

    source_failed: datetime | None
    public_failed: datetime | None
    started: datetime | None
    dns_sent_after: datetime | None
    dns_converged: datetime | None
    dns_cutover_worst: datetime | None
    served_since: datetime | None
    ended: datetime | None
    dns_cutover_unawaited: datetime | None = None
    """For names that no run waits for; None also where there are none."""


@dataclass(frozen=True, slots=True)
class OpenLine:
    """One item that stays to be finished. `operator` left it out, for the reason `why`; empty: its step is degraded."""

    item: str
    step_id: str
    why: str
    breaks: tuple[str, ...]
    operator: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Report:
    """One run, judged. Values only; how it looks is decided elsewhere."""

    schema: str
    run_id: str
    service: str
    operation: str
    mode: str
    source: str
    target: str
    reason: str
    operator: str
    how_confirmed: str
    accepted: tuple[str, ...]
    epoch: int
    plan_digest: str
    verdict: str
    exit_code: ExitCode | None
    contracts: tuple[Measurement, ...]
    losses: tuple[LossLine, ...]
    tails: tuple[TailLine, ...]
    outage: MeasuredOutage | None
    timeline: Timeline
    steps: tuple[StepLine, ...]
    applied: tuple[tuple[str, Diff], ...]
    pending_fences: tuple[str, ...]
    made_at: datetime
    is_closed: bool = False
    """Whether it was undone or aborted: nobody takes it up any more, and it has no exit code of its own."""
    open_items: tuple[OpenLine, ...] = ()


def make_report(topology: Topology, plan: Plan, state: RunState, now: datetime) -> Report:
    """Judge a run, finished or not, from its journal alone."""
    facts = Facts(state.facts)
    is_undo = plan.intent.operation is Operation.UNDO
    sent = facts.first_moment(FactKind.DNS_SENT_AFTER)
    # An undo finds the public names where they were, if they had not moved yet: then nobody has to follow.
    follows = sent is not None or not is_undo
    timeline = Timeline(
        source_failed=facts.first_moment(FactKind.SOURCE_FAILED_SINCE),
        public_failed=facts.first_moment(FactKind.PUBLIC_FAILED_SINCE),
        started=state.started_at,
        dns_sent_after=sent,
        dns_converged=facts.latest_moment(FactKind.DNS_CONVERGED),
        dns_cutover_worst=facts.latest_moment(FactKind.DNS_CUTOVER_WORST) if follows else None,
        served_since=facts.last_moment(FactKind.SERVED_SINCE),
        ended=state.ended_at,
        dns_cutover_unawaited=facts.latest_moment(FactKind.DNS_CUTOVER_UNAWAITED) if follows else None,
    )
    steps = tuple(
        StepLine(step.id, step.title, seen.outcome, seen.message, seen.waited_seconds, seen.ended_at)
        for step in plan.steps()
        for seen in (state.step(step.id),)
    )
    # Nothing was promised for the way back: what counts is that the source serves again, which its steps see.
    is_move = plan.intent.operation is not Operation.FENCE and not is_undo
    began = _began(topology, plan, timeline, facts.first_moment(FactKind.PUBLIC_HEALTHY_UNTIL))
    items = _open_items(plan, state)
    contracts = tuple(
        line
        for rule in topology.contracts
        for line in _measure(rule, facts, timeline, began, _missing(plan, items, rule.component))
    )
    pending = tuple(step.id for step in steps if step.outcome is StepOutcome.OPEN)
    return Report(
        schema=REPORT_SCHEMA,
        run_id=state.run_id,
        service=plan.service,
        operation=plan.intent.operation.value,
        mode=plan.intent.mode.value,
        source=plan.intent.source,
        target=plan.intent.target,
        reason=plan.intent.reason,
        operator=state.operator,
        how_confirmed=state.how_confirmed,
        accepted=state.accepted,
        epoch=state.epoch,
        plan_digest=plan.digest,
        verdict=_verdict(state, pending, items),
        exit_code=state.ended,
        contracts=contracts if is_move else (),
        losses=facts.losses(),
        tails=facts.tails(),
        outage=measure_outage(facts, plan.intent.source, timeline.dns_cutover_worst),
        timeline=timeline,
        steps=steps,
        applied=state.applied,
        pending_fences=pending,
        made_at=now,
        is_closed=bool(state.undone_by or state.aborted_by),
        open_items=items,
    )


def _open_items(plan: Plan, state: RunState) -> tuple[OpenLine, ...]:
    return tuple(
        OpenLine(one.ref.item, one.ref.step_id, one.why, breaks(plan, one.ref), one.operator, one.since)
        for one in state.open_items
    )


def _verdict(state: RunState, pending: tuple[str, ...], items: tuple[OpenLine, ...]) -> str:
    if state.undone_by:
        return f"undone by run {state.undone_by}"
    if state.aborted_by:
        return f"aborted by {state.aborted_by}: what it changed stays"
    if state.paused and state.ended is None:
        return f"paused at {state.paused_at_step}: {state.paused}"
    said = [f"with {len(pending)} pending: {', '.join(pending)}"] if pending else []
    if items:
        said.append(f"without {', '.join(dict.fromkeys(line.item for line in items))}")
    return ", ".join(["done", *said])


_STAYS_OPEN = frozenset({StepOutcome.OPEN, StepOutcome.DEGRADED})


def exit_codes(report: Report) -> frozenset[ExitCode]:
    """Return every code that holds of a run that came to its end."""
    codes = set[ExitCode]()
    if any(line.compliance is not Compliance.MET for line in report.contracts):
        codes.add(ExitCode.CONTRACT_UNPROVEN)
    if report.open_items or any(step.outcome in _STAYS_OPEN for step in report.steps):
        codes.add(ExitCode.LEFT_OPEN)
    return frozenset(codes or {ExitCode.DONE})


@dataclass(frozen=True, slots=True)
class _Began:
    at: datetime | None
    said: str


def _began(topology: Topology, plan: Plan, timeline: Timeline, healthy: datetime | None) -> _Began:
    # A planned move is no outage until it starts; an emergency began before anybody typed a command.
    if plan.intent.mode is Mode.PLANNED or topology.timing.rto_from is RtoFrom.STARTED:
        return _Began(timeline.started, "the run's start")
    if timeline.public_failed is None and healthy is not None:
        # The run itself ended what still answered; between the sample and its start nobody looked.
        return _Began(healthy, "the last sample before the run's start, in which the public name was healthy,")
    if timeline.public_failed is None:
        return _Began(None, "the public name was not seen failing when the run began (is `drctl watch` running?)")
    return _Began(timeline.public_failed, "the first failed sample of the public name")


# Their RTO ends with the last item; the api's with the public name.
_ENDS_WITH_THE_LAST = frozenset({"nats", "secrets"})


def _missing(plan: Plan, items: tuple[OpenLine, ...], component: str) -> tuple[str, ...]:
    """Return the open items without which a component's contract has no end yet."""
    if component not in _ENDS_WITH_THE_LAST:
        return ()
    its = {step.id for step in plan.steps() if step.component == component}
    return tuple(dict.fromkeys(line.item for line in items if line.step_id in its))


def _measure(
    rule: ContractRule, facts: Facts, timeline: Timeline, began: _Began, missing: tuple[str, ...]
) -> tuple[Measurement, ...]:
    end, said = _end_of(rule.component, facts, timeline)
    if missing:
        end, said = None, f"an end that is not there yet: {', '.join(missing)} stays open"
    seconds = end - began.at if end is not None and began.at is not None else None
    text = f"from {began.said} to {said}" if began.at is not None else began.said
    lines = [Measurement(rule.component, "RTO", rule.rto, seconds, compliance(rule.rto, seconds), text)]
    if rule.rpo is not None:
        lost, text = _lost(rule.component, facts, timeline)
        lines.append(Measurement(rule.component, "RPO", rule.rpo, lost, compliance(rule.rpo, lost), text))
    return tuple(lines)


def _end_of(component: str, facts: Facts, timeline: Timeline) -> tuple[datetime | None, str]:
    match component:
        case "api":
            if facts.last_moment(FactKind.WRITE_PROVED) is None:
                return None, "a write that was never proved"
            return timeline.served_since, "the public name served from the target"
        case "nats":
            bound = facts.moments(FactKind.STREAM_BOUND) + facts.moments(FactKind.CONSUMER_CARRIED)
            return max(bound, default=None), "the last stream and consumer verified"
        case "secrets":
            return facts.last_moment(FactKind.SECRET_SYNCED), "the last forced sync"
        case _:
            return None, "nothing that was measured"


def _lost(component: str, facts: Facts, timeline: Timeline) -> tuple[timedelta | None, str]:
    if component == "secrets":
        since = timeline.public_failed or timeline.started
        oldest = facts.first_of_each(FactKind.SECRET_REFRESHED_BEFORE)
        if since is None or not oldest or any(not isinstance(moment, datetime) for moment in oldest):
            return None, "the age of the standby's secrets before the run is not known"
        earliest = min(moment for moment in oldest if isinstance(moment, datetime))
        return max(since - earliest, timedelta(0)), "from the standby's oldest refresh to the outage"
    if component == "nats":
        lines = facts.losses()
        if not lines or any(line.seconds_max is None for line in lines):
            return None, "the loss is unknown"
        worst = max(lines, key=lambda line: line.seconds_max or 0.0)
        return timedelta(seconds=worst.seconds_max or 0.0), f"{worst.state}, {worst.stream}: {worst.evidence}"
    return None, "nothing that was measured"
