"""The run's lock: a majority of its stores, taken in a fixed order, proved again and again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from drctl.core.errors import LockHeldError, LockLostError, UnreachableError

if TYPE_CHECKING:
    from drctl.core.lock import LockRecord
    from drctl.ports.lock import LockStore


class HeldLock:
    """A lock that this process holds. Made by `take`."""

    def __init__(self, stores: tuple[LockStore, ...], record: LockRecord) -> None:
        self._stores = stores
        self._record = record

    @property
    def run_id(self) -> str:
        """Return the run that holds it."""
        return self._record.run_id

    def prove(self) -> None:
        """Return if a majority of the stores is still ours.

        Raises:
            LockLostError: It is not, or it cannot be proved.
        """
        held = sum(store.still_held(self._record.run_id) for store in self._stores)
        if held * 2 <= len(self._stores):
            raise LockLostError(
                f"run {self._record.run_id} holds {held} of {len(self._stores)} lock stores: the lock is lost.",
                remedy=f"See who holds it: `drctl status`; then `drctl resume {self._record.run_id}`.",
            )

    def note(self, *, step: str, epoch: int) -> None:
        """Tell others, in the stores, how far the run is; a store that does not answer is left out."""
        self._record = replace(self._record, step=step, epoch=epoch)
        for store in self._stores:
            try:
                store.take(self._record)
            except UnreachableError:
                continue

    def release(self) -> None:
        """Let go of every store, last taken first."""
        for store in reversed(self._stores):
            store.release(self._record.run_id)


def take(stores: tuple[LockStore, ...], record: LockRecord) -> HeldLock:
    """Take a majority of the stores in their order, or none.

    Raises:
        LockHeldError: Somebody else holds it: the message says who, believing what, at which step.
    """
    taken: list[LockStore] = []
    refused: list[LockStore] = []
    for store in stores:
        try:
            (taken if store.take(record) else refused).append(store)
        except UnreachableError:
            refused.append(store)
    if len(taken) * 2 > len(stores):
        return HeldLock(stores, record)
    for store in reversed(taken):
        store.release(record.run_id)
    raise LockHeldError(_who(refused), remedy="Wait for it, or look at it: `drctl status`.")


def _who(stores: list[LockStore]) -> str:
    said = []
    for store in stores:
        try:
            record = store.read()
        except UnreachableError as error:
            said.append(f"{store.name} does not answer ({error.message})")
            continue
        if record is not None:
            since = f" since {record.taken_at:%H:%M:%S} UTC" if record.taken_at else ""
            doing = f", at {record.step}" if record.step else ""
            said.append(f"{record.holder} holds {store.name}{since} for run {record.run_id}: {record.believes}{doing}")
    return "; ".join(said) or "the lock stores do not answer"


def largest_epoch(stores: tuple[LockStore, ...]) -> int:
    """Return the largest epoch in any store that answers; 0 for none."""
    seen = [0]
    for store in stores:
        try:
            record = store.read()
        except UnreachableError:
            continue
        if record is not None:
            seen.append(record.epoch)
    return max(seen)
