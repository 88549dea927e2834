"""The same call for many inputs, a bounded number at once.

The threads are daemons: whatever a vendor's SDK waits for, it never keeps a process from ending.
"""

from __future__ import annotations

import contextvars
import queue
import threading
import time
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from drctl.core.errors import DrctlError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import timedelta

_In = TypeVar("_In")
_Out = TypeVar("_Out")

AT_ONCE = 16


def fan_out(call: Callable[[_In], _Out], inputs: Iterable[_In], at_once: int = AT_ONCE) -> tuple[_Out, ...]:
    """Return the results in the order of the inputs; every call has ended when this returns or raises.

    Each call runs in a copy of the caller's context. The first exception (in input order) is raised.
    """
    todo = tuple(inputs)
    if len(todo) <= 1:
        return tuple(call(value) for value in todo)
    waiting: queue.SimpleQueue[tuple[Future[_Out], Callable[[], _Out]]] = queue.SimpleQueue()
    futures = [Future[_Out]() for _ in todo]
    for future, value in zip(futures, todo, strict=True):
        waiting.put((future, partial(contextvars.copy_context().run, call, value)))
    threads = [threading.Thread(target=_work_off, args=(waiting,), daemon=True) for _ in todo[:at_once]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return tuple(future.result() for future in futures)


def _work_off(waiting: queue.SimpleQueue[tuple[Future[_Out], Callable[[], _Out]]]) -> None:
    while True:
        try:
            future, run = waiting.get_nowait()
        except queue.Empty:
            return
        try:
            future.set_result(run())
        except BaseException as error:  # noqa: BLE001 - raised where the result is asked for
            future.set_exception(error)


def within(budget: timedelta, calls: Mapping[str, Callable[[], object]]) -> dict[str, object]:
    """Return by name what came of each call within the budget: its result, or the DrctlError that says why not.

    A late call is an UnreachableError here, and goes on in a thread that nobody waits for: only for reads.
    """
    done: queue.SimpleQueue[tuple[str, object]] = queue.SimpleQueue()

    def attempt(name: str, call: Callable[[], object]) -> None:
        try:
            done.put((name, call()))
        except BaseException as error:  # noqa: BLE001 - raised below, unless nobody listens any more
            done.put((name, error))

    for name, call in calls.items():
        run = contextvars.copy_context().run
        threading.Thread(target=run, args=(attempt, name, call), daemon=True).start()
    seconds = budget.total_seconds()
    late = UnreachableError(f"no answer in {seconds:g} s", remedy="Look again: `drctl status`.")
    results: dict[str, object] = dict.fromkeys(calls, late)
    limit = time.monotonic() + seconds
    for _ in calls:
        try:
            name, value = done.get(timeout=max(limit - time.monotonic(), 0.001))
        except queue.Empty:
            break
        if isinstance(value, BaseException) and not isinstance(value, DrctlError):
            raise value
        results[name] = value
    return results
