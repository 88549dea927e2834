"""A wire between drctl and an API server that loses what it is told to lose. It sees only TLS."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from enum import Enum, auto
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable


class Loss(Enum):
    """What the wire does to connections, old and new, until it is told otherwise."""

    NOTHING = auto()
    REQUESTS = auto()
    """Nothing arrives any more, and nobody is told."""
    REPLIES = auto()
    """Requests arrive; nothing comes back."""
    NEXT_CONNECTION = auto()
    """The next thing that comes back is lost with its connection; a new one works."""


class Wire:
    """A TCP proxy on the server's own address, so that its certificate fits."""

    def __init__(self, url: str) -> None:
        split = urlsplit(url)
        self._target = (split.hostname or "", split.port or 0)
        self._listener = socket.create_server((self._target[0], 0))
        self._sockets: list[socket.socket] = [self._listener]
        self._threads: list[threading.Thread] = []
        self.loss = Loss.NOTHING
        self._spawn(self._accept)

    @property
    def url(self) -> str:
        host, port = self._listener.getsockname()
        return f"https://{host}:{port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Break every connection, and take no new one."""
        _end(*self._sockets)
        for thread in self._threads:
            thread.join(5)
        for one in self._sockets:
            one.close()

    def _spawn(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                self._sockets.append(near)
                far = socket.create_connection(self._target)
                self._sockets.append(far)
                self._spawn(self._requests, near, far)
                self._spawn(self._replies, near, far)

    def _requests(self, near: socket.socket, far: socket.socket) -> None:
        with suppress(OSError):
            while data := near.recv(65536):
                if self.loss is not Loss.REQUESTS:
                    far.sendall(data)
        _end(near, far)

    def _replies(self, near: socket.socket, far: socket.socket) -> None:
        with suppress(OSError):
            while data := far.recv(65536):
                if self.loss is Loss.NEXT_CONNECTION:
                    self.loss = Loss.NOTHING
                    break
                if self.loss is Loss.NOTHING:
                    near.sendall(data)
        _end(near, far)


def _end(*sockets: socket.socket) -> None:
    for one in sockets:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
