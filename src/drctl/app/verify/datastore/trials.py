"""With `--probe`: do the target's servers take drctl's calls, and does nothing of the application cross the link?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drctl.app.verify.model import CheckResult, Outcome, Subject
from drctl.core.errors import AdapterError
from drctl.core.observed import StreamRole
from drctl.planning.selection import subjects_of
from drctl.steps.subjects import probe_subject

if TYPE_CHECKING:
    from drctl.ports.datastore import DatastoreProber


def check_trials(subject: Subject) -> tuple[CheckResult, ...]:
    """Try a stream of drctl's own, each call that a run needs, and who takes the mirrors' subjects."""
    if subject.probes is None:
        return ()
    target, source = subject.intent.target, subject.intent.source
    prober = subject.probes.datastore_prober(target)
    results = [_permissions(subject, target, prober)]
    if subject.inventory.source_is_live:
        results.append(_permissions(subject, source, subject.probes.datastore_prober(source)))
    return (*results, _creation(subject, prober), *_binders(subject, prober))


def _permissions(subject: Subject, region: str, prober: DatastoreProber) -> CheckResult:
    name = f"nats.permissions.{region}"
    forbidden = prober.forbidden_calls()
    if not forbidden:
        return subject.result(name, Outcome.OK, f"{region} takes every call that a run needs")
    message = f"{region} does not let drctl publish to {', '.join(forbidden)}: to a client that is a mere timeout"
    return subject.result(name, Outcome.PROBLEM, message, "Allow them in the user's permissions.")


def _creation(subject: Subject, prober: DatastoreProber) -> CheckResult:
    name, target = "nats.write_probe", subject.intent.target
    try:
        prober.try_to_create()
    except AdapterError as error:
        return subject.result(name, Outcome.PROBLEM, error.message, error.remedy)
    return subject.result(name, Outcome.OK, f"{target} created a stream and deleted it")


def _binders(subject: Subject, prober: DatastoreProber) -> tuple[CheckResult, ...]:
    target = subject.intent.target
    patterns = {
        stream.name: subjects_of(stream, None)
        for stream in subject.inventory.target.streams
        if stream.role is StreamRole.MIRROR
    }
    wanted = {pattern: probe_subject(pattern) for found in patterns.values() for pattern in found}
    taken = prober.binders_of(wanted.values())
    results = []
    for stream, found in patterns.items():
        for pattern in found:
            name, binders = f"nats.probe.{stream}", taken[wanted[pattern]]
            if binders:
                message = f"{pattern} is taken in {target} by {', '.join(binders)}"
                remedy = "Deny application subjects on the leaf link, on one side."
                results.append(subject.result(name, Outcome.PROBLEM, message, remedy))
            else:
                results.append(subject.result(name, Outcome.OK, f"nobody takes {pattern} in the standby"))
    return tuple(results)
