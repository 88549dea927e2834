"""What `watch` saw, as JSON lines in one file that does not grow for ever."""

from __future__ import annotations

import os
from itertools import islice
from typing import TYPE_CHECKING

from drctl.adapters.journal import durable
from drctl.adapters.journal.codec import DataclassCodec
from drctl.core.errors import RefusedError
from drctl.core.observed import Sample

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SAMPLES: DataclassCodec[Sample] = DataclassCodec(Sample)

# Two hours at one sample a second.
LIMIT = 7200


class SampleFile:
    """Keeps at least the newest `limit` samples, at most twice as many. Two writers at once lose nothing."""

    def __init__(self, path: Path, limit: int = LIMIT) -> None:
        self._path = path
        self._turn = path.with_name(f"{path.name}.lock")
        self._limit = limit
        self._lines = 0
        self._size = -1

    def keep(self, sample: Sample) -> None:
        """Append one sample. Not synced: after a power cut the last seconds may be missing.

        Raises:
            RefusedError: The file cannot be written.
        """
        line = _SAMPLES.encode(sample) + b"\n"
        try:
            durable.make_folder(self._path.parent)
            # The flock is on a file of its own, because compacting puts a new file in the samples' place.
            with durable.exclusive(self._turn, os.O_RDWR | os.O_CREAT):
                self._append(line)
        except OSError as error:
            raise RefusedError(
                f"{self._path} cannot be written: {error.strerror}",
                remedy="Name a folder that is yours to write with --state-dir.",
            ) from error

    def newest(self, count: int) -> tuple[Sample, ...]:
        """Return up to `count` samples, oldest first; empty where nothing was kept. A torn line is skipped.

        Raises:
            RefusedError: The file cannot be read.
        """
        try:
            lines = self._path.read_bytes().splitlines()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise RefusedError(
                f"{self._path} cannot be read: {error.strerror}", remedy=f"Look at it with `ls -l {self._path}`."
            ) from error
        return tuple(reversed(list(islice(_readable(reversed(lines)), max(count, 0)))))

    def _append(self, line: bytes) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND
        with durable.exclusive(self._path, flags) as descriptor:
            size = os.fstat(descriptor).st_size
            if size != self._size:  # the first call, or another writer was here
                self._lines = self._path.read_bytes().count(b"\n")
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                line = b"\n" + line
            durable.write_all(descriptor, line)
            self._size = size + len(line)
            self._lines += line.count(b"\n")
        if self._lines > 2 * self._limit:
            self._compact()

    def _compact(self) -> None:
        newest = self._path.read_bytes().splitlines(keepends=True)[-self._limit :]
        durable.replace(self._path, b"".join(newest))
        self._lines = len(newest)
        self._size = sum(len(line) for line in newest)


def _readable(lines: Iterator[bytes]) -> Iterator[Sample]:
    for line in lines:
        try:
            yield _SAMPLES.decode(line)
        except RefusedError:
            continue
