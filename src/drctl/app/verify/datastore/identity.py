"""Can these servers promote, and do they understand each other?"""

from __future__ import annotations

from drctl.app.verify.model import CheckResult, Outcome, Subject
from drctl.core.errors import AdapterError

_API_LEVEL_MIN = 2


def check_identity(subject: Subject) -> tuple[CheckResult, ...]:
    """Check both regions' API levels: by number, because a version says nothing of what is switched on."""
    target = subject.reads.datastore(subject.intent.target).info()
    results = [_level(subject, "nats.api_level", target.api_level, target.version)]
    try:
        source = subject.reads.datastore(subject.intent.source).info()
    except AdapterError:
        # That the source is silent is said once, by `reach.source`.
        return tuple(results)
    results.append(_level(subject, "nats.source.api_level", source.api_level, source.version))
    if source.api_level != target.api_level:
        message = f"level {source.api_level} in {subject.intent.source}, {target.api_level} in {subject.intent.target}"
        remedy = "Bring both to one release: a configuration with a newer field is refused by the older server (10025)."
        results.append(subject.result("nats.versions", Outcome.WARN, message, remedy))
    return tuple(results)


def _level(subject: Subject, name: str, level: int, version: str) -> CheckResult:
    message = f"level {level}, server {version}"
    if level >= _API_LEVEL_MIN:
        return subject.result(name, Outcome.OK, message)
    return subject.result(name, Outcome.PROBLEM, message, "Upgrade nats-server to 2.12 or later: older cannot promote.")
