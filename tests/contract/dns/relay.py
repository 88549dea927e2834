"""A wire with faults between drctl and a DNS server: DNS messages over TCP, passed on or not."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Literal

_UPDATE = 5


@dataclass
class Faults:
    """What happens on the wire until it is set to something else."""

    lose_answers: int = 0
    silent_to: Literal["", "reads", "writes"] = ""


class Relay:
    """Listens on a free port and passes messages to a server, one connection at a time and thread."""

    def __init__(self, server: tuple[str, int]) -> None:
        self.faults = Faults()
        self.updates = 0
        self._server = server
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.2)
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def place(self) -> str:
        host, port = self._listener.getsockname()
        return f"{host}:{port}"

    def close(self) -> None:
        self._over.set()
        self._thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while not self._over.is_set():
            with suppress(TimeoutError):
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        client.settimeout(5)
        with closing(client), suppress(OSError, EOFError), closing(socket.create_connection(self._server, 5)) as server:
            while True:
                self._pass(client, server)

    def _pass(self, client: socket.socket, server: socket.socket) -> None:
        message = _receive(client)
        writes = (message[2] >> 3) & 0xF == _UPDATE
        self.updates += writes
        if self.faults.silent_to == ("writes" if writes else "reads"):
            self._over.wait(5)
            raise EOFError
        server.sendall(struct.pack("!H", len(message)) + message)
        answer = _receive(server)
        if writes and self.faults.lose_answers:
            self.faults.lose_answers -= 1
            raise EOFError
        client.sendall(struct.pack("!H", len(answer)) + answer)


def _receive(connection: socket.socket) -> bytes:
    (length,) = struct.unpack("!H", _exactly(connection, 2))
    return _exactly(connection, length)


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise EOFError
        data += more
    return data
