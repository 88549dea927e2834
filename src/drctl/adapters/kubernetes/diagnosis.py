"""Why a workload is not complete, in one line, from its pods and warning events. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from drctl.adapters.kubernetes.times import event_time, parse_time

if TYPE_CHECKING:
    from collections.abc import Callable

JsonObject = dict[str, Any]

_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_LINE_MAX = 400


@dataclass(frozen=True, slots=True)
class _Pod:
    body: JsonObject
    events: tuple[JsonObject, ...]
    now: datetime

    @property
    def status(self) -> JsonObject:
        return self.body.get("status") or {}

    @property
    def containers(self) -> tuple[JsonObject, ...]:
        return tuple(self.status.get("initContainerStatuses") or ()) + tuple(self.status.get("containerStatuses") or ())

    def condition(self, kind: str) -> JsonObject:
        found = (one for one in self.status.get("conditions") or () if one.get("type") == kind)
        return next(found, {})

    def waiting(self, *reasons: str) -> str | None:
        for container in self.containers:
            waits = (container.get("state") or {}).get("waiting") or {}
            if waits.get("reason") in reasons:
                return f"{waits['reason']} {waits.get('message') or ''}".rstrip()
        return None

    def warned(self, *reasons: str) -> str | None:
        seen = [event for event in self.events if event.get("reason") in reasons]
        return _told(_newest(seen)) if seen else None


def explain(workload: JsonObject, pods: tuple[JsonObject, ...], events: tuple[JsonObject, ...], now: datetime) -> str:
    """Return the most telling class of trouble with the pods that show it, or the workload's own newest warning.

    Args:
        workload: The Deployment or StatefulSet.
        pods: Its pods.
        events: Warning events of the workload, its replica sets and its pods.
        now: The API server's clock.
    """
    by_uid: dict[str, list[JsonObject]] = defaultdict(list)
    for event in events:
        by_uid[(event.get("involvedObject") or {}).get("uid", "")].append(event)
    views = [_Pod(pod, tuple(by_uid[pod["metadata"]["uid"]]), now) for pod in pods]
    for title, sign in _CLASSES:
        shown = [told for view in views if (told := sign(view)) is not None]
        if shown:
            return _shorten(f"{len(shown)} of {len(views)} pods {title}: {shown[0]}")
    if (workload.get("spec") or {}).get("paused"):
        return "paused: a Deployment that never had a ReplicaSet starts no pods until `kubectl rollout resume`"
    return _shorten(_told(_newest(events))) if events else ""


def _unschedulable(pod: _Pod) -> str | None:
    scheduled = pod.condition("PodScheduled")
    return scheduled.get("message", "") if scheduled.get("reason") == "Unschedulable" else None


def _gated(pod: _Pod) -> str | None:
    scheduled = pod.condition("PodScheduled")
    return scheduled.get("message", "") if scheduled.get("reason") == "SchedulingGated" else None


def _image(pod: _Pod) -> str | None:
    return pod.waiting("ErrImagePull", "ImagePullBackOff", "InvalidImageName")


def _config(pod: _Pod) -> str | None:
    told = pod.waiting("CreateContainerConfigError")
    return None if told is None else f"{told} (see the ExternalSecret or ConfigMap that makes it)"


def _start(pod: _Pod) -> str | None:
    return pod.waiting("CreateContainerError", "RunContainerError")


def _crash(pod: _Pod) -> str | None:
    for container in pod.containers:
        state = container.get("state") or {}
        # Between two back-offs a crashing container shows as terminated, not as waiting.
        ended = state.get("terminated") or (container.get("lastState") or {}).get("terminated") or {}
        crashed_now = bool(state.get("terminated")) and ended.get("exitCode", 0) != 0
        if crashed_now or (state.get("waiting") or {}).get("reason") == "CrashLoopBackOff":
            how = f"exit code {ended.get('exitCode', 'unknown')} {ended.get('reason') or ''}".rstrip()
            return f"container {container.get('name')} restarted {container.get('restartCount', 0)} times, {how}"
    return None


def _not_ready(pod: _Pod) -> str | None:
    ready = pod.condition("Ready")
    is_up = pod.status.get("phase") == "Running" and not pod.body["metadata"].get("deletionTimestamp")
    if not is_up or ready.get("status") != "False":
        return None
    return pod.warned("Unhealthy") or f"{ready.get('reason') or ''} {ready.get('message') or ''}".strip()


def _volume(pod: _Pod) -> str | None:
    return pod.warned("FailedMount", "FailedAttachVolume")


def _evicted(pod: _Pod) -> str | None:
    if pod.status.get("reason") in {"Evicted", "Preempting"}:
        return str(pod.status.get("message") or pod.status["reason"])
    return pod.warned("Evicted", "Preempting")


def _stuck(pod: _Pod) -> str | None:
    # deletionTimestamp is when the grace period ends, not when the deletion was asked for.
    ends = parse_time(pod.body["metadata"].get("deletionTimestamp"))
    return f"terminating, was to be gone at {ends:%H:%M:%S} UTC" if ends and ends < pod.now else None


# In the order of kubernetes.md, section 9: the first that any pod shows is reported.
_CLASSES: tuple[tuple[str, Callable[[_Pod], str | None]], ...] = (
    ("cannot be scheduled", _unschedulable),
    ("are gated", _gated),
    ("cannot get their image", _image),
    ("miss configuration", _config),
    ("cannot be started", _start),
    ("crash", _crash),
    ("are not ready", _not_ready),
    ("wait for a volume", _volume),
    ("were evicted", _evicted),
    ("are stuck", _stuck),
)


def _newest(events: list[JsonObject] | tuple[JsonObject, ...]) -> JsonObject:
    return max(events, key=lambda event: event_time(event) or _LONG_AGO)


def _told(event: JsonObject) -> str:
    return f"{event.get('reason') or ''} {event.get('message') or ''}".strip()


def _shorten(line: str) -> str:
    return " ".join(line.split())[:_LINE_MAX]
