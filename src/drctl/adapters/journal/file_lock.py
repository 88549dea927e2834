"""The lock as a file of one machine: a set of one store."""

from __future__ import annotations

import fcntl
import os
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from drctl.adapters.journal import durable
from drctl.adapters.journal.codec import DataclassCodec
from drctl.core.errors import RefusedError, UnreachableError
from drctl.core.lock import LockRecord

if TYPE_CHECKING:
    from pathlib import Path

_RECORDS: DataclassCodec[LockRecord] = DataclassCodec(LockRecord)
_NOBODY = LockRecord(run_id="", holder="", believes="", step="", taken_at=None, epoch=0)

# A reader probes with a shared flock for some microseconds; whoever takes the lock looks again after it.
_TRIES = 5
_BETWEEN_TRIES_SECONDS = 0.02


class FileLock:
    """`<path>` carries the flock, which the kernel frees when the holder dies; `<path>.json` says who and the epoch.

    Two files, because the content is replaced as a whole (a crash between two bytes must not lose the epoch)
    and a flock sits on the file itself. The folder must be on a local disk.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._content = path.with_name(f"{path.name}.json")
        self._descriptor: int | None = None
        self._run_id = ""
        self._turn = threading.RLock()

    @property
    def name(self) -> str:
        """Return what the store is called in messages."""
        return f"file {self._path}"

    def read(self) -> LockRecord | None:
        """Return who holds it and the epoch, or None if it was never taken. Never blocks.

        Raises:
            UnreachableError: The file cannot be read.
        """
        with self._turn:
            try:
                held = self._descriptor is not None or self._held_elsewhere()
                record = _RECORDS.decode(self._content.read_bytes())
            except FileNotFoundError:
                return None
            except (OSError, RefusedError) as error:
                raise self._unusable(error) from error
            return record if held else replace(_NOBODY, epoch=record.epoch)

    def take(self, record: LockRecord) -> bool:
        """Take the store if nobody holds it, or if this process holds it already; say whether it is now held.

        The epoch on disk never becomes smaller.

        Raises:
            UnreachableError: The file cannot be written.
        """
        with self._turn:
            held_before = self._descriptor is not None
            try:
                if not held_before:
                    self._descriptor = self._grab()
                if self._descriptor is None:
                    return False
                self._write(record)
            except OSError as error:
                if not held_before:
                    self._let_go()
                raise self._unusable(error) from error
            self._run_id = record.run_id
            return True

    def still_held(self, run_id: str) -> bool:
        """Say whether this process still holds the store for that run; False where that cannot be proved."""
        with self._turn:
            if self._descriptor is None:
                return False
            try:
                mine, on_disk = os.fstat(self._descriptor), self._path.stat()
                # Taking what one holds succeeds at once; if another holds it, this fails.
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                record = _RECORDS.decode(self._content.read_bytes())
            except (OSError, RefusedError):
                return False
            return os.path.samestat(mine, on_disk) and record.run_id == run_id

    def release(self, run_id: str) -> None:
        """Let go, keeping the epoch. Does nothing if not held.

        Raises:
            UnreachableError: The file cannot be written; the lock is let go of all the same.
        """
        with self._turn:
            if self._descriptor is None or self._run_id != run_id:
                return
            try:
                if self.still_held(run_id):
                    self._write(_NOBODY)
            except OSError as error:
                raise self._unusable(error) from error
            finally:
                self._let_go()

    def _grab(self) -> int | None:
        durable.make_folder(self._path.parent)
        for _ in range(_TRIES):
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, durable.FILE_MODE)
            if self._locks(descriptor):
                return descriptor
            os.close(descriptor)
            threading.Event().wait(_BETWEEN_TRIES_SECONDS)
        return None

    def _locks(self, descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Somebody may have removed the file in between; then this flock is on a file that nobody else sees.
            return os.path.samestat(os.fstat(descriptor), self._path.stat())
        except (BlockingIOError, FileNotFoundError):
            return False

    def _held_elsewhere(self) -> bool:
        descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        else:
            return False
        finally:
            os.close(descriptor)

    def _write(self, record: LockRecord) -> None:
        try:
            known = _RECORDS.decode(self._content.read_bytes()).epoch
        except FileNotFoundError:
            known = 0
        except RefusedError as error:
            raise OSError(f"{self._content} is damaged: {error.message}") from error
        durable.replace(self._content, _RECORDS.encode(replace(record, epoch=max(known, record.epoch))))

    def _let_go(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _unusable(self, error: Exception) -> UnreachableError:
        return UnreachableError(
            f"the lock {self._path} cannot be used: {error}",
            remedy=f"Look at it with `ls -l {self._path} {self._content}`; it must be yours to read and write.",
        )
