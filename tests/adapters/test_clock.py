from __future__ import annotations

import threading
from datetime import UTC, timedelta

from drctl.adapters.clock import SystemClock


def test_now_is_aware_and_in_utc() -> None:
    assert SystemClock(threading.Event()).now().tzinfo is UTC


def test_elapsed_only_moves_forward() -> None:
    clock = SystemClock(threading.Event())

    readings = [clock.elapsed() for _ in range(100)]

    assert readings == sorted(readings)


def test_a_wait_lasts_as_long_as_asked() -> None:
    clock = SystemClock(threading.Event())
    started = clock.elapsed()

    clock.wait(timedelta(milliseconds=30))

    assert clock.elapsed() - started >= timedelta(milliseconds=30)


def test_an_interrupt_ends_a_wait_that_has_begun() -> None:
    interrupted = threading.Event()
    clock = SystemClock(interrupted)
    waiting = threading.Thread(target=clock.wait, args=(timedelta(minutes=5),))
    waiting.start()

    interrupted.set()

    waiting.join(10)
    assert not waiting.is_alive()


def test_a_wait_after_the_interrupt_returns_at_once() -> None:
    interrupted = threading.Event()
    interrupted.set()

    SystemClock(interrupted).wait(timedelta(minutes=5))


def test_a_wait_of_less_than_nothing_returns_at_once() -> None:
    SystemClock(threading.Event()).wait(timedelta(seconds=-1))
