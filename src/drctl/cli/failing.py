"""What the failure screen needs to know of a run that stopped: from its journal, and from one quick look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drctl.app.ending import undo_intent
from drctl.app.facts import Facts
from drctl.app.fanout import within
from drctl.app.items import leavable as leavable_in
from drctl.app.prepare import Prepared, prepare
from drctl.app.status import BUDGET, Role, look
from drctl.core.contract import FactKind
from drctl.core.errors import BlockedError, DrctlError
from drctl.core.intent import Operation
from drctl.core.lock import Stamp
from drctl.planning.leaving_out import breaks
from drctl.planning.undo import Undone
from drctl.render.diagnostics import Failure
from drctl.render.wording import finish_command, leave_out_command
from drctl.steps.prove_unwritten import NO_RETURN_PASSED

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from drctl.app.status import Status
    from drctl.cli.session import Session
    from drctl.core.run_state import RunState
    from drctl.core.topology import Topology
    from drctl.planning.plan import Plan


def failure_of(session: Session, plan: Plan, run_id: str) -> Failure:
    """Return what is known of a paused run; what the quick look does not find is left empty, so unknown."""
    state = session.state(run_id)
    step = next((step for step in plan.steps() if step.id == state.paused_at_step), None)
    access = session.access.signed(Stamp(run_id, state.epoch))
    by_hand = step.by_hand(access) if step else ()
    with session.quick() as quick:
        seen = _look(quick)
        past, can_undo = _way_back(quick, plan, state)
    leavable = () if state.is_finished else leavable_in(plan, state)
    return Failure(
        run_id=run_id,
        operation=f"{plan.intent.operation.value} {plan.intent.source} -> {plan.intent.target}",
        step_id=state.paused_at_step,
        step_title=step.title if step else "",
        journal=session.stores.runs.folder(run_id),
        served=_served(seen),
        written_twice=_written_twice(seen, session.topology),
        in_force=_in_force(plan, state),
        past_no_return=past,
        look=next((command.line for command in by_hand if not command.writes), ""),
        by_hand=tuple(command for command in by_hand if command.writes),
        next_commands=("drctl status", *((f"drctl undo {run_id}",) if can_undo else ())),
        budget_left=_budget_left(session.topology, state, session.service.reads.clock.now()),
        without=leave_out_command(run_id, dict.fromkeys(ref.item for ref in leavable)) if leavable else "",
        breaks="; ".join(dict.fromkeys(words for ref in leavable for words in breaks(plan, ref))),
        take_up=_take_up(state),
    )


def _take_up(state: RunState) -> str:
    """Return the last line of the screen of a run that has ended; a run that has not is resumed."""
    if not state.is_finished:
        return ""
    items = dict.fromkeys(item.ref.item for item in state.open_items)
    return next((finish_command(state.run_id, item) for item in items), f"drctl runs show {state.run_id}")


def _look(session: Session) -> Status | None:
    try:
        return look(session.service.reads, session.topology, session.kept)
    except DrctlError:
        return None


def _served(seen: Status | None) -> str:
    if seen is None or seen.public is None:
        return ""
    if seen.public.error:
        return f"no: {seen.public.error}"
    if seen.public.status >= 500:
        return f"no: HTTP {seen.public.status}"
    role = next((region.role for region in seen.regions if region.region == seen.public.region), Role.UNKNOWN)
    if role in {Role.FENCED, Role.STANDBY}:
        return f"reads only, from {seen.public.region}: its streams take no writes ({role.value})"
    return f"yes, from {seen.public.region}"


def _written_twice(seen: Status | None, topology: Topology) -> str:
    if seen is None:
        return ""
    if seen.taken_twice:
        both = " and ".join(region.name for region in topology.regions)
        return f"yes: {', '.join(seen.taken_twice)} in {both}"
    blind = [region.region for region in seen.regions if region.role == "unknown"]
    return f"unknown: {', '.join(blind)} does not answer" if blind else "no"


def _in_force(plan: Plan, state: RunState) -> tuple[str, ...]:
    """Return each changed field in the plan's order: writes of one wave end in any."""
    order = {step.id: number for number, step in enumerate(plan.steps())}
    applied = sorted(state.applied, key=lambda done: (order.get(done[0], -1), done[1].items()))
    return tuple(f"{change.object} {change.field}" for _, diff in applied for change in diff.changes)


def _way_back(session: Session, plan: Plan, state: RunState) -> tuple[bool | None, bool]:
    """Say whether the point of no return is passed, as far as that is seen, and whether an undo would be begun."""
    intended = _is_intended(plan, state)
    if state.paused_code == NO_RETURN_PASSED:
        return True, False
    if not state.epoch or plan.intent.operation is Operation.UNDO:
        return intended, False
    try:
        intent = undo_intent(Undone(plan, state), "")
    except BlockedError:
        return intended, False
    reads, topology, codec = session.service.reads, session.topology, session.inventories
    answers = within(BUDGET, {"undo": lambda: prepare(reads, topology, intent, codec, Undone(plan, state))})
    prepared = answers.get("undo")
    if not isinstance(prepared, Prepared):
        return None if intended else False, False
    if any(finding.code == NO_RETURN_PASSED for finding in prepared.findings):
        return True, False
    can_undo = not prepared.final
    return None if intended and not can_undo else False, can_undo


def _is_intended(plan: Plan, state: RunState) -> bool:
    """Say whether a write of the phase that cannot be undone, or of a later one, was at least intended."""
    names = [phase.name for phase in plan.phases]
    if plan.no_return_after not in names:
        return False
    late = {
        step.id
        for phase in plan.phases[names.index(plan.no_return_after) :]
        for wave in phase.waves
        for step in wave.steps
    }
    return any(step_id in late for step_id, _, _ in state.intended)


def _budget_left(topology: Topology, state: RunState, now: datetime) -> timedelta | None:
    began = Facts(state.facts).first_moment(FactKind.PUBLIC_FAILED_SINCE)
    rto = next((rule.rto for rule in topology.contracts if rule.component == "api"), None)
    return rto - (now - began) if began is not None and rto is not None else None
