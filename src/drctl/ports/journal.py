"""Where runs are recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from drctl.core.events import Event


@dataclass(frozen=True, slots=True)
class Record:
    """One line of a journal: when, and what. `seq` counts from 1 without gaps."""

    seq: int
    at: datetime
    event: Event


class Journal(Protocol):
    """One run's append-only record."""

    def append(self, *events: Event) -> tuple[Record, ...]:
        """Record events in order; durable, all of them by one fsync, when this returns."""
        ...

    def records(self) -> tuple[Record, ...]:
        """Return everything recorded so far, oldest first."""
        ...


class RunStore(Protocol):
    """All runs of one state directory, each with its plan beside its journal."""

    def create(self, run_id: str, plan: bytes) -> Journal:
        """Make a run's journal, with its plan stored durably beside it."""
        ...

    def open(self, run_id: str) -> Journal:
        """Open an existing run's journal for appending; a torn last line is cut off.

        Raises:
            NotFoundError: There is no such run.
            RefusedError: The chain is broken, or another drctl version wrote it that this one cannot resume.
        """
        ...

    def read(self, run_id: str) -> tuple[Record, ...]:
        """Return a run's records so far, oldest first, without touching its journal: another process may write it.

        Raises:
            NotFoundError: There is no such run.
            RefusedError: The chain is broken.
        """
        ...

    def plan(self, run_id: str) -> bytes:
        """Return a run's stored plan.

        Raises:
            NotFoundError: There is no such run.
        """
        ...

    def run_ids(self) -> tuple[str, ...]:
        """Return the ids of all runs, oldest first."""
        ...

    def folder(self, run_id: str) -> str:
        """Return the path of a run's folder, for reports and for error messages."""
        ...
