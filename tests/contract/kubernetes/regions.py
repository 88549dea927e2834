"""A region under the suite: what drctl reaches through its ports, and what others do there."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from contract.kubernetes.servers import CONTEXT, MERGE, Json
from contract.kubernetes.wire import Loss, Wire
from drctl.adapters.kubernetes.client import KubernetesApi
from drctl.adapters.kubernetes.external_secrets import ExternalSecrets
from drctl.adapters.kubernetes.times import format_time
from drctl.adapters.kubernetes.workloads import Workloads
from drctl.core.observed import ObjectRef
from drctl.ports.cluster import ClusterReader, ClusterWriter
from drctl.ports.secrets import SecretsReader, SecretsWriter
from fakes.calls import Calls, Fault
from fakes.clock import FakeClock
from fakes.cluster import FakeCluster, FakeWorkload
from fakes.secrets import FakeSecret, FakeSecrets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from contract.kubernetes.servers import Server

Labels = tuple[tuple[str, str], ...]

NAME = "west"
# Long enough for an answer on a busy machine, short enough to be waited for.
PATIENCE = timedelta(seconds=1.5)
PATHS = {
    "deployment": "/apis/apps/v1/namespaces/{}/deployments",
    "statefulset": "/apis/apps/v1/namespaces/{}/statefulsets",
    "replicaset": "/apis/apps/v1/namespaces/{}/replicasets",
    "externalsecret": "/apis/external-secrets.io/v1/namespaces/{}/externalsecrets",
    "endpointslice": "/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices",
    "pod": "/api/v1/namespaces/{}/pods",
    "service": "/api/v1/namespaces/{}/services",
    "event": "/api/v1/namespaces/{}/events",
}
_ESO_V1 = "external-secrets.io/v1"
_NEVER = 10**9


class Cluster(ClusterReader, ClusterWriter, Protocol):
    """Both ports of workloads."""


class Secrets(SecretsReader, SecretsWriter, Protocol):
    """Both ports of External Secrets."""


class Region(Protocol):
    """One namespace of one region. Nothing happens in it but what a test does."""

    namespace: str

    @property
    def workloads(self) -> Cluster: ...

    @property
    def secrets(self) -> Secrets: ...

    def deploy(self, name: str, replicas: int = 0, labels: Labels = ()) -> ObjectRef:
        """Create a Deployment, as somebody's pipeline does. It is complete at zero only."""
        ...

    def complete(self, ref: ObjectRef) -> None:
        """Let its controller see it, and its pods become ready."""
        ...

    def add_secret(self, name: str, labels: Labels = ()) -> ObjectRef:
        """Create an ExternalSecret that has been synced once."""
        ...

    def sync(self, ref: ObjectRef) -> None:
        """Let the operator serve a force."""
        ...

    def fail_sync(self, ref: ObjectRef, message: str) -> None:
        """Let the operator try, and the store refuse."""
        ...

    def touch(self, ref: ObjectRef) -> None:
        """Be somebody else who writes."""
        ...

    def lose_next_answer(self) -> None:
        """Carry the next request out and do not answer it."""
        ...

    def fall_silent(self) -> None:
        """Carry nothing out and answer nothing."""
        ...

    def let_nobody_in(self) -> None:
        """Refuse drctl's credentials."""
        ...

    def recover(self) -> None:
        """Be well again."""
        ...


class FakeRegion:
    """The fakes that the rest of drctl is tested with."""

    namespace = "shop"

    def __init__(self) -> None:
        self.calls, clock = Calls(), FakeClock()
        self.workloads = FakeCluster(NAME, self.calls, clock)
        self.secrets = FakeSecrets(NAME, self.calls, clock)

    def deploy(self, name: str, replicas: int = 0, labels: Labels = ()) -> ObjectRef:
        workload = FakeWorkload(name, replicas, labels=labels, ready_after=_NEVER)
        workload.pods = 0
        self.workloads.deploy(workload)
        return workload.ref

    def complete(self, ref: ObjectRef) -> None:
        workload = self.workloads.deployed[ref]
        workload.ready_after = 0
        self.workloads.workload(ref)
        workload.ready_after = _NEVER

    def add_secret(self, name: str, labels: Labels = ()) -> ObjectRef:
        secret = FakeSecret(name, labels=labels, is_served=False)
        self.secrets.add(secret)
        return secret.ref

    def sync(self, ref: ObjectRef) -> None:
        secret = self.secrets.present[ref]
        secret.is_served, secret.sync_after, secret.breaks_with = True, 0, ""

    def fail_sync(self, ref: ObjectRef, message: str) -> None:
        self.sync(ref)
        self.secrets.present[ref].breaks_with = message

    def touch(self, ref: ObjectRef) -> None:
        there = self.workloads.deployed.get(ref) or self.secrets.present[ref]
        there.version += 1

    def lose_next_answer(self) -> None:
        self.calls.fail("*", Fault.UNANSWERED)

    def fall_silent(self) -> None:
        self.calls.fail("*", Fault.LOST, times=_NEVER)

    def let_nobody_in(self) -> None:
        self.calls.fail("*", Fault.DENIED, times=_NEVER)

    def recover(self) -> None:
        self.calls.heal()


class ServedRegion:
    """A namespace of a server, which drctl reaches over a wire."""

    def __init__(self, server: Server, namespace: str, wire: Wire, folder: Path) -> None:
        self.server, self.namespace, self.wire, self._folder = server, namespace, wire, folder
        self._connect(None)

    def _connect(self, user: Json | None) -> None:
        kubeconfig = self.server.kubeconfig(self._folder, user, {"server": self.wire.url})
        self.api = KubernetesApi(kubeconfig, CONTEXT, NAME, PATIENCE)
        self.workloads, self.secrets = Workloads(self.api), ExternalSecrets(self.api)

    def ref(self, name: str, kind: str = "deployment") -> ObjectRef:
        return ObjectRef(kind, self.namespace, name)

    def path(self, kind: str, name: str = "", part: str = "") -> str:
        return "/".join(filter(None, (PATHS[kind].format(self.namespace), name, part)))

    def create(self, kind: str, body: Json) -> Json:
        """Create an object, as the administrator; where it has a status, that is written too."""
        typed = body | ({"kind": "ExternalSecret", "apiVersion": _ESO_V1} if kind == "externalsecret" else {})
        made: Json = self.server.admin.must("POST", self.path(kind), typed)
        if "status" in body:
            made = self.patch(kind, body["metadata"]["name"], {"status": body["status"]}, "status")
        return made

    def patch(self, kind: str, name: str, body: Json, part: str = "") -> Json:
        """Change something, as a controller or as somebody else."""
        changed: Json = self.server.admin.must("PATCH", self.path(kind, name, part), body, content_type=MERGE)
        return changed

    def look(self, kind: str, name: str) -> Json:
        found: Json = self.server.admin.must("GET", self.path(kind, name))
        return found

    def deploy(self, name: str, replicas: int = 0, labels: Labels = (), kind: str = "deployment") -> ObjectRef:
        self.create(kind, workload(name, replicas, labels, kind))
        return self.ref(name, kind)

    def complete(self, ref: ObjectRef) -> None:
        seen = self.look(ref.kind, ref.name)
        count = seen["spec"]["replicas"]
        # The real controllers leave the counts out at zero.
        counts = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas") if count else ()
        status = dict.fromkeys(counts, count) | {"observedGeneration": seen["metadata"]["generation"]}
        self.patch(ref.kind, ref.name, {"status": status}, "status")

    def add_secret(self, name: str, labels: Labels = ()) -> ObjectRef:
        body = {"metadata": {"name": name, "labels": dict(labels)}, "spec": {"refreshInterval": "1h0m0s"}}
        self.create("externalsecret", body)
        self._write_secret(name, "1-a", ready())
        return self.ref(name, "externalsecret")

    def sync(self, ref: ObjectRef) -> None:
        token = self.look(ref.kind, ref.name)["metadata"]["annotations"]["force-sync"]
        self._write_secret(ref.name, f"1-{token}", ready())

    def fail_sync(self, ref: ObjectRef, message: str) -> None:
        self._write_secret(ref.name, None, ready("False", "SecretSyncedError", message))

    def _write_secret(self, name: str, version: str | None, condition: Json) -> None:
        synced = {"syncedResourceVersion": version, "refreshTime": now()} if version else {}
        self.patch("externalsecret", name, {"status": synced | {"conditions": [condition]}}, "status")

    def touch(self, ref: ObjectRef) -> None:
        self.patch(ref.kind, ref.name, {"metadata": {"labels": {"somebody": uuid.uuid4().hex}}})

    def lose_next_answer(self) -> None:
        # A connection is there already, as in any run: what is lost is an answer, not a handshake.
        self.workloads.clock_skew()
        self.wire.loss = Loss.NEXT_CONNECTION

    def fall_silent(self) -> None:
        self.wire.loss = Loss.REQUESTS

    def let_nobody_in(self) -> None:
        self.api.close()
        self._connect({"token": "of-nobody"})

    def recover(self) -> None:
        self.wire.loss = Loss.NOTHING


@contextmanager
def served(server: Server, folder: Path) -> Iterator[ServedRegion]:
    """Make a namespace on a server."""
    namespace = f"n{uuid.uuid4().hex[:10]}"
    server.admin.must("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
    with Wire(server.url) as wire:
        region = ServedRegion(server, namespace, wire, folder)
        try:
            yield region
        finally:
            region.api.close()


def workload(name: str, replicas: int, labels: Labels = (), kind: str = "deployment") -> Json:
    """Return a Deployment or a StatefulSet of pods `app=<name>`."""
    shown = {"app": name}
    pod = {"metadata": {"labels": shown}, "spec": {"containers": [{"name": "it", "image": "it"}]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": shown}, "template": pod}
    extra = {"serviceName": name} if kind == "statefulset" else {}
    return {"metadata": {"name": name, "labels": dict(labels)}, "spec": spec | extra}


def ready(status: str = "True", reason: str = "SecretSynced", message: str = "") -> Json:
    """Return a Ready condition that turned now."""
    return {"type": "Ready", "status": status, "reason": reason, "message": message, "lastTransitionTime": now()}


def now() -> str:
    """Return the time as controllers write it."""
    return format_time(datetime.now(UTC))
