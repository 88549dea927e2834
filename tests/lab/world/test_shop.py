"""One pod at a time, against real NATS servers."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import nats
import pytest

from drctl.lab.errors import LabError
from drctl.lab.http_json import JsonAnswer, JsonCaller
from drctl.lab.layout import ADDRESSES
from drctl.lab.processes import LAB_ID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drctl.lab.layout import Layout
    from lab.world.conftest import Eventually

pytestmark = pytest.mark.lab


@dataclass(frozen=True)
class Pod:
    process: subprocess.Popen[bytes]
    caller: JsonCaller

    def get(self, path: str) -> JsonAnswer:
        return self.caller.call("GET", path)

    def status(self, path: str) -> int:
        try:
            return self.get(path).status
        except LabError:
            return 0


@contextmanager
def pod(layout: Layout, region: str, role: str, password: str = "") -> Iterator[Pod]:
    with socket.socket() as probe:
        probe.bind((ADDRESSES[region], 0))
        port = probe.getsockname()[1]
    environment = {
        "PATH": os.environ["PATH"],
        "PORT": str(port),
        "POD_IP": ADDRESSES[region],
        "POD_NAME": f"{role}-1",
        "NATS_URL": layout.nats_url(region),
        "NATS_PASSWORD": password or layout.secret_file("nats-shop").read_text(),
        LAB_ID: layout.lab_id,
    }
    argv = [sys.executable, "-m", "drctl.lab.shop", "--role", role]
    with subprocess.Popen(argv, env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            yield Pod(process, JsonCaller(f"http://{ADDRESSES[region]}:{port}"))
        finally:
            process.kill()


def ask(layout: Layout, region: str, subject: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    async def request() -> dict[str, Any]:
        password = layout.secret_file("nats-drctl").read_text().strip()
        client = await nats.connect(layout.nats_url(region), user="drctl", password=password)
        try:
            reply = await client.request(subject, json.dumps(body or {}).encode(), timeout=3)
        finally:
            await client.close()
        answer: dict[str, Any] = json.loads(reply.data)
        return answer

    return asyncio.run(request())


def test_an_order_is_stored_once_whatever_the_number_of_tries(two_nats: Layout, eventually: Eventually) -> None:
    with pod(two_nats, "east", "api") as api:
        eventually(lambda: api.status("/readyz") == 200)
        first = api.caller.call("POST", "/orders", {"id": "once-1"})
        again = api.caller.call("POST", "/orders", {"id": "once-1"})

    assert first.status == again.status == 201
    assert first.body["domain"] == "east"
    assert first.body["stream"] == "ORDERS"
    assert again.body["seq"] == first.body["seq"]


def test_a_marked_order_keeps_its_marker_and_is_stored_once(two_nats: Layout, eventually: Eventually) -> None:
    with pod(two_nats, "east", "api") as api:
        eventually(lambda: api.status("/readyz") == 200)
        marked = JsonCaller(api.caller.url, {"X-Drctl-Smoke": "drctl-smoke-r1"})
        answers = [marked.call("POST", "/orders", {"id": "smoke"}) for _ in range(2)]

    assert answers[0].body["seq"] == answers[1].body["seq"]
    stored = ask(two_nats, "east", "$JS.API.STREAM.MSG.GET.ORDERS", {"seq": answers[0].body["seq"]})
    headers = base64.b64decode(stored["message"]["hdrs"]).decode()
    assert "Drctl-Smoke: drctl-smoke-r1" in headers
    assert "Nats-Msg-Id: drctl-smoke-r1" in headers


def test_a_standby_reads_and_refuses_orders_with_the_reason(two_nats: Layout, eventually: Eventually) -> None:
    with pod(two_nats, "west", "api") as api:
        eventually(lambda: api.status("/readyz") == 200)
        refused = api.caller.call("POST", "/orders", {"id": "west-1"})
        home = api.get("/")

    assert refused.status == 503
    assert "no stream takes orders here" in refused.body["error"]
    assert home.status == 200


def test_a_pod_with_a_stale_password_lives_and_is_not_ready(two_nats: Layout, eventually: Eventually) -> None:
    with pod(two_nats, "east", "api", password="stale") as api:  # noqa: S106
        eventually(lambda: api.status("/healthz") == 200)
        eventually(lambda: "authorization" in api.get("/readyz").body["reason"].lower())
        answer = api.get("/readyz")
        order = api.caller.call("POST", "/orders", {"id": "stale-1"})

    assert answer.status == 503
    assert order.status == 503


def test_an_order_without_an_id_is_refused(two_nats: Layout, eventually: Eventually) -> None:
    with pod(two_nats, "east", "api") as api:
        eventually(lambda: api.status("/readyz") == 200)

        assert api.caller.call("POST", "/orders", {"number": 1}).status == 400


def test_a_worker_bills_orders_but_not_those_of_a_test_tenant(two_nats: Layout, eventually: Eventually) -> None:
    with pod(two_nats, "east", "api") as api, pod(two_nats, "east", "worker") as worker:
        eventually(lambda: api.status("/readyz") == worker.status("/readyz") == 200)
        api.caller.call("POST", "/orders", {"id": "billed-1"})
        JsonCaller(api.caller.url, {"X-Drctl-Smoke": "drctl-smoke-r2"}).call("POST", "/orders", {"id": "smoke"})

        def floor_is_head() -> bool:
            consumer = ask(two_nats, "east", "$JS.API.CONSUMER.INFO.ORDERS.billing")
            head = ask(two_nats, "east", "$JS.API.STREAM.INFO.ORDERS")["state"]["last_seq"]
            return bool(consumer["ack_floor"]["stream_seq"] == head)

        eventually(floor_is_head)
        assert api.get("/").body["last_billed"] == "billed-1"


def test_a_worker_on_a_mirror_waits_and_is_ready_once_it_can_pull(two_nats: Layout, eventually: Eventually) -> None:
    with pod(two_nats, "west", "worker") as worker:
        eventually(lambda: worker.status("/readyz") == 503)
        eventually(lambda: "billing" in worker.get("/readyz").body["reason"])
        config = {"durable_name": "billing", "ack_policy": "explicit"}
        body = {"stream_name": "ORDERS", "config": config}
        ask(two_nats, "west", "$JS.API.CONSUMER.DURABLE.CREATE.ORDERS.billing", body)
        try:
            eventually(lambda: worker.status("/readyz") == 200)
        finally:
            ask(two_nats, "west", "$JS.API.CONSUMER.DELETE.ORDERS.billing")
        eventually(lambda: worker.status("/readyz") == 503)


def test_sigterm_ends_a_pod_at_once(two_nats: Layout, eventually: Eventually) -> None:
    with pod(two_nats, "east", "mailer") as mailer:
        eventually(lambda: mailer.status("/readyz") == 200)
        mailer.process.send_signal(signal.SIGTERM)

        assert mailer.process.wait(timeout=1) == -signal.SIGTERM
