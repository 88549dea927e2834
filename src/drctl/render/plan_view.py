"""The dry run, which is also what somebody reads before they agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from drctl.core.check import Blocked, Converged, Diverged
from drctl.core.finding import Severity
from drctl.core.intent import Mode, Operation
from drctl.core.loss import stated_loss
from drctl.planning.emergency import DATA_LOSS
from drctl.planning.leaving_out import breaks
from drctl.render.page import Page
from drctl.render.wording import UNKNOWN, date_time, lasted, loss, value
from drctl.steps.await_link import AwaitLink
from drctl.steps.await_sync import AwaitSync
from drctl.steps.await_workloads import AwaitWorkloads
from drctl.steps.carry_consumers import CarryConsumers
from drctl.steps.drain_streams import DrainStreams
from drctl.steps.fence_streams import FenceStreams
from drctl.steps.fence_workloads import FenceWorkloads
from drctl.steps.freeze_point import FreezePoint
from drctl.steps.promote_stream import PromoteStream
from drctl.steps.prove_unwritten import ProveUnwritten
from drctl.steps.rebuild_mirror import RebuildMirror
from drctl.steps.rescue_tail import RescueTail
from drctl.steps.resync_secret import ResyncSecret
from drctl.steps.scale_workload import ScaleWorkload
from drctl.steps.seal_tail import SealTail
from drctl.steps.settle import Settle
from drctl.steps.smoke import Smoke
from drctl.steps.switch_dns import SwitchDns
from drctl.steps.unfence_streams import UnfenceStreams

if TYPE_CHECKING:
    from rich.console import Console

    from drctl.app.prepare import Prepared
    from drctl.app.preview import StepPreview
    from drctl.core.change import Diff
    from drctl.core.finding import Finding
    from drctl.core.intent import Intent
    from drctl.core.topology import Topology
    from drctl.planning.plan import Phase
    from drctl.steps.catalog import AnyStep


def print_plan(prepared: Prepared, topology: Topology, console: Console, *, refused_next: bool = False) -> None:
    """Print direction, every change, the point of no return, the loss, what stands in the way, and how to agree.

    `refused_next`: the refusal is printed behind it, and has the first remedy.
    """
    page, plan = Page(console), prepared.plan
    intent = plan.intent
    direction = intent.target if intent.operation is Operation.FENCE else f"{intent.source} -> {intent.target}"
    how = f"takes back {intent.undoes}" if intent.undoes else intent.mode.value
    only = ", reprotect only" if intent.reprotect_only else ""
    page.heading(f"{intent.operation.value.upper()} {plan.service}: {direction} ({how}{only})")
    if prepared.is_there_already:
        page.prose(f"Nothing to do: {_is_already(intent)} already, by every moving step's evidence.")
        return
    by_step = {shown.step.id: shown for shown in prepared.previews}
    for number, phase in enumerate(prepared.part.phases, start=1):
        _print_phase(page, number, phase, by_step)
        if phase.name == plan.no_return_after:
            page.blank()
            page.rule("point of no return, expected here: going back is then a new failover")
    _print_left_out(page, prepared)
    if intent.operation is not Operation.FENCE:
        _print_loss(page, prepared)
        _print_outage(page, prepared, topology)
    _print_findings(page, prepared, refused_next=refused_next)
    _print_facts(page, prepared)
    _print_consent(page, prepared)


def _is_already(intent: Intent) -> str:
    if intent.operation is Operation.FENCE:
        return f"{intent.target} is fenced"
    return f"{intent.target} mirrors {intent.source}" if intent.reprotect_only else f"{intent.target} is active"


def shown_findings(prepared: Prepared) -> tuple[Finding, ...]:
    """Return what stands in the way and, behind it, the warnings of the plan; each once."""
    return tuple(dict.fromkeys((*prepared.findings, *prepared.plan.findings)))


def _print_phase(page: Page, number: int, phase: Phase, by_step: dict[str, StepPreview]) -> None:
    page.heading(f"{number} {phase.name}")
    for place, wave in enumerate(phase.waves):
        for step in wave.steps:
            then = "then: " if place else ""
            page.prose(f"{then}{step.title}{_state(step, by_step.get(step.id))}", 2, 4)
            if (shown := by_step.get(step.id)) is not None:
                _print_changes(page, shown.diff)
                for finding in shown.findings:
                    page.prose(f"! {finding.code}", 4, 6, "yellow")


def _print_left_out(page: Page, prepared: Prepared) -> None:
    if not prepared.left_out:
        return
    page.heading("Left out, and open until `drctl resume RUN --item ITEM` finishes it", "bold yellow")
    for ref in prepared.left_out:
        page.prose(f"- {ref}: {'; '.join(breaks(prepared.plan, ref))}", 2, 4, "yellow")


def _state(step: AnyStep, shown: StepPreview | None) -> str:
    if shown is None:
        return f" - {UNKNOWN}: it was not looked at"
    match shown.check:
        case Converged():
            return f" - {_only(step) or 'already so'}"
        case Diverged(_, depends_on):
            return f" - after {depends_on}" if depends_on else ""
        case Blocked():
            return " - cannot be done as things are"
        case other:
            assert_never(other)


def _only(step: AnyStep) -> str:
    """Return what a step does that changes no object; empty for those that change some."""
    match step:
        case FreezePoint():
            return "only measured"
        case AwaitWorkloads():
            return f"only awaited: stable for {lasted(step.stable_for)}, at most {lasted(step.deadline)}"
        case DrainStreams() | AwaitSync() | AwaitLink() | Settle():
            return f"only awaited: at most {lasted(step.deadline)}"
        case ProveUnwritten():
            return "proved: nothing of the application's own is there"
        case Smoke():
            return "probes only; a write carries the mark drctl-smoke-<run id>"
        case (
            FenceStreams()
            | FenceWorkloads()
            | ResyncSecret()
            | ScaleWorkload()
            | PromoteStream()
            | CarryConsumers()
            | SwitchDns()
            | RescueTail()
            | SealTail()
            | RebuildMirror()
            | UnfenceStreams()
        ):
            return ""
        case other:
            assert_never(other)


def _print_changes(page: Page, diff: Diff) -> None:
    place = ""
    for change in diff.changes:
        if change.object != place:
            place = change.object
            page.prose(place, 4, 6)
        page.prose(f"{change.field}: {value(change.before)} -> {value(change.after)}", 6, 8, "green")


def _print_loss(page: Page, prepared: Prepared) -> None:
    intent = prepared.plan.intent
    page.heading("What is lost")
    if intent.operation is Operation.FAILBACK:
        page.prose(f"nothing of {intent.target}: what only it took is kept and sealed before a stream is deleted.", 2)
    if intent.operation is Operation.UNDO:
        page.prose(
            f"nothing of the application's own: {intent.source} is fenced, and proved to hold none since its fork, "
            f"before {intent.target} takes writes again. Marked writes there are dropped.",
            2,
        )
        return
    if intent.reprotect_only:
        return
    if intent.mode is Mode.PLANNED:
        page.prose("nothing, or the run stops: the source is fenced and drained before anything is promoted.", 2)
        return
    if not prepared.losses:
        page.prose("unknown: no mirror could be read, or there is none", 2, 4)
    for line in prepared.losses:
        page.labelled(
            f"  {line.stream}", loss(line.state.value, line.seconds_max, line.messages_min, line.messages_exact)
        )
        page.labelled("", line.evidence, "dim")


def _print_outage(page: Page, prepared: Prepared, topology: Topology) -> None:
    page.heading("How long clients cannot write")
    if prepared.plan.intent.reprotect_only:
        page.prose("not at all: no traffic is moved.", 2)
        return
    if prepared.plan.intent.operation is Operation.UNDO:
        page.prose(f"until {prepared.plan.intent.target} has its writers back, if it had lost them; then it serves.", 2)
        if not any(change.field == "values" for shown in prepared.previews for change in shown.diff.changes):
            page.prose("The public name was not moved: nobody waits for DNS.", 2)
            return
    elif prepared.plan.intent.mode is Mode.EMERGENCY:
        page.prose("since the failure, until the switch below reached them; how long the run takes is unknown.", 2)
    elif prepared.outage is not None:
        parts = ", ".join(f"{part.name} {lasted(part.at_most)}" for part in prepared.outage.parts)
        page.prose(f"at most {lasted(prepared.outage.total)} from the fence of the source: {parts}.", 2)
    else:
        page.prose("from the fence of the source until the switch below reached them.", 2)
    unawaited = {(rule.zone, rule.name, rule.type) for rule in topology.records if not rule.awaited}
    ttls = [
        record.ttl for zone, record in prepared.inventory.records if (zone, record.name, record.type) not in unawaited
    ]
    slow = [
        (record.ttl, record.name)
        for zone, record in prepared.inventory.records
        if (zone, record.name, record.type) in unawaited
    ]
    if slow:
        ttl, name = max(slow)
        page.prose(f"Nobody waits for {name}: its clients follow when its TTL of {ttl} s is over, or later.", 2)
    if not ttls:
        page.prose("After the DNS change a client follows at a time that is unknown: no record could be read.", 2)
        return
    retry = topology.timing.client_retry.total_seconds()
    page.prose(
        f"After the DNS change a client follows within {max(ttls) + retry:g} s "
        f"(TTL {max(ttls)} s, client retry {retry:g} s), unless a longer TTL was published before.",
        2,
    )


def _print_findings(page: Page, prepared: Prepared, *, refused_next: bool) -> None:
    findings = shown_findings(prepared)
    told_next = prepared.final[0].remedy if refused_next and prepared.final else ""
    page.heading("What stands in the way, or should be known" if findings else "Nothing stands in the way")
    for finding in findings:
        weight = "warning" if finding.severity is Severity.WARN else "problem"
        can = "" if finding.severity is Severity.WARN or finding.acceptable else ", cannot be accepted"
        page.prose(f"{finding.code} ({weight}{can}): {finding.message}", 2, 4, "yellow")
        if finding.remedy and finding.remedy != told_next:
            page.prose(finding.remedy, 4)


def _print_facts(page: Page, prepared: Prepared) -> None:
    plan, inventory = prepared.plan, prepared.inventory
    page.blank()
    if plan.intent.operation is Operation.FENCE:
        page.labelled("Looked at", date_time(inventory.target.observed_at))
    elif inventory.source_is_live:
        page.labelled("Inventory", f"{plan.intent.source} was asked just now, {date_time(plan.inventory_at)}")
    elif plan.inventory_at is None:
        page.labelled("Inventory", f"{UNKNOWN}: nothing was ever recorded of {plan.intent.source}", "yellow")
    else:
        age = lasted(inventory.target.observed_at - plan.inventory_at)
        page.labelled("Inventory", f"{plan.intent.source} as recorded {date_time(plan.inventory_at)}, {age} ago")
    page.labelled("Plan digest", plan.digest)


def _print_consent(page: Page, prepared: Prepared) -> None:
    plan = prepared.plan
    if prepared.final:
        codes = ", ".join(dict.fromkeys(finding.code for finding in prepared.final))
        page.blank()
        page.prose(f"This cannot be run: {codes} must be solved first.", style="bold red")
        return
    page.heading("To go on")
    page.labelled("type", plan.title)
    if any(finding.code == DATA_LOSS for finding in prepared.findings):
        page.labelled("and then", stated_loss(prepared.losses))
    page.prose("or pass", style="bold")
    page.command(" ".join(consent_flags(prepared)))


def consent_flags(prepared: Prepared) -> tuple[str, ...]:
    """Return the options that agree to this plan and to every finding that can be accepted."""
    codes = sorted({finding.code for finding in prepared.findings if finding.acceptable})
    return (f'--confirm "{prepared.plan.title}"', *(f"--accept {code}" for code in codes))
