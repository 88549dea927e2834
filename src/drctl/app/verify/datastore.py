"""Would promotion be possible with the source dead, and what would be lost?"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from drctl.app.verify.model import CheckResult, Outcome, Subject
from drctl.core.errors import AdapterError
from drctl.core.invariants import taken_twice
from drctl.core.observed import StreamRole
from drctl.core.topology import HEARTBEAT_STREAM
from drctl.planning.selection import stream_tier, subjects_of
from drctl.steps.subjects import probe_subject

if TYPE_CHECKING:
    from drctl.core.observed import StreamState

_API_LEVEL_MIN = 2
_CONTACT_MAX = timedelta(seconds=3)
_BEAT_MAX = timedelta(seconds=10)


def check_datastore(subject: Subject) -> tuple[CheckResult, ...]:
    """Check API level, domains, every mirror, the heartbeat, and that there is one writer."""
    try:
        return (
            *_identity(subject),
            *_pairs(subject),
            *(result for stream in subject.inventory.target.streams for result in _mirror(subject, stream)),
            _heartbeat(subject),
            *_writers(subject),
        )
    except AdapterError as error:
        return (subject.result("nats.target", Outcome.UNKNOWN, error.message, error.remedy),)


def _identity(subject: Subject) -> tuple[CheckResult, ...]:
    info = subject.reads.datastore(subject.intent.target).info()
    level = Outcome.OK if info.api_level >= _API_LEVEL_MIN else Outcome.PROBLEM
    remedy = "" if level is Outcome.OK else "Upgrade nats-server to 2.12 or later: older ones cannot promote."
    results = [subject.result("nats.api_level", level, f"level {info.api_level}, server {info.version}", remedy)]
    try:
        other = subject.reads.datastore(subject.intent.source).info()
    except AdapterError as error:
        return (*results, subject.result("nats.domains", Outcome.WARN, f"the source is unknown: {error.message}"))
    if info.domain and other.domain and info.domain != other.domain:
        results.append(subject.result("nats.domains", Outcome.OK, f"{other.domain} and {info.domain}"))
    else:
        remedy = "Give each region its own JetStream domain, joined by a leaf link."
        message = f"both regions answer as domain {info.domain or '(none)'}: one meta group that can lose its quorum"
        results.append(subject.result("nats.domains", Outcome.PROBLEM, message, remedy))
    return tuple(results)


def _pairs(subject: Subject) -> tuple[CheckResult, ...]:
    """Check that every stream of the source that a rule matches has its mirror."""
    source = subject.inventory.source
    there = {stream.name for stream in subject.inventory.target.streams}
    results = []
    for stream in source.streams if source else ():
        if stream_tier(subject.topology.streams, stream.name) is not None and stream.name not in there:
            message = f"{stream.name} has no mirror in {subject.intent.target}"
            results.append(subject.result(f"nats.pair.{stream.name}", Outcome.PROBLEM, message, "Create its mirror."))
    return tuple(results)


def _mirror(subject: Subject, stream: StreamState) -> tuple[CheckResult, ...]:
    name = f"nats.mirror.{stream.name}"
    source = subject.inventory.source
    origin = next((o for o in source.streams if o.name == stream.name), None) if source else None
    if stream.role is not StreamRole.MIRROR:
        return (subject.result(name, Outcome.WARN, f"is {stream.role.value}, not a mirror", "See `drctl status`."),)
    if not subjects_of(stream, origin):
        message = "nobody knows which subjects it is to take: no inventory, no metadata"
        return (subject.result(name, Outcome.PROBLEM, message, "Run `drctl watch`, or set metadata drctl.subjects."),)
    results = [_contact(subject, name, stream, origin)]
    if origin and "allow_msg_counter" in json.loads(origin.config):
        message = "is a counter stream: a mirror of it cannot be promoted"
        results.append(subject.result(f"{name}.features", Outcome.PROBLEM, message, "Do not rely on its failover."))
    if not json.loads(stream.config).get("duplicate_window"):
        message = "has no duplicate_window: retries right after a promotion are stored twice"
        remedy = "Set duplicate_window on the mirror (R1), or use expected-last-subject-sequence."
        results.append(subject.result(f"{name}.duplicates", Outcome.WARN, message, remedy))
    return tuple(results)


def _contact(subject: Subject, name: str, stream: StreamState, origin: StreamState | None) -> CheckResult:
    behind = origin.last_seq - stream.last_seq if origin and subject.inventory.source_is_live else None
    text = "its origin is unknown" if behind is None else f"{max(behind, 0)} messages behind"
    if stream.contact_age is None:
        return subject.result(name, Outcome.WARN, f"never heard its origin since its server started; {text}")
    age = f"{stream.contact_age.total_seconds():.1f} s since it heard its origin; {text}"
    if stream.contact_age > _CONTACT_MAX:
        return subject.result(name, Outcome.WARN, age, "Look at the link: mirror.lag stays 0 when it is cut.")
    return subject.result(name, Outcome.OK, age)


def _heartbeat(subject: Subject) -> CheckResult:
    name = "nats.heartbeat"
    beats = subject.reads.datastore(subject.intent.target).heartbeats(subject.intent.source, 1)
    if not beats:
        message = f"no heartbeat of {subject.intent.source} ever arrived: the loss could not be bounded"
        return subject.result(name, Outcome.WARN, message, "Run `drctl watch`.")
    age = subject.reads.clock.now() - beats[0].at
    outcome = Outcome.OK if age <= _BEAT_MAX else Outcome.WARN
    remedy = "" if outcome is Outcome.OK else "Run `drctl watch`."
    return subject.result(name, outcome, f"{HEARTBEAT_STREAM}: newest is {age.total_seconds():.1f} s old", remedy)


def _writers(subject: Subject) -> tuple[CheckResult, ...]:
    source, target = subject.inventory.source, subject.inventory.target
    results = []
    if source and subject.inventory.source_is_live:
        twice = taken_twice(source.streams, target.streams)
        outcome = Outcome.PROBLEM if twice else Outcome.OK
        message = f"{', '.join(twice)} takes writes in both regions" if twice else "no stream takes writes twice"
        remedy = f"Fence one of them: `drctl fence {subject.intent.source}`." if twice else ""
        results.append(subject.result("nats.one_writer", outcome, message, remedy))
    if subject.probes is None:
        return tuple(results)
    for stream in target.streams:
        for pattern in subjects_of(stream, None) if stream.role is StreamRole.MIRROR else ():
            name = f"nats.probe.{stream.name}"
            binders = subject.probes.datastore_prober(subject.intent.target).binders(probe_subject(pattern))
            if binders:
                message = f"{pattern} is taken in {subject.intent.target} by {', '.join(binders)}"
                remedy = "Deny application subjects on the leaf link, on one side."
                results.append(subject.result(name, Outcome.PROBLEM, message, remedy))
            else:
                results.append(subject.result(name, Outcome.OK, f"nobody takes {pattern} in the standby"))
    return tuple(results)
