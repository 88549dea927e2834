"""Is anything unfinished, and how old is what we know?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drctl.app.status import Role
from drctl.app.verify.model import CheckResult, Outcome, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drctl.app.status import Status


def check_runs(subject: Subject, status: Status) -> tuple[CheckResult, ...]:
    """Check that the target is a standby, unfinished runs, pending fences, the lock, and the age of the inventory."""
    results = list(_standby(subject, status))
    for state in status.unfinished:
        message = f"{state.run_id} stopped: {state.paused or 'no reason recorded'}"
        results.append(subject.result("run.unfinished", Outcome.PROBLEM, message, f"`drctl resume {state.run_id}`"))
    for region, run in status.pending_fences:
        message = f"{region} was never fenced (run {run}): it may take writes when it comes back"
        results.append(subject.result("run.pending_fence", Outcome.PROBLEM, message, f"`drctl fence {region}`"))
    if status.lock is not None:
        message = f"held by {status.lock.holder} for run {status.lock.run_id}"
        results.append(subject.result("run.lock", Outcome.WARN, message, "Wait for it: `drctl status`."))
    results.append(_inventory(subject))
    return tuple(results)


def _standby(subject: Subject, status: Status) -> Iterator[CheckResult]:
    """Yield what the target is, if it is seen to be no standby. A silence is told by those whom it silenced."""
    target = subject.intent.target
    role = next(region.role for region in status.regions if region.region == target)
    if role is Role.ACTIVE:
        message = f"{target} takes writes itself: it is no standby"
        remedy = f"Ask about the other region: `drctl verify --to {subject.intent.source}`."
        yield subject.result("run.standby", Outcome.PROBLEM, message, remedy)
    elif role is Role.FENCED:
        message = f"{target} is no standby: its streams are fenced, and mirror nothing"
        remedy = "Make it one again: `drctl failback --only reprotect`."
        yield subject.result("run.standby", Outcome.PROBLEM, message, remedy)


def _inventory(subject: Subject) -> CheckResult:
    source = subject.inventory.source
    if source is None:
        message = f"nothing was ever recorded of {subject.intent.source}"
        return subject.result("run.inventory", Outcome.PROBLEM, message, "Run `drctl watch` while it lives.")
    age = subject.reads.clock.now() - source.observed_at
    limit = subject.topology.timing.inventory_age_max
    if age > limit:
        message = f"the inventory of {subject.intent.source} is {age} old (limit {limit})"
        return subject.result("run.inventory", Outcome.PROBLEM, message, "Run `drctl watch`.")
    return subject.result("run.inventory", Outcome.OK, f"{age.total_seconds():.1f} s old")
