"""The times that an API server writes, read into aware datetimes."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

# The first that is set counts: FailedScheduling has `lastTimestamp: null` and only an `eventTime`, while
# FailedCreate and UpdateFailed move `lastTimestamp` as their `count` grows (kubernetes.md 1.5, real).
_EVENT_TIMES = ("lastTimestamp", "eventTime", "firstTimestamp")


def parse_time(text: str | None) -> datetime | None:
    """Return an RFC 3339 time, with or without a fraction; None for nothing and for what is no time."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def format_time(moment: datetime) -> str:
    """Return a time as Kubernetes writes it: UTC, whole seconds, `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_http_date(text: str | None) -> datetime | None:
    """Return a `Date` header's time (whole seconds); None for nothing and for what is no date."""
    if not text:
        return None
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def event_time(event: dict[str, Any]) -> datetime | None:
    """Return when an Event was last seen."""
    texts = ((event.get("series") or {}).get("lastObservedTime"), *(event.get(key) for key in _EVENT_TIMES))
    return parse_time(next((text for text in texts if text), None))
