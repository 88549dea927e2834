"""Could the standby's streams be changed at all with the source dead? The trap is one meta group for both regions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drctl.app.verify.model import CheckResult, Outcome, Subject
from drctl.core.errors import AdapterError, NotFoundError
from drctl.core.meta_group import rescue_by_hand, rescue_refused
from drctl.core.observed import StreamRole

if TYPE_CHECKING:
    from drctl.core.meta_group import MetaGroup
    from drctl.core.observed import DatastoreInfo

_WAYS_OUT = (
    "Give each region its own JetStream domain, joined by a leaf link (recommended), "
    "or add an arbiter: a JetStream server at a third site."
)


def check_quorum(subject: Subject) -> tuple[CheckResult, ...]:
    """Check that the target's servers would have a majority without the source's, and who would own the subjects."""
    # First, because it is answered without a leader too.
    group = subject.reads.datastore(subject.intent.target).meta_group()
    source = _source(subject)
    if group is not None:
        shared = source is not None and bool(source.cluster) and group.spans(source.cluster)
        if shared or (source is None and len(group.servers) < group.size):
            return _of_one_group(subject, group, source.cluster if source else "")
        message = f"{subject.intent.target} elects its own leader among {_servers(group.size)}"
        return (subject.result("nats.promotable", Outcome.OK, message), *_domains(subject, source))
    if _is_alone(subject):
        message = (
            f"{subject.intent.target} has streams of the same names as {subject.intent.source}: a group of its own"
        )
        return (subject.result("nats.promotable", Outcome.OK, message), *_domains(subject, source))
    return (_unknown(subject), *_subjects(subject))


def _source(subject: Subject) -> DatastoreInfo | None:
    try:
        return subject.reads.datastore(subject.intent.source).info()
    except AdapterError:
        return None


def _of_one_group(subject: Subject, group: MetaGroup, cluster: str) -> tuple[CheckResult, ...]:
    left, source = len(group.outside(cluster)), subject.intent.source
    counted = f"{left} of {group.size} servers that vote are left without {source}, {group.majority} must be"
    if group.survives_without(cluster):
        return (subject.result("nats.promotable", Outcome.OK, f"one meta group: {counted}"), *_subjects(subject))
    message = f"unpromotable: one meta group for both regions, and {counted}"
    problem = subject.result("nats.promotable", Outcome.PROBLEM, message, _WAYS_OUT)
    return (problem, _rescue(subject, group, cluster))


def _rescue(subject: Subject, group: MetaGroup, cluster: str) -> CheckResult:
    survivors = group.outside(cluster)
    if reason := rescue_refused(survivors):
        return subject.result("nats.rescue", Outcome.WARN, f"META.RESCUE is not possible: {reason}", _WAYS_OUT)
    by_hand = rescue_by_hand(subject.access.system_nats_in(subject.intent.target), len(survivors))
    message = "META.RESCUE is possible, by hand and for five minutes"
    return subject.result("nats.rescue", Outcome.WARN, message, by_hand)


def _is_alone(subject: Subject) -> bool:
    """Say whether the target surely has a meta group of its own: one group cannot hold two streams of one name."""
    if any(stream.stored_name for stream in subject.inventory.target.streams):
        # Their names are drctl's own, so that they prove nothing.
        return False
    mirrors = [stream for stream in subject.inventory.target.streams if stream.role is StreamRole.MIRROR]
    if any(stream.name == stream.mirror_of for stream in mirrors):
        return True
    source = subject.inventory.source
    return bool(source) and any(_differs(subject, stream.name) for stream in (source.streams if source else ()))


def _differs(subject: Subject, name: str) -> bool:
    """Say whether both regions hold a stream of that name, and two different ones."""
    try:
        here = subject.reads.datastore(subject.intent.target).stream(name).created
        there = subject.reads.datastore(subject.intent.source).stream(name).created
    except (NotFoundError, AdapterError):
        return False
    return here is not None and there is not None and here != there


def _unknown(subject: Subject) -> CheckResult:
    message = (
        f"whether {subject.intent.target} could promote without {subject.intent.source} is unknown: its streams' names "
        "speak for one meta group, and without a system account nobody says who votes in it"
    )
    remedy = f"Give drctl a user of the system account under `regions[].nats.system`. If it is so: {_WAYS_OUT}"
    return subject.result("nats.promotable", Outcome.UNKNOWN, message, remedy)


def _domains(subject: Subject, source: DatastoreInfo | None) -> tuple[CheckResult, ...]:
    if source is None:
        return ()
    info = subject.reads.datastore(subject.intent.target).info()
    if info.domain and source.domain and info.domain != source.domain:
        return (subject.result("nats.domains", Outcome.OK, f"{source.domain} and {info.domain}"),)
    message = f"both regions answer as domain {info.domain or '(none)'}: neither can be mirrored from the other by name"
    remedy = "Give each region its own JetStream domain, joined by a leaf link."
    return (subject.result("nats.domains", Outcome.PROBLEM, message, remedy),)


def _subjects(subject: Subject) -> tuple[CheckResult, ...]:
    """Warn where a lost origin would go on owning its mirror's subjects: once offline, nobody can take them from it."""
    source = subject.inventory.source
    owners = {stream.name: set(stream.subjects) for stream in (source.streams if source else ())}
    overlapping = sorted(
        stream.name
        for stream in subject.inventory.target.streams
        if stream.role is StreamRole.MIRROR and owners.get(stream.mirror_of, set()) & set(stream.original_subjects)
    )
    if not overlapping:
        return (subject.result("nats.ownership", Outcome.OK, "no mirror is to take subjects that its origin owns"),)
    message = (
        f"{', '.join(overlapping)}: in one meta group the lost origin owns the subjects (10065); they can be moved "
        "within 150 s of a crash, and not after a graceful stop (10118)"
    )
    remedy = (
        "Map the subjects to one alias per cluster, with a subject_transform on each stream; or fence within 150 s; "
        "or copy the origin's volume, then delete the origin by hand."
    )
    return (subject.result("nats.ownership", Outcome.WARN, message, remedy),)


def _servers(count: int) -> str:
    return "1 server" if count == 1 else f"{count} servers"
