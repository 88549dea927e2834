"""Waiting for what must become true."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def eventually(holds: Callable[[], object], within_seconds: float = 10.0) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + within_seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not become true"
        threading.Event().wait(0.03)
