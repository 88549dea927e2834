from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from drctl.adapters.journal.file_lock import FileLock
from drctl.core.errors import UnreachableError
from drctl.core.lock import LockRecord

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MINE = LockRecord("r1", "ann@host", "east is dead", "promote", datetime(2026, 3, 1, tzinfo=UTC), 4)

HOLD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from drctl.adapters.journal.file_lock import FileLock
from drctl.core.lock import LockRecord
lock = FileLock(Path(sys.argv[1]))
taken_at = datetime(2026, 3, 1, tzinfo=UTC)
print(lock.take(LockRecord("r7", "ben@host", "east is dead", "switch", taken_at, 7)), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "lock"


@contextmanager
def another_process_that_took(path: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert select.select([process.stdout], [], [], 30)[0]
            assert process.stdout.readline() == "True\n"
            yield process
        finally:
            process.kill()


def test_a_lock_that_was_never_taken_reads_as_none(path: Path) -> None:
    assert FileLock(path).read() is None


def test_who_holds_the_lock_is_read_by_a_second_one(path: Path) -> None:
    holder = FileLock(path)
    assert holder.take(MINE)

    assert FileLock(path).read() == MINE
    assert holder.read() == MINE


def test_a_held_lock_is_not_taken_again_by_another(path: Path) -> None:
    holder, other = FileLock(path), FileLock(path)
    assert holder.take(MINE)

    assert not other.take(replace(MINE, run_id="r2"))

    assert holder.still_held("r1")
    assert not other.still_held("r2")
    holder.release("r1")


def test_the_holder_may_take_it_again_to_say_more(path: Path) -> None:
    lock = FileLock(path)
    assert lock.take(MINE)

    assert lock.take(replace(MINE, step="switch"))

    record = lock.read()
    assert record is not None
    assert record.step == "switch"
    lock.release("r1")


def test_the_epoch_survives_a_release(path: Path) -> None:
    lock = FileLock(path)
    assert lock.take(MINE)
    lock.release("r1")

    record = FileLock(path).read()

    assert record == LockRecord("", "", "", "", None, 4)


def test_the_epoch_never_becomes_smaller(path: Path) -> None:
    lock = FileLock(path)
    assert lock.take(MINE)
    assert lock.take(replace(MINE, epoch=1))

    record = lock.read()
    assert record is not None
    assert record.epoch == 4
    lock.release("r1")


def test_a_released_lock_can_be_taken_by_another(path: Path) -> None:
    lock, other = FileLock(path), FileLock(path)
    assert lock.take(MINE)
    lock.release("r1")

    assert other.take(replace(MINE, run_id="r2"))
    assert not lock.still_held("r1")
    other.release("r2")


def test_another_runs_release_does_nothing(path: Path) -> None:
    lock = FileLock(path)
    assert lock.take(MINE)

    lock.release("r2")

    assert lock.still_held("r1")
    lock.release("r1")


def test_it_is_not_held_for_another_run(path: Path) -> None:
    lock = FileLock(path)
    assert lock.take(MINE)

    assert not lock.still_held("r2")
    lock.release("r1")


def test_a_removed_file_is_a_lost_lock(path: Path) -> None:
    lock = FileLock(path)
    assert lock.take(MINE)
    path.unlink()

    assert not lock.still_held("r1")
    lock.release("r1")


def test_a_replaced_file_is_a_lost_lock(path: Path) -> None:
    lock, thief = FileLock(path), FileLock(path)
    assert lock.take(MINE)
    path.unlink()
    assert thief.take(replace(MINE, run_id="r2", epoch=5))

    assert not lock.still_held("r1")
    lock.release("r1")

    assert thief.still_held("r2")
    thief.release("r2")


def test_a_living_process_is_seen_and_a_killed_one_frees_the_lock(path: Path) -> None:
    with another_process_that_took(path) as process:
        record = FileLock(path).read()
        assert record is not None
        assert (record.run_id, record.holder, record.epoch) == ("r7", "ben@host", 7)
        assert not FileLock(path).take(MINE)

        os.kill(process.pid, signal.SIGKILL)
        process.wait()

        freed = FileLock(path).read()
        assert freed is not None
        assert (freed.run_id, freed.epoch) == ("", 7)
        lock = FileLock(path)
        assert lock.take(MINE)
        lock.release("r1")


def test_a_program_that_the_holder_starts_does_not_keep_the_lock(path: Path) -> None:
    lock = FileLock(path)
    assert lock.take(MINE)
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, close_fds=False) as child:
        lock.release("r1")

        other = FileLock(path)
        assert other.take(replace(MINE, run_id="r2"))
        other.release("r2")
        child.communicate()


def test_readers_do_not_keep_a_free_lock_from_being_taken(path: Path) -> None:
    lock = FileLock(path)
    assert lock.take(MINE)
    lock.release("r1")
    done = threading.Event()

    def read_on() -> None:
        while not done.wait(0.001):
            FileLock(path).read()

    reader = threading.Thread(target=read_on)
    reader.start()
    try:
        for _ in range(50):
            assert lock.take(MINE)
            lock.release("r1")
    finally:
        done.set()
        reader.join()


def test_a_damaged_content_is_said_and_never_overwritten(path: Path) -> None:
    lock = FileLock(path)
    assert lock.take(MINE)
    lock.release("r1")
    content = path.with_name("lock.json")
    content.write_text("nonsense")

    with pytest.raises(UnreachableError, match="cannot be used"):
        lock.read()
    with pytest.raises(UnreachableError, match="damaged"):
        lock.take(MINE)
    assert content.read_text() == "nonsense"


def test_the_files_are_their_owners_only(path: Path) -> None:
    lock = FileLock(path)
    assert lock.take(MINE)
    lock.release("r1")

    assert {oct(file.stat().st_mode & 0o777) for file in path.parent.iterdir()} == {"0o600"}
    assert oct(path.parent.stat().st_mode & 0o777) == "0o700"
