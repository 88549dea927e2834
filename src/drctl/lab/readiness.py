"""Waiting for the lab's parts, within one deadline, and noticing at once when one of them dies."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from drctl.lab import processes
from drctl.lab.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Callable

    from drctl.lab.layout import Layout

_POLL_SECONDS = 0.05


class Patience:
    """One deadline for everything that a start waits for."""

    def __init__(self, layout: Layout, timeout_seconds: float) -> None:
        self._layout = layout
        self._deadline = time.monotonic() + timeout_seconds

    @property
    def seconds_left(self) -> float:
        """Return what is left, never below zero."""
        return max(0.0, self._deadline - time.monotonic())

    def until(self, holds: Callable[[], bool], what: str, component: str) -> None:
        """Return when `holds` does.

        Raises:
            LabError: The component whose doing it is has ended, or the time is up.
        """
        while not holds():
            if not processes.is_running(self._layout, component):
                raise self.failure(f"{component} ended before {what}", component)
            if not self.seconds_left:
                raise self.failure(f"out of time, waiting until {what}", component)
            time.sleep(_POLL_SECONDS)

    def failure(self, message: str, component: str) -> LabError:
        """Return the error that shows the end of a component's log."""
        tail = processes.log_tail(self._layout, component) or "(it printed nothing)"
        return LabError(f"{message}\n{tail}", remedy=f"Read {self._layout.log_file(component)}, then start again.")
