"""How far is a mirror behind, and does it hear its origin? `mirror.lag` says neither."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from drctl.app.verify.model import CheckResult, Outcome, Subject

if TYPE_CHECKING:
    from drctl.core.observed import StreamState

_CONTACT_MAX = timedelta(seconds=3)
_PREVIOUS_LIFE = "DELETE and PURGE are not replicated: after a failover what was deleted is there again."


def contact(subject: Subject, name: str, stream: StreamState, origin: StreamState | None) -> CheckResult:
    """Check the age of the last sign of the origin, and show the true lag beside it."""
    behind = origin.last_seq - stream.last_seq if origin and subject.inventory.source_is_live else None
    text = "its origin is unknown" if behind is None else f"{max(behind, 0)} messages behind"
    if stream.mirror_error:
        message = f"cannot mirror: {stream.mirror_error}; {text}"
        return subject.result(name, Outcome.PROBLEM, message, "Repair its origin, or create the mirror anew.")
    if stream.contact_age is None:
        message = f"never heard its origin since its server started; {text}"
        return subject.result(name, Outcome.WARN, message, "Look at the link, and at what the mirror is a mirror of.")
    age = f"{stream.contact_age.total_seconds():.1f} s since it heard its origin; {text}"
    if stream.contact_age > _CONTACT_MAX:
        return subject.result(name, Outcome.WARN, age, "Look at the link: mirror.lag stays 0 when it is cut.")
    return subject.result(name, Outcome.OK, age)


def deletions(subject: Subject, name: str, stream: StreamState, origin: StreamState | None) -> tuple[CheckResult, ...]:
    """Warn where the origin holds less than its mirror over the same sequences."""
    if origin is None or not subject.inventory.source_is_live or not _holds_more(stream, origin):
        return ()
    # Limits drop messages at the origin a little earlier: only what is still so when both are read anew was deleted.
    stream = subject.reads.datastore(subject.intent.target).stream(stream.name)
    origin = subject.reads.datastore(subject.intent.source).stream(origin.name)
    if not _holds_more(stream, origin):
        return ()
    message = (
        f"holds {stream.messages} messages from {stream.first_seq} on, its origin {origin.messages} from "
        f"{origin.first_seq} on: something was deleted or purged there"
    )
    remedy = f"{_PREVIOUS_LIFE} Delete it in the mirror too, or create the mirror anew."
    return (subject.result(f"{name}.deletes", Outcome.WARN, message, remedy),)


def _holds_more(stream: StreamState, origin: StreamState) -> bool:
    """Say whether a mirror holds what its origin does not.

    Each message under way may have made the origin drop one by its limits, so that many are no sign of deletion.
    """
    under_way = origin.last_seq - stream.last_seq
    if under_way < 0 or not stream.messages:
        return False
    return stream.messages > origin.messages or origin.first_seq - stream.first_seq > under_way
