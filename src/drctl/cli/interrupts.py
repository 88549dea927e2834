"""Ctrl-C once: finish the current write, then pause. Twice: leave now."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from drctl.core.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from threading import Event
    from types import FrameType


@contextmanager
def pausing(interrupted: Event) -> Iterator[None]:
    """Set `interrupted` on the first SIGINT or SIGTERM; leave the process at once on the second.

    The journal has every intent already, so that leaving marks the write as unknown for `resume`.
    """

    def on_signal(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the handler's own form
        if interrupted.is_set():
            sys.stderr.write("\nLeft at once. What was under way is unknown: `drctl resume` looks again.\n")
            sys.stderr.flush()
            os._exit(ExitCode.INTERRUPTED)
        interrupted.set()
        sys.stderr.write("\nPausing after the current write; press Ctrl-C again to leave at once.\n")
        sys.stderr.flush()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def stopping(interrupted: Event) -> Iterator[None]:
    """Set `interrupted` on SIGINT or SIGTERM: for what only reads, and may end at any time."""
    before = {
        number: signal.signal(number, lambda _number, _frame: interrupted.set())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def interruptible() -> Iterator[None]:
    """Make the first SIGINT or SIGTERM a KeyboardInterrupt, and let none disturb the cleaning up after it."""

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        for number in before:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, on_signal)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
