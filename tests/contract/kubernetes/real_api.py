"""A real kube-apiserver with its etcd, from the folder that `KUBEBUILDER_ASSETS` names. No root, no container."""

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
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import yaml
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from contract.kubernetes.servers import Server
from drctl.lab.errors import LabError
from drctl.lab.http_json import JsonCaller

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_READY_SECONDS = 60.0
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)
_ESO = "external-secrets.io"
_RBAC = "rbac.authorization.k8s.io"
_CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
# What drctl needs of a region, and nothing more.
_ROLE = [
    {"apiGroups": ["apps"], "resources": ["deployments", "statefulsets", "replicasets"], "verbs": ["get", "list"]},
    {"apiGroups": ["apps"], "resources": ["deployments/scale", "statefulsets/scale"], "verbs": ["get", "patch"]},
    {"apiGroups": [""], "resources": ["pods", "events", "services"], "verbs": ["get", "list"]},
    {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["get", "list"]},
    {"apiGroups": [_ESO], "resources": ["externalsecrets"], "verbs": ["get", "list", "patch"]},
]
# An independent record of what drctl's user asked for, whatever came of it.
_AUDIT = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [{"level": "Metadata", "users": ["drctl"]}, {"level": "None"}],
}
# What `kubectl rollout status` asks for beside that.
_BY_HAND = [{"apiGroups": ["apps"], "resources": ["deployments", "statefulsets"], "verbs": ["watch"]}]


def assets() -> Path | None:
    """Return the folder with kube-apiserver and etcd; None where nobody names one."""
    named = os.environ.get("KUBEBUILDER_ASSETS", "")
    return Path(named) if named and (Path(named) / "kube-apiserver").exists() else None


@contextmanager
def real(assets: Path, folder: Path) -> Iterator[Server]:
    """Run etcd and kube-apiserver on ports of their own; both end with this process, however it ends."""
    etcd_port, peer_port, api_port = _free_ports(3)
    token, admin_token = secrets.token_hex(16), secrets.token_hex(16)
    (folder / "tokens").write_text(f'{admin_token},admin,1,"system:masters"\n{token},drctl,2\n')
    etcd, peer = f"http://127.0.0.1:{etcd_port}", f"http://127.0.0.1:{peer_port}"
    server = Server(
        f"https://127.0.0.1:{api_port}", token, admin_token, folder / "certs" / "apiserver.crt", folder / "audit.log"
    )
    with ExitStack() as stack:
        stack.enter_context(_program(assets / "etcd", folder / "etcd.log", _etcd_flags(folder / "etcd", etcd, peer)))
        flags = _api_flags(folder, etcd, api_port)
        api = stack.enter_context(_program(assets / "kube-apiserver", folder / "api.log", flags))
        _until(lambda: server.ca_file.exists() and _is_ready(server), api)
        _prepare(server, api)
        yield server


def _etcd_flags(data: Path, etcd: str, peer: str) -> list[str]:
    return [
        f"--data-dir={data}",
        f"--listen-client-urls={etcd}",
        f"--advertise-client-urls={etcd}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",
    ]


def _api_flags(folder: Path, etcd: str, port: int) -> list[str]:
    key = folder / "service-accounts.key"
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
    policy = folder / "audit.yaml"
    policy.write_text(yaml.safe_dump(_AUDIT))
    return [
        f"--audit-policy-file={policy}",
        f"--audit-log-path={folder / 'audit.log'}",
        f"--etcd-servers={etcd}",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        f"--cert-dir={folder / 'certs'}",
        f"--token-auth-file={folder / 'tokens'}",
        "--authorization-mode=RBAC",
        f"--service-account-key-file={key}",
        f"--service-account-signing-key-file={key}",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--disable-admission-plugins=ServiceAccount",
    ]


def _prepare(server: Server, api: subprocess.Popen[bytes]) -> None:
    """Give drctl's user its Role, and the cluster the External Secrets kinds, without a schema of their own."""
    role = {"kind": "ClusterRole", "apiVersion": f"{_RBAC}/v1", "metadata": {"name": "drctl"}}
    server.admin.must("POST", f"/apis/{_RBAC}/v1/clusterroles", role | {"rules": _ROLE + _BY_HAND})
    bound = {
        "kind": "ClusterRoleBinding",
        "apiVersion": f"{_RBAC}/v1",
        "metadata": {"name": "drctl"},
        "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": "drctl"},
        "subjects": [{"kind": "User", "name": "drctl", "apiGroup": _RBAC}],
    }
    server.admin.must("POST", f"/apis/{_RBAC}/v1/clusterrolebindings", bound)
    for kind, short in (("ExternalSecret", "es"), ("SecretStore", "ss")):
        server.admin.must("POST", _CRDS, _definition(kind, short))
        path = f"/apis/{_ESO}/v1/{kind.lower()}s"
        _until(lambda path=path: server.admin.call("GET", path).status == 200, api)  # type: ignore[misc]


def _definition(kind: str, short: str) -> dict[str, object]:
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema, "subresources": {"status": {}}}
    names = {"plural": f"{kind.lower()}s", "singular": kind.lower(), "kind": kind, "shortNames": [short]}
    return {
        "kind": "CustomResourceDefinition",
        "apiVersion": "apiextensions.k8s.io/v1",
        "metadata": {"name": f"{names['plural']}.{_ESO}"},
        "spec": {"group": _ESO, "scope": "Namespaced", "names": names, "versions": [version]},
    }


@contextmanager
def _program(program: Path, log: Path, flags: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        process = subprocess.Popen(
            [str(program), *flags],
            stdout=out,
            stderr=subprocess.STDOUT,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - one system call
        )
    try:
        yield process
    finally:
        # Nothing of it is kept, so it need not end in order: a graceful end takes over a second.
        process.kill()
        process.wait()


def _end_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _is_ready(server: Server) -> bool:
    context = ssl.create_default_context(cafile=str(server.ca_file))
    return JsonCaller(server.url, {}, context).call("GET", "/readyz").status == 200


def _until(holds: Callable[[], bool], api: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        # While it starts it refuses connections, and its certificate is not there yet, or half.
        with suppress(LabError, OSError):
            if holds():
                return
        assert api.poll() is None, f"kube-apiserver ended with {api.returncode}; see its log beside its certificates"
        Event().wait(0.1)
    message = "kube-apiserver did not become ready"
    raise AssertionError(message)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        held = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in held]
