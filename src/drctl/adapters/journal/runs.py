"""Runs as folders: `runs/<run>/plan.json` and `runs/<run>/journal.jsonl`."""

from __future__ import annotations

import json
import os
import shutil
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from drctl.adapters.journal import chain, durable
from drctl.core.errors import NotFoundError, RefusedError

if TYPE_CHECKING:
    from pathlib import Path

    from drctl.core.events import Event
    from drctl.ports.clock import Clock
    from drctl.ports.journal import Record

_RUNS = "runs"
_JOURNAL = "journal.jsonl"
_TORN = "journal.torn"
_PLAN = "plan.json"


@dataclass(frozen=True, slots=True)
class Writer:
    """Whose clock and which version stand in new lines."""

    clock: Clock
    version: str


class FileJournal:
    """One run's journal. Threads of one process may share it; a second process that appends is refused."""

    def __init__(self, path: Path, writer: Writer, content: chain.Chain, size: int) -> None:
        self._path = path
        self._writer = writer
        self._chain = content
        self._size = size
        self._turn = threading.Lock()

    def append(self, *events: Event) -> tuple[Record, ...]:
        """Record events in order; durable, all of them by one fsync, when this returns.

        Raises:
            RefusedError: Another process has written to this journal since it was opened, or the disk took nothing.
        """
        if not events:
            return ()
        with self._turn:
            known = len(self._chain.records)
            lines, longer = chain.extend(self._chain, events, self._writer.clock.now(), self._writer.version)
            self._write(lines)
            self._chain = longer
            self._size += len(lines)
            return longer.records[known:]

    def records(self) -> tuple[Record, ...]:
        """Return everything recorded so far, oldest first."""
        with self._turn:
            return self._chain.records

    def _write(self, lines: bytes) -> None:
        try:
            with durable.exclusive(self._path, os.O_WRONLY | os.O_APPEND) as descriptor:
                self._require_untouched(os.fstat(descriptor).st_size)
                try:
                    durable.write_all(descriptor, lines)
                    os.fsync(descriptor)
                except OSError:
                    # What was not acknowledged must not be found later.
                    os.ftruncate(descriptor, self._size)
                    raise
        except OSError as error:
            raise RefusedError(
                f"{self._path} cannot be written: {error.strerror}",
                remedy="Make room and see that the folder is yours to write (`df`, `ls -l`), then run `drctl resume`.",
            ) from error

    def _require_untouched(self, size: int) -> None:
        if size != self._size:
            raise RefusedError(
                f"{self._path} has {size} bytes, not {self._size}: another process works on this run",
                remedy="Run `drctl status` to see who holds the lock.",
            )


def run_folder(state_dir: Path, run_id: str) -> Path:
    """Return the folder of a run."""
    return state_dir / _RUNS / run_id


class FileRunStore:
    """All runs of one state directory."""

    def __init__(self, state_dir: Path, clock: Clock, version: str) -> None:
        self._runs = state_dir / _RUNS
        self._writer = Writer(clock, version)

    def create(self, run_id: str, plan: bytes) -> FileJournal:
        """Make a run's journal, with its plan stored durably beside it: the whole folder, or nothing of it.

        Raises:
            RefusedError: There is a run of that name, or the state directory cannot be written.
        """
        folder = self._runs / run_id
        fresh = self._runs / f".{run_id}.{os.getpid()}"
        if folder.exists():
            raise RefusedError(
                f"there is a run {run_id} in {self._runs}", remedy=f"Run `drctl runs show {run_id}` to see it."
            )
        try:
            durable.make_folder(self._runs)
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir(mode=durable.FOLDER_MODE)
            durable.write_new(fresh / _PLAN, plan)
            durable.write_new(fresh / _JOURNAL, b"")
            durable.sync_folder(fresh)
            fresh.rename(folder)
            durable.sync_folder(self._runs)
        except OSError as error:
            raise RefusedError(
                f"{folder} cannot be made: {error.strerror}",
                remedy="Name a folder that is yours to write with --state-dir.",
            ) from error
        return FileJournal(folder / _JOURNAL, self._writer, chain.Chain((), chain.digest(plan)), 0)

    def open(self, run_id: str) -> FileJournal:
        """Open an existing run's journal for appending; a torn last line is cut off and kept as `journal.torn`.

        Raises:
            NotFoundError: There is no such run.
            RefusedError: The chain is broken, or another drctl version wrote it that this one cannot resume.
        """
        path = self._existing(run_id) / _JOURNAL
        plan_digest = chain.digest(self.plan(run_id))
        try:
            # The flock: while another process appends, half a line is not a torn one.
            with durable.exclusive(path, os.O_RDONLY):
                whole = path.read_bytes()
                complete = whole[: whole.rfind(b"\n") + 1]
                content = chain.read(complete, plan_digest, self._writer.version, str(path))
                if complete != whole:
                    _cut(path, complete, whole[len(complete) :])
        except OSError as error:
            raise _unreadable(path, error) from error
        return FileJournal(path, self._writer, content, len(complete))

    def read(self, run_id: str) -> tuple[Record, ...]:
        """Return a run's records so far, oldest first, without touching its journal.

        Raises:
            NotFoundError: There is no such run.
            RefusedError: The chain is broken, or another drctl version wrote it.
        """
        path = self._existing(run_id) / _JOURNAL
        try:
            whole = path.read_bytes()
        except OSError as error:
            raise _unreadable(path, error) from error
        # The last line may be half written by the process that runs.
        complete = whole[: whole.rfind(b"\n") + 1]
        return chain.read(complete, chain.digest(self.plan(run_id)), self._writer.version, str(path)).records

    def plan(self, run_id: str) -> bytes:
        """Return a run's stored plan.

        Raises:
            NotFoundError: There is no such run.
            RefusedError: The file cannot be read.
        """
        path = self._existing(run_id) / _PLAN
        try:
            return path.read_bytes()
        except OSError as error:
            raise _unreadable(path, error) from error

    def run_ids(self) -> tuple[str, ...]:
        """Return the ids of all runs, oldest first."""
        if not self._runs.is_dir():
            return ()
        found = [place for place in self._runs.iterdir() if (place / _JOURNAL).is_file() and place.name[0] != "."]
        return tuple(place.name for place in sorted(found, key=_begun))

    def folder(self, run_id: str) -> str:
        """Return the path of a run's folder, for reports and for error messages."""
        return str(self._runs / run_id)

    def _existing(self, run_id: str) -> Path:
        folder = self._runs / run_id
        # A run's id comes from the command line: it names a folder here, never a path to elsewhere.
        if folder.parent != self._runs or run_id.startswith(".") or not (folder / _JOURNAL).is_file():
            raise NotFoundError(f"there is no run {run_id} in {self._runs}", remedy="Run `drctl runs list`.")
        return folder


def _unreadable(path: Path, error: OSError) -> RefusedError:
    return RefusedError(
        f"{path} cannot be read: {error.strerror}",
        remedy=f"See that it is yours to read and write: `ls -l {path.parent}`.",
    )


def _begun(folder: Path) -> tuple[str, str]:
    """Return when a run began, by its first line; a run without lines sorts last (it is being made)."""
    with (folder / _JOURNAL).open("rb") as journal:
        first = journal.readline()
    try:
        return (str(json.loads(first)["at"]), folder.name)
    except (ValueError, LookupError, TypeError):
        return ("~", folder.name)


def _cut(path: Path, complete: bytes, torn: bytes) -> None:
    with durable.exclusive(path.with_name(_TORN), os.O_WRONLY | os.O_CREAT | os.O_APPEND) as kept:
        durable.write_all(kept, torn + b"\n")
        os.fsync(kept)
    with path.open("r+b") as journal:
        journal.truncate(len(complete))
        os.fsync(journal.fileno())
    durable.sync_folder(path.parent)
