"""Time, so that tests take none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime, timedelta


class Clock(Protocol):
    """One machine's clocks."""

    def now(self) -> datetime:
        """Return the wall clock, aware, in UTC."""
        ...

    def elapsed(self) -> timedelta:
        """Return a clock that only moves forward; its zero means nothing."""
        ...

    def wait(self, duration: timedelta) -> None:
        """Return after that long, or early when the run was interrupted."""
        ...
