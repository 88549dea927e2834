"""Does each subject have one writer?"""

from __future__ import annotations

from drctl.app.verify.model import CheckResult, Outcome, Subject
from drctl.core.invariants import taken_twice


def check_writers(subject: Subject) -> tuple[CheckResult, ...]:
    """Check that no stream takes writes in both regions, by what their configurations say."""
    source, target = subject.inventory.source, subject.inventory.target
    if source is None or not subject.inventory.source_is_live:
        return ()
    twice = taken_twice(source.streams, target.streams)
    outcome = Outcome.PROBLEM if twice else Outcome.OK
    message = f"{', '.join(twice)} takes writes in both regions" if twice else "no stream takes writes twice"
    remedy = f"Fence one of them: `drctl fence {subject.intent.source}`." if twice else ""
    return (subject.result("nats.one_writer", outcome, message, remedy),)
