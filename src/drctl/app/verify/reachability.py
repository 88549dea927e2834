"""Does everything answer that a failover needs, and are the clocks together?"""

from __future__ import annotations

from datetime import timedelta

from drctl.app.fanout import fan_out
from drctl.app.gather import CLUSTER, DATASTORE, SECRETS
from drctl.app.verify.model import CheckResult, Outcome, Subject
from drctl.core.errors import AdapterError

_SKEW_MAX = timedelta(seconds=2)


def check_reachability(subject: Subject) -> tuple[CheckResult, ...]:
    """Check both regions' systems, the DNS vendor, every name server, and the clocks."""
    return (*_regions(subject), *_vendors(subject), *_name_servers(subject), *_clocks(subject))


def _regions(subject: Subject) -> tuple[CheckResult, ...]:
    results = []
    for system in (CLUSTER, SECRETS, DATASTORE):
        name = f"reach.target.{system}"
        reason = dict(subject.inventory.target.unknown).get(system)
        if reason is None:
            results.append(subject.result(name, Outcome.OK, f"{subject.intent.target} {system} answers"))
        else:
            remedy = f"Repair the {system} of {subject.intent.target}: nothing can be moved there without it."
            results.append(subject.result(name, Outcome.PROBLEM, reason, remedy))
    source = subject.inventory.source
    silent = dict(source.unknown) if source else {DATASTORE: "the source does not answer, and was never recorded"}
    if silent:
        said = "; ".join(f"{system}: {reason}" for system, reason in silent.items())
        remedy = "A planned failover needs the source; an emergency one does not."
        results.append(subject.result("reach.source", Outcome.WARN, said, remedy))
    else:
        results.append(subject.result("reach.source", Outcome.OK, f"{subject.intent.source} answers"))
    return tuple(results)


def _vendors(subject: Subject) -> tuple[CheckResult, ...]:
    results = []
    for zone in subject.topology.zones:
        name = f"reach.dns.{zone.name}"
        try:
            for rule in subject.topology.records:
                if rule.zone == zone.name:
                    subject.reads.dns(zone.name).record(rule.name, rule.type)
            results.append(subject.result(name, Outcome.OK, f"{zone.vendor} answers"))
        except AdapterError as error:
            results.append(subject.result(name, Outcome.PROBLEM, error.message, error.remedy))
    return tuple(results)


def _name_servers(subject: Subject) -> tuple[CheckResult, ...]:
    results = []
    for rule in subject.topology.records:
        answers = (
            *subject.reads.names.authoritative(rule.zone, rule.name, rule.type),
            *subject.reads.names.resolvers(rule.name, rule.type),
        )
        silent = [f"{answer.server}: {answer.error}" for answer in answers if answer.error]
        name = f"reach.names.{rule.name}"
        if silent:
            remedy = "Convergence cannot be proved at a server that does not answer."
            results.append(subject.result(name, Outcome.WARN, "; ".join(silent), remedy))
        else:
            results.append(subject.result(name, Outcome.OK, f"{len(answers)} servers answer"))
    return tuple(results)


def _clocks(subject: Subject) -> tuple[CheckResult, ...]:
    target = subject.intent.target

    def skew(system: str) -> tuple[str, timedelta | str]:
        try:
            reads = subject.reads
            if system == CLUSTER:
                return system, reads.cluster(target).clock_skew()
            return system, reads.datastore(target).info().clock_skew
        except AdapterError as error:
            return system, error.message

    results = []
    for system, found in fan_out(skew, (CLUSTER, DATASTORE)):
        name = f"clock.{system}"
        if isinstance(found, str):
            results.append(subject.result(name, Outcome.UNKNOWN, found))
        elif abs(found) > _SKEW_MAX:
            message = f"{target}'s {system} is {found.total_seconds():+.1f} s from this machine"
            results.append(subject.result(name, Outcome.WARN, message, "Set the clocks: every bound gets wider by it."))
        else:
            results.append(subject.result(name, Outcome.OK, f"{found.total_seconds():+.3f} s"))
    return tuple(results)
