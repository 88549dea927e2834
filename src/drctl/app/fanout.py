"""The same call for many inputs, a bounded number at once."""

from __future__ import annotations

import contextvars
import queue
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from drctl.core.errors import DrctlError

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
    with ThreadPoolExecutor(max_workers=min(at_once, len(todo))) as pool:
        futures = [pool.submit(contextvars.copy_context().run, call, value) for value in todo]
    return tuple(future.result() for future in futures)


def within(budget: timedelta, calls: Mapping[str, Callable[[], object]]) -> dict[str, object]:
    """Return the results that came within the budget, by name; a call that is late or raised is left out.

    Late calls go on in daemon threads that nobody waits for: only for reads.
    """
    done: queue.SimpleQueue[tuple[str, object, bool]] = queue.SimpleQueue()

    def attempt(name: str, call: Callable[[], object]) -> None:
        try:
            done.put((name, call(), True))
        except DrctlError as error:
            done.put((name, error, False))

    for name, call in calls.items():
        run = contextvars.copy_context().run
        threading.Thread(target=run, args=(attempt, name, call), daemon=True).start()
    results: dict[str, object] = {}
    limit = time.monotonic() + budget.total_seconds()
    for _ in calls:
        try:
            name, value, good = done.get(timeout=max(limit - time.monotonic(), 0.001))
        except queue.Empty:
            break
        if good:
            results[name] = value
    return results
