"""Where does a mirror's data stand, and would the loss of one server matter?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from drctl.app.verify.model import CheckResult, Outcome, Subject

if TYPE_CHECKING:
    from drctl.core.observed import StreamState


def placement(subject: Subject, name: str, stream: StreamState, origin: StreamState | None) -> tuple[CheckResult, ...]:
    """Check a mirror's replicas against its origin's, that all keep up, and that it is not placed with its origin."""
    results = []
    ours = json.loads(stream.config).get("num_replicas", 1)
    theirs = json.loads(origin.config).get("num_replicas", 1) if origin else ours
    if ours < theirs:
        message = f"has {ours} replicas, its origin {theirs}: after a failover one server is enough to lose it"
        remedy = f"Set num_replicas {theirs} on the mirror; the server changes it in place."
        results.append(subject.result(f"{name}.replicas", Outcome.WARN, message, remedy))
    if ours > 1 and not stream.leader:
        message = f"none of its {ours} replicas leads: it can be neither read nor promoted"
        remedy = "Bring back a majority of the servers that hold it."
        results.append(subject.result(f"{name}.leader", Outcome.PROBLEM, message, remedy))
    if stream.behind:
        message = f"{', '.join(stream.behind)} of its {ours} replicas are offline or not current"
        results.append(subject.result(f"{name}.peers", Outcome.WARN, message, "Look at these servers."))
    if origin and stream.cluster and stream.cluster == origin.cluster and stream.created != origin.created:
        message = f"stands in cluster {stream.cluster}, as its origin does: both would be lost together"
        remedy = "Set `placement.cluster` on the mirror."
        results.append(subject.result(f"{name}.placement", Outcome.PROBLEM, message, remedy))
    return tuple(results)
