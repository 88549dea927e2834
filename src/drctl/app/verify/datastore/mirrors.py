"""Is each mirror what its origin will need, and does it hold what it should?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drctl.app.verify.datastore.contact import contact, deletions
from drctl.app.verify.datastore.features import features
from drctl.app.verify.datastore.placement import placement
from drctl.app.verify.model import CheckResult, Outcome, Subject
from drctl.core.observed import StreamKind, StreamRole
from drctl.planning.selection import stream_tier, subjects_of

if TYPE_CHECKING:
    from drctl.core.observed import StreamState


def check_mirrors(subject: Subject) -> tuple[CheckResult, ...]:
    """Check that each stream that moves has its mirror, and each mirror."""
    return (
        *_pairs(subject),
        *(result for stream in subject.inventory.target.streams for result in _mirror(subject, stream)),
    )


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
    if stream.kind is StreamKind.RESCUE:
        # A tail that a failback kept; no rule moves it.
        return ()
    source = subject.inventory.source
    origin = next((one for one in source.streams if one.name == stream.name), None) if source else None
    if stream.role is not StreamRole.MIRROR:
        return (subject.result(name, Outcome.WARN, f"is {stream.role.value}, not a mirror", "See `drctl status`."),)
    if origin is not None and stream.mirror_of != origin.name:
        message = f"mirrors {stream.mirror_of}, not {origin.name}"
        return (subject.result(name, Outcome.PROBLEM, message, "Create it anew as the mirror of its namesake."),)
    if not subjects_of(stream, origin):
        message = "nobody knows which subjects it is to take: no inventory, no metadata"
        return (subject.result(name, Outcome.PROBLEM, message, "Run `drctl watch`, or set metadata drctl.subjects."),)
    return (
        contact(subject, name, stream, origin),
        *deletions(subject, name, stream, origin),
        *features(subject, name, stream, origin),
        *placement(subject, name, stream, origin),
    )
