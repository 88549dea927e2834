"""This machine's clocks."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threading import Event


_AFTER_INTERRUPT_SECONDS = 0.1


class SystemClock:
    """The operating system's time. Whoever catches Ctrl-C sets `interrupted`, and every wait ends at once."""

    def __init__(self, interrupted: Event) -> None:
        self._interrupted = interrupted

    def now(self) -> datetime:
        """Return the wall clock, aware, in UTC."""
        return datetime.now(UTC)

    def elapsed(self) -> timedelta:
        """Return a clock that only moves forward; its zero means nothing."""
        return timedelta(microseconds=time.monotonic_ns() // 1000)

    def wait(self, duration: timedelta) -> None:
        """Return after that long, or at once when the run was interrupted.

        Once it was interrupted a wait is short but not nothing: what must still finish polls, and must not spin.
        """
        seconds = max(0.0, duration.total_seconds())
        if self._interrupted.is_set():
            time.sleep(min(seconds, _AFTER_INTERRUPT_SECONDS))
        else:
            self._interrupted.wait(seconds)
