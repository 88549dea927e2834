"""What stands in for the parts of a lab that a test leaves out."""

from __future__ import annotations

import json
import socket
import ssl
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import dns.message
import dns.rrset

from drctl.lab import processes
from drctl.lab.errors import LabError
from drctl.lab.http_json import JsonAnswer, JsonCaller
from drctl.lab.layout import ADDRESSES, OUTSIDE, PUBLIC_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from drctl.lab.layout import Layout

Answer = tuple[int, dict[str, str], object]


@contextmanager
def serving(
    address: str, port: int, answer: Callable[[str, str, bytes], Answer], certificate: tuple[str, str] | None = None
) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, headers, told = answer(self.command, self.path, body)
            text = json.dumps(told).encode()
            self.send_response(status)
            for name, value in (headers | {"Content-Length": str(len(text))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer((address, port), Handler)
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def resolving(port: int, address: Callable[[], str]) -> Iterator[None]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((OUTSIDE, port))
        server.settimeout(0.05)
        ended = threading.Event()

        def serve() -> None:
            while not ended.is_set():
                try:
                    data, peer = server.recvfrom(4096)
                except TimeoutError:
                    continue
                query = dns.message.from_wire(data)
                answer = dns.message.make_response(query, recursion_available=True)
                answer.answer.append(dns.rrset.from_text(query.question[0].name, 2, "IN", "A", address()))
                server.sendto(answer.to_wire(), peer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


def certificate(layout: Layout, name: str) -> tuple[str, str]:
    return str(layout.cert_file(name)), str(layout.key_file(name))


def slices(*endpoints: tuple[str, int, bool]) -> dict[str, Any]:
    return {
        "items": [{"ports": None, "endpoints": None}]
        + [
            {"ports": [{"port": port}], "endpoints": [{"addresses": [address], "conditions": {"ready": ready}}]}
            for address, port, ready in endpoints
        ]
    }


class Front:
    """A region's ingress as a process, and what its Kubernetes API says."""

    def __init__(self, layout: Layout, region: str) -> None:
        self.layout = layout
        self.region = region
        self.listed = slices()
        self.fails = False
        self.refused = 0
        argv = (sys.executable, "-m", "drctl.lab.ingress", "--root", str(layout.root), "--region", region)
        processes.spawn(layout, processes.Component(f"ingress-{region}", argv, region))

    def list(self, _method: str, _path: str, _body: bytes) -> Answer:
        self.refused += self.fails
        return 500 if self.fails else 200, {"Content-Type": "application/json"}, self.listed

    def call(self, method: str = "GET", host: str = PUBLIC_NAME) -> JsonAnswer:
        context = ssl.create_default_context(cafile=str(self.layout.ca_file))
        url = f"https://{ADDRESSES[self.region]}:{self.layout.ports.https}"
        body = {"id": "o-1"} if method == "POST" else None
        return JsonCaller(url, {"Host": host}, context).call(method, "/orders", body)

    def status(self) -> int:
        try:
            return self.call().status
        except LabError:
            return 0


@contextmanager
def fronted(layout: Layout, region: str, pod: Callable[[str, str, bytes], Answer]) -> Iterator[Front]:
    """Run a region's ingress before one pod."""
    front = Front(layout, region)
    kube = serving(ADDRESSES[region], layout.ports.kube, front.list, certificate(layout, f"kube-{region}"))
    with kube, serving(ADDRESSES[region], 0, pod) as port:
        front.listed = slices((ADDRESSES[region], port, True))
        yield front
