"""What the External Secrets operator gets from Go: durations, `%+v` of maps, and the hashes over them."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drctl.lab.kube_api.objects import JsonObject

_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def parse_duration(text: str) -> timedelta:
    """Read a Go duration such as `1h30m`.

    Raises:
        ValueError: It is none.
    """
    sign, rest = (-1, text[1:]) if text.startswith("-") else (1, text)
    if rest == "0":
        return timedelta(0)
    parts = _PART.findall(rest)
    if not rest or "".join(number + unit for number, unit in parts) != rest:
        raise ValueError(f'time: invalid duration "{text}"')
    return sign * timedelta(seconds=sum(float(number) * _SECONDS[unit] for number, unit in parts))


def write_duration(duration: timedelta) -> str:
    """Write a duration of whole milliseconds as Go does: `1h0m0s`, `1m30s`, `500ms`, `0s`."""
    seconds = duration.total_seconds()
    if seconds < 0:
        return f"-{write_duration(-duration)}"
    if 0 < seconds < 1:
        return f"{seconds * 1000:g}ms"
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    text = f"{rest:g}s"
    if hours or minutes:
        text = f"{minutes}m{text}"
    return f"{hours}h{text}" if hours else text


def resource_version(item: JsonObject) -> str:
    """Return `<generation>-<hash of annotations and labels>`: an ExternalSecret's `status.syncedResourceVersion`."""
    metadata = item["metadata"]
    annotations, labels = metadata.get("annotations") or {}, metadata.get("labels") or {}
    return f"{metadata['generation']}-{_hash(f'{{annotations:{_map(annotations)} labels:{_map(labels)}}}')}"


def data_hash(data: Mapping[str, bytes]) -> str:
    """Return the hash of a Secret's data that the operator keeps beside it."""
    return _hash(_map({key: f"[{' '.join(str(byte) for byte in value)}]" for key, value in data.items()}))


def _map(values: Mapping[str, str]) -> str:
    return f"map[{' '.join(f'{key}:{values[key]}' for key in sorted(values))}]"


def _hash(text: str) -> str:
    return hashlib.sha3_224(text.encode()).hexdigest()
