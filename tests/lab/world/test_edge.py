"""Ingress and client, each as a process, against stand-ins for what is behind them."""

from __future__ import annotations

import json
import socket
import ssl
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import dns.flags
import dns.message
import dns.rrset
import pytest

from drctl.lab import processes, supervisor
from drctl.lab.authority import issue_certificates
from drctl.lab.credentials import issue_secrets
from drctl.lab.errors import LabError
from drctl.lab.http_json import JsonAnswer, JsonCaller
from drctl.lab.layout import ADDRESSES, OUTSIDE, PUBLIC_NAME
from drctl.lab.truth import Truth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from drctl.lab.layout import Layout
    from lab.world.conftest import Eventually

pytestmark = pytest.mark.lab

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


@pytest.fixture
def certified(layout: Layout) -> Layout:
    issue_secrets(layout)
    issue_certificates(layout)
    return layout


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
    """East's ingress, and what its Kubernetes API says."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.listed = slices()
        self.fails = False
        self.refused = 0
        argv = (sys.executable, "-m", "drctl.lab.ingress", "--root", str(layout.root), "--region", "east")
        processes.spawn(layout, processes.Component("ingress-east", argv, "east"))

    def list(self, _method: str, _path: str, _body: bytes) -> Answer:
        self.refused += self.fails
        return 500 if self.fails else 200, {"Content-Type": "application/json"}, self.listed

    def call(self, method: str = "GET", host: str = PUBLIC_NAME) -> JsonAnswer:
        context = ssl.create_default_context(cafile=str(self.layout.ca_file))
        url = f"https://{ADDRESSES['east']}:{self.layout.ports.https}"
        body = {"id": "o-1"} if method == "POST" else None
        return JsonCaller(url, {"Host": host}, context).call(method, "/orders", body)

    def status(self) -> int:
        try:
            return self.call().status
        except LabError:
            return 0


def pod_answer(method: str, _path: str, body: bytes) -> Answer:
    return 201 if method == "POST" else 200, {}, json.loads(body or b"{}")


def test_the_ingress_forwards_to_ready_endpoints_and_says_where_it_is(
    certified: Layout, eventually: Eventually
) -> None:
    front = Front(certified)
    api = serving(ADDRESSES["east"], certified.ports.kube, front.list, certificate(certified, "kube-east"))
    with api, serving(ADDRESSES["east"], 0, pod_answer) as pod:
        eventually(lambda: front.status() == 503)
        front.listed = slices((ADDRESSES["east"], pod, False))
        nobody = front.call()
        front.listed = slices((ADDRESSES["east"], pod, True))
        eventually(lambda: front.status() == 200)
        answer = front.call("POST")

    assert nobody.headers["x-region"] == "east"
    assert answer.status == 201
    assert answer.body == {"id": "o-1"}
    assert answer.headers["x-region"] == "east"


def test_the_ingress_keeps_the_last_known_endpoints_while_the_api_is_down(
    certified: Layout, eventually: Eventually
) -> None:
    front = Front(certified)
    with serving(ADDRESSES["east"], 0, pod_answer) as pod:
        front.listed = slices((ADDRESSES["east"], pod, True))
        with serving(ADDRESSES["east"], certified.ports.kube, front.list, certificate(certified, "kube-east")):
            eventually(lambda: front.status() == 200)
            front.fails = True
            front.listed = slices()
            eventually(lambda: front.refused >= 2)
        assert front.call().status == 200
    assert front.call().status == 503


def test_the_ingress_serves_its_own_name_only(certified: Layout, eventually: Eventually) -> None:
    front = Front(certified)
    eventually(lambda: front.status() == 503)

    assert front.call(host="other.lab.test").status == 421
    assert front.call(host=f"{PUBLIC_NAME}:{certified.ports.https}").status == 503


def test_the_client_resolves_each_time_and_writes_down_every_attempt(certified: Layout, eventually: Eventually) -> None:
    active, stored = ["east"], list[str]()

    def take(region: str) -> Callable[[str, str, bytes], Answer]:
        def answer(_method: str, _path: str, body: bytes) -> Answer:
            stored.append(json.loads(body)["id"])
            ack = {"id": stored[-1], "stream": "ORDERS", "seq": len(stored), "domain": region}
            return 201, {"X-Region": region}, ack

        return answer

    def front(region: str) -> Any:  # noqa: ANN401
        keys = certificate(certified, f"ingress-{region}")
        return serving(ADDRESSES[region], certified.ports.https, take(region), keys)

    def truth() -> Truth:
        return Truth.read(certified.client_record)

    with front("west"), resolving(certified.ports.resolver, lambda: ADDRESSES[active[0]]):
        with front("east"):
            supervisor.start_client(certified, 0.05)
            eventually(lambda: len(truth().acknowledged("east")) >= 5)
        eventually(lambda: sum(attempt.status == 0 for attempt in truth().attempts) >= 3)
        active[0] = "west"
        eventually(lambda: len(truth().acknowledged("west")) >= 5)
        supervisor.stop_client(certified)

    ids = [attempt.id for attempt in truth().attempts]
    assert len(set(ids)) == len(ids)
    assert len(set(stored)) == len(stored)
    assert {attempt.id for attempt in truth().acknowledged()} == set(stored)
    failed = truth().outages()[0].failed
    assert {attempt.address for attempt in failed} == {ADDRESSES["east"]}
    assert all("Cannot connect" in attempt.error for attempt in failed)
    assert processes.members(certified.lab_id) == ()


def test_the_client_believes_only_certificates_of_the_lab(certified: Layout, eventually: Eventually) -> None:
    other_name = certificate(certified, "kube-east")
    taken = serving(ADDRESSES["east"], certified.ports.https, lambda *_: (201, {}, {}), other_name)
    with taken, resolving(certified.ports.resolver, lambda: ADDRESSES["east"]):
        supervisor.start_client(certified, 0.05)
        eventually(lambda: len(Truth.read(certified.client_record).attempts) >= 2)
        supervisor.stop_client(certified)

    assert not Truth.read(certified.client_record).acknowledged()
    assert "certificate" in Truth.read(certified.client_record).attempts[0].error.lower()
