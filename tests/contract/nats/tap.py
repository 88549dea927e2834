"""A wire between drctl and a server that loses what it is told to lose."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable


class Loss(StrEnum):
    """What becomes of the first request that has the watched words, and of its connection."""

    REQUEST = "the request is lost, and everything after it"
    REPLY = "the request arrives; nothing comes back any more"
    CONNECTION = "the request arrives; the connection breaks before the reply, a new one works"


class Tap:
    """A TCP proxy on a port of its own. `accepted` counts connections."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = [self._listener]
        self._threads: list[threading.Thread] = []
        self._words = b""
        self._loss: Loss | None = None
        self._act: Callable[[], None] | None = None
        self.accepted = 0
        self._spawn(self._accept)

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self._listener.getsockname()[1]}"

    def lose(self, words: str, loss: Loss) -> None:
        """Lose the first request with these words, or what comes after it."""
        self._words, self._loss, self._act = words.encode(), loss, None

    def before(self, words: str, act: Callable[[], None]) -> None:
        """Do something right before the first request with these words goes on."""
        self._words, self._loss, self._act = words.encode(), None, act

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join(5)

    def _spawn(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                self.accepted += 1
                far = socket.create_connection(self._target)
                self._sockets += [near, far]
                muted = threading.Event()
                self._spawn(self._requests, near, far, muted)
                self._spawn(self._replies, near, far, muted)

    def _requests(self, near: socket.socket, far: socket.socket, muted: threading.Event) -> None:
        lost = False
        with suppress(OSError):
            while data := near.recv(65536):
                if self._words and self._words in data:
                    self._words = b""
                    if self._act is not None:
                        self._act()
                    if self._loss is not None:
                        muted.set()
                    lost = self._loss is Loss.REQUEST
                if not lost:
                    far.sendall(data)
        _end(near, far)

    def _replies(self, near: socket.socket, far: socket.socket, muted: threading.Event) -> None:
        with suppress(OSError):
            while data := far.recv(65536):
                if not muted.is_set():
                    near.sendall(data)
                elif self._loss is Loss.CONNECTION:
                    break
        _end(near, far)


def _end(*sockets: socket.socket) -> None:
    for one in sockets:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
