"""The lock: a set of stores, of which a run needs the majority."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from drctl.core.lock import LockRecord


class LockStore(Protocol):
    """One store. A file lock is one; a Lease in each region and an S3 witness are others (later)."""

    @property
    def name(self) -> str:
        """Return what the store is called in messages."""
        ...

    def read(self) -> LockRecord | None:
        """Return who holds it and the epoch, or None if it was never taken. Never blocks.

        Raises:
            UnreachableError: The store does not answer.
        """
        ...

    def take(self, record: LockRecord) -> bool:
        """Take the store if nobody holds it, or if this process holds it already; say whether it is now held.

        Raises:
            UnreachableError: The store does not answer.
        """
        ...

    def still_held(self, run_id: str) -> bool:
        """Say whether this process still holds the store for that run; False where that cannot be proved."""
        ...

    def release(self, run_id: str) -> None:
        """Let go, keeping the epoch. Does nothing if not held."""
        ...
