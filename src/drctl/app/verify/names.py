"""Could the public names be moved, and how long would clients take?"""

from __future__ import annotations

from drctl.app.verify.model import CheckResult, Outcome, Subject
from drctl.core.errors import AdapterError
from drctl.core.finding import Finding, Severity
from drctl.core.record_values import MOVED_TOGETHER
from drctl.core.topology import US_EAST_1, ProbeKind, RecordMode, RecordRule
from drctl.ports.dns import HealthReader, HindranceReader, Light

_TTL_WARN_SECONDS, _TTL_MAX_SECONDS = 60, 300


def check_names(subject: Subject) -> tuple[CheckResult, ...]:
    """Check every record that would move, and the public name as a user sees it."""
    results = [result for rule in subject.topology.records for result in _record(subject, rule)]
    return (*results, *_public(subject))


def _record(subject: Subject, rule: RecordRule) -> tuple[CheckResult, ...]:
    name = f"dns.{rule.name}.{rule.type}"
    dns = subject.reads.dns(rule.zone)
    try:
        record, types = dns.record(rule.name, rule.type), dns.record_types(rule.name)
    except AdapterError as error:
        return (subject.result(name, Outcome.UNKNOWN, error.message, error.remedy),)
    if record is None:
        return (subject.result(name, Outcome.PROBLEM, "does not exist", "Create it with the active addresses."),)
    results = [_ttl(subject, name, record.ttl), _ways(subject, name, rule)]
    results += [*_hindrances(subject, name, rule), *_health(subject, name, rule)]
    owner = [region.name for region in subject.topology.regions if rule.values_in(region) == record.values]
    if owner:
        results.append(subject.result(f"{name}.target", Outcome.OK, f"points at {owner[0]}"))
    else:
        message = f"holds {list(record.values)}, which are no region's values"
        results.append(subject.result(f"{name}.target", Outcome.PROBLEM, message, "Compare it with `regions:`."))
    moved = {other.type for other in subject.topology.records if other.name == rule.name}
    if left := sorted({*MOVED_TOGETHER} & set(types) - moved):
        message = f"{', '.join(left)} at the same name would not move"
        results.append(subject.result(f"{name}.types", Outcome.PROBLEM, message, "Add them to `records:`."))
    return tuple(results)


def _hindrances(subject: Subject, name: str, rule: RecordRule) -> list[CheckResult]:
    dns = subject.reads.dns(rule.zone)
    if not isinstance(dns, HindranceReader):
        return []
    try:
        return [_found(subject, name, finding) for finding in dns.hindrances(rule.name, rule.type)]
    except AdapterError as error:
        return [subject.result(f"{name}.hindrances", Outcome.UNKNOWN, error.message, error.remedy)]


def _found(subject: Subject, name: str, finding: Finding) -> CheckResult:
    weight = Outcome.PROBLEM if finding.severity is Severity.PROBLEM else Outcome.WARN
    return subject.result(f"{name}.{finding.code}", weight, finding.message, finding.remedy)


def _health(subject: Subject, name: str, rule: RecordRule) -> list[CheckResult]:
    """Judge the vendor's health checks, where they decide what is answered."""
    dns, target = subject.reads.dns(rule.zone), subject.topology.region(subject.intent.target)
    if rule.mode is RecordMode.VALUES or not isinstance(dns, HealthReader):
        return []
    check = f"{name}.health"
    try:
        seen = dns.member_health(rule.name, rule.type, rule.values_in(target))
    except AdapterError as error:
        return [subject.result(check, Outcome.UNKNOWN, error.message, error.remedy)]
    outcome = {Light.RED: Outcome.WARN, Light.UNKNOWN: Outcome.WARN}.get(seen.light, Outcome.OK)
    remedy = f"It must be green before {target.name} is switched to: a red one is answered by nobody."
    results = [
        subject.result(check, outcome, f"{target.name}: {seen.message}", "" if outcome is Outcome.OK else remedy)
    ]
    results += [_found(subject, check, finding) for finding in seen.findings]
    return results


def _ways(subject: Subject, name: str, rule: RecordRule) -> CheckResult:
    """Say by which ways the record can move, and whether one of them outlives the source and us-east-1."""
    source = subject.intent.source
    ways = ", ".join(
        f"{one.name} ({one.plane.value}{f', needs {one.needs}' if one.needs else ''})" for one in rule.ladder
    )
    left = [one for one in rule.ladder if one.needs != source]
    if not left:
        remedy = f"Add a way to its `ladder:` that lives outside of {source}."
        return subject.result(f"{name}.ways", Outcome.PROBLEM, f"moves only by what dies with {source}: {ways}", remedy)
    if all(one.needs == US_EAST_1 for one in left):
        remedy = "Prepare failover members and a switch (`switches:`), and name it in the record's `ladder:`."
        message = f"moves only by the control plane in us-east-1, which can be gone for hours: {ways}"
        return subject.result(f"{name}.ways", Outcome.WARN, message, remedy)
    return subject.result(f"{name}.ways", Outcome.OK, f"can be moved by {ways}")


def _ttl(subject: Subject, name: str, ttl: int) -> CheckResult:
    if ttl > _TTL_MAX_SECONDS:
        return subject.result(f"{name}.ttl", Outcome.PROBLEM, f"TTL {ttl} s", "Lower it to 60 s or less.")
    if ttl > _TTL_WARN_SECONDS:
        return subject.result(f"{name}.ttl", Outcome.WARN, f"TTL {ttl} s", "Lower it to 60 s or less.")
    return subject.result(f"{name}.ttl", Outcome.OK, f"TTL {ttl} s")


def _public(subject: Subject) -> tuple[CheckResult, ...]:
    results = []
    for probe in subject.topology.probes:
        if probe.kind is not ProbeKind.READ:
            continue
        answer = subject.reads.http.public(probe)
        name = f"probe.{probe.name}"
        if answer.error or answer.status not in probe.expect_status:
            said = answer.error or f"answered {answer.status}"
            results.append(subject.result(name, Outcome.WARN, f"the public name: {said}", "Is it an outage?"))
        else:
            where = answer.region or "an unnamed region"
            results.append(subject.result(name, Outcome.OK, f"the public name answers {answer.status} from {where}"))
    if not any(probe.kind is ProbeKind.WRITE for probe in subject.topology.probes):
        message = "no write probe: whether the target takes a write would stay unknown"
        results.append(subject.result("probe.write", Outcome.WARN, message, "Add a probe of kind write."))
    return tuple(results)
