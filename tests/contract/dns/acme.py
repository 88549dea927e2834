"""The vendor Acme, and its zone as drctl opens it: by the entry point of a package that is not drctl's."""

from __future__ import annotations

import json
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from drctl.cli.providers import open_outside

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from contract.dns.providers import Requests, Zone

_PACKAGE = str(Path(__file__).with_name("outside"))
_TOKEN = "acme-token"  # noqa: S105 - opens nothing but this stand-in


class Acme:
    """The vendor's server."""

    zone = "acme.test"
    compares = True

    def __init__(self, patience: timedelta) -> None:
        self.records: dict[tuple[str, str], dict[str, Any]] = {}
        self.turn = threading.Lock()
        self.over = threading.Event()
        self._patience = patience
        self.recover()
        self._server = _Server(self)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def connect(self, *, expects_rivals: bool = False) -> Zone:  # noqa: ARG002 - it compares by itself
        options = {"url": f"http://127.0.0.1:{self._server.server_port}", "token": _TOKEN}
        return open_outside("acme", self.zone, options, self._patience)

    def let_spread(self, zone: Zone) -> None:
        """It is one server."""

    def lose_next_answer(self) -> None:
        self.lost = 1

    def fall_silent(self, to: Requests) -> None:
        self.silent = "POST" if to == "writes" else "GET"

    def throttle_writes(self) -> None:
        self.throttled = True

    def deny(self) -> None:
        self.denied = True

    def recover(self) -> None:
        self.lost, self.silent, self.throttled, self.denied = 0, "", False, False

    def close(self) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()

    def change(self, changes: list[dict[str, Any]]) -> bool:
        """Make all changes, or none; say whether they were made."""
        with self.turn:
            places = [(one["after"]["name"], one["after"]["type"]) for one in changes]
            if any(self.records.get(place) != one["before"] for place, one in zip(places, changes, strict=True)):
                return False
            self.records |= {place: one["after"] for place, one in zip(places, changes, strict=True)}
            return True


class _Server(ThreadingHTTPServer):
    """Knows whose it is."""

    daemon_threads = True

    def __init__(self, vendor: Acme) -> None:
        self.vendor = vendor
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    @property
    def _acme(self) -> Acme:
        return cast("_Server", self.server).vendor

    def do_GET(self) -> None:
        if self._may_go_on():
            self._say(200, list(self._acme.records.values()))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self._may_go_on():
            return
        if self._acme.throttled:
            self._say(429, "slow down")
        elif not self._acme.change(body["changes"]):
            self._say(409, "not as read")
        elif self._acme.lost:
            self._acme.lost -= 1
        else:
            self._say(200, "done")

    def _may_go_on(self) -> bool:
        if self._acme.silent == self.command:
            self._acme.over.wait(5)
            return False
        if self._acme.denied or self.headers["Authorization"] != _TOKEN:
            self._say(401, "who are you?")
            return False
        return True

    def _say(self, status: int, body: object) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its base's name
        """Say nothing."""


@contextmanager
def acme(patience: timedelta) -> Iterator[Acme]:
    """Run it, with its package installed."""
    sys.path.append(_PACKAGE)
    vendor = Acme(patience)
    try:
        yield vendor
    finally:
        vendor.close()
        sys.path.remove(_PACKAGE)
