"""The journal with its observers: durable first, then told. An observer that fails never stops a run."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from datetime import timedelta

    from drctl.core.events import Event
    from drctl.core.verdict import Verdict
    from drctl.ports.journal import Journal
    from drctl.ports.observer import Observer

_log = structlog.get_logger()


class Recorder:
    """Appends events, then shows the records to every observer, one thread at a time."""

    def __init__(self, journal: Journal, observers: tuple[Observer, ...]) -> None:
        self._journal = journal
        self._observers = observers
        self._turn = threading.Lock()

    def record(self, *events: Event) -> None:
        """Make events durable, then tell."""
        with self._turn:
            for record in self._journal.append(*events):
                for observer in self._observers:
                    try:
                        observer.recorded(record)
                    except Exception as error:  # noqa: BLE001 - a screen that breaks must not stop a failover
                        _log.warning("observer.failed", observer=type(observer).__name__, error=str(error))

    def waiting(self, step_id: str, verdict: Verdict, waited: timedelta) -> None:
        """Tell what a step waits for; nothing is recorded."""
        with self._turn:
            for observer in self._observers:
                try:
                    observer.waiting(step_id, verdict, waited)
                except Exception as error:  # noqa: BLE001 - as above
                    _log.warning("observer.failed", observer=type(observer).__name__, error=str(error))
