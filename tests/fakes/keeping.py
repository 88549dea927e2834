"""What a run keeps on its machine, in memory: runs, lock, samples, evidence. It survives a killed process."""

from __future__ import annotations

import threading
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

from drctl.core.errors import NotFoundError, RefusedError, UnreachableError
from drctl.core.lock import LockRecord
from drctl.ports.evidence import KeptFile
from drctl.ports.journal import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from drctl.core.events import Event
    from drctl.core.observed import Sample
    from fakes.calls import Calls
    from fakes.clock import FakeClock


class FakeJournal:
    """The port `Journal`."""

    def __init__(self, store: FakeRunStore) -> None:
        self._store = store
        self._records: list[Record] = []
        self._turn = threading.Lock()

    def append(self, *events: Event) -> tuple[Record, ...]:
        with self._turn:
            new = []
            for event in events:
                self._store.calls.require_alive()
                record = Record(len(self._records) + 1, self._store.clock.now(), event)
                self._store.before_record(record)
                self._records.append(record)
                new.append(record)
                self._store.after_record(record)
            return tuple(new)

    def records(self) -> tuple[Record, ...]:
        return tuple(self._records)


def _ignore(_record: Record) -> None:
    """Let it pass."""


class FakeRunStore:
    """The port `RunStore`. Tests look at each record, or crash, before and after it is durable."""

    def __init__(self, clock: FakeClock, calls: Calls) -> None:
        self.clock, self.calls = clock, calls
        self.before_record: Callable[[Record], None] = _ignore
        self.after_record: Callable[[Record], None] = _ignore
        self._journals: dict[str, FakeJournal] = {}
        self._plans: dict[str, bytes] = {}

    def create(self, run_id: str, plan: bytes) -> FakeJournal:
        if run_id in self._journals:
            raise RefusedError(f"there is a run {run_id}")
        self._journals[run_id], self._plans[run_id] = FakeJournal(self), plan
        return self._journals[run_id]

    def open(self, run_id: str) -> FakeJournal:
        if run_id not in self._journals:
            raise NotFoundError(f"there is no run {run_id}", remedy="`drctl runs list`")
        return self._journals[run_id]

    def read(self, run_id: str) -> tuple[Record, ...]:
        return self.open(run_id).records()

    def plan(self, run_id: str) -> bytes:
        self.open(run_id)
        return self._plans[run_id]

    def run_ids(self) -> tuple[str, ...]:
        return tuple(self._journals)

    def folder(self, run_id: str) -> str:
        return f"runs/{run_id}"


class FakeLockStore:
    """The port `LockStore`. `process` says who asks; a killed process holds nothing, as a flock does."""

    def __init__(self, name: str = "lock") -> None:
        self._name = name
        self.process = 1
        self.is_up = True
        self._held_by = 0
        self._record: LockRecord | None = None

    @property
    def name(self) -> str:
        return self._name

    def read(self) -> LockRecord | None:
        self._require_up()
        return self._record

    def take(self, record: LockRecord) -> bool:
        self._require_up()
        if self._held_by not in {0, self.process}:
            return False
        self._held_by = self.process
        self._record = replace(record, epoch=max(record.epoch, self._record.epoch if self._record else 0))
        return True

    def still_held(self, run_id: str) -> bool:
        mine = self._record is not None and self._record.run_id == run_id
        return self.is_up and mine and self._held_by == self.process

    def release(self, run_id: str) -> None:
        if self.still_held(run_id) and self._record is not None:
            self._record = LockRecord("", "", "", "", None, self._record.epoch)
            self._held_by = 0

    def kill_holder(self) -> None:
        """End the holder's process: the lock is free, and the record still says who had it."""
        self._held_by = 0
        self.process += 1

    def steal(self, run_id: str = "another-run") -> None:
        """Let somebody else hold it."""
        self._held_by = -1
        self._record = LockRecord(run_id, "eve@elsewhere", "failover east -> west, emergency", "smoke:west", None, 0)

    def _require_up(self) -> None:
        if not self.is_up:
            raise UnreachableError(f"{self._name} does not answer")


class FakeSamples:
    """The ports `SampleReader` and `SampleWriter`."""

    def __init__(self) -> None:
        self.kept: list[Sample] = []

    def newest(self, count: int) -> tuple[Sample, ...]:
        return tuple(self.kept[-count:])

    def keep(self, sample: Sample) -> None:
        self.kept.append(sample)


class FakeEvidence:
    """The port `EvidenceWriter`."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[str, ...]] = {}

    def kept(self, name: str) -> KeptFile | None:
        lines = self.files.get(name)
        return None if lines is None else KeptFile(name, len(lines), _sha256(lines))

    def keep(self, name: str, lines: Iterable[str]) -> KeptFile:
        kept = tuple(lines)
        self.files[name] = kept
        return KeptFile(name, len(kept), _sha256(kept))


def _sha256(lines: tuple[str, ...]) -> str:
    return sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()
