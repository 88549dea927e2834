"""The API servers that the suite runs on: the lab's simulator, and a real kube-apiserver with its etcd."""

from __future__ import annotations

import ctypes
import os
import secrets
import signal
import socket
import ssl
import subprocess
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import yaml

from drctl.lab.errors import LabError
from drctl.lab.http_json import JsonCaller
from drctl.lab.kube_api.server import running

if TYPE_CHECKING:
    from collections.abc import Iterator

_READY_SECONDS = 60.0
_PR_SET_PDEATHSIG = 1
_ESO = "external-secrets.io"
# What drctl needs of a region, and nothing more.
_ROLE = [
    {"apiGroups": ["apps"], "resources": ["deployments", "statefulsets", "replicasets"], "verbs": ["get", "list"]},
    {"apiGroups": ["apps"], "resources": ["deployments/scale", "statefulsets/scale"], "verbs": ["get", "patch"]},
    {"apiGroups": [""], "resources": ["pods", "events", "services"], "verbs": ["get", "list"]},
    {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["get", "list"]},
    {"apiGroups": [_ESO], "resources": ["externalsecrets"], "verbs": ["get", "list", "patch"]},
]


@dataclass(frozen=True, slots=True)
class Server:
    """One server, with drctl's own user and an administrator. `faults` is empty where none can be injected."""

    url: str
    token: str
    admin_token: str
    ca_file: Path
    faults_url: str = ""

    @property
    def admin(self) -> JsonCaller:
        """Return the administrator's calls: what controllers and other people do."""
        context = ssl.create_default_context(cafile=str(self.ca_file))
        return JsonCaller(self.url, {"Authorization": f"Bearer {self.admin_token}"}, context)

    def kubeconfig(self, folder: Path, token: str = "") -> Path:
        """Write a kubeconfig with the context `here`."""
        body = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "it", "cluster": {"server": self.url, "certificate-authority": str(self.ca_file)}}],
            "users": [{"name": "drctl", "user": {"token": token or self.token}}],
            "contexts": [{"name": "here", "context": {"cluster": "it", "user": "drctl"}}],
        }
        file = folder / "kubeconfig"
        file.write_text(yaml.safe_dump(body))
        return file

    def break_(self, **faults: Any) -> None:  # noqa: ANN401 - as the simulator's door takes them
        """Inject faults into the simulator; none heals it."""
        JsonCaller(self.faults_url).must("POST", "/faults", faults)


@contextmanager
def simulator() -> Iterator[Server]:
    """Run the lab's simulator, without actors: the test is the controller."""
    with running() as it:
        yield Server(it.url, it.token, it.admin_token, it.ca_file, it.admin_url)


@contextmanager
def real(assets: Path, folder: Path) -> Iterator[Server]:
    """Run etcd and kube-apiserver; both end with this process, however it ends."""
    etcd_port, peer_port, api_port = _free_ports(3)
    token, admin_token = secrets.token_hex(16), secrets.token_hex(16)
    (folder / "tokens").write_text(f'{admin_token},admin,1,"system:masters"\n{token},drctl,2\n')
    key = folder / "sa.key"
    subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
    etcd, peer = f"http://127.0.0.1:{etcd_port}", f"http://127.0.0.1:{peer_port}"
    with ExitStack() as stack:
        stack.enter_context(
            _program(
                folder,
                str(assets / "etcd"),
                f"--data-dir={folder / 'etcd'}",
                f"--listen-client-urls={etcd}",
                f"--advertise-client-urls={etcd}",
                f"--listen-peer-urls={peer}",
                f"--initial-advertise-peer-urls={peer}",
                f"--initial-cluster=default={peer}",
                "--unsafe-no-fsync",
            )
        )
        stack.enter_context(
            _program(
                folder,
                str(assets / "kube-apiserver"),
                f"--etcd-servers={etcd}",
                "--bind-address=127.0.0.1",
                f"--secure-port={api_port}",
                f"--cert-dir={folder / 'certs'}",
                f"--token-auth-file={folder / 'tokens'}",
                "--authorization-mode=RBAC",
                f"--service-account-key-file={key}",
                f"--service-account-signing-key-file={key}",
                "--service-account-issuer=https://kubernetes.default.svc",
                "--service-cluster-ip-range=10.96.0.0/16",
                "--disable-admission-plugins=ServiceAccount",
            )
        )
        ca_file = folder / "certs" / "apiserver.crt"
        _until(lambda: ca_file.exists() and _is_ready(f"https://127.0.0.1:{api_port}", ca_file))
        server = Server(f"https://127.0.0.1:{api_port}", token, admin_token, ca_file)
        _prepare(server)
        yield server


def _prepare(server: Server) -> None:
    rbac = "/apis/rbac.authorization.k8s.io/v1"
    role = {"kind": "ClusterRole", "apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": "drctl"}}
    server.admin.must("POST", f"{rbac}/clusterroles", role | {"rules": _ROLE})
    bound = {
        "kind": "ClusterRoleBinding",
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "metadata": {"name": "drctl"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "drctl"},
        "subjects": [{"kind": "User", "name": "drctl", "apiGroup": "rbac.authorization.k8s.io"}],
    }
    server.admin.must("POST", f"{rbac}/clusterrolebindings", bound)
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema, "subresources": {"status": {}}}
    crd = {
        "kind": "CustomResourceDefinition",
        "apiVersion": "apiextensions.k8s.io/v1",
        "metadata": {"name": f"externalsecrets.{_ESO}"},
        "spec": {
            "group": _ESO,
            "scope": "Namespaced",
            "names": {"plural": "externalsecrets", "singular": "externalsecret", "kind": "ExternalSecret"},
            "versions": [version],
        },
    }
    server.admin.must("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd)
    path = f"/apis/{_ESO}/v1/externalsecrets"
    _until(lambda: server.admin.call("GET", path).status == 200)


@contextmanager
def _program(folder: Path, *argv: str) -> Iterator[None]:
    log = folder / f"{Path(argv[0]).name}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(argv, stdout=out, stderr=subprocess.STDOUT, preexec_fn=_end_with_parent)  # noqa: PLW1509 - one prctl
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _is_ready(url: str, ca_file: Path) -> bool:
    context = ssl.create_default_context(cafile=str(ca_file))
    return JsonCaller(url, {}, context).call("GET", "/readyz").status == 200


def _until(holds: Any) -> None:  # noqa: ANN401 - any question
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        # While it starts it refuses connections, and its certificate is not there yet.
        with suppress(LabError, OSError):
            if holds():
                return
        assert time.monotonic() < deadline, "the API server did not become ready"
        Event().wait(0.1)


def _free_ports(count: int) -> list[int]:
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def assets() -> Path | None:
    """Return where kube-apiserver and etcd are; None where nobody says."""
    named = os.environ.get("KUBEBUILDER_ASSETS", "")
    return Path(named) if named and (Path(named) / "kube-apiserver").exists() else None
