"""What somebody may have meant by a name that is not there."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

_SHOWN = 3


def near(name: str, known: Collection[str]) -> tuple[str, ...]:
    """Return the known names that are most like one, the nearest first; all in order, where few are known."""
    ordered = sorted(known)
    if len(ordered) <= _SHOWN:
        return tuple(ordered)
    return tuple(get_close_matches(name, ordered, _SHOWN, 0.0))
