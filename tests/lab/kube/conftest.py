from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from kubernetes.client import ApiClient, Configuration

from drctl.lab.http_json import JsonCaller
from drctl.lab.kube_api.server import Running, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Json = dict[str, Any]

MERGE = "application/merge-patch+json"
DEPLOYMENTS = "/apis/apps/v1/namespaces/shop/deployments"
PODS = "/api/v1/namespaces/shop/pods"
EXTERNAL_SECRETS = "/apis/external-secrets.io/v1/namespaces/shop/externalsecrets"
# What a custom resource must say of itself.
ES = {"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret"}
SLICES = "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices"
SECRETS = "/api/v1/namespaces/shop/secrets"
# Serves HTTP on the pod's own address: what every test's pod runs.
SERVE = (
    "import os, http.server as h; "
    "h.ThreadingHTTPServer((os.environ['POD_IP'], int(os.environ['PORT'])), h.SimpleHTTPRequestHandler).serve_forever()"
)


@dataclass(frozen=True)
class Answer:
    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def body(self) -> Json:
        found: Json = json.loads(self.text)
        return found


class Client:
    """The official client, with dicts, as one user; without a token as nobody."""

    def __init__(self, server: Running, token: str | None) -> None:
        configuration = Configuration(host=server.url)
        configuration.ssl_ca_cert = str(server.ca_file)
        configuration.retries = False
        configuration.proxy = None
        self._api = ApiClient(configuration)
        self._api.user_agent = "tester/1.0"
        self._headers = {"Authorization": f"Bearer {token}"} if token is not None else {}

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        content_type: str = "application/json",
        accept: str = "application/json",
        timeout_seconds: float = 10.0,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        headers = self._headers | {"Accept": accept}
        if body is not None:
            headers["Content-Type"] = content_type
        request = self._api.param_serialize(
            method, path, query_params=list((query or {}).items()), header_params=headers, body=body
        )
        response = self._api.call_api(*request, _request_timeout=(3, timeout_seconds))
        text = (response.read() or b"").decode()  # type: ignore[no-untyped-call]
        return Answer(response.status, text, response.headers)

    def get(self, path: str, **query: str) -> Json:
        answer = self.call("GET", path, query=query)
        assert answer.status == 200, answer.text
        return answer.body

    def post(self, path: str, body: Json, **query: str) -> Json:
        answer = self.call("POST", path, body, query=query)
        assert answer.status == 201, answer.text
        return answer.body

    def merge(self, path: str, body: Json, **query: str) -> Answer:
        return self.call("PATCH", path, body, content_type=MERGE, query=query)

    def send_bytes(self, method: str, path: str, body: bytes, content_type: str) -> Answer:
        """Send what the client itself would not let pass, over its own connections."""
        response = self._api.rest_client.pool_manager.request(
            method,
            self._api.configuration.host + path,
            body=body,
            headers=self._headers | {"Content-Type": content_type},
            timeout=10,
        )
        return Answer(response.status, response.data.decode(), response.headers)

    def close(self) -> None:
        self._api.rest_client.pool_manager.clear()


class Eventually(Protocol):
    def __call__(self, holds: Callable[[], object], within_seconds: float = 15.0) -> None: ...


@pytest.fixture(scope="session")
def eventually() -> Eventually:
    def wait(holds: Callable[[], object], within_seconds: float = 15.0) -> None:
        deadline = time.monotonic() + within_seconds
        while not holds():
            assert time.monotonic() < deadline, "it did not become true"
            threading.Event().wait(0.03)

    return wait


@pytest.fixture
def server() -> Iterator[Running]:
    """An API server with the namespace `shop` and no actors."""
    with running() as server:
        with signed_in(server, server.admin_token) as admin:
            admin.post("/api/v1/namespaces", {"metadata": {"name": "shop"}})
        yield server


@pytest.fixture
def lively() -> Iterator[Running]:
    """The same with actors: pods run."""
    with running(actors=True) as server:
        with signed_in(server, server.admin_token) as admin:
            admin.post("/api/v1/namespaces", {"metadata": {"name": "shop"}})
        yield server


def asked_for(request: pytest.FixtureRequest) -> Running:
    """Return the server that the test asked for: `lively`, or the one without actors."""
    found: Running = request.getfixturevalue("lively" if "lively" in request.fixturenames else "server")
    return found


@contextmanager
def signed_in(server: Running, token: str | None) -> Iterator[Client]:
    client = Client(server, token)
    try:
        yield client
    finally:
        client.close()


@pytest.fixture
def admin(request: pytest.FixtureRequest) -> Iterator[Client]:
    """The administrator of the server that the test asked for."""
    server = asked_for(request)
    with signed_in(server, server.admin_token) as client:
        yield client


@pytest.fixture
def drctl(request: pytest.FixtureRequest) -> Iterator[Client]:
    """The user drctl of the server that the test asked for."""
    server = asked_for(request)
    with signed_in(server, server.token) as client:
        yield client


@pytest.fixture
def door(request: pytest.FixtureRequest) -> JsonCaller:
    """The simulator's own door."""
    return JsonCaller(asked_for(request).admin_url)


def deployment(name: str = "api", replicas: int = 0, command: tuple[str, ...] = ("python", "-c", SERVE)) -> Json:
    container = {
        "name": "main",
        "image": f"registry.lab.test/{name}",
        "command": list(command),
        "ports": [{"name": "http", "containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 1},
    }
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container], "terminationGracePeriodSeconds": 2}}
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template},
    }


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Kubectl:
    kubeconfig: Path
    cache: Path

    def __call__(self, *words: str) -> Ran:
        program = Path(sys.executable).with_name("kubectl")
        argv = (str(program), "--kubeconfig", str(self.kubeconfig), "--cache-dir", str(self.cache), *words)
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.cache)}
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60, env=environment)
        return Ran(done.returncode, done.stdout.strip(), done.stderr.strip())


@pytest.fixture
def kubectl(request: pytest.FixtureRequest, tmp_path: Path) -> Kubectl:
    """The real kubectl as user drctl."""
    return Kubectl(asked_for(request).kubeconfig(namespace="shop"), tmp_path)


@pytest.fixture
def admin_kubectl(request: pytest.FixtureRequest, tmp_path: Path) -> Kubectl:
    """The real kubectl as administrator."""
    return Kubectl(asked_for(request).kubeconfig(admin=True, namespace="shop"), tmp_path)
