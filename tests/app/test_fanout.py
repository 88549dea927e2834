from __future__ import annotations

import contextvars
import threading
from datetime import timedelta

import pytest

from drctl.app.fanout import AT_ONCE, fan_out, within
from drctl.core.errors import UnreachableError

_NAME: contextvars.ContextVar[str] = contextvars.ContextVar("name")


class Counter:
    """Counts how many are inside at once, and lets nobody out before as many as asked for are inside."""

    def __init__(self, wanted: int) -> None:
        self._barrier = threading.Barrier(wanted)
        self._turn = threading.Lock()
        self._inside = 0
        self.most = 0

    def __call__(self, _value: int) -> None:
        with self._turn:
            self._inside += 1
            self.most = max(self.most, self._inside)
        self._barrier.wait(timeout=10)
        with self._turn:
            self._inside -= 1


def test_results_keep_the_order_of_the_inputs() -> None:
    assert fan_out(lambda value: value * 2, range(100)) == tuple(range(0, 200, 2))


def test_calls_run_at_the_same_time_and_never_more_than_allowed() -> None:
    counter = Counter(AT_ONCE)

    fan_out(counter, range(AT_ONCE * 3))

    assert counter.most == AT_ONCE


def test_the_first_error_in_the_order_of_the_inputs_is_raised_after_every_call_has_ended() -> None:
    ended: list[int] = []

    def call(value: int) -> None:
        ended.append(value)
        if value in {3, 5}:
            raise UnreachableError(f"call {value}")

    with pytest.raises(UnreachableError, match="call 3"):
        fan_out(call, range(8))

    assert sorted(ended) == list(range(8))


def test_each_call_sees_the_callers_context() -> None:
    _NAME.set("run-1")

    assert fan_out(lambda _: _NAME.get(), range(3)) == ("run-1",) * 3


def test_late_and_failed_calls_are_left_out_of_a_budget() -> None:
    release = threading.Event()

    def fail() -> None:
        raise UnreachableError("no answer")

    found = within(timedelta(seconds=0.2), {"quick": lambda: 1, "late": lambda: release.wait(10), "dead": fail})
    release.set()

    assert found == {"quick": 1}
