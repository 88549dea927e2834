"""A clock that moves only while somebody waits."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

BEGIN = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)


class FakeClock:
    """The port `Clock`; threads that wait at the same time move it one after the other.

    `each_wait` is called before each wait: a dead process does not wait either.
    """

    def __init__(self, begin: datetime = BEGIN) -> None:
        self._begin = begin
        self._elapsed = timedelta(0)
        self._turn = threading.Lock()
        self.each_wait: Callable[[], None] = lambda: None

    def now(self) -> datetime:
        return self._begin + self._elapsed

    def elapsed(self) -> timedelta:
        return self._elapsed

    def wait(self, duration: timedelta) -> None:
        self.each_wait()
        with self._turn:
            self._elapsed += max(duration, timedelta(0))
