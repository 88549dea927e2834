from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from contract.kubernetes.real_api import assets, real
from contract.kubernetes.servers import CONTEXT, Server, simulator
from drctl.adapters.kubernetes.client import KubernetesApi
from drctl.adapters.kubernetes.external_secrets import ExternalSecrets
from drctl.adapters.kubernetes.workloads import Workloads
from drctl.core.observed import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Json = dict[str, Any]


@dataclass(frozen=True)
class Region:
    """One namespace of one server, as drctl sees it and as its administrator does."""

    server: Server
    namespace: str
    api: KubernetesApi

    @property
    def workloads(self) -> Workloads:
        return Workloads(self.api)

    @property
    def secrets(self) -> ExternalSecrets:
        return ExternalSecrets(self.api)

    def ref(self, name: str, kind: str = "deployment") -> ObjectRef:
        return ObjectRef(kind, self.namespace, name)

    def path(self, plural: str, name: str = "", part: str = "") -> str:
        group = {"deployments": "/apis/apps/v1", "externalsecrets": "/apis/external-secrets.io/v1"}.get(plural)
        tail = f"/{name}" if name else ""
        return f"{group or '/api/v1'}/namespaces/{self.namespace}/{plural}{tail}{f'/{part}' if part else ''}"

    def deployment(self, name: str, replicas: int = 0, labels: dict[str, str] | None = None) -> Json:
        """Create one, as somebody's pipeline does."""
        shown = {"app": name}
        pod = {"metadata": {"labels": shown}, "spec": {"containers": [{"name": "it", "image": "it"}]}}
        body = {
            "kind": "Deployment",
            "apiVersion": "apps/v1",
            "metadata": {"name": name, "labels": labels or {}},
            "spec": {"replicas": replicas, "selector": {"matchLabels": shown}, "template": pod},
        }
        made: Json = self.server.admin.must("POST", self.path("deployments"), body)
        return made

    def external_secret(self, name: str) -> Json:
        body = {
            "kind": "ExternalSecret",
            "apiVersion": "external-secrets.io/v1",
            "metadata": {"name": name},
            "spec": {
                "refreshInterval": "1h",
                "secretStoreRef": {"name": "store", "kind": "SecretStore"},
                "target": {"name": name},
                "data": [{"secretKey": "password", "remoteRef": {"key": "shop"}}],
            },
        }
        made: Json = self.server.admin.must("POST", self.path("externalsecrets"), body)
        return made

    def patch(self, path: str, body: Json) -> Json:
        """Change something as a controller, or as somebody else, does."""
        changed: Json = self.server.admin.must("PATCH", path, body, content_type="application/merge-patch+json")
        return changed


@pytest.fixture(scope="session")
def simulated() -> Iterator[Server]:
    """The lab's simulator."""
    with simulator() as server:
        yield server


@pytest.fixture(scope="session")
def actual(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real kube-apiserver."""
    there = assets()
    if there is None:
        pytest.skip("no kube-apiserver and etcd: KUBEBUILDER_ASSETS names no folder that has them")
    with real(there, tmp_path_factory.mktemp("kube")) as server:
        yield server


@pytest.fixture(params=["simulated", pytest.param("actual", marks=pytest.mark.real_api)])
def server(request: pytest.FixtureRequest) -> Server:
    """Each server in turn. They are shared: a test has a namespace of its own."""
    found: Server = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def region(server: Server, tmp_path: Path) -> Iterator[Region]:
    namespace = f"n{uuid.uuid4().hex[:10]}"
    body = {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": namespace}}
    server.admin.must("POST", "/api/v1/namespaces", body)
    api = KubernetesApi(server.kubeconfig(tmp_path), CONTEXT, "west", timedelta(seconds=3))
    yield Region(server, namespace, api)
    api.close()
