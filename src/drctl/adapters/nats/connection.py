"""Synchronous calls onto one connection that lives in a private event-loop thread."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence

    from drctl.adapters.nats.credentials import Credentials
    from drctl.adapters.nats.session import ServerFacts, Session

Result = TypeVar("Result")


class Connection:
    """One region's connection; safe to use from several threads at once.

    The thread starts and nats-py is imported with the first call. Every method may raise the kinds of `WireError`,
    within the timeout. `close` ends the thread; a closed connection takes no more calls.
    """

    def __init__(self, url: str, credentials: Credentials, timeout_seconds: float) -> None:
        self._make = (url, credentials, timeout_seconds)
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._session: Session | None = None
        self._closed = False

    def request(self, subject: str, payload: bytes, headers: Mapping[str, str] | None = None) -> bytes:
        """Return the first reply to one message."""
        return self._run(lambda session: session.request(subject, payload, headers))

    def gather(
        self, subjects: Sequence[str], headers: Mapping[str, str], quiet_seconds: float
    ) -> dict[str, tuple[bytes, ...] | None]:
        """Return every reply to one empty message on each subject; None where nothing was said."""
        return self._run(lambda session: session.gather(subjects, headers, quiet_seconds))

    def facts(self) -> ServerFacts:
        """Return what the server said of itself."""
        return self._run(lambda session: session.facts())

    def close(self) -> None:
        """End connection and thread. Calling it twice is fine."""
        with self._starting:
            self._closed = True
            if self._loop is None or self._thread is None or self._session is None:
                return
            asyncio.run_coroutine_threadsafe(self._session.close(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
            self._loop = self._thread = self._session = None

    def _run(self, call: Callable[[Session], Coroutine[None, None, Result]]) -> Result:
        session, loop = self._started()
        # The session keeps its own timeouts, so this returns.
        return asyncio.run_coroutine_threadsafe(call(session), loop).result()

    def _started(self) -> tuple[Session, asyncio.AbstractEventLoop]:
        with self._starting:
            if self._closed:
                raise RuntimeError("this NATS connection was closed")
            if self._session is None or self._loop is None:
                # Here, because only a command that speaks to NATS should pay for loading nats-py.
                from drctl.adapters.nats.session import Session  # noqa: PLC0415

                self._session = Session(*self._make)
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="drctl-nats", daemon=True)
                self._thread.start()
            return self._session, self._loop
