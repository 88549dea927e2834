"""Holds an asynchronous service: in a thread for tests, or as a process until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
import threading
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractAsyncContextManager

Handle = TypeVar("Handle")


@contextmanager
def in_background(service: Callable[[], AbstractAsyncContextManager[Handle]]) -> Iterator[Handle]:
    """Run a service on an event loop of its own thread; yield what it yields; stop it at the end.

    Raises:
        Exception: Whatever the service raised while it started.
    """
    started: Future[tuple[Handle, Callable[[], object]]] = Future()

    async def hold() -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        async with service() as handle:
            started.set_result((handle, lambda: loop.call_soon_threadsafe(stop.set)))
            await stop.wait()

    def run() -> None:
        try:
            asyncio.run(hold())
        except BaseException as exc:
            if started.done():
                raise
            started.set_exception(exc)

    thread = threading.Thread(target=run, name="lab-service", daemon=True)
    thread.start()
    handle, stop_service = started.result()
    try:
        yield handle
    finally:
        stop_service()
        thread.join()


def until_signalled(service: Callable[[], AbstractAsyncContextManager[object]]) -> None:
    """Run a service in this thread until SIGTERM or SIGINT, then stop it cleanly."""

    async def hold() -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        async with service():
            await stop.wait()

    asyncio.run(hold())
