"""Could the standby start, and with which secrets?"""

from __future__ import annotations

from drctl.app.verify.model import CheckResult, Outcome, Subject
from drctl.planning.selection import workloads_to_start


def check_workloads(subject: Subject) -> tuple[CheckResult, ...]:
    """Check every workload of the source in the target, every secret, and what no rule matches."""
    return (*_workloads(subject), *_parity(subject), *_secrets(subject))


def _workloads(subject: Subject) -> tuple[CheckResult, ...]:
    wanted = {
        item.name: item
        for late in (False, True)
        for item in workloads_to_start(subject.topology, subject.inventory, after_promote=late)
    }
    results = []
    for state in subject.inventory.target.workloads:
        name = f"workload.{state.ref.name}"
        item = wanted.get(str(state.ref))
        if state.paused and state.replicas == 0:
            remedy = f"Run `kubectl rollout resume -n {state.ref.namespace} {state.ref.kind}/{state.ref.name}`."
            results.append(subject.result(name, Outcome.PROBLEM, "is paused at zero: it would get no pods", remedy))
        elif state.failure:
            results.append(subject.result(name, Outcome.PROBLEM, state.failure, "Repair it before it is needed."))
        elif item is not None:
            message = f"wants {state.replicas} now, {item.replicas} after a failover"
            results.append(subject.result(name, Outcome.OK, message))
    if not results:
        message = f"no workload of {subject.intent.target} matches a rule"
        results.append(subject.result("workload.rules", Outcome.PROBLEM, message, "See `drctl config show`."))
    return tuple(results)


def _parity(subject: Subject) -> tuple[CheckResult, ...]:
    source = subject.inventory.source
    there = {str(state.ref) for state in subject.inventory.target.workloads}
    return tuple(
        subject.result(
            f"workload.{state.ref.name}",
            Outcome.PROBLEM,
            f"runs in {subject.intent.source} and does not exist in {subject.intent.target}",
            "Deploy it to the standby.",
        )
        for state in (source.workloads if source else ())
        if str(state.ref) not in there
    )


def _secrets(subject: Subject) -> tuple[CheckResult, ...]:
    results = []
    for secret in subject.inventory.target.secrets:
        name = f"secret.{secret.ref.name}"
        age = (secret.observed_at - secret.refreshed_at) if secret.refreshed_at else None
        if age is None:
            message = f"never synced: {secret.ready_reason} {secret.ready_message}".rstrip()
            results.append(subject.result(name, Outcome.PROBLEM, message, "Repair its store."))
        elif secret.ready is not True:
            message = f"not ready: {secret.ready_reason} {secret.ready_message}".rstrip()
            results.append(subject.result(name, Outcome.PROBLEM, message, "Repair its store, then force it."))
        elif secret.forceable:
            message = f"cannot be forced ({secret.forceable}); refreshed {age.total_seconds():.0f} s ago"
            results.append(subject.result(name, Outcome.WARN, message, "Set refreshPolicy: OnChange."))
        else:
            results.append(
                subject.result(name, Outcome.OK, f"refreshed {age.total_seconds():.0f} s ago, can be forced")
            )
    return tuple(results)
