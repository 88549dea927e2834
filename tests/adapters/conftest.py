"""A clock that a test moves, and an HTTPS server that remembers what it was asked."""

from __future__ import annotations

import ssl
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
import trustme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class StillClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 1, 3, 0, 0, 123456, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def elapsed(self) -> timedelta:
        return timedelta(0)

    def wait(self, duration: timedelta) -> None:
        self.moment += duration


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@dataclass
class Asked:
    """One request as it arrived, and the name that the TLS handshake carried."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    peer: tuple[str, int]


@dataclass
class Site:
    """An HTTPS server for shop.lab.test on a port of its own."""

    port: int
    ca_file: str
    other_ca_file: str
    asked: list[Asked] = field(default_factory=list)
    handshakes: list[str | None] = field(default_factory=list)
    status: int = 200
    body: bytes = b"hello"
    headers: dict[str, str] = field(default_factory=dict)
    hold: threading.Event | None = None


def _handler(site: Callable[[], Site]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            here = site()
            content = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            asked = Asked(self.command, self.path, dict(self.headers), content, self.client_address)
            here.asked.append(asked)
            if here.hold is not None:
                here.hold.wait(10)
                self.close_connection = True
                return
            self.send_response(here.status)
            for name, value in here.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(here.body)))
            self.end_headers()
            self.wfile.write(here.body)

        do_POST = do_GET  # noqa: N815  # http.server's own naming

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


class _QuietServer(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Say nothing: clients that refuse a certificate hang up."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    authority, stranger = trustme.CA(), trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    stranger.cert_pem.write_to_path(tmp_path / "other-ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("shop.lab.test").configure_cert(context)
    holder: list[Site] = []
    server = _QuietServer(("127.0.0.1", 0), _handler(lambda: holder[0]))
    holder.append(Site(server.server_port, str(tmp_path / "ca.pem"), str(tmp_path / "other-ca.pem")))
    context.sni_callback = lambda _socket, name, _context: holder[0].handshakes.append(name)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield holder[0]
    if holder[0].hold is not None:
        holder[0].hold.set()
    server.shutdown()
    thread.join()
    server.server_close()
