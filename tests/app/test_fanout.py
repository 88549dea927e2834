from __future__ import annotations

import contextvars
import subprocess
import sys
import threading
from datetime import timedelta

import pytest

from drctl.app.fanout import AT_ONCE, fan_out, within
from drctl.core.errors import ConfigError, UnreachableError

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


def test_within_a_budget_a_late_call_has_no_answer_and_a_failed_one_its_own_error() -> None:
    release = threading.Event()

    def fail() -> None:
        raise ConfigError("the secret file /nowhere cannot be read.")

    found = within(timedelta(seconds=0.2), {"quick": lambda: 1, "late": lambda: release.wait(10), "wrong": fail})
    release.set()

    assert found["quick"] == 1
    assert str(found["late"]) == "no answer in 0.2 s"
    assert isinstance(found["late"], UnreachableError)
    assert str(found["wrong"]) == "the secret file /nowhere cannot be read."
    assert isinstance(found["wrong"], ConfigError)


def test_a_bug_within_a_budget_is_raised_where_it_is_waited_for() -> None:
    def stumble() -> None:
        raise KeyError("a bug")

    with pytest.raises(KeyError, match="a bug"):
        within(timedelta(seconds=10), {"quick": lambda: 1, "bug": stumble})


HELD_UP = """
import threading
from datetime import timedelta
from drctl.app.fanout import fan_out, within

for_ever = threading.Event()
within(timedelta(seconds=0.1), {"late": lambda: fan_out(lambda _: for_ever.wait(), range(2))})
"""


def test_a_call_that_never_returns_does_not_keep_the_process_from_ending() -> None:
    subprocess.run((sys.executable, "-c", HELD_UP), check=True, timeout=30)
