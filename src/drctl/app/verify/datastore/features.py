"""What of an origin's configuration would a promotion lose or refuse?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from drctl.app.verify.model import CheckResult, Outcome, Subject

if TYPE_CHECKING:
    from drctl.core.observed import StreamState

# Whoever is looser on the mirror keeps more, which harms nobody; tighter drops what the origin still has.
_LIMITS = ("max_msgs", "max_bytes", "max_age", "max_msgs_per_subject", "max_msg_size")
_DRAINS_ORIGIN_BELOW = 4  # API level of 2.14: the first that mirrors a work queue without taking its messages.


def features(subject: Subject, name: str, stream: StreamState, origin: StreamState | None) -> tuple[CheckResult, ...]:
    """Check what cannot be set at promotion, and what is lost at it."""
    mirror: dict[str, Any] = json.loads(stream.config)
    wanted: dict[str, Any] = json.loads(origin.config) if origin else {}
    return (
        *_duplicates(subject, name, mirror, clustered=bool(stream.cluster)),
        *(_differences(subject, name, mirror, wanted) if wanted else ()),
        *(_retention(subject, name, mirror, wanted) if wanted else ()),
    )


def _duplicates(subject: Subject, name: str, mirror: dict[str, Any], *, clustered: bool) -> tuple[CheckResult, ...]:
    name = f"{name}.duplicates"
    if mirror.get("num_replicas", 1) > 1 or clustered:
        # Only a lone server rebuilds its table (nats.md 1.5), and a server of a cluster drops the window of a mirror,
        # also of one replica (measured on 2.15.1). A note, because no configuration mends it.
        message = "in a cluster a retry right after a promotion is stored twice"
        return (subject.result(name, Outcome.OK, f"{message}; expected-last-subject-sequence tells them apart"),)
    if mirror.get("duplicate_window"):
        return ()
    message = "has no duplicate_window: retries right after a promotion are stored twice"
    remedy = "Set duplicate_window on the mirror, or use expected-last-subject-sequence."
    return (subject.result(name, Outcome.WARN, message, remedy),)


def _differences(
    subject: Subject, name: str, mirror: dict[str, Any], wanted: dict[str, Any]
) -> tuple[CheckResult, ...]:
    results = []
    if wanted.get("allow_msg_counter"):
        message = "is a counter stream: a mirror of it cannot be promoted"
        remedy = "Do not rely on its failover."
        results.append(subject.result(f"{name}.features", Outcome.PROBLEM, message, remedy))
    if mirror.get("storage", "file") != wanted.get("storage", "file"):
        message = f"is stored in {mirror.get('storage')}, its origin in {wanted.get('storage')}: fixed at creation"
        remedy = "Create the mirror anew with the origin's storage."
        results.append(subject.result(f"{name}.storage", Outcome.PROBLEM, message, remedy))
    tighter = [key for key in _LIMITS if _limit(mirror, key) < _limit(wanted, key)]
    if tighter:
        said = ", ".join(f"{key} {mirror.get(key, -1)} (origin {wanted.get(key, -1)})" for key in tighter)
        message = f"keeps less than its origin: {said}"
        results.append(subject.result(f"{name}.limits", Outcome.PROBLEM, message, "Give it the origin's limits."))
    return tuple(results)


def _limit(config: dict[str, Any], key: str) -> float:
    """Return a limit as a number that compares: 0 and -1 mean none."""
    value = config.get(key, -1)
    return value if value > 0 else float("inf")


def _retention(subject: Subject, name: str, mirror: dict[str, Any], wanted: dict[str, Any]) -> tuple[CheckResult, ...]:
    name = f"{name}.retention"
    ours, theirs = mirror.get("retention", "limits"), wanted.get("retention", "limits")
    if theirs == "limits":
        return ()
    levels = [subject.reads.datastore(subject.intent.target).info().api_level]
    if subject.inventory.source_is_live:
        levels.append(subject.reads.datastore(subject.intent.source).info().api_level)
    if min(levels) < _DRAINS_ORIGIN_BELOW:
        message = f"its origin has {theirs} retention, which a server before 2.14 drains by mirroring it"
        return (subject.result(name, Outcome.PROBLEM, message, "Upgrade nats-server to 2.14 or later on both sides."),)
    if theirs == "workqueue" and ours != "workqueue":
        message = f"has {ours} retention, its origin workqueue: fixed at creation"
        remedy = "Create the mirror anew with `retention: workqueue`."
        return (subject.result(name, Outcome.PROBLEM, message, remedy),)
    if ours == "interest":
        message = "has interest retention: a mirror without consumers keeps nothing"
        remedy = "Create the mirror anew with `retention: limits`; consumers come first, then the retention."
        return (subject.result(name, Outcome.PROBLEM, message, remedy),)
    message = f"acknowledgements of {theirs} retention are not mirrored: what is still in the mirror is delivered again"
    return (subject.result(name, Outcome.WARN, message, "Let its workers be idempotent."),)
