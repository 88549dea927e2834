from __future__ import annotations

import pytest

from drctl.app.locking import largest_epoch, take
from drctl.core.errors import ExitCode, LockHeldError, LockLostError
from drctl.core.lock import LockRecord
from fakes.keeping import FakeLockStore

RECORD = LockRecord("run-1", "ann@desk", "failover east -> west", "", None, 0)


def stores(count: int) -> tuple[FakeLockStore, ...]:
    return tuple(FakeLockStore(f"store {number}") for number in range(1, count + 1))


def test_the_majority_is_enough() -> None:
    three = stores(3)
    three[1].steal()

    take(three, RECORD).prove()


def test_a_store_that_does_not_answer_is_a_vote_less() -> None:
    three = stores(3)
    three[0].is_up = False

    take(three, RECORD).prove()


def test_without_the_majority_nothing_is_kept() -> None:
    three = stores(3)
    three[1].steal()
    three[2].is_up = False

    with pytest.raises(LockHeldError):
        take(three, RECORD)

    record = three[0].read()
    assert record is not None
    assert record.run_id == ""


def test_half_is_no_majority() -> None:
    two = stores(2)
    two[0].steal()

    with pytest.raises(LockHeldError):
        take(two, RECORD)


def test_a_refused_operator_reads_who_holds_it_believing_what_at_which_step() -> None:
    one = stores(1)
    one[0].steal("run-0")

    with pytest.raises(LockHeldError) as refused:
        take(one, RECORD)

    assert refused.value.exit_code is ExitCode.LOCKED
    for word in ("eve@elsewhere", "run-0", "failover east -> west, emergency", "smoke:west"):
        assert word in refused.value.message


def test_silent_stores_are_named() -> None:
    one = stores(1)
    one[0].is_up = False

    with pytest.raises(LockHeldError, match="store 1 does not answer"):
        take(one, RECORD)


def test_a_lock_that_somebody_took_is_lost() -> None:
    one = stores(1)
    lock = take(one, RECORD)
    one[0].steal()

    with pytest.raises(LockLostError, match="0 of 1"):
        lock.prove()


def test_a_lock_that_cannot_be_proved_is_lost() -> None:
    one = stores(1)
    lock = take(one, RECORD)
    one[0].is_up = False

    with pytest.raises(LockLostError):
        lock.prove()


def test_what_the_run_does_is_told_in_every_store_that_answers() -> None:
    three = stores(3)
    lock = take(three, RECORD)
    three[0].is_up = False

    lock.note(step="promote_stream:west", epoch=4)

    assert [record.step for store in three[1:] if (record := store.read())] == ["promote_stream:west"] * 2


def test_the_epoch_outlives_the_run() -> None:
    one = stores(1)
    lock = take(one, RECORD)
    lock.note(step="", epoch=7)

    lock.release()

    assert largest_epoch(one) == 7
    take(one, RECORD).prove()


def test_the_largest_epoch_of_any_store_that_answers_counts() -> None:
    three = stores(3)
    for store, epoch in zip(three, (3, 9, 5), strict=True):
        lock = take((store,), RECORD)
        lock.note(step="", epoch=epoch)
    assert largest_epoch(three) == 9

    three[1].is_up = False

    assert largest_epoch(three) == 5
    assert largest_epoch(()) == 0
