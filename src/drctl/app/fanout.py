"""The same call for many inputs, a bounded number at once."""

from __future__ import annotations

import contextvars
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

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
