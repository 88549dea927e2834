"""Parts of a configuration before its form is known: what has another one is passed over, the schema speaks of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Raw = Mapping[Any, Any]


def entries(data: Raw, section: str) -> Iterator[tuple[int, Raw]]:
    """Yield a list's entries that have keys, with their places."""
    for number, entry in enumerate(listed(data, section)):
        if isinstance(entry, Mapping):
            yield number, entry


def listed(data: Raw, key: str) -> list[Any]:
    """Return a list, or an empty one."""
    found = data.get(key)
    return found if isinstance(found, list) else []
