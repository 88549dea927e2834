"""Synchronous calls onto one connection that lives in a private event-loop thread."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, TypeVar

from drctl.adapters.nats.outcome import ConnectionClosedError, NoAnswerError

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable, Coroutine, Mapping, Sequence

    from drctl.adapters.nats.credentials import Credentials
    from drctl.adapters.nats.session import ServerFacts, Session

Result = TypeVar("Result")

# What a call may take beyond its timeout: a connection that fails is closed first, for two seconds at most.
_GRACE_SECONDS = 3.0
_CLOSE_SECONDS = 5.0


class Connection:
    """One region's connection; safe to use from several threads at once.

    The thread starts and nats-py is imported with the first call. Every method may raise the kinds of `WireError`,
    within the timeout and a little. `close` ends every call that is under way, and the thread; a closed connection
    takes no more calls.
    """

    def __init__(self, url: str, credentials: Credentials, timeout_seconds: float) -> None:
        self._make = (url, credentials, timeout_seconds)
        self._timeout = timeout_seconds
        self._turn = threading.Lock()
        self._loop: AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._session: Session | None = None
        self._closed = False

    def request(self, subject: str, payload: bytes, headers: Mapping[str, str] | None = None) -> bytes:
        """Return the first reply to one message."""
        return self._run(lambda session: session.request(subject, payload, headers))

    def requests(self, subject: str, payloads: Sequence[bytes]) -> list[bytes]:
        """Return the first reply to each message; all are waited for together."""
        return self._run(lambda session: session.requests(subject, payloads))

    def gather(
        self, subjects: Sequence[str], headers: Mapping[str, str], quiet_seconds: float
    ) -> dict[str, tuple[bytes, ...] | None]:
        """Return every reply to one empty message on each subject; None where nothing was said."""
        return self._run(lambda session: session.gather(subjects, headers, quiet_seconds))

    def facts(self) -> ServerFacts:
        """Return what the server said of itself."""
        return self._run(lambda session: session.facts())

    def close(self) -> None:
        """End connection and thread; calls under way, one that still connects included, end with an error.

        Calling it twice is fine.
        """
        with self._turn:
            self._closed = True
            if self._loop is None or self._thread is None or self._session is None:
                return
            # A thread of this process that waits for a call would keep the process from ending.
            asyncio.run_coroutine_threadsafe(_end_all(self._session), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
            self._loop = self._thread = self._session = None

    def _run(self, call: Callable[[Session], Coroutine[None, None, Result]]) -> Result:
        with self._turn:
            # Inside, because a call that reaches a loop which was stopped meanwhile would never end.
            session, loop = self._started()
            answer = asyncio.run_coroutine_threadsafe(call(session), loop)
        try:
            return answer.result(self._timeout + _GRACE_SECONDS)
        except CancelledError:
            raise NoAnswerError("the connection was closed meanwhile") from None
        except TimeoutError:
            # The session keeps its own timeouts; this is for a loop that does not run any more.
            answer.cancel()
            raise NoAnswerError("no answer in time") from None

    def _started(self) -> tuple[Session, AbstractEventLoop]:
        if self._closed:
            raise ConnectionClosedError("drctl has closed this connection")
        if self._session is None or self._loop is None:
            # Here, because only a command that speaks to NATS should pay for loading nats-py.
            from drctl.adapters.nats.session import Session  # noqa: PLC0415

            self._session = Session(*self._make)
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, name="drctl-nats", daemon=True)
            self._thread.start()
        return self._session, self._loop


async def _end_all(session: Session) -> None:
    """Close a session, then cancel what still runs in this loop, and wait a little for it to end."""
    await session.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    if others:
        await asyncio.wait(others, timeout=_CLOSE_SECONDS)
