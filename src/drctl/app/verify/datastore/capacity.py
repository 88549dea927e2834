"""Is there room for what a failover creates? Promotion creates nothing; consumers and rescues are new."""

from __future__ import annotations

import json
from collections import Counter

from drctl.app.verify.model import CheckResult, Outcome, Subject
from drctl.planning.selection import consumers_to_carry

_FULL = 0.9


def check_capacity(subject: Subject) -> tuple[CheckResult, ...]:
    """Check every bound of the target's account against what will be there after a failover."""
    limits = subject.reads.datastore(subject.intent.target).info().limits
    if not limits:
        return (subject.result("nats.limits", Outcome.OK, "the account has no bounds"),)
    new = _new_consumers(subject)
    results = []
    for bound in limits:
        name = f"nats.limits.{bound.tier}.{bound.what}" if bound.tier else f"nats.limits.{bound.what}"
        more = (new[bound.tier] if bound.tier else new.total()) if bound.what == "consumers" else 0
        message = f"{bound.used} of {bound.limit} {bound.what} used"
        if bound.what == "consumers" and bound.used + more > bound.limit:
            text = f"{message}, and a failover creates {more}"
            results.append(subject.result(name, Outcome.PROBLEM, text, "Raise the account's limit."))
        elif bound.used >= bound.limit * _FULL:
            results.append(subject.result(name, Outcome.WARN, message, "Raise the account's limit."))
        else:
            results.append(subject.result(name, Outcome.OK, message))
    return tuple(results)


def _new_consumers(subject: Subject) -> Counter[str]:
    """Return how many consumers a failover creates, by the tier that they count in."""
    replicas = {
        stream.name: json.loads(stream.config).get("num_replicas", 1) for stream in subject.inventory.target.streams
    }
    there = {(consumer.stream, consumer.name) for consumer in subject.inventory.target.consumers}
    items = consumers_to_carry(subject.topology, subject.inventory)
    return Counter(f"R{replicas[item.stream]}" for item in items if (item.stream, item.consumer) not in there)
