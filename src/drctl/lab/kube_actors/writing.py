"""How actors write: as the controllers that they stand for, and only what differs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from drctl.lab.kube_api.cluster import Part, Writer
from drctl.lab.kube_api.objects import Ref, timestamp

if TYPE_CHECKING:
    from drctl.lab.kube_api.cluster import Cluster
    from drctl.lab.kube_api.kinds import Kind
    from drctl.lab.kube_api.objects import JsonObject


def write_status(cluster: Cluster, kind: Kind, item: JsonObject, status: JsonObject, manager: str) -> None:
    """Replace an object's status; the same status again writes nothing."""
    cluster.patch(Ref.of(kind, item), lambda now: now | {"status": status}, Writer(manager), Part.STATUS)


def write_spec(cluster: Cluster, kind: Kind, item: JsonObject, change: JsonObject, manager: str) -> None:
    """Set fields of an object's spec."""
    cluster.patch(Ref.of(kind, item), lambda now: now | {"spec": now["spec"] | change}, Writer(manager))


def find_condition(item: JsonObject, kind: str) -> JsonObject | None:
    """Return a condition of an object's status, or None."""
    conditions = (item.get("status") or {}).get("conditions") or ()
    return next((one for one in conditions if one["type"] == kind), None)


def transition(before: JsonObject | None, wanted: JsonObject) -> JsonObject:
    """Return a condition with the time at which its status became what it is; unchanged ones stay as they were."""
    if before and all(before.get(key) == value for key, value in wanted.items()):
        return before
    same_status = before is not None and before["status"] == wanted["status"]
    return wanted | {"lastTransitionTime": before["lastTransitionTime"] if before and same_status else timestamp()}


def seconds_since(text: str) -> float:
    """Return how long ago a `Time` was."""
    return (datetime.now(UTC) - datetime.fromisoformat(text)).total_seconds()
