"""Every call into the fake world passes here: it is counted, and fails as it was told to."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from drctl.core.errors import (
    AdapterError,
    ConflictError,
    DeniedError,
    OutcomeUnknownError,
    RefusedError,
    ThrottledError,
    UnreachableError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ALWAYS = 10**9


class Crashed(BaseException):
    """The process was killed. No `except Exception` sees it, and after it every call of the process raises it."""


class Fault(StrEnum):
    """What goes wrong with one call. `LOST` was never applied, `UNANSWERED` was; neither was answered."""

    UNREACHABLE = "unreachable"
    DENIED = "denied"
    REFUSED = "refused"
    THROTTLED = "throttled"
    CONFLICT = "conflict"
    LOST = "lost"
    UNANSWERED = "unanswered"
    CRASH_BEFORE = "crash before"
    CRASH_AFTER = "crash after"


_ERRORS: dict[Fault, type[AdapterError]] = {
    Fault.UNREACHABLE: UnreachableError,
    Fault.DENIED: DeniedError,
    Fault.REFUSED: RefusedError,
    Fault.THROTTLED: ThrottledError,
    Fault.CONFLICT: ConflictError,
    Fault.LOST: OutcomeUnknownError,
}


@dataclass
class _Told:
    pattern: str
    what: Fault | Callable[[], None]
    left: int


class Calls:
    """Counts, and injects faults by the call's name: `west/cluster/scale deployment/shop/api`.

    `writes` names every write request that arrived, in order. `chance` is asked where nothing was told, with
    the call's name, its number among the calls of that name, and whether it writes.
    """

    def __init__(self) -> None:
        self.made: Counter[str] = Counter()
        self.writes: list[str] = []
        self.dark: set[str] = set()
        self.chance: Callable[[str, int, bool], Fault | None] = lambda _name, _number, _writes: None
        self._told: list[_Told] = []
        self._is_dead = False
        self._turn = threading.RLock()

    def fail(self, pattern: str, fault: Fault, times: int = 1) -> None:
        """Let the next calls that match fail."""
        self._told.append(_Told(pattern, fault, times))

    def before(self, pattern: str, act: Callable[[], None], times: int = 1) -> None:
        """Do something right before the next call that matches: somebody else was faster."""
        self._told.append(_Told(pattern, act, times))

    def heal(self) -> None:
        """Forget every fault that was told."""
        self._told.clear()

    def crash(self) -> None:
        """Kill the process."""
        self._is_dead = True
        raise Crashed

    @property
    def is_alive(self) -> bool:
        return not self._is_dead

    def require_alive(self) -> None:
        if self._is_dead:
            raise Crashed

    def revive(self) -> None:
        """Start a new process."""
        self._is_dead = False

    @contextmanager
    def read(self, name: str) -> Iterator[None]:
        """Answer one read, or fail."""
        with self._turn:
            fault = self._next(name, writes=False)
            if fault is Fault.CRASH_BEFORE:
                self.crash()
            if fault in {Fault.LOST, Fault.UNANSWERED}:
                raise UnreachableError(f"{name}: no answer")
            self._raise(fault, name)
            yield
            if fault is Fault.CRASH_AFTER:
                self.crash()

    @contextmanager
    def write(self, name: str) -> Iterator[None]:
        """Apply one write, or fail before it, or fail to answer after it."""
        with self._turn:
            fault = self._next(name, writes=True)
            if fault is Fault.CRASH_BEFORE:
                self.crash()
            self._raise(fault, name)
            yield
            self.writes.append(name)
            if fault is Fault.CRASH_AFTER:
                self.crash()
            if fault is Fault.UNANSWERED:
                raise OutcomeUnknownError(f"{name}: no answer", remedy="Run `drctl resume`.")

    def _next(self, name: str, *, writes: bool) -> Fault | None:
        self.require_alive()
        self.made[name] += 1
        if name.partition("/")[0] in self.dark:
            return Fault.UNREACHABLE
        for told in self._told:
            if told.left and fnmatchcase(name, told.pattern):
                told.left -= 1
                if isinstance(told.what, Fault):
                    return told.what
                told.what()
        return self.chance(name, self.made[name], writes)

    @staticmethod
    def _raise(fault: Fault | None, name: str) -> None:
        if fault in _ERRORS:
            raise _ERRORS[fault](f"{name}: {fault.value}", remedy="Repair it.")
