"""Could a loss be bounded?"""

from __future__ import annotations

from datetime import timedelta

from drctl.app.verify.model import CheckResult, Outcome, Subject
from drctl.core.topology import HEARTBEAT_STREAM

_BEAT_MAX = timedelta(seconds=10)


def check_heartbeat(subject: Subject) -> tuple[CheckResult, ...]:
    """Check that the newest heartbeat of the source, as the target holds it, is young."""
    name = "nats.heartbeat"
    beats = subject.reads.datastore(subject.intent.target).heartbeats(subject.intent.source, 1)
    if not beats:
        message = f"no heartbeat of {subject.intent.source} ever arrived: the loss could not be bounded"
        return (subject.result(name, Outcome.WARN, message, "Run `drctl watch`."),)
    age = subject.reads.clock.now() - beats[0].at
    outcome = Outcome.OK if age <= _BEAT_MAX else Outcome.WARN
    remedy = "" if outcome is Outcome.OK else "Run `drctl watch`."
    return (subject.result(name, outcome, f"{HEARTBEAT_STREAM}: newest is {age.total_seconds():.1f} s old", remedy),)
